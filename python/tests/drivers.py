"""Hand-made ASGI and WSGI servers, a Tocsin that misbehaves, and places to record to.

Importing this puts the package on the path, so the tests run from any directory with nothing
installed: ``python3 -m unittest discover -s python/tests``.
"""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import logging
import sys
import tempfile
import threading
import time
import unittest
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tocsin.options import RecorderOptions
from tocsin.recorder import Recorder

WAIT_S = 10.0


class TocsinTestCase(unittest.TestCase):
    """A directory of its own, and recorders that are closed at the end."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = Path(temporary.name)
        self.file = self.directory / "access.jsonl"
        logging.getLogger("tocsin").setLevel(logging.CRITICAL)
        self.addCleanup(logging.getLogger("tocsin").setLevel, logging.NOTSET)

    def recorder(self, **options: Any) -> Recorder:
        options.setdefault("environment", False)
        recorder = Recorder(RecorderOptions(**options))
        self.addCleanup(recorder.close)
        return recorder

    def file_recorder(self) -> Recorder:
        return self.recorder(file=self.file)

    def events(self, recorder: Recorder) -> list[dict[str, Any]]:
        """All lines of the file once everything so far is in it."""
        self.assertTrue(recorder.flush(WAIT_S))
        return read_lines(self.file)

    def eventually(self, check: Callable[[], Any], what: str = "") -> Any:
        """Waits until the check holds; fails when it never does."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            value = check()
            if value:
                return value
            time.sleep(0.005)
        return self.fail(f"never became true: {what or check}")


def read_lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().splitlines()]


class AsgiCall:
    """One request to an ASGI application, as a server makes it."""

    def __init__(self, method: str = "GET", path: str = "/", **scope: Any) -> None:
        self.scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": b"",
            "headers": [],
            "client": ("192.0.2.7", 5000),
            "server": ("127.0.0.1", 80),
            **scope,
        }
        self.inbox: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        #: Raised by ``send`` once so many messages have gone out.
        self.send_fails_after: int | None = None

    def headers(self, *pairs: tuple[str, str]) -> AsgiCall:
        self.scope["headers"] = [(k.lower().encode(), v.encode("latin-1")) for k, v in pairs]
        return self

    def body(self, *chunks: bytes) -> AsgiCall:
        for i, chunk in enumerate(chunks):
            more = i + 1 < len(chunks)
            self.inbox.append({"type": "http.request", "body": chunk, "more_body": more})
        return self

    async def receive(self) -> dict[str, Any]:
        if self.inbox:
            return self.inbox.pop(0)
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if self.send_fails_after is not None and len(self.sent) >= self.send_fails_after:
            raise OSError("the client has left")
        self.sent.append(message)

    def run(self, app: Any) -> AsgiCall:
        asyncio.run(app(self.scope, self.receive, self.send))
        return self

    @property
    def answer(self) -> bytes:
        return b"".join(m.get("body", b"") for m in self.sent)


def asgi_answer(status: int = 200, *chunks: bytes, headers: Iterable[Any] = ()) -> Any:
    """An application that reads its input whole and answers with these chunks."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await read_all(receive)
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return app


async def read_all(receive: Any) -> bytes:
    data = b""
    while True:
        message = await receive()
        data += message.get("body", b"")
        if not message.get("more_body", False):
            return data


class WsgiCall:
    """One request to a WSGI application, as a server makes it."""

    def __init__(
        self, method: str = "GET", path: str = "/", body: bytes = b"", **more: Any
    ) -> None:
        self.environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "REMOTE_ADDR": "192.0.2.7",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **more,
        }
        if body:
            self.environ["CONTENT_LENGTH"] = str(len(body))
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.written: list[bytes] = []

    def start_response(self, status: str, headers: Any, exc_info: Any = None) -> Any:
        if exc_info and self.written:
            raise exc_info[1]
        self.status, self.headers = status, headers
        return self.written.append

    def run(self, app: Any, chunks_max: int | None = None) -> WsgiCall:
        """Takes the answer, or so many chunks of it before the client leaves, and closes it."""
        answer = app(self.environ, self.start_response)
        try:
            if chunks_max is None:
                self.written.extend(answer)
            else:
                chunks = iter(answer)
                self.written.extend(next(chunks) for _ in range(chunks_max))
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
        return self


Reply = Callable[["StubTocsin", list[dict[str, Any]]], "tuple[int, dict[str, str], Any] | None"]


class StubTocsin:
    """Takes ``POST /v1/events`` and does what its script says, one entry per request.

    A script entry is a function from the stub and the lines to ``(status, headers, document)``, or
    to None, which resets the connection. When the script is at its end, ``default`` answers.
    """

    def __init__(self, *script: Reply, default: Reply | None = None) -> None:
        self.script = list(script)
        self.default = default or accept
        self.requests: list[dict[str, Any]] = []
        self.stored: dict[str, dict[str, Any]] = {}
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def store(self, lines: Iterable[dict[str, Any]]) -> list[str]:
        """The fate of each line, by its id."""
        fates = []
        for line in lines:
            fates.append("duplicate" if line["id"] in self.stored else "stored")
            self.stored.setdefault(line["id"], line)
        return fates

    def seqs(self) -> list[int]:
        return sorted(e["producerSeq"] for e in self.stored.values())


def accept(stub: StubTocsin, lines: list[dict[str, Any]]) -> tuple[int, dict[str, str], Any]:
    fates = stub.store(lines)
    results = [
        {"line": i, "id": e["id"], "status": f} for i, (e, f) in enumerate(zip(lines, fates))
    ]
    return 200, {}, {"results": results}


def answer(status: int, document: Any = None, **headers: str) -> Reply:
    """A script entry that stores nothing and always says the same."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda stub, lines: (status, named, document)


def reset(stub: StubTocsin, lines: list[dict[str, Any]]) -> None:
    """A script entry: the connection breaks without an answer."""


def store_then_reset(stub: StubTocsin, lines: list[dict[str, Any]]) -> None:
    """A script entry: everything is stored, but the acknowledgement is lost."""
    stub.store(lines)


class QuietHandler(BaseHTTPRequestHandler):
    """Says nothing, also of a client that goes away."""

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            self.close_connection = True


def _handler(stub: StubTocsin) -> type[BaseHTTPRequestHandler]:
    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 5

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(raw).decode("utf-8")
            lines = [json.loads(line) for line in body.splitlines()]
            with stub.lock:
                stub.requests.append(
                    {"path": self.path, "headers": dict(self.headers), "lines": lines}
                )
                reply = (stub.script.pop(0) if stub.script else stub.default)(stub, lines)
            if reply is None:
                self.close_connection = True
                self.connection.close()
                return
            status, headers, document = reply
            data = json.dumps(document).encode() if document is not None else b""
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler
