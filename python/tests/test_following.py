"""Following Tocsin: changes, restarts, absence, answers that are none, forks and threads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

from decision_stub import entry, now_ms
from enforcement_case import EnforcementTestCase

from tocsin import follower

PACKAGE = str(Path(__file__).resolve().parents[1])


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
del EnforcementTestCase, Following

if __name__ == "__main__":
    unittest.main()
