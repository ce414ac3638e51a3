"""Real uvicorn and gunicorn with a real model: what happened is what is written, exactly."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import unittest
from collections import Counter
from pathlib import Path
from typing import Any

from servers import (
    HERE,
    WRITTEN_S,
    Load,
    RealTestCase,
    Server,
    gunicorn,
    leave_in_mid_stream,
    uvicorn,
)

try:
    import httpx
except ImportError:  # require_programs says so
    httpx = None  # type: ignore[assignment]

from drivers import StubTocsin, answer

ROOT = HERE.parents[1]
STREAM_BYTES = 100_000
BODY = json.dumps({"rows": [[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]]}).encode()
JSON = {"content-type": "application/json"}

#: Method, path, headers, body, and the answer's status, on both services.
REQUESTS: list[tuple[str, str, dict[str, str], bytes, int]] = [
    ("POST", "/predict", {"x-api-key": "key-of-alice", **JSON}, BODY, 200),
    ("POST", "/predict", {"x-api-key": "key-of-bob", **JSON}, BODY, 200),
    ("POST", "/predict", {"x-api-key": "stolen", **JSON}, BODY, 401),
    ("POST", "/predict", {"x-api-key": "key-of-alice", **JSON}, b'{"wrong":1}', 422),
    ("GET", "/items/7", {}, b"", 200),
    ("GET", "/nowhere", {}, b"", 404),
    ("GET", "/boom", {}, b"", 500),
    ("GET", "/stream", {}, b"", 200),
]


async def send_all(server: Server, times: int, at_once: int) -> list[tuple[int, bytes]]:
    """All requests so many times, so many at once; status and body of each."""
    limit = asyncio.Semaphore(at_once)

    async def one(client: Any, spec: tuple[str, str, dict[str, str], bytes, int]) -> Any:
        method, path, headers, body, _ = spec
        async with limit:
            response = await client.request(method, path, headers=headers, content=body)
        return response.status_code, response.content

    # uvicorn breaks a kept connection after an exception, under the next request perhaps.
    alone = httpx.Limits(max_keepalive_connections=0)
    options = {"base_url": server.url, "timeout": 60, "trust_env": False, "limits": alone}
    async with httpx.AsyncClient(**options) as client:
        return await asyncio.gather(*(one(client, r) for _ in range(times) for r in REQUESTS))


class ServiceTests:
    """What holds for both services. Subclasses say how their server is started."""

    boom_reason: str

    def serve(self, *options: str, **environment: str) -> Server:
        raise NotImplementedError

    def test_counts_are_exact_with_many_at_once(self: Any) -> None:
        server = self.serve()
        times = 12
        answers = asyncio.run(send_all(server, times, 16))
        expected = Counter(r[4] for _ in range(times) for r in REQUESTS)
        self.assertEqual(Counter(status for status, _ in answers), expected)
        events = server.wait_for_events(len(answers))
        self.assertEqual(len(events), len(answers))
        self.assertEqual(len({e["id"] for e in events}), len(answers))
        self.assertEqual(Counter(e["status"] for e in events), expected)
        users = Counter(e["actor"]["id"] for e in events)
        self.assertEqual(users, {"alice": 2 * times, "bob": times, "anonymous": 5 * times})
        self.assert_numbered_without_gaps(events)
        out = Counter({e["status"]: 0 for e in events})
        for event in events:
            out[event["status"]] += event["bytes"]["out"]
        sent = Counter({status: 0 for status, _ in answers})
        for status, body in answers:
            sent[status] += len(body) if status != 500 or self.boom_reason != "app_exception" else 0
        self.assertEqual(out, sent)

    def test_each_field(self: Any) -> None:
        server = self.serve()
        before = int(time.time() * 1000)
        answers = asyncio.run(send_all(server, 1, 1))
        after = int(time.time() * 1000)
        # Workers write to one file, each its own events a moment later.
        events = sorted(server.wait_for_events(8), key=lambda event: event["time"])
        alice, _, stolen, wrong, item, nowhere, boom, stream = events
        self.assertEqual(alice["kind"], "ai.invoke")
        self.assertEqual(alice["outcome"], "success")
        self.assertEqual(alice["actor"]["type"], "human")
        self.assertEqual(
            alice["actor"]["credential"],
            "sha256:" + hashlib.sha256(b"key-of-alice").hexdigest()[:16],
        )
        self.assertEqual(alice["model"], {"served": "iris", "version": "2026-11"})
        self.assertEqual(alice["rows"], 2)
        self.assertEqual(alice["system"], "iris-api")
        self.assertEqual(alice["endpoint"], "POST /predict")
        self.assertEqual(alice["operation"], "predict")
        self.assertEqual(alice["source"]["ip"], "127.0.0.1")
        self.assertTrue(alice["source"]["userAgent"].startswith("python-httpx/"))
        self.assertEqual(alice["inputHash"], hashlib.sha256(BODY).hexdigest())
        self.assertEqual(alice["outputHash"], hashlib.sha256(answers[0][1]).hexdigest())
        self.assertEqual(alice["bytes"], {"in": len(BODY), "out": len(answers[0][1])})
        self.assertTrue(before <= alice["time"] <= after)
        self.assertEqual((stolen["outcome"], stolen["actor"]["id"]), ("denied", "anonymous"))
        self.assertEqual((wrong["outcome"], wrong["reasonCode"]), ("failure", "http_422"))
        self.assertEqual(wrong["inputHash"], hashlib.sha256(b'{"wrong":1}').hexdigest())
        self.assertEqual((item["endpoint"], item["kind"]), ("GET /items/{item_id}", "http.request"))
        self.assertEqual(nowhere["status"], 404)
        self.assertEqual((boom["outcome"], boom["status"]), ("failure", 500))
        self.assertEqual(boom["reasonCode"], self.boom_reason)
        self.assertEqual(stream["bytes"]["out"], STREAM_BYTES)
        self.assertEqual(stream["params"], {"stream": True})
        self.assertLess(stream["ttftMs"], stream["durationMs"])
        text = server.file.read_text()
        for secret in ("key-of-alice", "stolen", "private text"):
            self.assertNotIn(secret, text)

    def test_a_client_that_leaves_in_mid_stream(self: Any) -> None:
        server = self.serve()
        leave_in_mid_stream(server.port, "/stream", 20_000)
        (event,) = server.wait_for_events(1)
        self.assertIs(event["aborted"], True)
        self.assertEqual((event["status"], event["reasonCode"]), (200, "client_abort"))
        self.assertGreaterEqual(event["bytes"]["out"], 19_000)
        self.assertLess(event["bytes"]["out"], STREAM_BYTES)
        done = event["bytes"]["out"]
        self.assertEqual(event["outputHash"], hashlib.sha256(b"x" * done).hexdigest())

    def test_the_client_behind_a_proxy(self: Any) -> None:
        server = self.serve(PROXIES="127.0.0.1 10.0.0.0/8")
        forwarded = {"x-forwarded-for": "6.6.6.6, 203.0.113.9, 10.1.1.1"}
        server.get("/items/1", **forwarded)
        (event,) = server.wait_for_events(1)
        self.assertEqual(event["source"]["ip"], "203.0.113.9")

    def test_a_forged_header_without_a_trusted_proxy(self: Any) -> None:
        server = self.serve(PROXIES="10.0.0.0/8")
        server.get("/items/1", forwarded="for=6.6.6.6")
        (event,) = server.wait_for_events(1)
        self.assertEqual(event["source"]["ip"], "127.0.0.1")

    def test_sigterm_writes_everything(self: Any) -> None:
        server = self.serve()
        for n in range(50):
            server.get(f"/items/{n}")
        server.stop()
        self.assertEqual(len(server.events()), 50)

    def test_sigkill_keeps_every_line(self: Any) -> None:
        server = self.serve()
        load = Load(server)
        time.sleep(2 * WRITTEN_S)
        killed_at = time.monotonic()
        written = len(server.file.read_bytes().splitlines())
        server.kill()
        load.join(30)
        data = server.file.read_bytes()
        self.assertTrue(data.endswith(b"}\n"))
        events = server.events()
        self.assertGreaterEqual(len(events), written)
        due = sum(1 for t in load.answered_at if t < killed_at - WRITTEN_S)
        self.assertGreater(due, 20)
        self.assertGreaterEqual(len(events), due)
        again = self.serve()
        again.get("/items/1")
        self.assertEqual(len(again.wait_for_events(len(events) + 1)), len(events) + 1)

    def test_an_outage_of_tocsin_is_not_noticed_and_nothing_is_lost(self: Any) -> None:
        stub = StubTocsin(default=answer(503))
        self.addCleanup(stub.close)
        server = self.serve(TOCSIN_URL=stub.url, TOCSIN_API_KEY="secret")
        answers = asyncio.run(send_all(server, 3, 8))
        server.stop()
        self.assertEqual(stub.stored, {})
        accept = StubTocsin()
        self.addCleanup(accept.close)
        again = self.serve(TOCSIN_URL=accept.url, TOCSIN_API_KEY="secret")
        answers += asyncio.run(send_all(again, 3, 8))
        deadline = time.monotonic() + 20
        while len(accept.stored) < len(answers) and time.monotonic() < deadline:
            time.sleep(0.05)
        events = again.events()
        self.assertEqual(len(events), len(answers))
        self.assertEqual({e["id"] for e in events}, set(accept.stored))
        self.assert_numbered_without_gaps(events)

    def test_tocsin_takes_every_line(self: Any) -> None:
        """By the parser of the SDK, which is what the server runs."""
        node = ROOT / "node_modules" / ".bin" / "node"
        if not node.exists() or not (ROOT / "packages/sdk/src/event/event.ts").exists():
            if os.environ.get("CI") == "true":
                self.fail(f"{node} or the SDK is missing")
            self.skipTest("node or the SDK is not here")
        server = self.serve()
        asyncio.run(send_all(server, 1, 1))
        leave_in_mid_stream(server.port, "/stream", 5_000)
        server.wait_for_events(9)
        code = (
            "import { parseEventLine } from './packages/sdk/src/event/event.ts'\n"
            "import { readFileSync } from 'node:fs'\n"
            "const lines = readFileSync(process.argv[1], 'utf8').trimEnd().split('\\n')\n"
            "const refused = lines.flatMap(l => {\n"
            "  try { parseEventLine(l, Date.now()); return [] } catch (e) { return [String(e)] }\n"
            "})\n"
            "console.log(JSON.stringify({ lines: lines.length, refused }))\n"
        )
        done = subprocess.run(
            [node, "--input-type=module", "-e", code, server.file],
            capture_output=True,
            cwd=ROOT,
            check=True,
        )
        self.assertEqual(json.loads(done.stdout), {"lines": 9, "refused": []})

    def test_the_summary_agrees(self: Any) -> None:
        server = self.serve()
        asyncio.run(send_all(server, 4, 4))
        server.wait_for_events(4 * len(REQUESTS))
        done = subprocess.run(
            [sys.executable, "-m", "tocsin", "summary", server.file, "--json"],
            capture_output=True,
            cwd=HERE.parent,
            check=True,
        )
        groups = {
            g["group"][0]: (g["requests"], g["failures"]) for g in json.loads(done.stdout)["groups"]
        }
        self.assertEqual(groups, {"anonymous": (20, 12), "alice": (8, 4), "bob": (4, 0)})


class FastApiUnderUvicorn(ServiceTests, RealTestCase):
    boom_reason = "app_exception"

    def serve(self, *options: str, **environment: str) -> Server:
        return self.run_server(uvicorn, "--no-proxy-headers", *options, **environment)

    def test_a_client_that_leaves_a_stream_of_a_thread(self) -> None:
        server = self.serve()
        leave_in_mid_stream(server.port, "/sync-stream", 20_000)
        (event,) = server.wait_for_events(1)
        self.assertIs(event["aborted"], True)
        self.assertLess(event["bytes"]["out"], STREAM_BYTES)

    def test_several_workers(self) -> None:
        server = self.serve("--workers", "2")
        answers = asyncio.run(send_all(server, 10, 16))
        events = server.wait_for_events(len(answers))
        self.assertEqual(len(events), len(answers))
        self.assert_numbered_without_gaps(events)

    def test_the_session(self) -> None:
        server = self.serve()
        server.get("/items/1", x_session_id="s-1")
        (event,) = server.wait_for_events(1)
        self.assertEqual(event["actor"]["session"], "s-1")


class FlaskUnderGunicorn(ServiceTests, RealTestCase):
    boom_reason = "http_500"

    def serve(self, *options: str, **environment: str) -> Server:
        options = options or ("--workers", "2")
        return self.run_server(gunicorn, *options, **environment)

    def test_threads_and_a_preloaded_application(self) -> None:
        server = self.serve("--workers", "2", "--threads", "4", "--preload")
        answers = asyncio.run(send_all(server, 8, 16))
        events = server.wait_for_events(len(answers))
        self.assertEqual(len(events), len(answers))
        self.assert_numbered_without_gaps(events)

    def test_workers_that_are_replaced_go_on_with_the_numbers(self) -> None:
        server = self.serve("--workers", "2", "--max-requests", "10")
        for n in range(60):
            server.get(f"/items/{n}")
        events = server.wait_for_events(60)
        self.assertEqual(len(events), 60)
        self.assert_numbered_without_gaps(events)
        self.assertLessEqual(len({e["producer"] for e in events}), 4)

    def test_a_worker_that_is_killed_is_replaced_and_its_lines_stay(self) -> None:
        server = self.serve("--workers", "1")
        for n in range(20):
            server.get(f"/items/{n}")
        server.wait_for_events(20)
        (worker,) = server.children()
        os.kill(worker, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while server.children() in ([], [worker]) and time.monotonic() < deadline:
            time.sleep(0.05)
        server.get("/items/20")
        events = server.wait_for_events(21)
        self.assertEqual(len(events), 21)
        self.assertEqual(len({e["producer"] for e in events}), 1)
        self.assert_numbered_without_gaps(events)

    def test_the_session_cookie_is_hashed(self) -> None:
        server = self.serve()
        server.get("/items/1", cookie="a=1; sid=secret")
        (event,) = server.wait_for_events(1)
        expected = "sha256:" + hashlib.sha256(b"secret").hexdigest()[:16]
        self.assertEqual(event["actor"]["session"], expected)


class Missing(unittest.TestCase):
    def test_the_requirements_are_exact(self) -> None:
        lines = (Path(HERE.parent) / "requirements-test.txt").read_text().splitlines()
        pins = [line for line in lines if line and not line.startswith("#")]
        self.assertGreater(len(pins), 20)
        self.assertEqual([p for p in pins if "==" not in p], [])


if __name__ == "__main__":
    unittest.main()
