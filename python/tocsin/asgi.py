"""ASGI middleware: FastAPI, Starlette and every other ASGI application.

    app.add_middleware(TocsinMiddleware, file="access.jsonl")

It stands between server and application and lets every message pass as it is and at once; on the
way it counts, hashes and takes times. A request is recorded when its answer has gone out whole, or
when the call ends before that: by an exception (raised on as it was), by the client leaving, by the
server cancelling. Bytes of an aborted answer are those that were handed to the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, MutableMapping
from typing import Any, Callable

from .capture import Capture, make_capture
from .enforcement import FIRST_TABLE_S, Refusal
from .exchange import Exchange
from .facts import CURRENT, KEY
from .follower import Follower
from .identity import RequestView
from .route import template_of

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


#: RFC 6455 section 7.4.1.
POLICY_VIOLATION = 1008


class TocsinMiddleware:
    """Options are those of ``CaptureOptions`` and ``RecorderOptions``, as keywords."""

    def __init__(self, app: App, **options: Any) -> None:
        """Raises ``TypeError`` or ``ValueError`` for options that cannot be meant so."""
        self.app = app
        self._capture: Capture = make_capture(options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        call: HttpCall | WebSocketCall
        if kind == "http":
            call = HttpCall(self._capture, scope, receive, send)
        elif kind == "websocket":
            call = WebSocketCall(self._capture, scope, receive, send)
        else:
            if kind == "lifespan":
                self._capture.follower()
                send = self._flushing(send)
            return await self.app(scope, receive, send)
        if self._capture.excludes(call.method, call.path):
            return await self.app(scope, receive, send)
        scope[KEY] = call
        token = CURRENT.set(call)
        try:
            if self._capture.enforces and await call.is_refused():
                return
            await self.app(scope, call.receive, call.send)
        except Exception as error:
            call.note_error(error)
            raise
        except BaseException as error:  # asyncio.CancelledError, trio.Cancelled, the end of all
            call.note_gone("cancelled")
            if isinstance(error, (SystemExit, KeyboardInterrupt)):
                call.note_error(error)
            raise
        finally:
            call.end()
            CURRENT.reset(token)
            # Scope and call point at each other: left so, only the collector would free them.
            scope.pop(KEY, None)

    def _flushing(self, send: Send) -> Send:
        """Some servers end by a signal right after this message, without running exit handlers."""

        async def flush_then_send(message: Message) -> None:
            if message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
                self._capture.recorder().close()
            await send(message)

        return flush_then_send


class AsgiView:
    """A request as an ``identify`` hook sees it. Headers are read from the scope as it came."""

    __slots__ = ("_first", "raw")

    def __init__(self, scope: Scope) -> None:
        self.raw = scope
        self._first: dict[bytes, bytes] = dict(reversed(list(scope["headers"])))

    @property
    def method(self) -> str:
        return str(self.raw.get("method", "GET"))

    @property
    def path(self) -> str:
        return str(self.raw["path"])

    def header(self, name: str) -> str | None:
        value = self._first.get(name.encode("latin-1"))
        return None if value is None else value.decode("latin-1")

    @property
    def query(self) -> str:
        return bytes(self.raw.get("query_string", b"")).decode("latin-1")

    def headers(self, name: str) -> list[str]:
        wanted = name.encode("latin-1")
        if wanted not in self._first:
            return []
        return [v.decode("latin-1") for k, v in self.raw["headers"] if k == wanted]


class _Call(Exchange):
    """One request on its way: the two channels that the application gets in place of its own."""

    def __init__(self, capture: Capture, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope.get("method", "GET"), scope["path"])
        self._scope = scope
        self._capture = capture
        self._receive = receive
        self._send = send
        self._view: AsgiView | None = None

    def end(self) -> None:
        """Records it, unless it is already."""
        if not self.sealed:
            self._capture.finish(self, self._details)

    async def is_refused(self) -> bool:
        """True where a decision stands against the request: then it has been answered."""
        follower = self._capture.follower()
        if follower is not None:
            await wait_for_first(follower)
        self._view = AsgiView(self._scope)
        refusal = self._capture.admit(self, self._view)
        if refusal is not None:
            await self.refuse(refusal)
        return refusal is not None

    async def refuse(self, refusal: Refusal) -> None:
        await self._answer("http.response", refusal)

    async def _answer(self, kind: str, refusal: Refusal) -> None:
        headers = [
            (name.lower().encode("ascii"), value.encode("latin-1"))
            for name, value in refusal.headers
        ]
        start = {"type": f"{kind}.start", "status": refusal.status, "headers": headers}
        await self.send(start)
        await self.send({"type": f"{kind}.body", "body": refusal.body, "more_body": False})

    async def send(self, message: Message) -> None:
        raise NotImplementedError

    def _details(self) -> tuple[RequestView, str | None]:
        scope = self._scope
        params = scope.get("path_params")
        if params:
            route = scope.get("route")
            template = getattr(route, "path_format", None) or getattr(route, "path", None)
            self.endpoint = template_of(self.path, template, params)
        client = scope.get("client")
        return self._view or AsgiView(scope), client[0] if client else None


class HttpCall(_Call):
    async def receive(self) -> Message:
        message = await self._receive()
        kind = message["type"]
        if kind == "http.request":
            self.note_input(message.get("body", b""), not message.get("more_body", False))
        elif kind == "http.disconnect":
            self.note_gone()
        return message

    async def send(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError:  # how a server says that the client has left (ASGI 2.4)
            self.note_gone()
            raise
        kind = message["type"]
        if kind == "http.response.body":
            last = not message.get("more_body", False)
            # The server does not send what answers HEAD.
            self.note_output(b"" if self.method == "HEAD" else message.get("body", b""), last)
            if last:
                self.end()
        elif kind == "http.response.start":
            content_type, length_known = _head(message.get("headers", ()))
            self.note_answer(message["status"], content_type, length_known)
        elif kind == "http.response.pathsend":
            # The server sends a file by itself; its bytes do not pass here and have no hash.
            self.ext["sentFile"] = True
            self.note_output(b"", True)
            self.end()


class WebSocketCall(_Call):
    """One event per connection: what went in and out while it was open, without hashes."""

    interface = "websocket"
    in_complete = True

    async def refuse(self, refusal: Refusal) -> None:
        """As an HTTP answer where the server can send one, else by closing, which answers 403."""
        await self.receive()  # websocket.connect
        if "websocket.http.response" in (self._scope.get("extensions") or {}):
            await self._answer("websocket.http.response", refusal)
        else:
            await self.send({"type": "websocket.close", "code": POLICY_VIOLATION})

    def end(self) -> None:
        """An application that returns has closed its connection, by itself or by the server."""
        if self.status is not None and self.error is None and not self.aborted:
            self.note_output(b"", True)
        super().end()

    async def receive(self) -> Message:
        message = await self._receive()
        kind = message["type"]
        if kind == "websocket.receive":
            if self._capture.cuts_off(self):
                await self._send({"type": "websocket.close", "code": POLICY_VIOLATION})
                self.note_output(b"", True)
                return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
            self.in_bytes += _frame_bytes(message)
        elif kind == "websocket.disconnect":
            if self.status is None:
                self.note_gone()
            self.note_output(b"", True)
        return message

    async def send(self, message: Message) -> None:
        await self._send(message)
        kind = message["type"]
        if kind == "websocket.accept":
            self.note_answer(101, "", True)
        elif kind == "websocket.send":
            self.out_bytes += _frame_bytes(message)
        elif kind == "websocket.close":
            if self.status is None:
                self.note_answer(403, "", True)
            self.note_output(b"", True)
        elif kind == "websocket.http.response.start":
            self.note_answer(message["status"], "", True)
            self.note_output(b"", True)


async def wait_for_first(follower: Follower) -> None:
    """Until a fresh process has its first table, for a short while; the loop goes on meanwhile."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # another loop than asyncio's: it begins without
        return
    await loop.run_in_executor(None, follower.wait_for_first, FIRST_TABLE_S)


def _frame_bytes(message: Message) -> int:
    data = message.get("bytes")
    if data is not None:
        return len(data)
    return len((message.get("text") or "").encode("utf-8", "surrogatepass"))


def _head(headers: Any) -> tuple[str, bool]:
    """Content type, and whether the length was announced: a stream has none."""
    content_type = ""
    length_known = False
    for name, value in headers:
        lower = name.lower()
        if lower == b"content-type":
            content_type = bytes(value).decode("latin-1").lower()
        elif lower == b"content-length":
            length_known = True
    return content_type, length_known
