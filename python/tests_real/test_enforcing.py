"""Decisions of a real Tocsin, enforced by real uvicorn and gunicorn, over restarts of Tocsin."""

from __future__ import annotations

import http.client
import json
import signal
import sys
import time
import unittest
from typing import Any, Callable, ClassVar

from servers import WAIT_S, RealTestCase, Server
from tocsin_server import TocsinServer, require_tocsin
from tokens import make_token

UVICORN = ["-m", "uvicorn", "deciding_fastapi:app", "--host", "127.0.0.1", "--port", "0"]
GUNICORN = ["-m", "gunicorn", "deciding_flask:app", "--bind", "127.0.0.1:0", "--preload"]
#: Between two looks at whether a decision is there.
PAUSE_S = 0.05
SERVICE = {"X-Api-Key": "key-of-svc"}


def person(session: str = "s-1", **claims: Any) -> dict[str, str]:
    token = make_token(sub="alice", sid=session, **claims)
    return {"Authorization": f"Bearer {token}"}


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body: Any = json.loads(response.read())


class Enforcing:
    """What holds for both services. Subclasses say how their server is started."""

    command: list[str]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()  # type: ignore[misc]
        require_tocsin()

    def setUp(self: Any) -> None:
        super().setUp()  # type: ignore[misc]
        self.tocsin = TocsinServer(self.directory)
        self.addCleanup(self.tocsin.stop, signal.SIGKILL)
        self.tocsin.start()
        self.server = self.serve()

    def serve(self: Any) -> Server:
        server = Server(
            [sys.executable, *self.command],
            self.directory,
            TOCSIN_URL=self.tocsin.url,
            TOCSIN_API_KEY=self.tocsin.app_key,
            TOCSIN_SYSTEM="rows-api",
        )
        self.addCleanup(server.kill)
        return server

    def ask(self: Any, path: str = "/rows", headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=WAIT_S)
        try:
            connection.request("GET", path, headers=headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def status(self: Any, path: str = "/rows", headers: dict[str, str] | None = None) -> int:
        return int(self.ask(path, headers).status)

    def in_force(self: Any, check: Callable[[], bool]) -> None:
        """Every worker has it, which a few answers in a row show."""
        deadline, row = time.monotonic() + 20, 0
        while row < 6:
            row = row + 1 if check() else 0
            time.sleep(PAUSE_S)
            if time.monotonic() > deadline:
                self.fail("the decision did not reach the service")

    def test_a_service_and_a_person_over_two_restarts(self: Any) -> None:
        tocsin = self.tocsin
        self.assertEqual(
            (self.status("/rows", SERVICE), self.status("/rows", person())), (200, 200)
        )
        approval = self.owner_approval()
        self.restart(signal.SIGKILL, lambda: self.status("/rows?limit=2000", SERVICE) == 403)
        self.released_rows(approval)
        step_up = self.stepped_up()
        self.restart(signal.SIGTERM, lambda: self.status("/rows", person()) == 401)
        tocsin.undo(step_up)
        self.in_force(lambda: self.status("/rows", person()) == 200)
        self.session_ended()
        self.throttled()
        tocsin.undo(approval)
        self.in_force(lambda: self.status("/rows?limit=2000", SERVICE) == 200)
        self.recorded()

    def owner_approval(self: Any) -> str:
        decision = self.tocsin.take("svc-feast", kind="approval_required", bulkRows=1000)
        self.in_force(lambda: self.status("/rows?limit=2000", SERVICE) == 403)
        answer = self.ask("/rows?limit=2000", SERVICE)
        self.assertEqual(answer.body["code"], "approval_required")
        self.assertEqual(answer.body["decisionId"], decision)
        self.assertEqual(self.status("/rows?limit=999", SERVICE), 200)
        self.assertEqual(self.status("/rows?limit=2000", person()), 200)
        return str(decision)

    def restart(self: Any, how: signal.Signals, holds: Callable[[], bool]) -> None:
        """What was decided holds while Tocsin is away, and when it is back."""
        self.assertTrue(holds())
        self.tocsin.stop(how)
        self.assertTrue(holds())
        self.tocsin.start()
        self.in_force(holds)

    def released_rows(self: Any, decision: str) -> None:
        """5,000 rows, for all workers together."""
        self.tocsin.grant(decision, 5000)
        deadline = time.monotonic() + 20
        got: list[int] = []
        while got.count(200) < 2 and time.monotonic() < deadline:
            got.append(self.status("/rows?limit=2000", SERVICE))
            time.sleep(PAUSE_S)
        self.assertEqual(got.count(200), 2, got)
        self.assertEqual([self.status("/rows?limit=2000", SERVICE) for _ in range(8)], [403] * 8)

    def stepped_up(self: Any) -> str:
        decision = self.tocsin.take(
            "alice", "s-1", kind="step_up", acrValues=["urn:mfa"], maxAgeSeconds=300
        )
        self.in_force(lambda: self.status("/rows", person()) == 401)
        challenge = self.ask("/rows", person()).headers["www-authenticate"]
        self.assertTrue(challenge.startswith('Bearer error="insufficient_user_authentication"'))
        self.assertIn('acr_values="urn:mfa"', challenge)
        self.assertIn('max_age="300"', challenge)
        self.assertEqual(self.status("/rows", person("s-2")), 200)
        now = int(time.time()) + 1
        self.assertEqual(self.status("/rows", person(acr="urn:mfa", auth_time=now)), 200)
        self.assertEqual(self.status("/rows", person(acr="urn:pwd", auth_time=now)), 401)
        self.assertEqual(self.status("/rows", person(acr="urn:mfa", auth_time=now - 3600)), 401)
        return str(decision)

    def session_ended(self: Any) -> None:
        decision = self.tocsin.take("alice", "s-1", kind="end_session")
        self.in_force(lambda: self.status("/rows", person()) == 401)
        self.assertEqual(self.ask("/rows", person()).body["code"], "session_ended")
        self.assertEqual(self.status("/rows", person("s-2")), 200)
        self.assertEqual(self.status("/rows", {"X-User": "alice"}), 200)
        self.tocsin.undo(decision)
        self.in_force(lambda: self.status("/rows", person()) == 200)

    def throttled(self: Any) -> None:
        decision = self.tocsin.take(
            "alice", "s-3", kind="throttle", requestsPerMinute=4, rowsPerMinute=None
        )
        deadline = time.monotonic() + 20
        statuses: list[int] = []
        while 429 not in statuses and time.monotonic() < deadline:
            statuses.append(self.status("/rows", person("s-3")))
            time.sleep(PAUSE_S)
        answer = self.ask("/rows", person("s-3"))
        self.assertEqual(answer.status, 429)
        self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
        self.assertEqual(answer.body["decisionId"], decision)
        self.assertEqual(self.status("/rows", person("s-2")), 200)
        self.tocsin.undo(decision)
        self.in_force(lambda: self.status("/rows", person("s-3")) == 200)

    def recorded(self: Any) -> None:
        """Each refusal is an event in Tocsin's log, with the decision behind it."""
        codes = {"approval_required": 403, "step_up": 401, "end_session": 401, "throttle": 429}
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            denied = self.tocsin.events("system:rows-api and policy.decision:deny")
            if {e["reasonCode"] for e in denied} == set(codes):
                break
            time.sleep(0.2)
        self.assertEqual({e["reasonCode"]: e["status"] for e in denied}, codes)
        for event in denied:
            self.assertEqual(event["outcome"], "denied")
            self.assertRegex(event["policy"]["id"], r"^d_[0-9a-f]{16}$")
            self.assertEqual(event["actor"]["verified"], "gateway")
            self.assertEqual(event["endpoint"], "GET /rows")
        claimed = self.tocsin.events("system:rows-api and actor.claimed:alice")
        self.assertEqual([e["outcome"] for e in claimed], ["success"])

    def test_a_bulk_route_without_a_size(self: Any) -> None:
        self.assertEqual(self.status("/export/a", person()), 200)
        self.tocsin.take("svc-feast", kind="approval_required", bulkRows=1000)
        self.in_force(lambda: self.status("/rows?limit=1000", SERVICE) == 403)
        workers = 8  # each has to see it once before it knows
        got = [self.status("/export/b", SERVICE) for _ in range(workers * 4)]
        self.assertLessEqual(got.count(200), workers)
        self.assertEqual(got[-4:], [403] * 4)


class FastApiUnderUvicorn(Enforcing, RealTestCase):
    command = UVICORN


class FlaskUnderGunicorn(Enforcing, RealTestCase):
    command: ClassVar = [*GUNICORN, "--workers", "2"]


if __name__ == "__main__":
    unittest.main()
