"""The wire event: names, types, limits, and what each end of a request becomes."""

from __future__ import annotations

import json
import os
import re
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import drivers  # noqa: F401  (puts the package on the path)

from tocsin import event
from tocsin.event import build_event, encode, gap_event, numbered_line, uuid7
from tocsin.exchange import Exchange
from tocsin.identity import Identity
from tocsin.text import clip

FIELDS_TS = Path(__file__).parents[2] / "packages/sdk/src/event/fields.ts"


def exchange(**fields: Any) -> Exchange:
    x = Exchange("POST", "/predict")
    x.identity = Identity("alice", "human", credential="sha256:0123456789abcdef")
    x.status, x.out_complete = 200, True
    for name, value in fields.items():
        setattr(x, name, value)
    x.seal()
    return x


def full_exchange() -> Exchange:
    """An exchange that fills every field which the package can write."""
    x = exchange(
        ip="192.0.2.7",
        session="s1",
        user_agent="curl/8",
        request_id="req-1",
        traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01",
        model_endpoint=True,
        interface="websocket",
        aborted="client_abort",
        streamed=True,
        error="ValueError",
        ext={"peer": "x"},
    )
    x.facts = {
        "model": "iris",
        "version": "3",
        "provider": "local",
        "requested": "iris-latest",
        "digest": "sha256:ab",
        "system": "iris-api",
        "conversation": "c1",
        "finish": ["stop"],
        "resource": [{"type": "dataset", "id": "d1", "class": "public"}],
        "rows": 3,
        "usage": {"in": 1, "out": 2, "cachedRead": 0, "cachedWrite": 0, "reasoning": 1},
        "ignored": ["rows"],
    }
    x.note_input(b"in", False)
    x.in_complete = True
    x.aborted = ""
    x.note_output(b"out", True)
    x.streamed = True
    x.aborted = "client_abort"
    x.identity = Identity("alice", "human", "sha256:00", groups=("team",))
    return x


class Uuid7(unittest.TestCase):
    def test_the_example_of_rfc_9562(self) -> None:
        rand_a, rand_b = 0xCC3, 0x18C4DC0C0C07398F
        bits = (rand_a << 68 | rand_b).to_bytes(10, "big")
        with (
            mock.patch.object(event, "_random_bits", []),
            mock.patch.object(event, "_RANDOM_BITS_AT_ONCE", 0),
            mock.patch.object(event.os, "urandom", return_value=bits) as urandom,
        ):
            self.assertEqual(uuid7(0x017F22E279B0), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
        urandom.assert_called_once_with(10)

    @unittest.skipUnless(hasattr(os, "fork"), "this system has no fork")
    def test_a_child_makes_other_ids_than_its_parent(self) -> None:
        uuid7(0)
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.write(write, "".join(uuid7(0) for _ in range(100)).encode())
            os._exit(0)
        os.waitpid(pid, 0)
        data = os.read(read, 65536).decode()
        os.close(read)
        os.close(write)
        childs = {data[i : i + 36] for i in range(0, len(data), 36)}
        self.assertEqual(len(childs), 100)
        self.assertEqual(childs & {uuid7(0) for _ in range(100)}, set())

    def test_has_version_variant_and_time_and_does_not_repeat(self) -> None:
        ids = {uuid7(1_700_000_000_123) for _ in range(1000)}
        self.assertEqual(len(ids), 1000)
        shape = re.compile(r"018bcfe5-687b-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
        self.assertEqual([i for i in ids if not shape.match(i)], [])


class WireEvent(unittest.TestCase):
    def test_every_name_is_in_the_catalogue_of_fields(self) -> None:
        if not FIELDS_TS.exists():
            self.skipTest(f"the catalogue {FIELDS_TS} is not here")
        rows = re.findall(r"field\(\s*'\w+',\s*'([\w.]+)',\s*'(\w+)'", FIELDS_TS.read_text("utf-8"))
        self.assertGreater(len(rows), 60)
        types = dict(rows)
        for built in (build_event(full_exchange()), gap_event("spool_full", 3, 1, 2)):
            built["producer"], built["producerSeq"] = "p", 1
            for path, value in leaves(built):
                self.assertIn(path, types, f"{path} is not in the catalogue")
                self.assertIsInstance(value, PYTHON_TYPES[types[path]], path)

    def test_only_whole_numbers(self) -> None:
        for path, value in leaves(build_event(full_exchange())):
            self.assertNotIsInstance(value, float, path)

    def test_a_full_event(self) -> None:
        built = build_event(full_exchange())
        self.assertEqual(built["requestId"], "req-1")
        self.assertEqual(built["kind"], "ai.invoke")
        self.assertEqual(
            built["actor"],
            {
                "type": "human",
                "id": "alice",
                "session": "s1",
                "credential": "sha256:00",
                "groups": ["team"],
            },
        )
        self.assertEqual(built["endpoint"], "POST /predict")
        self.assertEqual(built["trace"], {"id": "a" * 32})
        self.assertEqual(built["span"], {"id": "b" * 16})
        self.assertEqual(built["bytes"], {"in": 2, "out": 3})
        self.assertEqual(built["params"], {"stream": True})

    def test_without_a_request_id_it_is_the_id(self) -> None:
        built = build_event(exchange(request_id=""))
        self.assertEqual(built["requestId"], built["id"])

    def test_id_is_the_first_member_of_a_line(self) -> None:
        """The sender finds the id of a line by this."""
        line = numbered_line(encode(build_event(exchange())), b'"p/1"', 7)
        self.assertTrue(line.startswith(b'{"id":"'), line[:20])
        self.assertTrue(line.endswith(b',"producer":"p/1","producerSeq":7}\n'))
        self.assertEqual(json.loads(line)["producerSeq"], 7)

    def test_a_line_is_one_line_of_ascii_whatever_came_in(self) -> None:
        hostile = "a\nb\r\u2028\x00\ud800é\U0001f600"
        built = build_event(exchange(user_agent=hostile, identity=Identity(hostile)))
        line = numbered_line(encode(built), b'"p/1"', 1)
        self.assertTrue(line.isascii())
        self.assertEqual(line.count(b"\n"), 1)
        self.assertNotIn(b"\r", line)
        self.assertEqual(json.loads(line)["source"]["userAgent"], hostile)

    def test_text_is_cut_to_its_limit_at_a_character(self) -> None:
        built = build_event(exchange(user_agent="é" * 4000, identity=Identity("é" * 1000)))
        self.assertEqual(built["source"]["userAgent"], "é" * 2048)
        self.assertEqual(built["actor"]["id"], "é" * 512)
        self.assertEqual(clip("é" * 512, 1023), "é" * 511)
        self.assertEqual(clip("a" * 1024), "a" * 1024)


class Outcome(unittest.TestCase):
    def outcome(self, **fields: Any) -> tuple[Any, ...]:
        built = build_event(exchange(**fields))
        return built["outcome"], built.get("reasonCode"), built.get("status")

    def test_by_status(self) -> None:
        self.assertEqual(self.outcome(status=200), ("success", None, 200))
        self.assertEqual(self.outcome(status=399), ("success", None, 399))
        self.assertEqual(self.outcome(status=400), ("failure", "http_400", 400))
        self.assertEqual(self.outcome(status=401), ("denied", "http_401", 401))
        self.assertEqual(self.outcome(status=403), ("denied", "http_403", 403))
        self.assertEqual(self.outcome(status=429), ("failure", "rate_limited", 429))
        self.assertEqual(self.outcome(status=503), ("failure", "http_503", 503))

    def test_an_exception_before_the_answer_is_status_500(self) -> None:
        self.assertEqual(
            self.outcome(status=None, out_complete=False, error="KeyError"),
            ("failure", "app_exception", 500),
        )

    def test_an_exception_after_the_head_keeps_the_status_that_went_out(self) -> None:
        self.assertEqual(
            self.outcome(out_complete=False, error="KeyError"), ("failure", "app_exception", 200)
        )

    def test_ends_without_an_answer(self) -> None:
        self.assertEqual(
            self.outcome(status=None, out_complete=False), ("unknown", "no_answer", None)
        )
        self.assertEqual(
            self.outcome(status=None, out_complete=False, aborted="client_abort"),
            ("unknown", "client_abort", None),
        )
        self.assertEqual(self.outcome(out_complete=False), ("failure", "incomplete_answer", 200))

    def test_an_aborted_answer_was_an_access(self) -> None:
        built = build_event(exchange(out_complete=False, aborted="client_abort"))
        self.assertEqual(built["outcome"], "success")
        self.assertEqual(built["reasonCode"], "client_abort")
        self.assertIs(built["aborted"], True)

    def test_the_word_of_the_application_goes_first(self) -> None:
        built = build_event(exchange(facts={"outcome": "denied", "reason_code": "guardrail"}))
        self.assertEqual((built["outcome"], built["reasonCode"]), ("denied", "guardrail"))


class Hashes(unittest.TestCase):
    def test_input_that_was_not_read_to_its_end_has_no_hash(self) -> None:
        x = exchange()
        x.note_input(b"half", False)
        built = build_event(x)
        self.assertNotIn("inputHash", built)
        self.assertEqual(built["bytes"]["in"], 4)
        self.assertIs(built["ext"]["python"]["inputIncomplete"], True)

    def test_no_input_has_no_hash(self) -> None:
        x = exchange()
        x.note_input(b"", True)
        self.assertNotIn("inputHash", build_event(x))


class Traceparent(unittest.TestCase):
    def trace(self, text: str) -> Any:
        return build_event(exchange(traceparent=text)).get("trace")

    def test_valid(self) -> None:
        valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        self.assertEqual(self.trace(valid), {"id": "0af7651916cd43dd8448eb211c80319c"})
        self.assertIsNotNone(self.trace("cc" + valid[2:] + "-what-the-future-brings"))

    def test_invalid_is_left_out(self) -> None:
        ids = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"
        for text in (
            "",
            "x",
            f"ff-{ids}-01",
            f"00-{ids}-01-more",
            f"00-{ids.upper()}-01",
            "00-" + "0" * 32 + "-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
            f"00-{ids}",
            "00-" + "a" * 100_000,
        ):
            self.assertIsNone(self.trace(text), text[:80])


PYTHON_TYPES: dict[str, Any] = {
    "text": str,
    "ip": str,
    "int": int,
    "time": int,
    "bool": bool,
    "number": (int, float),
    "json": dict,
}


def leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Dotted paths; ``ext`` is one field."""
    if isinstance(value, dict) and path != "ext":
        inner = [(f"{path}.{k}" if path else k, v) for k, v in value.items()]
        return [leaf for key, item in inner for leaf in leaves(item, key)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item, path)]
    return [(path, value)]


if __name__ == "__main__":
    unittest.main()
