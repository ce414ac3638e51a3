"""ASGI: what passes is untouched, what is recorded is exact, whichever way a request ends."""

from __future__ import annotations

import asyncio
import hashlib
import os
import unittest
from typing import Any
from unittest import mock

from drivers import AsgiCall, TocsinTestCase, asgi_answer, read_all

import tocsin
from tocsin.asgi import TocsinMiddleware
from tocsin.identity import Identity


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class AsgiTestCase(TocsinTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.store = self.file_recorder()

    def wrap(self, app: Any, **options: Any) -> TocsinMiddleware:
        return TocsinMiddleware(app, recorder=self.store, **options)

    def one(self) -> dict[str, Any]:
        events = self.events(self.store)
        self.assertEqual(len(events), 1, events)
        return events[0]


class Success(AsgiTestCase):
    def test_counts_hashes_and_the_rest(self) -> None:
        app = self.wrap(asgi_answer(200, b"he", b"llo"), keys={"k": "alice"}, system="iris-api")
        call = AsgiCall("POST", "/predict").body(b"ab", b"", b"c")
        call.headers(
            ("x-api-key", "k"),
            ("user-agent", "curl/8"),
            ("x-request-id", "r-1"),
            ("traceparent", "00-" + "a" * 32 + "-" + "b" * 16 + "-01"),
        )
        call.run(app)
        self.assertEqual(call.answer, b"hello")
        event = self.one()
        self.assertEqual(event["inputHash"], sha(b"abc"))
        self.assertEqual(event["outputHash"], sha(b"hello"))
        self.assertEqual(event["bytes"], {"in": 3, "out": 5})
        self.assertEqual(event["actor"]["id"], "alice")
        self.assertEqual(event["kind"], "ai.invoke")
        self.assertEqual(event["operation"], "predict")
        self.assertEqual(event["endpoint"], "POST /predict")
        self.assertEqual(event["system"], "iris-api")
        self.assertEqual(event["source"], {"ip": "192.0.2.7", "userAgent": "curl/8"})
        self.assertEqual(event["requestId"], "r-1")
        self.assertEqual(event["trace"]["id"], "a" * 32)
        self.assertEqual((event["outcome"], event["status"]), ("success", 200))
        self.assertEqual(event["producerSeq"], 1)

    def test_messages_pass_as_the_same_objects(self) -> None:
        received: list[Any] = []
        start = {"type": "http.response.start", "status": 200, "headers": [], "trailers": True}
        body = {"type": "http.response.body", "body": memoryview(b"x")}

        async def app(scope: Any, receive: Any, send: Any) -> None:
            received.append(await receive())
            await send(start)
            await send(body)
            await send({"type": "http.response.trailers", "headers": []})

        call = AsgiCall().body(b"in")
        message = call.inbox[0]
        call.run(self.wrap(app))
        self.assertIs(received[0], message)
        self.assertIs(call.sent[0], start)
        self.assertIs(call.sent[1], body)
        self.assertEqual(len(call.sent), 3)
        self.assertEqual(self.one()["outputHash"], sha(b"x"))

    def test_a_request_without_a_body_has_no_hash_of_one(self) -> None:
        AsgiCall().body(b"").run(self.wrap(asgi_answer(204)))
        event = self.one()
        self.assertNotIn("inputHash", event)
        self.assertNotIn("outputHash", event)
        self.assertEqual(event["bytes"], {"in": 0, "out": 0})

    def test_input_that_the_application_did_not_read_whole(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "http.response.start", "status": 413, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        AsgiCall("POST").body(b"first", b"rest").run(self.wrap(app))
        event = self.one()
        self.assertNotIn("inputHash", event)
        self.assertEqual(event["bytes"]["in"], 5)

    def test_head_counts_no_body(self) -> None:
        AsgiCall("HEAD").body(b"").run(self.wrap(asgi_answer(200, b"not sent")))
        self.assertEqual(self.one()["bytes"]["out"], 0)

    def test_query_string_is_not_recorded(self) -> None:
        call = AsgiCall(path="/x", query_string=b"token=secret").body(b"")
        call.run(self.wrap(asgi_answer()))
        self.assertNotIn("secret", str(self.one()))

    def test_route_template_with_the_mounts_prefix(self) -> None:
        class Route:
            path_format = "/items/{id}"

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope["route"], scope["path_params"] = Route(), {"id": 3}
            await asgi_answer()(scope, receive, send)

        AsgiCall(path="/v1/items/3").body(b"").run(self.wrap(app))
        self.assertEqual(self.one()["endpoint"], "GET /v1/items/{id}")

    def test_a_background_task_does_not_delay_or_change_the_record(self) -> None:
        recorded: list[int] = []
        store = self.store

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await asgi_answer()(scope, receive, send)
            store.flush(10)
            recorded.append(len(self.events(store)))
            raise RuntimeError("in the background")

        with self.assertRaises(RuntimeError):
            AsgiCall().body(b"").run(self.wrap(app))
        self.assertEqual(recorded, [1])
        self.assertEqual(self.one()["outcome"], "success")


class Streams(AsgiTestCase):
    def test_a_stream_has_its_time_to_the_first_byte(self) -> None:
        AsgiCall().body(b"").run(self.wrap(asgi_answer(200, b"a", b"b")))
        event = self.one()
        self.assertEqual(event["params"], {"stream": True})
        self.assertLessEqual(event["ttftMs"], event["durationMs"])

    def test_an_announced_length_is_no_stream(self) -> None:
        app = asgi_answer(200, b"ab", headers=[(b"Content-Length", b"2")])
        AsgiCall().body(b"").run(self.wrap(app))
        self.assertNotIn("ttftMs", self.one())

    def test_server_sent_events_are_one_even_in_a_single_message(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"data: x\n\n"})

        AsgiCall().run(self.wrap(app))
        self.assertEqual(self.one()["params"], {"stream": True})

    def test_chunks_are_passed_on_one_by_one(self) -> None:
        """Each chunk has been sent before the application makes the next one."""
        call = AsgiCall()
        seen: list[int] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(3):
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
                seen.append(len(call.sent))
            await send({"type": "http.response.body", "body": b""})

        call.run(self.wrap(app))
        self.assertEqual(seen, [2, 3, 4])

    def test_a_file_that_the_server_sends_itself(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.pathsend", "path": __file__})

        AsgiCall().run(self.wrap(app))
        event = self.one()
        self.assertEqual(event["outcome"], "success")
        self.assertIs(event["ext"]["python"]["sentFile"], True)


class Failures(AsgiTestCase):
    def test_an_exception_is_recorded_and_raised_on(self) -> None:
        class Boom(Exception):
            pass

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await read_all(receive)
            raise Boom("with private text")

        with self.assertRaises(Boom):
            AsgiCall("POST").body(b"abc").run(self.wrap(app))
        event = self.one()
        self.assertEqual((event["outcome"], event["status"]), ("failure", 500))
        self.assertEqual(event["reasonCode"], "app_exception")
        self.assertEqual(event["ext"]["python"]["exception"], "Boom")
        self.assertEqual(event["inputHash"], sha(b"abc"))
        self.assertNotIn("private", str(event))

    def test_an_exception_in_a_stream_keeps_the_bytes_so_far(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"part", "more_body": True})
            raise RuntimeError

        with self.assertRaises(RuntimeError):
            AsgiCall().run(self.wrap(app))
        event = self.one()
        self.assertEqual((event["outcome"], event["status"]), ("failure", 200))
        self.assertEqual(event["bytes"]["out"], 4)
        self.assertEqual(event["outputHash"], sha(b"part"))

    def test_an_application_that_answers_nothing(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            return None

        AsgiCall().run(self.wrap(app))
        event = self.one()
        self.assertEqual((event["outcome"], event["reasonCode"]), ("unknown", "no_answer"))

    def test_denied(self) -> None:
        AsgiCall().body(b"").headers(("x-api-key", "bad")).run(self.wrap(asgi_answer(401)))
        event = self.one()
        self.assertEqual((event["outcome"], event["actor"]["id"]), ("denied", "anonymous"))
        self.assertEqual(event["actor"]["credential"], "sha256:" + sha(b"bad")[:16])


class Aborts(AsgiTestCase):
    def test_a_disconnect_in_mid_stream(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"part", "more_body": True})
            self.assertEqual((await receive())["type"], "http.disconnect")
            await send({"type": "http.response.body", "body": b"late", "more_body": True})
            await send({"type": "http.response.body", "body": b""})

        AsgiCall().run(self.wrap(app))
        event = self.one()
        self.assertIs(event["aborted"], True)
        self.assertEqual((event["outcome"], event["reasonCode"]), ("success", "client_abort"))
        self.assertEqual(event["bytes"]["out"], 4)
        self.assertEqual(event["outputHash"], sha(b"part"))

    def test_a_send_that_fails(self) -> None:
        call = AsgiCall().body(b"")
        call.send_fails_after = 2
        with self.assertRaises(OSError):
            call.run(self.wrap(asgi_answer(200, b"one", b"two")))
        event = self.one()
        self.assertIs(event["aborted"], True)
        self.assertEqual(event["bytes"]["out"], 3)

    def test_a_cancelled_call(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"part", "more_body": True})
            await asyncio.sleep(60)

        async def run() -> None:
            call = AsgiCall()
            task = asyncio.ensure_future(self.wrap(app)(call.scope, call.receive, call.send))
            while len(call.sent) < 2:
                await asyncio.sleep(0)
            task.cancel()
            await task

        with self.assertRaises(asyncio.CancelledError):
            asyncio.run(run())
        event = self.one()
        self.assertEqual((event["aborted"], event["reasonCode"]), (True, "cancelled"))
        self.assertEqual(event["bytes"]["out"], 4)

    def test_a_client_that_leaves_before_the_answer(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()

        AsgiCall().run(self.wrap(app))
        event = self.one()
        self.assertEqual((event["outcome"], event["reasonCode"]), ("unknown", "client_abort"))
        self.assertNotIn("status", event)

    def test_a_disconnect_after_the_answer_is_none(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await asgi_answer(200, b"x")(scope, receive, send)
            await receive()

        AsgiCall().body(b"").run(self.wrap(app))
        self.assertNotIn("aborted", self.one())


class Hooks(AsgiTestCase):
    def test_identify_sees_what_the_application_decided(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope["state"] = {"user": "carol"}
            await asgi_answer()(scope, receive, send)

        def identify(view: Any) -> Identity:
            return Identity(view.raw["state"]["user"], "human", session="s")

        AsgiCall().body(b"").run(self.wrap(app, identify=identify))
        actor = self.one()["actor"]
        self.assertEqual(actor, {"type": "human", "id": "carol", "session": "s"})

    def test_hooks_that_fail_cost_a_name_not_a_request(self) -> None:
        def fails(view: Any) -> Any:
            raise RuntimeError("hook")

        hooks: list[Any] = [fails, lambda view: 5, lambda view: ""]
        for hook in hooks:
            call = AsgiCall().body(b"").run(self.wrap(asgi_answer(200, b"ok"), identify=hook))
            self.assertEqual(call.answer, b"ok")
        events = self.events(self.store)
        self.assertEqual([e["actor"]["id"] for e in events], ["anonymous"] * 3)
        self.assertEqual(events[0]["ext"]["python"]["identifyError"], "RuntimeError")

    def test_annotate_from_the_application(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            tocsin.annotate(scope, model="iris", version="7")
            tocsin.annotate(rows=2)
            await asgi_answer()(scope, receive, send)

        AsgiCall(path="/ask").body(b"").run(self.wrap(app, model="other", version="1"))
        event = self.one()
        self.assertEqual(event["model"], {"served": "iris", "version": "7"})
        self.assertEqual((event["kind"], event["rows"]), ("ai.invoke", 2))

    def test_model_by_option_goes_only_to_model_endpoints(self) -> None:
        app = self.wrap(asgi_answer(), model="iris", version="1")
        AsgiCall("POST", "/predict").body(b"").run(app)
        AsgiCall("GET", "/login").body(b"").run(app)
        predict, login = self.events(self.store)
        self.assertEqual(predict["model"], {"served": "iris", "version": "1"})
        self.assertNotIn("model", login)

    def test_excluded_paths_are_not_recorded(self) -> None:
        app = self.wrap(asgi_answer(), exclude=["/healthz"])
        AsgiCall(path="/healthz").body(b"").run(app)
        AsgiCall(path="/x").body(b"").run(app)
        self.assertEqual(self.one()["endpoint"], "GET /x")

    def test_client_behind_a_proxy(self) -> None:
        app = self.wrap(asgi_answer(), trusted_proxies=["192.0.2.0/24"])
        AsgiCall().body(b"").headers(("x-forwarded-for", "6.6.6.6, 203.0.113.9")).run(app)
        self.assertEqual(self.one()["source"]["ip"], "203.0.113.9")

    def test_a_unix_socket_has_no_client(self) -> None:
        AsgiCall(client=None).body(b"").run(self.wrap(asgi_answer()))
        self.assertNotIn("source", self.one())

    def test_a_broken_scope_does_not_break_the_request(self) -> None:
        call = AsgiCall(headers=None, client=5).body(b"")
        self.assertEqual(call.run(self.wrap(asgi_answer(200, b"ok"))).answer, b"ok")

    def test_a_recorder_that_fails_does_not_break_the_request(self) -> None:
        with mock.patch.object(self.store, "record", side_effect=RuntimeError):
            call = AsgiCall().body(b"").run(self.wrap(asgi_answer(200, b"ok")))
        self.assertEqual(call.answer, b"ok")


class Options(AsgiTestCase):
    def test_mistakes_are_refused_when_the_middleware_is_made(self) -> None:
        wrong: list[tuple[dict[str, Any], type[Exception]]] = [
            ({"trusted_proxies": ["nonsense"]}, ValueError),
            ({"users": {"not-a-hash": "x"}}, ValueError),
            ({"user_type": "robot"}, ValueError),
            ({"identify": lambda v: None, "keys": {"k": "x"}}, ValueError),
            ({"modle": "iris"}, TypeError),
            ({"url": "ftp://x"}, ValueError),
            ({"recorder": self.store, "file": "x"}, ValueError),
        ]
        for options, error in wrong:
            with self.assertRaises(error, msg=str(options)):
                TocsinMiddleware(asgi_answer(), **options)

    def test_a_file_of_its_own(self) -> None:
        app = TocsinMiddleware(asgi_answer(), file=self.file, environment=False)
        AsgiCall().body(b"").run(app)
        self.eventually(lambda: os.path.exists(self.file) and os.path.getsize(self.file))
        app._capture.recorder().close()


class OtherScopes(AsgiTestCase):
    def test_lifespan_passes_and_its_end_writes_everything(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                return await asgi_answer()(scope, receive, send)
            await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})

        wrapped = self.wrap(app)
        AsgiCall().body(b"").run(wrapped)
        call = AsgiCall(type="lifespan").run(wrapped)
        self.assertEqual(len(call.sent), 2)
        self.assertEqual(self.file.read_bytes().count(b"\n"), 1)

    def test_an_unknown_scope_passes(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "odd"})

        call = AsgiCall(type="odd").run(self.wrap(app))
        self.assertEqual(call.sent, [{"type": "odd"}])
        self.assertEqual(self.events(self.store), [])

    def test_websocket(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await receive()
            await send({"type": "websocket.send", "text": "é"})
            await send({"type": "websocket.send", "bytes": b"123", "text": None})
            await receive()

        call = AsgiCall(path="/ws", type="websocket")
        call.inbox = [
            {"type": "websocket.connect"},
            {"type": "websocket.receive", "text": "hello"},
            {"type": "websocket.disconnect", "code": 1001},
        ]
        call.run(self.wrap(app))
        event = self.one()
        self.assertEqual((event["status"], event["outcome"]), (101, "success"))
        self.assertEqual(event["bytes"], {"in": 5, "out": 5})
        self.assertEqual((event["interface"], event["endpoint"]), ("websocket", "GET /ws"))
        self.assertNotIn("ext", event)

    def test_websocket_refused(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "websocket.close", "code": 1008})

        AsgiCall(type="websocket").run(self.wrap(app))
        event = self.one()
        self.assertEqual((event["status"], event["outcome"]), (403, "denied"))


class Concurrency(AsgiTestCase):
    def test_calls_that_interleave_do_not_mix(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            data = await read_all(receive)
            await asyncio.sleep(0)
            tocsin.annotate(rows=len(data))
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": data})

        wrapped = self.wrap(app)

        async def run() -> None:
            calls = [AsgiCall("POST", f"/{i}").body(b"x" * i, b"y") for i in range(200)]
            await asyncio.gather(*(wrapped(c.scope, c.receive, c.send) for c in calls))

        asyncio.run(run())
        events = self.events(self.store)
        self.assertEqual(len(events), 200)
        for event in events:
            n = int(event["endpoint"].rpartition("/")[2])
            self.assertEqual(event["bytes"], {"in": n + 1, "out": n + 1})
            self.assertEqual(event["inputHash"], sha(b"x" * n + b"y"))
            self.assertEqual(event["rows"], n + 1)
        self.assertEqual(sorted(e["producerSeq"] for e in events), list(range(1, 201)))


if __name__ == "__main__":
    unittest.main()
