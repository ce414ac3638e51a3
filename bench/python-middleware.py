"""What the Python middleware adds to a request of a FastAPI application, in CPU time.

    python bench/python-middleware.py [--seconds 20] [--json]

Run with a Python that has fastapi, uvicorn and httpx (python/requirements-test.txt). Two ways to
measure, each with and without the middleware in turn, block by block in the same run:

- *in process*: the ASGI application is called directly; CPU of the whole process, all its threads;
- *uvicorn*: two real servers on loopback, driven over kept connections; CPU of each server.

The middleware writes JSON lines to a file and sends the same events to a server that acknowledges
them (a process of its own, so that its CPU does not count). Queue, file, spool, gzip and HTTP are
all inside of what is counted: a block ends when everything is in the file and acknowledged.

The tables show the lower quartile of the blocks: other programs on the machine only ever add.

With ``enforce=True`` each request is judged before the application sees it: who asks, by which
session, what has been decided about them. The second table is the CPU of that alone, with so many
decisions in the table, as the middleware calls it.
"""

import argparse
import asyncio
import gzip
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

GOAL_US = 100
LOOKUP_GOAL_US = 20
DECISIONS = 10_000
LOOKUPS = 2000
LOOKUP_BLOCKS = 25
BLOCK_REQUESTS = 400
CONNECTIONS = 8
TICKS = os.sysconf("SC_CLK_TCK")
BODY = json.dumps({"features": [5.1, 3.5, 1.4, 0.2]}).encode()
HEADERS = [
    (b"host", b"127.0.0.1:8000"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip, deflate"),
    (b"user-agent", b"python-httpx/0.28.1"),
    (b"content-type", b"application/json"),
    (b"content-length", str(len(BODY)).encode()),
    (b"x-api-key", b"key-of-alice"),
    (b"x-request-id", b"0193a7c2-b4d8-4e0f-9d3a-5b1f6a7c8d9e"),
]


def make_app(recorder: Any) -> Any:
    """The application of the guide; with the middleware where there is a recorder."""
    from fastapi import FastAPI
    from pydantic import BaseModel

    from tocsin.asgi import TocsinMiddleware

    class Features(BaseModel):
        features: list[float]

    app = FastAPI()

    @app.post("/predict")
    async def predict(features: Features) -> dict[str, Any]:
        return {"species": "setosa", "sum": sum(features.features)}

    if recorder is not None:
        app.add_middleware(
            TocsinMiddleware,
            recorder=recorder,
            keys={"key-of-alice": "alice"},
            model="iris",
            version="2026-11",
            system="iris-api",
            trusted_proxies=["10.0.0.0/8"],
        )
    return app


def make_recorder(directory: Path, url: str) -> Any:
    from tocsin.options import RecorderOptions
    from tocsin.recorder import Recorder

    return Recorder(
        RecorderOptions(
            file=directory / "access.jsonl",
            url=url,
            api_key="key",
            spool=directory / "spool",
            environment=False,
        )
    )


def serve_acknowledgements() -> None:
    """Child process: answers every POST as Tocsin does; prints its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            lines = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
            results = [
                {"line": i, "status": "stored", "id": json.loads(line)["id"]}
                for i, line in enumerate(lines.splitlines())
            ]
            data = json.dumps({"stored": len(results), "results": results}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            """Decisions: the whole table at once, then nothing new."""
            entries = [] if "after=" in self.path else decisions()
            if not entries:
                time.sleep(20)
            data = json.dumps({"cursor": "1", "full": bool(entries), "entries": entries}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


def decisions() -> list[dict[str, Any]]:
    """About many that do not ask here, and about bob and carol."""
    until = int((time.time() + 86_400) * 1000)
    throttle = {"decision": "throttle", "limits": {"requestsPerMinute": 10**9}}
    about = [{"actor": f"svc-{i}", **throttle} for i in range(DECISIONS)]
    about.append({"actor": "bob", **throttle})
    about.append({"actor": "carol", "decision": "approval_required", "bulkRows": 1000})
    rest = {"session": None, "since": 0, "until": until, "reason": "measured"}
    return [{"id": f"d_{i}", **rest, **one} for i, one in enumerate(about)]


async def call(app: Any, answers: list[bytes]) -> None:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/predict",
        "raw_path": b"/predict",
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": list(HEADERS),
        "client": ("192.0.2.7", 5000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    inbox = [{"type": "http.request", "body": BODY, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return inbox.pop() if inbox else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            answers.append(message.get("body", b""))

    await app(scope, receive, send)


def settle(recorder: Any, stats_before: int, requests: int) -> None:
    """Waits until the block is in the file and acknowledged, so that its whole cost is counted."""
    recorder.flush(30)
    while recorder.stats().get("sent", 0) - stats_before < requests:
        time.sleep(0.002)


def measure_in_process(url: str, directory: Path, seconds: float) -> dict[str, list[float]]:
    recorder = make_recorder(directory, url)
    apps = {"without": make_app(None), "with": make_app(recorder)}
    costs: dict[str, list[float]] = {"without": [], "with": []}

    async def block(name: str) -> float:
        answers: list[bytes] = []
        sent = recorder.stats().get("sent", 0)
        start = time.process_time_ns()
        for _ in range(BLOCK_REQUESTS):
            await call(apps[name], answers)
        if name == "with":
            settle(recorder, sent, BLOCK_REQUESTS)
        assert len(answers) == BLOCK_REQUESTS and b"setosa" in answers[0]
        return (time.process_time_ns() - start) / BLOCK_REQUESTS / 1000

    async def run() -> None:
        for name in apps:
            await block(name)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for name in apps:
                costs[name].append(await block(name))

    asyncio.run(run())
    recorder.close()
    return costs


def cpu_us(pid: int) -> float:
    """User and system time of a process and all its threads, from the scheduler's clock."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1000


async def drive(port: int, requests: int) -> None:
    """So many requests over a few kept connections; each answer is read whole."""
    head = b"POST /predict HTTP/1.1\r\n" + b"".join(
        name + b": " + value + b"\r\n" for name, value in HEADERS
    )
    message = head + b"\r\n" + BODY

    async def connection(count: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(count):
            writer.write(message)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200"), answer
            length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
        writer.close()

    await asyncio.gather(*(connection(requests // CONNECTIONS) for _ in range(CONNECTIONS)))


def start_uvicorn(name: str, url: str, directory: Path) -> tuple[subprocess.Popen[bytes], int]:
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve", name, "--url", url, "--directory", str(directory)],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def serve_uvicorn(name: str, url: str, directory: Path) -> None:
    """Child process: the application under uvicorn; prints its port."""
    import socket

    import uvicorn

    app = make_app(make_recorder(directory, url) if name == "with" else None)
    # asyncio switches Nagle's algorithm off only where the protocol is named.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


def measure_uvicorn(url: str, directory: Path, seconds: float) -> dict[str, list[float]]:
    servers = {
        name: start_uvicorn(name, url, directory / "uvicorn") for name in ("without", "with")
    }
    costs: dict[str, list[float]] = {"without": [], "with": []}
    requests = BLOCK_REQUESTS // CONNECTIONS * CONNECTIONS

    def block(name: str) -> float:
        process, port = servers[name]
        start = cpu_us(process.pid)
        asyncio.run(drive(port, requests))
        time.sleep(0.4)  # the sender's batch waits 0.2 s; both sides get the same pause
        return (cpu_us(process.pid) - start) / requests

    try:
        for name in servers:
            block(name)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for name in servers:
                costs[name].append(block(name))
    finally:
        for process, _ in servers.values():
            process.terminate()
            process.wait(10)
    return costs


def measure_lookups(url: str, directory: Path) -> list[dict[str, Any]]:
    """CPU of one thread that does what the middleware does before the application."""
    from tocsin.asgi import AsgiView
    from tocsin.capture import make_capture
    from tocsin.exchange import Exchange

    recorder = make_recorder(directory / "lookups", url)
    keys = {f"key-of-{name}": name for name in ("alice", "bob", "carol")}
    capture = make_capture(
        {"recorder": recorder, "keys": keys, "enforce": True, "session_header": "x-session-id"}
    )
    first = capture.follower()
    if first is not None:
        first.wait_for_first(30)
    assert len(recorder.follower.table.entries) == DECISIONS + 2

    def block(name: str) -> float:
        key = (b"x-api-key", f"key-of-{name}".encode())
        scope = {
            "method": "GET",
            "path": "/rows",
            "query_string": b"limit=100&offset=200",
            "headers": [h for h in HEADERS if h[0] != b"x-api-key"] + [key],
        }
        exchange = Exchange("GET", "/rows")
        start = time.thread_time_ns()
        for _ in range(LOOKUPS):
            capture.follower()
            assert capture.admit(exchange, AsgiView(scope)) is None
        return (time.thread_time_ns() - start) / LOOKUPS / 1000

    rows = []
    for name, title in (
        ("alice", "nothing decided"),
        ("carol", "approval required, a small read"),
        ("bob", "throttled, within limits"),
    ):
        costs = [block(name) for _ in range(LOOKUP_BLOCKS)]
        quartile = statistics.quantiles(costs, n=4, method="inclusive")[0]
        rows.append({"caller": title, "decisions": DECISIONS, "us": round(quartile, 1)})
    recorder.close()
    return rows


def row(title: str, costs: dict[str, list[float]]) -> dict[str, Any]:
    without, with_ = (
        statistics.quantiles(costs[name], n=4, method="inclusive")[0]
        for name in ("without", "with")
    )
    return {
        "way": title,
        "blocks": len(costs["with"]),
        "withoutUs": round(without, 1),
        "withUs": round(with_, 1),
        "addedUs": round(with_ - without, 1),
        "ratio": round(with_ / without, 2),
    }


def print_table(rows: list[dict[str, Any]]) -> None:
    print(f"CPU µs per request, Python {platform.python_version()}, goal: at most {GOAL_US} added")
    print(f"{'':12}{'without':>10}{'with':>10}{'added':>10}{'ratio':>8}{'blocks':>8}")
    for r in rows:
        numbers = f"{r['withoutUs']:>10}{r['withUs']:>10}{r['addedUs']:>10}{r['ratio']:>8}"
        print(f"{r['way']:12}{numbers}{r['blocks']:>8}")


def print_lookups(rows: list[dict[str, Any]]) -> None:
    print(f"\nCPU µs to judge a request, {DECISIONS:,} decisions, goal: less than {LOOKUP_GOAL_US}")
    for r in rows:
        print(f"{r['caller']:34}{r['us']:>8}")


def run_all(seconds: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    directory = Path(tempfile.mkdtemp(prefix="tocsin-bench-"))
    stub = subprocess.Popen([sys.executable, __file__, "--stub"], stdout=subprocess.PIPE)
    try:
        assert stub.stdout is not None
        url = f"http://127.0.0.1:{int(stub.stdout.readline())}"
        ways: list[tuple[str, Callable[..., dict[str, list[float]]]]] = [
            ("in process", measure_in_process),
            ("uvicorn", measure_uvicorn),
        ]
        (directory / "uvicorn").mkdir()
        rows = [row(title, measure(url, directory, seconds / 2)) for title, measure in ways]
        return rows, measure_lookups(url, directory)
    finally:
        stub.terminate()
        stub.wait(10)
        shutil.rmtree(directory, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--stub", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--directory", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stub:
        return serve_acknowledgements()
    if options.serve:
        return serve_uvicorn(options.serve, options.url, options.directory)
    rows, lookups = run_all(options.seconds)
    if options.json:
        figures = {"goalUs": GOAL_US, "rows": rows, "lookups": lookups}
        print(json.dumps({"python": platform.python_version(), **figures}))
    else:
        print_table(rows)
        print_lookups(lookups)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
