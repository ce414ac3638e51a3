"""A Tocsin that decides: docs/spec/decisions.md, as small as it can be, and restartable."""

from __future__ import annotations

import gzip
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from drivers import QuietHandler

YEAR_MS = 365 * 24 * 3600 * 1000


def now_ms() -> int:
    return int(time.time() * 1000)


def entry(decision: str, actor: str = "alice", session: str | None = None, **more: Any) -> Any:
    """One entry as the server writes it."""
    return {
        "id": f"d_{decision}",
        "actor": actor,
        "session": session,
        "decision": decision,
        "since": now_ms() - 1000,
        "until": now_ms() + YEAR_MS,
        "reason": f"because of {decision}",
        **more,
    }


class DecidingTocsin:
    """Keeps a list of changes; a poll waits for the next one. Takes events, too."""

    def __init__(self, *entries: Any) -> None:
        self._changed = threading.Condition()
        self.polls: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        #: In place of an answer to a poll: status and bytes; None for the contract.
        self.instead: tuple[int, bytes] | None = None
        self._port = 0
        self._life = 0
        self.start(*entries)

    def start(self, *entries: Any) -> None:
        """A new life with this table: cursors of the one before are not known."""
        self._life += 1
        self._log: list[Any] = []
        self._table: dict[Any, Any] = {}
        self._closed = False
        self.decide(*entries)
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), _handler(self))
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def decide(self, *entries: Any) -> None:
        with self._changed:
            for item in entries:
                self._log.append(item)
                who = (item["actor"], item["session"])
                self._table.pop(who, None)
                if item["decision"] != "allow":
                    self._table[who] = item
            self._changed.notify_all()

    def answer(self, query: dict[str, list[str]]) -> tuple[int, bytes] | None:
        """To one poll; None breaks the connection."""
        after = query.get("after", [""])[0]
        deadline = time.monotonic() + min(30.0, float(query["wait"][0]))
        with self._changed:
            if self.instead is not None:
                return self.instead
            life, _, place = after.partition("-")
            if life != str(self._life):
                return 200, self._document(list(self._table.values()), True)
            while len(self._log) <= int(place) and not self._closed and self.instead is None:
                if not self._changed.wait(deadline - time.monotonic()):
                    break
            if self._closed:
                return None
            return 200, self._document(self._log[int(place) :], False)

    def interrupt(self, instead: tuple[int, bytes] | None) -> None:
        """From now on every poll, also the one that waits, is answered with this."""
        with self._changed:
            self.instead = instead
            self._changed.notify_all()

    def _document(self, entries: list[Any], full: bool) -> bytes:
        cursor = f"{self._life}-{len(self._log)}"
        return json.dumps({"cursor": cursor, "full": full, "entries": entries}).encode()


def _handler(stub: DecidingTocsin) -> type[BaseHTTPRequestHandler]:
    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            stub.polls.append({"path": parts.path, "query": query, "headers": dict(self.headers)})
            reply = stub.answer(query)
            if reply is None:
                self.close_connection = True
                return
            self.reply(*reply)

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            lines = [json.loads(line) for line in gzip.decompress(raw).splitlines()]
            stub.events.extend(lines)
            results = [{"line": i, "id": e["id"], "status": "stored"} for i, e in enumerate(lines)]
            self.reply(200, json.dumps({"results": results}).encode())

        def reply(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler
