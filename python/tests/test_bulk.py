"""How many rows a request asks for: what a query says, what a route did, what a caller may try."""

from __future__ import annotations

import unittest
from typing import Any
from unittest import mock

import drivers  # noqa: F401

from tocsin import bulk
from tocsin.asgi import AsgiView
from tocsin.bulk import Bulk, named_size
from tocsin.facts import INT_MAX


def view(path: str, query: str = "", method: str = "GET") -> AsgiView:
    scope = {"method": method, "path": path, "query_string": query.encode(), "headers": []}
    return AsgiView(scope)


class NamedSize(unittest.TestCase):
    def test_usual_names(self) -> None:
        for name in ("limit", "page_size", "pageSize", "PAGE_SIZE", "per_page", "n", "rows"):
            self.assertEqual(named_size(f"a=b&{name}=50&c=d"), 50, name)
        self.assertEqual(named_size("limit=%35%30"), 50)
        self.assertEqual(named_size("limit=+50+"), 50)

    def test_the_largest_counts(self) -> None:
        self.assertEqual(named_size("limit=5&limit=500&n=50"), 500)

    def test_what_is_no_size_is_unknown(self) -> None:
        for query in (
            "",
            "a=b",
            "limit=",
            "limit=0",
            "limit=000",
            "limit=-1",
            "limit=all",
            "limit=5&n=-1",
            "limit=1e9",
            "limit=5.5",
            "limit=0x10",
            "limit=\u0665",
            "limit=1_000",
            "x=" + "y" * 10_000 + "&limit=5",
        ):
            self.assertIsNone(named_size(query), query[:20])

    def test_huge_is_huge(self) -> None:
        self.assertEqual(named_size("limit=" + "9" * 5000), INT_MAX)


class Routes(unittest.TestCase):
    def setUp(self) -> None:
        self.bulk = Bulk(None, ())

    def is_bulk(self, path: str, method: str = "GET", rows: float = 100) -> bool:
        return self.bulk.is_bulk_route(view(path, method=method), rows)

    def test_a_route_is_learnt_for_all_its_paths_and_its_method(self) -> None:
        self.bulk.learn(view("/sets/a/rows"), "/sets/{name}/rows", 100)
        self.assertTrue(self.is_bulk("/sets/b/rows"))
        self.assertFalse(self.is_bulk("/sets/b/rows", rows=101))
        self.assertFalse(self.is_bulk("/sets/b/rows", "POST"))
        for path in (
            "/sets/b",
            "/sets//rows",
            "/sets/b/c/rows",
            "/sets/b/rows/x",
            "/x/sets/b/rows",
        ):
            self.assertFalse(self.is_bulk(path), path)
        self.assertEqual(self.bulk.template_of("GET", "/sets/c/rows"), "/sets/{name}/rows")
        self.assertIsNone(self.bulk.template_of("GET", "/other"))

    def test_a_parameter_across_slashes(self) -> None:
        self.bulk.learn(view("/files/a/b/c"), "/files/{path}", 100)
        self.assertTrue(self.is_bulk("/files/x/y"))

    def test_a_template_with_signs_of_patterns(self) -> None:
        self.bulk.learn(view("/a.b(c)/1"), "/a.b(c)/{n}", 100)
        self.assertTrue(self.is_bulk("/a.b(c)/2"))
        self.assertFalse(self.is_bulk("/aXb(c)/2"))

    def test_a_page_size_is_believed_until_a_route_ignored_it(self) -> None:
        asked = view("/rows", "limit=10")
        self.assertEqual(self.bulk.rows_asked(asked), 10)
        self.bulk.learn(asked, "/rows", 10)
        self.assertEqual(self.bulk.rows_asked(asked), 10)
        self.bulk.learn(asked, "/rows", 11)
        self.assertIsNone(self.bulk.rows_asked(asked))
        self.assertEqual(self.bulk.rows_asked(view("/other", "limit=10")), 10)

    def test_what_the_application_says_is_believed(self) -> None:
        told: list[Any] = [5, None, -1, True, "5", 2.5, 2**60]
        said = [Bulk(lambda v, t=t: t, ()).rows_asked(view("/", "limit=9")) for t in told]
        self.assertEqual(said, [5, None, None, None, None, None, None])

    def test_memory_is_bounded(self) -> None:
        with mock.patch.object(bulk, "ROUTES_MAX", 3):
            for n in range(10):
                self.bulk.learn(view(f"/{n}"), f"/{n}", 100)
            self.bulk.learn(view("/0"), "/0", 500)
        self.assertEqual(len(self.bulk._routes), 3)
        self.assertTrue(self.is_bulk("/0", rows=500))

    def test_several_parameters_in_a_segment(self) -> None:
        self.bulk.learn(view("/v/a-b"), "/v/v{x}-{y}", 100)
        self.assertTrue(self.is_bulk("/v/vc-d"))
        for path in ("/v/v", "/v/x-y", "/v/vc-d/e"):
            self.assertFalse(self.is_bulk(path), path)

    def test_a_path_without_end_is_still_of_its_route(self) -> None:
        self.bulk.learn(view("/files/a/b"), "/files/{path}", 100)
        self.assertTrue(self.is_bulk("/files/" + "x/" * 50_000))


if __name__ == "__main__":
    unittest.main()
