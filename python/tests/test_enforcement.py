"""Each decision at both middlewares: who is refused, how, who is not, and what is recorded."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any
from unittest import mock

from decision_stub import entry, now_ms
from drivers import AsgiCall
from enforcement_case import EnforcementTestCase

from tocsin import capture, enforcement, meters
from tocsin.identity import Identity

CHALLENGE = 'Bearer error="insufficient_user_authentication", acr_values="mfa", max_age="300"'


class Decisions(EnforcementTestCase):
    def test_deny(self) -> None:
        app = self.middleware(self.stub(entry("deny", id="d_7")))
        answer = self.ask(app)
        self.assertEqual((answer.status, self.calls), (403, 0))
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        self.assertEqual(answer.headers["content-length"], str(len(answer.body)))
        problem = answer.problem
        self.assertEqual((problem["status"], problem["code"]), (403, "denied"))
        self.assertEqual((problem["detail"], problem["decisionId"]), ("because of deny", "d_7"))
        self.assertEqual(self.ask(app, key="k-bob").status, 200)
        (event,) = self.refused()
        self.assertEqual((event["outcome"], event["status"]), ("denied", 403))
        self.assertEqual(event["reasonCode"], "deny")
        self.assertEqual(event["policy"], {"id": "d_7", "decision": "deny"})
        self.assertEqual(event["actor"]["id"], "alice")

    def test_end_session_is_of_that_session_only(self) -> None:
        app = self.middleware(
            self.stub(entry("end_session", session="s1")), session_header="x-session-id"
        )
        answer = self.ask(app, x_session_id="s1")
        self.assertEqual((answer.status, answer.problem["code"]), (401, "session_ended"))
        self.assertTrue(answer.headers["www-authenticate"].startswith("Bearer "))
        self.assertEqual(self.ask(app, x_session_id="s2").status, 200)
        self.assertEqual(self.ask(app, "/", "k-bob", x_session_id="s1").status, 200)
        (event,) = self.refused()
        self.assertEqual((event["outcome"], event["status"]), ("denied", 401))
        self.assertEqual((event["reasonCode"], event["actor"]["session"]), ("end_session", "s1"))

    def test_throttle_by_requests(self) -> None:
        clock = 1000.0
        self.set(enforcement.time, "monotonic", lambda: clock)
        limits = {"requestsPerMinute": 3}
        app = self.middleware(self.stub(entry("throttle", limits=limits)))
        self.assertEqual([self.ask(app).status for _ in range(5)], [200] * 3 + [429] * 2)
        answer = self.ask(app)
        self.assertEqual(answer.headers["retry-after"], "20")
        self.assertEqual(answer.problem["retryAfterSeconds"], 20)
        clock += 19
        self.assertEqual(self.ask(app).status, 429)
        clock += 1
        self.assertEqual([self.ask(app).status for _ in range(2)], [200, 429])
        clock += 3600
        self.assertEqual([self.ask(app).status for _ in range(4)], [200] * 3 + [429])
        events = self.refused()
        self.assertEqual({e["outcome"] for e in events}, {"denied"})
        self.assertEqual({e["reasonCode"] for e in events}, {"throttle"})
        self.assertEqual(self.ask(app, key="k-bob").status, 200)

    def test_throttle_by_rows_counts_what_was_returned(self) -> None:
        clock = 1000.0
        self.set(enforcement.time, "monotonic", lambda: clock)
        self.set(meters.time, "monotonic", lambda: clock)
        app = self.middleware(self.stub(entry("throttle", limits={"rowsPerMinute": 100})))
        self.rows = 150
        self.assertEqual(self.ask(app).status, 200)
        answer = self.ask(app)
        self.assertEqual((answer.status, answer.headers["retry-after"]), (429, "31"))
        clock += 31
        self.rows = 5
        self.assertEqual(self.ask(app).status, 200)
        self.assertEqual(self.ask(app).status, 429)

    def test_throttle_by_rows_looks_at_the_page_size_before(self) -> None:
        app = self.middleware(self.stub(entry("throttle", limits={"rowsPerMinute": 100})))
        self.assertEqual(self.ask(app, "/?limit=101").status, 429)
        self.assertEqual(self.ask(app, "/?limit=60").status, 200)
        self.assertEqual(self.ask(app, "/?limit=60").status, 429)
        self.assertEqual(self.ask(app, "/?limit=30").status, 200)

    def test_a_limit_of_nothing_lets_nothing_through(self) -> None:
        until = now_ms() + 90_000
        app = self.middleware(
            self.stub(entry("throttle", limits={"requestsPerMinute": 0}, until=until))
        )
        answer = self.ask(app)
        self.assertEqual(answer.status, 429)
        self.assertIn(int(answer.headers["retry-after"]), range(80, 91))

    def test_head_has_no_body(self) -> None:
        app = self.middleware(self.stub(entry("deny")))
        answer = self.ask(app, method="HEAD")
        self.assertEqual(answer.status, 403)
        if self.kind == "wsgi":  # of an ASGI application the server leaves it out
            self.assertEqual(answer.body, b"")

    def test_what_is_excluded_is_let_through(self) -> None:
        app = self.middleware(self.stub(entry("deny")), exclude=["/healthz"])
        self.assertEqual(self.ask(app, "/healthz").status, 200)

    def test_the_endpoint_of_a_refusal_is_the_route_where_it_is_known(self) -> None:
        stub = self.stub()
        app = self.middleware(stub)
        self.ask(app, "/sets/a")
        stub.decide(entry("deny"))
        self.eventually(lambda: self.ask(app, "/sets/b").status == 403)
        self.assertEqual({e["endpoint"] for e in self.refused()}, {"GET /sets/{name}"})

    def test_without_enforce_nothing_is_asked(self) -> None:
        stub = self.stub(entry("deny"))
        app = self.middleware(stub, enforce=False)
        self.assertEqual(self.ask(app).status, 200)
        self.assertEqual(stub.polls, [])

    def test_settings_that_cannot_be_meant_so(self) -> None:
        stub = self.stub()
        for wrong in ({"on_unreachable": "shut"}, {"table_age_s_max": 5}):
            with self.assertRaises(ValueError):
                self.middleware(stub, **wrong)
        with self.assertRaises(ValueError):
            capture.make_capture({"enforce": True, "recorder": self.file_recorder()})


class StepUp(EnforcementTestCase):
    def app(self, **claims: Any) -> Any:
        self.since = now_ms()
        self.claims = {"sub": "alice", **claims}
        step_up = entry("step_up", acrValues=["mfa"], challenge=CHALLENGE, since=self.since)
        return self.middleware(
            self.stub(step_up, entry("throttle", "bob", limits={"requestsPerMinute": 1})),
            keys=None,
            identify=lambda view: Identity.from_claims(self.claims),
        )

    def test_the_challenge_until_the_token_shows_it(self) -> None:
        app = self.app()
        answer = self.ask(app)
        self.assertEqual(answer.status, 401)
        self.assertEqual(answer.headers["www-authenticate"], CHALLENGE)
        self.claims.update(acr="mfa", auth_time=self.since // 1000 + 1)
        self.assertEqual(self.ask(app).status, 200)
        refused, let_in = self.events(self.own)
        self.assertEqual((refused["reasonCode"], refused["outcome"]), ("step_up", "denied"))
        auth = {"acr": "mfa", "authTime": (self.since // 1000 + 1) * 1000}
        self.assertEqual(let_in["actor"]["auth"], auth)

    def test_what_does_not_show_it(self) -> None:
        app = self.app()
        later = self.since // 1000 + 1
        wrong: list[dict[str, Any]] = [
            {"acr": "mfa", "auth_time": self.since // 1000 - 1},
            {"acr": "mfa", "auth_time": None},
            {"acr": "mfa", "auth_time": True},
            {"acr": "mfa", "auth_time": str(later)},
            {"acr": "mfa", "auth_time": float("nan")},
            {"acr": "pwd", "auth_time": later},
            {"acr": ["mfa"], "auth_time": later},
            {"acr": None, "auth_time": later},
        ]
        for claims in wrong:
            self.claims.update(claims)
            self.assertEqual(self.ask(app).status, 401, claims)

    def test_what_a_header_or_a_key_says_lifts_nothing(self) -> None:
        step_up = entry("step_up", acrValues=["mfa"], challenge=CHALLENGE)
        app = self.middleware(self.stub(step_up))
        later = str(now_ms() // 1000 + 1)
        self.assertEqual(self.ask(app, acr="mfa", auth_time=later).status, 401)

    def test_below_a_lifted_step_up_the_milder_one_holds(self) -> None:
        mild = entry("throttle", limits={"requestsPerMinute": 1})
        strict = entry("step_up", session="s", acrValues=["mfa"], challenge=CHALLENGE)
        claims = {"sub": "alice", "sid": "s", "acr": "mfa", "auth_time": now_ms() / 1000}
        app = self.middleware(
            self.stub(mild, strict), keys=None, identify=lambda view: Identity.from_claims(claims)
        )
        self.assertEqual([self.ask(app).status for _ in range(2)], [200, 429])


class Claimed(EnforcementTestCase):
    def test_a_name_that_is_only_stated_is_not_punished_and_gains_nothing(self) -> None:
        stub = self.stub(entry("deny", "victim"), entry("deny", "anonymous"))
        app = self.middleware(
            stub,
            keys=None,
            identify=lambda view: Identity(view.header("x-user") or "", "human", verified=False),
        )
        self.assertEqual(self.ask(app, "/", "", x_user="victim").status, 200)
        (event,) = self.events(self.own)
        self.assertEqual(
            event["actor"], {"type": "unknown", "id": "anonymous", "claimed": "victim"}
        )

    def test_anonymous_callers_are_let_through(self) -> None:
        app = self.middleware(self.stub(entry("deny", "anonymous"), entry("deny")))
        self.assertEqual(self.ask(app, key="").status, 200)
        self.assertEqual(self.ask(app, key="guess").status, 200)

    def test_a_second_key_is_no_way_out(self) -> None:
        """Two proven persons are recorded as nobody, and are still both concerned."""
        app = self.middleware(self.stub(entry("deny")))
        for key, other in (("k-bob", "k-alice"), ("k-alice", "k-bob"), ("k-alice", "junk")):
            answer = self.ask(app, "/", key, authorization=f"Bearer {other}")
            self.assertEqual(answer.status, 403, other)
        answer = self.ask(app, "/", "k-bob", authorization="Bearer k-svc")
        self.assertEqual(answer.status, 200)
        actors = [e["actor"]["id"] for e in self.refused()]
        self.assertEqual(actors, ["anonymous", "anonymous", "alice"])

    def test_an_identify_hook_that_fails_costs_no_request(self) -> None:
        def broken(view: Any) -> Any:
            raise RuntimeError("x")

        app = self.middleware(self.stub(entry("deny")), keys=None, identify=broken)
        self.assertEqual(self.ask(app).status, 200)

    def test_a_name_that_only_the_application_finds_out_is_recorded_so(self) -> None:
        known: list[str] = []
        app = self.middleware(
            self.stub(), keys=None, identify=lambda view: known[-1] if known else None
        )
        call = self.asgi_app if self.kind == "asgi" else self.wsgi_app

        def learns(*args: Any) -> Any:
            known.append("late")
            return call(*args)

        app.app = learns
        self.ask(app)
        (event,) = self.events(self.own)
        self.assertEqual(event["actor"]["id"], "late")


class AsgiDecisions(Decisions):
    kind = "asgi"

    def test_a_heap_of_keys_is_no_way_out(self) -> None:
        app = self.middleware(self.stub(entry("deny")))
        junk = [("authorization", f"Bearer junk-{i}") for i in range(1000)]
        mine = ("authorization", "Bearer k-alice")
        for headers in (
            [*junk, ("x-api-key", "k-alice")],
            [mine, *junk],
            [*junk, mine],
            [*junk, mine, ("x-api-key", "junk")],
        ):
            call = AsgiCall().headers(*headers).run(app)
            self.assertEqual(call.sent[0]["status"], 403)

    def test_websockets_are_refused_before_they_open(self) -> None:
        app = self.middleware(self.stub(entry("deny")))
        for extensions, expected in (
            ({}, ["websocket.close"]),
            (
                {"websocket.http.response": {}},
                ["websocket.http.response.start", "websocket.http.response.body"],
            ),
        ):
            call = AsgiCall("GET", "/ws", type="websocket", extensions=extensions)
            call.headers(("x-api-key", "k-alice"))
            call.inbox.append({"type": "websocket.connect"})
            call.run(app)
            self.assertEqual([m["type"] for m in call.sent], expected)
        self.assertEqual(self.calls, 0)
        self.assertEqual([e["status"] for e in self.refused()], [403, 403])

    def test_a_websocket_that_is_open_ends_with_its_session(self) -> None:
        stub = self.stub()
        app = self.middleware(stub, session_header="x-session-id")
        got: list[Any] = []

        async def echo(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            while True:
                message = await receive()
                got.append(message["type"])
                if message["type"] == "websocket.disconnect":
                    return
                await send({"type": "websocket.send", "text": "ok"})
                follow = self.own.follower
                assert follow is not None
                stub.decide(entry("end_session", session="s1"))
                self.eventually(lambda f=follow: f.table.entries)

        app.app = echo
        call = AsgiCall("GET", "/ws", type="websocket")
        call.headers(("x-api-key", "k-alice"), ("x-session-id", "s1"))
        text = {"type": "websocket.receive", "text": "hello"}
        call.inbox += [{"type": "websocket.connect"}, text, text, text]
        call.run(app)
        self.assertEqual(got, ["websocket.receive", "websocket.disconnect"])
        sent = ["websocket.accept", "websocket.send", "websocket.close"]
        self.assertEqual([m["type"] for m in call.sent], sent)
        (event,) = self.refused()
        self.assertEqual((event["status"], event["reasonCode"]), (101, "end_session"))
        self.assertEqual(event["outcome"], "denied")

    def test_the_loop_goes_on_while_the_first_table_is_awaited(self) -> None:

        stub = self.stub(entry("deny"))
        app = self.middleware(stub)
        held = stub._changed
        call = AsgiCall().headers(("x-api-key", "k-alice"))

        async def run() -> int:
            task = asyncio.ensure_future(app(call.scope, call.receive, call.send))
            turns = 0
            for _ in range(20):
                await asyncio.sleep(0.001)
                turns += not task.done()
            held.release()
            await task
            return turns

        held.acquire()
        self.assertEqual(asyncio.run(run()), 20)
        self.assertEqual(call.sent[0]["status"], 403)

    def test_lifespan_starts_to_follow(self) -> None:
        stub = self.stub()
        app = self.middleware(stub)
        call = AsgiCall()
        call.scope = {"type": "lifespan"}
        app.app = mock.AsyncMock()
        call.run(app)
        self.eventually(lambda: stub.polls)


class WsgiDecisions(Decisions):
    kind = "wsgi"


class AsgiStepUp(StepUp):
    kind = "asgi"


class WsgiStepUp(StepUp):
    kind = "wsgi"


class AsgiClaimed(Claimed):
    kind = "asgi"


class WsgiClaimed(Claimed):
    kind = "wsgi"


# The unittest loader would run the bases, too, without a middleware.
del EnforcementTestCase, Decisions, StepUp, Claimed

if __name__ == "__main__":
    unittest.main()
