"""annotate: found by request, scope, environ or context; checked at once; never trusted."""

from __future__ import annotations

import types
import unittest
from typing import Any

import drivers  # noqa: F401

import tocsin
from tocsin.event import build_event, encode
from tocsin.exchange import Exchange
from tocsin.facts import CURRENT, KEY


class Annotate(unittest.TestCase):
    def setUp(self) -> None:
        self.exchange = Exchange("POST", "/x")
        self.scope = {KEY: self.exchange}

    def said(self, **facts: Any) -> dict[str, Any]:
        self.assertTrue(tocsin.annotate(self.scope, **facts))
        return build_event(self.exchange)

    def test_by_scope_request_environ_and_context(self) -> None:
        asgi_request = types.SimpleNamespace(scope=self.scope)
        flask_request = types.SimpleNamespace(environ=self.scope)
        for target in (self.scope, asgi_request, flask_request):
            self.exchange.facts.clear()
            self.assertTrue(tocsin.annotate(target, model="m"))
            self.assertEqual(self.exchange.facts, {"model": "m"})
        token = CURRENT.set(self.exchange)
        self.addCleanup(CURRENT.reset, token)
        self.assertTrue(tocsin.annotate(version="2"))
        self.assertEqual(self.exchange.facts["version"], "2")

    def test_without_a_request_it_does_nothing(self) -> None:
        targets: list[Any] = [None, {}, object(), 5, {KEY: "not an exchange"}]
        for target in targets:
            self.assertFalse(tocsin.annotate(target, model="m"))

    def test_after_the_end_it_does_nothing(self) -> None:
        self.exchange.seal()
        self.assertFalse(tocsin.annotate(self.scope, model="m"))
        self.assertEqual(self.exchange.facts, {})

    def test_a_misspelt_name_raises(self) -> None:
        with self.assertRaisesRegex(TypeError, "modle"):
            tocsin.annotate(self.scope, modle="m")  # type: ignore[call-arg]

    def test_a_model_makes_it_a_call_of_a_model(self) -> None:
        event = self.said(model="iris", version=3, rows=2)
        self.assertEqual(event["kind"], "ai.invoke")
        self.assertEqual(event["model"], {"served": "iris", "version": "3"})
        self.assertEqual(event["rows"], 2)

    def test_the_kind_said_goes_first(self) -> None:
        event = self.said(kind="ai.retrieve", model="m", operation="search")
        self.assertEqual((event["kind"], event["operation"]), ("ai.retrieve", "search"))

    def test_usage_in_several_vocabularies(self) -> None:
        self.assertEqual(self.said(usage={"in": 1, "out": 2})["usage"], {"in": 1, "out": 2})
        openai = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
        self.assertEqual(self.said(usage=openai)["usage"], {"in": 3, "out": 4})

    def test_what_does_not_fit_is_left_out_and_named(self) -> None:
        event = self.said(
            rows=-1, usage="many", outcome="great", kind="tocsin.key", finish=5, resource=5
        )
        for name in ("rows", "usage", "finish", "resource"):
            self.assertNotIn(name, event)
        self.assertEqual(event["kind"], "http.request")
        ignored = event["ext"]["python"]["ignored"]
        self.assertEqual(ignored, ["finish", "kind", "outcome", "resource", "rows", "usage"])

    def test_only_whole_numbers_count(self) -> None:
        values: list[Any] = [1.0, "1", True, 2**53, None, [1]]
        for value in values:
            self.exchange.facts.clear()
            self.assertNotIn("rows", self.said(rows=value), repr(value))

    def test_objects_that_are_whole_numbers_count(self) -> None:
        class Int64:
            def __index__(self) -> int:
                return 7

        number: Any = Int64()
        self.assertEqual(self.said(rows=number)["rows"], 7)

    def test_ext_is_copied_at_once(self) -> None:
        mutable = {"list": [1]}
        tocsin.annotate(self.scope, ext=mutable)
        mutable["list"].append(2)
        self.assertEqual(build_event(self.exchange)["ext"]["python"]["list"], [1])

    def test_ext_that_is_too_large_too_deep_or_no_json_is_ignored(self) -> None:
        deep: Any = []
        for _ in range(100):
            deep = [deep]
        circle: dict[str, Any] = {}
        circle["self"] = circle
        hostile: list[Any] = [{"x": "y" * 20_000}, {"x": deep}, circle, {"x": float("nan")}, 5]
        for ext in hostile:
            self.exchange.facts.clear()
            event = self.said(ext=ext)
            self.assertEqual(event["ext"]["python"], {"ignored": ["ext"]})
            encode(event)

    def test_finish_and_resource(self) -> None:
        event = self.said(finish="stop", resource={"type": "dataset", "id": 7, "junk": 1})
        self.assertEqual(event["finish"], ["stop"])
        self.assertEqual(event["resource"], [{"type": "dataset", "id": "7"}])

    def test_user_and_session_of_the_application(self) -> None:
        event = self.said(user="carol", user_type="human", session="s9")
        self.assertEqual(event["actor"], {"type": "human", "id": "carol", "session": "s9"})

    def test_long_text_is_cut(self) -> None:
        self.assertEqual(len(self.said(model="m" * 5000)["model"]["served"]), 1024)


if __name__ == "__main__":
    unittest.main()
