"""WSGI: the answer passes chunk by chunk, close is honoured, every end is recorded once."""

from __future__ import annotations

import hashlib
import io
import types
import unittest
from collections.abc import Iterator
from typing import Any
from wsgiref.handlers import SimpleHandler
from wsgiref.validate import validator

from drivers import TocsinTestCase, WsgiCall

import tocsin
from tocsin.exchange import Exchange
from tocsin.wsgi import CountedInput, TocsinMiddleware


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class WsgiTestCase(TocsinTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.store = self.file_recorder()

    def wrap(self, app: Any, **options: Any) -> TocsinMiddleware:
        return TocsinMiddleware(app, recorder=self.store, **options)

    def one(self) -> dict[str, Any]:
        events = self.events(self.store)
        self.assertEqual(len(events), 1, events)
        return events[0]


def answer(*chunks: bytes, status: str = "200 OK", **headers: str) -> Any:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        start_response(status, [(k.replace("_", "-"), v) for k, v in headers.items()])
        return list(chunks)

    return app


class Stream:
    """An answer whose chunks and whose end can be watched."""

    def __init__(self, *chunks: Any) -> None:
        self.chunks = iter(chunks)
        self.taken = 0
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self.chunks)
        if isinstance(chunk, BaseException):
            raise chunk
        self.taken += 1
        return chunk

    def close(self) -> None:
        self.closed += 1


def streaming(stream: Any) -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return stream

    return app


class Success(WsgiTestCase):
    def test_counts_hashes_and_the_rest(self) -> None:
        app = self.wrap(answer(b"he", b"llo"), keys={"k": "alice"}, model="iris", version="2")
        call = WsgiCall(
            "POST", "/predict", b"abc", HTTP_X_API_KEY="k", HTTP_USER_AGENT="curl", REMOTE_PORT="1"
        ).run(app)
        self.assertEqual((call.status, b"".join(call.written)), ("200 OK", b"hello"))
        event = self.one()
        self.assertEqual(event["inputHash"], sha(b"abc"))
        self.assertEqual(event["outputHash"], sha(b"hello"))
        self.assertEqual(event["bytes"], {"in": 3, "out": 5})
        self.assertEqual(event["actor"]["id"], "alice")
        self.assertEqual(event["model"], {"served": "iris", "version": "2"})
        self.assertEqual(event["source"], {"ip": "192.0.2.7", "userAgent": "curl"})
        self.assertEqual((event["outcome"], event["status"]), ("success", 200))
        self.assertNotIn("params", event)

    def test_flask_rule_and_script_name(self) -> None:
        def app(environ: Any, start_response: Any) -> list[bytes]:
            rule = types.SimpleNamespace(rule="/items/<int:id>")
            environ["werkzeug.request"] = types.SimpleNamespace(url_rule=rule)
            start_response("200 OK", [])
            environ["werkzeug.request"] = None
            return [b""]

        WsgiCall(path="/items/3", SCRIPT_NAME="/api").run(self.wrap(app))
        self.assertEqual(self.one()["endpoint"], "GET /api/items/{id}")

    def test_path_is_decoded_as_pep_3333_says(self) -> None:
        path = "/é".encode().decode("latin-1")
        WsgiCall(path=path).run(self.wrap(answer(b"x")))
        self.assertEqual(self.one()["endpoint"], "GET /é")

    def test_length_of_a_list_is_kept(self) -> None:
        result: Any = self.wrap(answer(b"x"))(WsgiCall().environ, lambda *a: lambda d: None)
        self.assertEqual(len(result), 1)
        result.close()

    def test_write_is_counted(self) -> None:
        def app(environ: Any, start_response: Any) -> list[bytes]:
            write = start_response("200 OK", [])
            write(b"old")
            return [b"new"]

        call = WsgiCall().run(self.wrap(app))
        self.assertEqual(call.written, [b"old", b"new"])
        self.assertEqual(self.one()["outputHash"], sha(b"oldnew"))

    def test_start_response_may_come_with_the_first_chunk(self) -> None:
        def app(environ: Any, start_response: Any) -> Iterator[bytes]:
            start_response("404 Not Found", [])
            yield b"no"

        WsgiCall().run(self.wrap(app))
        event = self.one()
        self.assertEqual((event["status"], event["bytes"]["out"]), (404, 2))

    def test_the_reference_server_and_the_validator_agree(self) -> None:
        def app(environ: Any, start_response: Any) -> list[bytes]:
            environ["wsgi.input"].read(10)
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"hello"]

        out, environ = io.BytesIO(), WsgiCall("POST", "/x", b"0123456789").environ
        handler = SimpleHandler(environ["wsgi.input"], out, io.StringIO(), environ)
        handler.run(validator(self.wrap(validator(app))))
        self.assertTrue(out.getvalue().endswith(b"hello"), out.getvalue())
        event = self.one()
        self.assertEqual(event["inputHash"], sha(b"0123456789"))
        self.assertEqual(event["outcome"], "success")

    def test_excluded(self) -> None:
        WsgiCall(path="/healthz").run(self.wrap(answer(b"x"), exclude=["/healthz"]))
        self.assertEqual(self.events(self.store), [])


class Streams(WsgiTestCase):
    def test_chunks_are_taken_one_by_one(self) -> None:
        stream = Stream(b"a", b"b", b"c")
        result = self.wrap(streaming(stream))(WsgiCall().environ, WsgiCall().start_response)
        chunks = iter(result)
        self.assertEqual(stream.taken, 0)
        self.assertEqual((next(chunks), stream.taken), (b"a", 1))
        self.assertEqual((next(chunks), stream.taken), (b"b", 2))
        result.close()  # type: ignore[attr-defined]
        self.assertEqual(stream.closed, 1)

    def test_a_stream_to_its_end(self) -> None:
        stream = Stream(b"a", b"b")
        WsgiCall().run(self.wrap(streaming(stream)))
        event = self.one()
        self.assertEqual(event["params"], {"stream": True})
        self.assertLessEqual(event["ttftMs"], event["durationMs"])
        self.assertNotIn("aborted", event)
        self.assertEqual(stream.closed, 1)

    def test_an_aborted_stream(self) -> None:
        stream = Stream(b"aa", b"bb", b"cc")
        WsgiCall().run(self.wrap(streaming(stream)), chunks_max=2)
        event = self.one()
        self.assertIs(event["aborted"], True)
        self.assertEqual((event["outcome"], event["reasonCode"]), ("success", "client_abort"))
        self.assertEqual(event["bytes"]["out"], 4)
        self.assertEqual(event["outputHash"], sha(b"aabb"))
        self.assertEqual(stream.closed, 1)

    def test_a_generator_is_closed_where_it_stands(self) -> None:
        ended: list[str] = []

        def generate() -> Iterator[bytes]:
            try:
                yield b"a"
                yield b"b"
            except GeneratorExit:
                ended.append("closed")
                raise

        WsgiCall().run(self.wrap(streaming(generate())), chunks_max=1)
        self.assertEqual(ended, ["closed"])
        self.assertIs(self.one()["aborted"], True)

    def test_annotate_in_the_midst_of_a_stream(self) -> None:
        def generate() -> Iterator[bytes]:
            yield b"a"
            tocsin.annotate(usage={"out": 5})
            yield b"b"

        WsgiCall().run(self.wrap(streaming(generate())))
        self.assertEqual(self.one()["usage"], {"out": 5})
        self.assertFalse(tocsin.annotate(rows=1), "the context is left at the end")


class Failures(WsgiTestCase):
    def test_an_exception_before_the_answer(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            environ["wsgi.input"].read()
            raise KeyError("private")

        with self.assertRaises(KeyError):
            WsgiCall("POST", body=b"abc").run(self.wrap(app))
        event = self.one()
        self.assertEqual((event["outcome"], event["status"]), ("failure", 500))
        self.assertEqual(event["ext"]["python"]["exception"], "KeyError")
        self.assertEqual(event["inputHash"], sha(b"abc"))
        self.assertNotIn("private", str(event))

    def test_an_exception_in_a_stream(self) -> None:
        stream = Stream(b"part", RuntimeError("x"))
        with self.assertRaises(RuntimeError):
            WsgiCall().run(self.wrap(streaming(stream)))
        event = self.one()
        self.assertEqual((event["outcome"], event["bytes"]["out"]), ("failure", 4))
        self.assertEqual(stream.closed, 1)

    def test_a_close_that_raises_is_raised_on_and_recorded_once(self) -> None:
        class Bad(Stream):
            def close(self) -> None:
                raise OSError("close")

        with self.assertRaises(OSError):
            WsgiCall().run(self.wrap(streaming(Bad(b"a", b"b"))), chunks_max=1)
        self.assertIs(self.one()["aborted"], True)

    def test_an_error_page_takes_the_place_of_the_answer(self) -> None:
        def app(environ: Any, start_response: Any) -> list[bytes]:
            start_response("200 OK", [])
            try:
                raise ValueError
            except ValueError as error:
                start_response("500 Oops", [], (type(error), error, error.__traceback__))
            return [b"sorry"]

        WsgiCall().run(self.wrap(app))
        self.assertEqual(self.one()["status"], 500)

    def test_an_odd_status_line(self) -> None:
        WsgiCall().run(self.wrap(answer(b"x", status="weird")))
        self.assertNotIn("status", self.one())


class Input(WsgiTestCase):
    def read_by(
        self, read: Any, body: bytes = b"one\ntwo\nthree", **environ: Any
    ) -> dict[str, Any]:
        def app(env: Any, start_response: Any) -> list[bytes]:
            read(env["wsgi.input"])
            start_response("200 OK", [])
            return [b""]

        WsgiCall("POST", "/x", body, **environ).run(self.wrap(app))
        return self.events(self.store)[-1]

    def test_every_way_to_read(self) -> None:
        body = b"one\ntwo\nthree"
        ways: list[Any] = [
            lambda s: s.read(),
            lambda s: s.read(-1),
            lambda s: s.read(None),
            lambda s: s.read(len(body)),
            lambda s: [s.read(5) for _ in range(5)],
            lambda s: [s.readline() for _ in range(3)],
            lambda s: [s.readline(2) for _ in range(20)],
            lambda s: s.readlines(),
            lambda s: list(s),
            lambda s: s.read1(100),
            lambda s: s.readinto(bytearray(100)),
        ]
        for way in ways:
            event = self.read_by(way)
            self.assertEqual(event["inputHash"], sha(body))
            self.assertEqual(event["bytes"]["in"], len(body))

    def test_without_a_length_the_end_shows(self) -> None:
        event = self.read_by(lambda s: [s.read(8), s.read(8), s.read(8)], CONTENT_LENGTH="")
        event = self.read_by(lambda s: [s.read(8), s.read(8)], CONTENT_LENGTH="nonsense")
        self.assertIn("bytes", event)

    def test_a_part_that_is_read_has_no_hash(self) -> None:
        for way in (lambda s: s.read(3), lambda s: s.readlines(1), lambda s: s.readline()):
            event = self.read_by(way)
            self.assertNotIn("inputHash", event)
            self.assertGreater(event["bytes"]["in"], 0)

    def test_nothing_read(self) -> None:
        event = self.read_by(lambda s: s.read(0))
        self.assertEqual(event["bytes"]["in"], 0)

    def test_the_rest_of_the_stream_is_reachable(self) -> None:
        stream = io.BytesIO(b"abc")
        counted = CountedInput(stream, Exchange("GET", "/"), None)
        self.assertEqual(counted.getvalue(), b"abc")
        with self.assertRaises(AttributeError):
            counted.no_such_thing  # noqa: B018

    def test_reading_after_the_end_changes_nothing(self) -> None:
        kept: list[Any] = []
        event = self.read_by(lambda s: kept.append((s, s.read(3))))
        kept[0][0].read()
        self.assertEqual(event["bytes"]["in"], 3)


if __name__ == "__main__":
    unittest.main()
