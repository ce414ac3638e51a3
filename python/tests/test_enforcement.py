"""Each decision at both middlewares: who is refused, how, who is not, and what is recorded."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from decision_stub import DecidingTocsin, entry, now_ms
from drivers import AsgiCall, TocsinTestCase, WsgiCall, read_all

import tocsin
from tocsin import asgi, capture, enforcement, follower, meters, wsgi
from tocsin.identity import Identity

PACKAGE = str(Path(__file__).resolve().parents[1])
KEYS = {"k-alice": "alice", "k-bob": "bob", "k-svc": Identity("svc", "service")}
CHALLENGE = 'Bearer error="insufficient_user_authentication", acr_values="mfa", max_age="300"'


class Answer:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def problem(self) -> Any:
        return json.loads(self.body)


class EnforcementTestCase(TocsinTestCase):
    """Runs against both middlewares: subclasses say which."""

    kind = ""

    def setUp(self) -> None:
        super().setUp()
        for name, value in {
            "BACKOFF_S_MIN": 0.001,
            "BACKOFF_S_MAX": 0.01,
            "BREATH_S": 0.0,
            "UNHELD_S": 0.01,
            "REFUSED_S": 0.01,
        }.items():
            self.set(follower, name, value)
        self.set(enforcement, "FIRST_TABLE_S", 5.0)
        self.set(asgi, "FIRST_TABLE_S", 5.0)
        self.set(wsgi, "FIRST_TABLE_S", 5.0)
        #: What the application does with a request: rows to annotate, status.
        self.rows: int | None = None
        self.status = 200
        self.calls = 0

    def set(self, module: Any, name: str, value: Any) -> None:
        patch = mock.patch.object(module, name, value)
        patch.start()
        self.addCleanup(patch.stop)

    def stub(self, *entries: Any) -> DecidingTocsin:
        stub = DecidingTocsin(*entries)
        self.addCleanup(stub.stop)
        return stub

    def middleware(self, stub: DecidingTocsin, **options: Any) -> Any:
        self.own = self.recorder(
            url=stub.url, api_key="secret", file=self.file, spool=self.directory / "spool"
        )
        options = {"keys": KEYS, "user_type": "human", "enforce": True, **options}
        app = self.asgi_app if self.kind == "asgi" else self.wsgi_app
        module: Any = asgi if self.kind == "asgi" else wsgi
        return module.TocsinMiddleware(app, recorder=self.own, **options)

    async def asgi_app(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls += 1
        if scope["path"].startswith("/sets/"):
            scope["path_params"] = {"name": scope["path"].split("/")[2]}
            scope["route"] = mock.Mock(path_format="/sets/{name}")
        await read_all(receive)
        if self.rows is not None:
            tocsin.annotate(rows=self.rows)
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b"data", "more_body": False})

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        self.calls += 1
        if environ["PATH_INFO"].startswith("/sets/"):
            rule = mock.Mock(rule="/sets/<name>")
            environ["werkzeug.request"] = mock.Mock(url_rule=rule)
        environ["wsgi.input"].read()
        if self.rows is not None:
            tocsin.annotate(rows=self.rows)
        start_response(f"{self.status} OK", [])
        return [b"data"]

    def ask(self, app: Any, path: str = "/", key: str = "k-alice", **headers: str) -> Answer:
        """One request; ``method`` and ``body`` as the tests want them."""
        method = headers.pop("method", "GET")
        path, _, query = path.partition("?")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            named.setdefault("x-api-key", key)
        if self.kind == "asgi":
            asked = AsgiCall(method, path, query_string=query.encode())
            asked.headers(*named.items()).body(b"").run(app)
            start = asked.sent[0]
            got = {k.decode(): v.decode("latin-1") for k, v in start["headers"]}
            return Answer(start["status"], got, asked.answer)
        environ = {"HTTP_" + n.upper().replace("-", "_"): v for n, v in named.items()}
        call = WsgiCall(method, path, QUERY_STRING=query, **environ).run(app)
        got = {name.lower(): value for name, value in call.headers}
        return Answer(int(call.status[:3]), got, b"".join(call.written))

    def refused(self) -> list[dict[str, Any]]:
        return [e for e in self.events(self.own) if "policy" in e]


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


class Approvals(EnforcementTestCase):
    def app(self, approved: Any = None, **options: Any) -> Any:
        self.tocsin = self.stub(self.wanted(approved))
        return self.middleware(self.tocsin, **options)

    def wanted(self, approved: Any = None) -> Any:
        return entry("approval_required", "svc", bulkRows=1000, approved=approved)

    def get(self, app: Any, path: str = "/rows", **more: str) -> int:
        return self.ask(app, path, "k-svc", **more).status

    def approve(self, app: Any, rows: float, ms: int = 600_000) -> None:
        self.tocsin.decide(self.wanted({"rows": rows, "until": now_ms() + ms}))
        follow = self.own.follower
        assert follow is not None

        def seen() -> bool:
            (held,) = follow.table.about("svc", None, now_ms())
            return held.approved is not None and held.approved.rows == rows

        self.eventually(seen)

    def test_reads_of_bulk_wait_and_small_ones_pass(self) -> None:
        app = self.app()
        self.assertEqual(self.get(app, "/rows?limit=999"), 200)
        self.assertEqual(self.get(app, "/rows?limit=1000"), 403)
        self.assertEqual(self.get(app, "/rows?page_size=99999999999999999999"), 403)
        self.assertEqual(self.get(app, "/rows?limit=10&limit=1000"), 403)
        self.assertEqual(self.get(app, "/rows?n=5&rows=1000"), 403)
        answer = self.ask(app, "/rows?limit=1000", "k-svc")
        self.assertEqual(answer.problem["code"], "approval_required")
        self.assertEqual(answer.problem["bulkRows"], 1000)
        self.assertEqual(self.refused()[0]["reasonCode"], "approval_required")

    def test_unknown_size_is_bulk_where_bulk_was_returned_before(self) -> None:
        app = self.app()
        self.assertEqual(self.get(app, "/sets/a"), 200)
        self.rows = 48_000
        self.assertEqual(self.ask(app, "/sets/a", "k-bob").status, 200)
        self.assertEqual(self.get(app, "/sets/b"), 403)
        self.assertEqual(self.get(app, "/sets/b?limit=0"), 403)
        self.assertEqual(self.get(app, "/sets/b?limit=-1"), 403)
        self.assertEqual(self.get(app, "/sets/b?limit=all"), 403)
        self.rows = 1
        self.assertEqual(self.get(app, "/sets/b?limit=5"), 200)
        self.assertEqual(self.get(app, "/predict", method="POST"), 200)

    def test_a_page_size_that_the_route_ignores_is_not_believed(self) -> None:
        app = self.app()
        self.rows = 48_000
        self.assertEqual(self.get(app, "/sets/a?limit=10"), 200)
        self.assertEqual(self.get(app, "/sets/a?limit=10"), 403)

    def test_named_routes_are_bulk_from_the_start(self) -> None:
        app = self.app(bulk_routes=["GET /export*"])
        self.assertEqual(self.get(app, "/export/all"), 403)
        self.assertEqual(self.get(app, "/export/all?limit=5"), 200)
        self.assertEqual(self.get(app, "/other"), 200)

    def test_the_application_says_how_many(self) -> None:
        def rows_of(view: Any) -> Any:
            text = view.header("x-rows")
            if text == "boom":
                raise RuntimeError
            return None if text is None else int(text)

        app = self.app(rows_of=rows_of, bulk_routes=["/rows"])
        self.assertEqual(self.get(app, x_rows="999"), 200)
        self.assertEqual(self.get(app, x_rows="1000"), 403)
        for unknown in ("-5", "boom"):
            self.assertEqual(self.get(app, "/rows?limit=5", x_rows=unknown), 403)

    def test_an_approval_is_for_so_many_rows(self) -> None:
        app = self.app()
        self.assertEqual(self.get(app, "/rows?limit=2000"), 403)
        self.approve(app, 5000)
        self.rows = 2000
        got = [self.get(app, "/rows?limit=2000") for _ in range(3)]
        self.assertEqual(got, [200, 200, 403])
        self.rows = 1000
        self.assertEqual(self.get(app, "/rows?limit=1000"), 200)
        self.assertEqual(self.get(app, "/rows?limit=999"), 200)

    def test_only_what_was_returned_is_used_up(self) -> None:
        app = self.app()
        self.get(app)
        self.approve(app, 5000)
        self.rows = 10
        self.assertEqual([self.get(app, "/rows?limit=4000") for _ in range(3)], [200] * 3)
        self.rows, self.status = None, 500
        self.assertEqual([self.get(app, "/rows?limit=4000") for _ in range(3)], [500] * 3)
        self.status = 200
        self.assertEqual([self.get(app, "/rows?limit=4000") for _ in range(2)], [200, 403])

    def test_a_read_of_unknown_size_whose_rows_are_not_told_uses_it_up(self) -> None:
        app = self.app(bulk_routes=["/rows"])
        self.get(app)
        self.approve(app, 5000)
        self.assertEqual([self.get(app) for _ in range(2)], [200, 403])
        self.approve(app, 6000)
        self.rows = 2500
        self.assertEqual([self.get(app) for _ in range(4)], [200, 200, 200, 403])

    def test_it_ends_by_its_own_time_and_a_new_one_begins_anew(self) -> None:
        app = self.app()
        self.get(app)
        self.approve(app, 2000, -1)
        self.assertEqual(self.get(app, "/rows?limit=1000"), 403)
        self.approve(app, 1000)
        self.rows = 1000
        got = [self.get(app, "/rows?limit=1000") for _ in range(2)]
        self.assertEqual(got, [200, 403])
        self.approve(app, 1001)
        self.assertEqual(self.get(app, "/rows?limit=1000"), 200)

    def test_nobody_gets_somebody_elses_approval(self) -> None:
        app = self.app()
        self.get(app)
        self.tocsin.decide(
            entry("approval_required", bulkRows=1000, session=None), entry("deny", "bob")
        )
        self.approve(app, 5000)
        self.assertEqual(self.ask(app, "/rows?limit=2000", "k-alice").status, 403)
        self.assertEqual(self.ask(app, "/rows?limit=2000", "k-bob", x_user="svc").status, 403)
        self.assertEqual(self.get(app, "/rows?limit=2000"), 200)


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
        two = {"authorization": "Bearer k-alice"}
        self.assertEqual(self.ask(app, "/", "k-bob", **two).status, 200)

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


class Following(EnforcementTestCase):
    def test_changes_reach_it_and_are_taken_back(self) -> None:
        stub = self.stub()
        app = self.middleware(stub)
        self.assertEqual(self.ask(app).status, 200)
        stub.decide(entry("deny"))
        self.eventually(lambda: self.ask(app).status == 403)
        stub.decide(entry("allow"))
        self.eventually(lambda: self.ask(app).status == 200)
        poll = stub.polls[0]
        self.assertEqual(poll["path"], "/v1/decisions")
        self.assertEqual(poll["headers"]["Authorization"], "Bearer secret")
        self.assertNotIn("after", poll["query"])
        self.assertEqual(stub.polls[1]["query"]["after"], ["1-0"])
        self.assertEqual(len({e["id"] for e in self.refused()}), len(self.refused()))

    def test_one_poll_at_a_time_for_all_requests(self) -> None:
        stub = self.stub()
        app = self.middleware(stub)
        for _ in range(50):
            self.ask(app)
        self.assertLessEqual(len(stub.polls), 2)
        names = [t.name for t in threading.enumerate()]
        self.assertEqual(names.count("tocsin-decisions"), 1)

    def test_two_restarts_of_tocsin(self) -> None:
        stub = self.stub(entry("deny"))
        app = self.middleware(stub)
        self.assertEqual(self.ask(app).status, 403)
        for actor in ("bob", "svc"):
            stub.stop()
            before = "k-bob" if actor == "svc" else "k-alice"
            self.assertEqual(self.ask(app, key=before).status, 403)
            stub.start(entry("deny", actor))
            self.eventually(lambda a=actor: self.ask(app, key=f"k-{a}").status == 403)
            self.assertEqual(self.ask(app).status, 200)

    def test_what_is_known_stays_in_force_until_its_end_while_tocsin_is_away(self) -> None:
        stub = self.stub(entry("deny"), entry("deny", "bob", until=now_ms() + 1500))
        app = self.middleware(stub)
        self.assertEqual(self.ask(app, key="k-bob").status, 403)
        stub.stop()
        self.eventually(lambda: self.ask(app, key="k-bob").status == 200)
        self.assertEqual(self.ask(app).status, 403)
        stub.start()

    def test_open_while_tocsin_was_never_there(self) -> None:
        stub = self.stub()
        stub.stop()
        app = self.middleware(stub)
        self.assertEqual(self.ask(app).status, 200)
        stub.start(entry("deny"))
        self.eventually(lambda: self.ask(app).status == 403)

    def test_closed_while_nobody_confirms_the_table(self) -> None:
        stub = self.stub()
        app = self.middleware(stub, on_unreachable="closed")
        self.assertEqual(self.ask(app).status, 200)
        clock = time.monotonic() + 61
        stub.stop()
        self.set(follower.time, "monotonic", lambda: clock)
        answer = self.ask(app)
        self.assertEqual((answer.status, answer.problem["code"]), (503, "decisions_unavailable"))
        self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
        self.assertEqual(self.ask(app, key="").status, 200)
        (event,) = self.refused()
        self.assertEqual((event["outcome"], event["status"]), ("denied", 503))
        self.assertEqual(event["reasonCode"], "decisions_unavailable")
        stub.start()
        self.eventually(lambda: self.ask(app).status == 200)

    def test_closed_from_the_start_where_tocsin_was_never_there(self) -> None:
        stub = self.stub()
        stub.stop()
        app = self.middleware(stub, on_unreachable="closed")
        self.assertEqual(self.ask(app).status, 503)
        stub.start()
        self.eventually(lambda: self.ask(app).status == 200)

    def test_answers_that_are_none_change_nothing(self) -> None:
        stub = self.stub(entry("deny"))
        app = self.middleware(stub)
        self.assertEqual(self.ask(app).status, 403)
        for instead in (
            (200, b"<html>welcome to the hotel</html>"),
            (200, b'{"entries": 5, "full": true}'),
            (200, b"[" * 50_000),
            (500, b""),
            (401, b'{"code":"auth.scope"}'),
            (404, b""),
            (302, b""),
        ):
            polls = len(stub.polls)
            stub.interrupt(instead)
            self.eventually(lambda n=polls: len(stub.polls) > n + 2)
            self.assertEqual(self.ask(app).status, 403, instead)
        stub.interrupt(None)
        stub.decide(entry("allow"))
        self.eventually(lambda: self.ask(app).status == 200)

    def test_a_cursor_that_is_refused_is_given_up(self) -> None:
        stub = self.stub(entry("deny"))
        app = self.middleware(stub)
        self.ask(app)
        stub.interrupt((400, b""))
        self.eventually(lambda: stub.polls[-1]["query"].get("after") is None)

    def test_a_server_that_never_waits_is_not_asked_without_pause(self) -> None:
        self.set(follower, "UNHELD_S", 30.0)
        stub = self.stub()
        stub.interrupt((200, b'{"cursor":"c","full":false,"entries":[]}'))
        self.ask(self.middleware(stub))
        time.sleep(0.2)
        self.assertEqual(len(stub.polls), 1)

    def test_after_close_it_follows_again_with_the_next_request(self) -> None:
        stub = self.stub()
        app = self.middleware(stub)
        self.ask(app)
        self.own.close()
        self.eventually(lambda: "tocsin-decisions" not in [t.name for t in threading.enumerate()])
        stub.decide(entry("deny"))
        self.eventually(lambda: self.ask(app).status == 403)


class AsgiDecisions(Decisions):
    kind = "asgi"

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


class AsgiApprovals(Approvals):
    kind = "asgi"


class WsgiApprovals(Approvals):
    kind = "wsgi"


class AsgiClaimed(Claimed):
    kind = "asgi"


class WsgiClaimed(Claimed):
    kind = "wsgi"


class AsgiFollowing(Following):
    kind = "asgi"


class WsgiFollowing(Following):
    kind = "wsgi"


class Processes(EnforcementTestCase):
    kind = "wsgi"

    @unittest.skipUnless(hasattr(os, "fork"), "this system has no fork")
    def test_forked_workers_follow_by_themselves_and_share_what_is_used(self) -> None:
        stub = self.stub(entry("throttle", limits={"requestsPerMinute": 4}))
        code = (
            "import os, sys\n"
            "from drivers import WsgiCall\n"
            "from tocsin.wsgi import TocsinMiddleware\n"
            "def ok(environ, start):\n"
            "    start('200 OK', [])\n"
            "    return [b'']\n"
            f"app = TocsinMiddleware(ok, url={stub.url!r}, api_key='k', enforce=True,\n"
            f"    spool={str(self.directory / 'spool')!r}, keys={{'k-alice': 'alice'}})\n"
            "def ask():\n"
            "    return WsgiCall(HTTP_X_API_KEY='k-alice').run(app).status[:3]\n"
            "said = [ask()]\n"
            "for _ in range(2):\n"
            "    r, w = os.pipe()\n"
            "    pid = os.fork()\n"
            "    if pid == 0:\n"
            "        os.write(w, ' '.join([ask(), ask()]).encode())\n"
            "        os._exit(0)\n"
            "    os.waitpid(pid, 0)\n"
            "    said += os.read(r, 100).decode().split()\n"
            "said.append(ask())\n"
            "print(' '.join(said))\n"
        )
        done = subprocess.run(
            [sys.executable, "-B", "-c", code],
            capture_output=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([PACKAGE, PACKAGE + "/tests"])},
            timeout=60,
            check=True,
        )
        self.assertEqual(done.stdout.decode().split(), ["200"] * 4 + ["429"] * 2)
        first_polls = [p for p in stub.polls if "after" not in p["query"]]
        self.assertGreaterEqual(len(first_polls), 1)
        self.assertGreaterEqual(len(stub.polls), 3)

    def test_a_new_process_goes_on_with_what_is_used(self) -> None:
        stub = self.stub(entry("throttle", limits={"requestsPerMinute": 3}))
        got = []
        for _ in range(2):
            app = self.middleware(stub)
            got += [self.ask(app).status for _ in range(2)]
            self.own.close()
        self.assertEqual(got, [200, 200, 200, 429])

    def test_many_threads_do_not_get_more(self) -> None:
        app = self.middleware(self.stub(entry("throttle", limits={"requestsPerMinute": 10})))
        self.ask(app)
        got: list[int] = []
        threads = [
            threading.Thread(target=lambda: got.extend(self.ask(app).status for _ in range(5)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((got.count(200), got.count(429)), (9, 31))


# The unittest loader would run the bases, too, without a middleware.
del EnforcementTestCase, Decisions, StepUp, Approvals, Claimed, Following

if __name__ == "__main__":
    unittest.main()
