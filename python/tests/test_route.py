"""Templates, model endpoints, verbs."""

from __future__ import annotations

import unittest

import drivers  # noqa: F401

from tocsin.route import MODEL_ENDPOINTS, flask_template, matches_any, template_of, verb_of


class Template(unittest.TestCase):
    def test_without_parameters_the_path_is_the_template(self) -> None:
        self.assertEqual(template_of("/v1/predict", "/predict", {}), "/v1/predict")
        self.assertEqual(template_of("/x", None, None), "/x")

    def test_prefixes_of_mounts_and_routers_are_kept(self) -> None:
        self.assertEqual(template_of("/items/3", "/items/{id}", {"id": 3}), "/items/{id}")
        self.assertEqual(template_of("/v1/items/3", "/items/{id}", {"id": 3}), "/v1/items/{id}")
        self.assertEqual(
            template_of("/acme/items/3", "/items/{id}", {"org": "acme", "id": 3}),
            "/{org}/items/{id}",
        )

    def test_converted_values_do_not_matter(self) -> None:
        self.assertEqual(template_of("/items/007", "/items/{id:int}", {"id": 7}), "/items/{id}")

    def test_path_parameters(self) -> None:
        template = "/files/{p:path}"
        self.assertEqual(template_of("/v1/files/a/b", template, {"p": "a/b"}), "/v1/files/{p}")
        self.assertEqual(template_of("/files/", template, {"p": ""}), "/files/{p}")

    def test_a_template_that_does_not_match_is_taken_as_it_is(self) -> None:
        self.assertEqual(template_of("/other", "/items/{id}", {"id": 3}), "/items/{id}")

    def test_without_a_template_values_become_names(self) -> None:
        self.assertEqual(template_of("/items/3", None, {"id": 3}), "/items/{id}")

    def test_hostile_paths_are_not_searched_without_end(self) -> None:
        for path in ("/a" * 512, "/a" * 51_200):
            for template in ("/{p:path}/{q:path}/x", "/{p:path}/{q:path}/{r:path}/x"):
                self.assertEqual(template_of(path, template, {"p": "a"}), template)
        self.assertEqual(template_of("/a" * 512, "/{p:path}/x", {"p": "a"}), "/{p:path}/x")

    def test_flask(self) -> None:
        self.assertEqual(flask_template("/m/<name>/<int(min=1):v>"), "/m/{name}/{v}")
        self.assertEqual(flask_template("/plain"), "/plain")


class Endpoints(unittest.TestCase):
    def test_usual_model_endpoints(self) -> None:
        for path in (
            "/predict",
            "/v1/chat/completions",
            "/v1/models/iris:predict",
            "/api/generate",
        ):
            self.assertTrue(matches_any("POST", path, MODEL_ENDPOINTS), path)
        for method, path in (("GET", "/predict"), ("POST", "/login"), ("POST", "/predictor")):
            self.assertFalse(matches_any(method, path, MODEL_ENDPOINTS), path)

    def test_patterns_with_and_without_method(self) -> None:
        self.assertTrue(matches_any("GET", "/ask", ["/ask"]))
        self.assertFalse(matches_any("GET", "/ask", ["PUT /ask"]))

    def test_verbs(self) -> None:
        for method, path, call, verb in (
            ("POST", "/v1/chat/completions", True, "chat"),
            ("POST", "/v1/completions", True, "text_completion"),
            ("POST", "/v1/embeddings", True, "embeddings"),
            ("POST", "/v1/models/iris:predict", True, "predict"),
            ("POST", "/predict/{model}", True, "predict"),
            ("POST", "/invocations", True, "invoke"),
            ("POST", "/", True, "invoke"),
            ("GET", "/x", False, "read"),
            ("DELETE", "/x", False, "delete"),
            ("PATCH", "/x", False, "write"),
        ):
            self.assertEqual(verb_of(method, path, call), verb, path)


if __name__ == "__main__":
    unittest.main()
