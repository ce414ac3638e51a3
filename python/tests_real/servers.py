"""Starts real servers on loopback and drives them; ends only what it started."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Any, Callable

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests"), str(HERE)]

NEEDED = ("fastapi", "uvicorn", "flask", "gunicorn", "sklearn", "httpx")
WAIT_S = 60.0
#: A queued event is in the file after the writer's linger; this is that and a busy machine.
WRITTEN_S = 1.0
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


def require_programs() -> None:
    """Skips where a program is missing; under ``CI=true`` that is a failure."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if not missing:
        return
    message = f"{', '.join(missing)} missing: pip install -r python/requirements-test.txt"
    if os.environ.get("CI") == "true":
        raise RuntimeError(message)
    raise unittest.SkipTest(message)


class Server:
    """A server process with its own event file; ``port`` is read from what it prints."""

    def __init__(self, command: list[str], directory: Path, **environment: str) -> None:
        self.file = directory / "access.jsonl"
        self.log = directory / f"server-{time.monotonic_ns()}.log"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
        path = os.pathsep.join([str(HERE.parent), str(HERE)])
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=HERE,
                env={
                    **kept,
                    "PYTHONPATH": path,
                    "TOCSIN_FILE": str(self.file),
                    "TOCSIN_SPOOL": str(directory / "spool"),
                    **environment,
                },
                start_new_session=True,
            )
        self.port = self._wait_for_port()

    def _wait_for_port(self) -> int:
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            text = self.log.read_text("utf-8", "replace")
            found = _ADDRESS.search(text)
            if found and self._answers(int(found.group(1))):
                return int(found.group(1))
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"the server did not start:\n{self.log.read_text('utf-8', 'replace')}")

    @staticmethod
    def _answers(port: int) -> bool:
        """The application answers, on a path that it excludes from recording."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status == 404
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **headers: str) -> int:
        """Status of a GET; underscores in the names of headers are dashes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("GET", path, headers=named)
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()

    def events(self) -> list[dict[str, Any]]:
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_bytes().splitlines()]

    def wait_for_events(self, count: int) -> list[dict[str, Any]]:
        """Waits until there are so many, and a little longer, so that one too many shows."""
        deadline = time.monotonic() + WAIT_S
        while len(self.events()) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.2)
        return self.events()

    def stop(self) -> int:
        """As an operator does: SIGTERM, and the time that it takes."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT_S)

    def kill(self) -> None:
        """SIGKILL to the server and the workers that it has started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            """It has ended by itself."""
        self.process.wait(WAIT_S)

    def children(self) -> list[int]:
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in task.read_text().split()]


def uvicorn(directory: Path, *options: str, **environment: str) -> Server:
    command = [sys.executable, "-m", "uvicorn", "iris_fastapi:app", "--host", "127.0.0.1"]
    return Server([*command, "--port", "0", *options], directory, **environment)


def gunicorn(directory: Path, *options: str, **environment: str) -> Server:
    command = [sys.executable, "-m", "gunicorn", "iris_flask:app", "--bind", "127.0.0.1:0"]
    return Server([*command, "--graceful-timeout", "5", *options], directory, **environment)


class RealTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        require_programs()

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = Path(temporary.name)

    def run_server(self, start: Callable[..., Server], *options: str, **environment: str) -> Server:
        server = start(self.directory, *options, **environment)
        self.addCleanup(server.kill)
        return server

    def assert_numbered_without_gaps(self, events: list[dict[str, Any]]) -> None:
        by_producer: dict[str, list[int]] = {}
        for event in events:
            by_producer.setdefault(event["producer"], []).append(event["producerSeq"])
        for producer, seqs in by_producer.items():
            self.assertEqual(sorted(seqs), list(range(1, len(seqs) + 1)), producer)


def leave_in_mid_stream(port: int, path: str, after_bytes: int) -> int:
    """Reads so many bytes of an answer, then breaks the connection; the bytes read."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        got = 0
        while got < after_bytes:
            data = connection.recv(65536)
            if not data:
                raise AssertionError("the answer ended too early")
            got += len(data)
        # No FIN but RST, as when a program is killed or a network changes.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    return got


class Load(threading.Thread):
    """Requests without end until the server is gone; when each was answered."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._server = server
        self.answered_at: list[float] = []
        self.start()

    def run(self) -> None:
        while True:
            try:
                self._server.get(f"/items/{len(self.answered_at)}")
            except (OSError, http.client.HTTPException):
                return
            self.answered_at.append(time.monotonic())
