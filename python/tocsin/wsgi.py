"""WSGI middleware: Flask and every other WSGI application.

    app.wsgi_app = TocsinMiddleware(app.wsgi_app, file="access.jsonl")

It hands on the application's chunks one by one as they come. A request is recorded when the last
chunk has been taken, or when the server closes the answer before (the client left), or when the
application raises, which is raised on as it was. ``wsgi.file_wrapper`` answers pass as chunks too,
because a file that the server sends by itself could be neither counted nor hashed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from types import TracebackType
from typing import Any, Callable, Union

from .capture import Capture, make_capture
from .enforcement import FIRST_TABLE_S, Refusal
from .exchange import Exchange
from .facts import CURRENT, KEY
from .identity import RequestView
from .route import flask_template

ExcInfo = Union[
    tuple[type[BaseException], BaseException, TracebackType], tuple[None, None, None], None
]
StartResponse = Callable[..., Callable[[bytes], object]]
ReadInto = Callable[[Any], "int | None"]
App = Callable[[Any, Any], Iterable[bytes]]


class TocsinMiddleware:
    """Options are those of ``CaptureOptions`` and ``RecorderOptions``, as keywords."""

    def __init__(self, app: App, **options: Any) -> None:
        """Raises ``TypeError`` or ``ValueError`` for options that cannot be meant so."""
        self.app = app
        self._capture: Capture = make_capture(options)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        call = _Call(self._capture, environ, start_response)
        if self._capture.excludes(call.exchange.method, call.exchange.path):
            return self.app(environ, start_response)
        environ[KEY] = call.exchange
        environ["wsgi.input"] = CountedInput(environ["wsgi.input"], call.exchange, _length(environ))
        CURRENT.set(call.exchange)
        if self._capture.enforces:
            refused = call.refusal()
            if refused is not None:
                return call.refuse(refused)
        try:
            answer = self.app(environ, call.start)
        except BaseException as error:
            call.fail(error)
            raise
        if isinstance(answer, (list, tuple)):
            return _SizedAnswer(answer, call)
        return _Answer(answer, call)


class WsgiView:
    """A request as an ``identify`` hook sees it."""

    __slots__ = ("raw",)

    def __init__(self, environ: dict[str, Any]) -> None:
        self.raw = environ

    @property
    def method(self) -> str:
        return str(self.raw.get("REQUEST_METHOD", "GET"))

    @property
    def path(self) -> str:
        return _path(self.raw)

    @property
    def query(self) -> str:
        return str(self.raw.get("QUERY_STRING", ""))

    def header(self, name: str) -> str | None:
        value = self.raw.get("HTTP_" + name.upper().replace("-", "_"))
        return value if isinstance(value, str) else None

    def headers(self, name: str) -> list[str]:
        """A WSGI server has joined what came several times; only it knows how."""
        value = self.header(name)
        return [] if value is None else [value]


class _Call:
    def __init__(
        self, capture: Capture, environ: dict[str, Any], start_response: StartResponse
    ) -> None:
        self.exchange = Exchange(str(environ.get("REQUEST_METHOD", "GET")), _path(environ))
        self._capture = capture
        self._environ = environ
        self._start_response = start_response

    def refusal(self) -> Refusal | None:
        """What a decision against the request answers; None: it goes on."""
        follower = self._capture.follower()
        if follower is not None:
            follower.wait_for_first(FIRST_TABLE_S)
        return self._capture.admit(self.exchange, WsgiView(self._environ))

    def refuse(self, refusal: Refusal) -> Iterable[bytes]:
        phrase = HTTPStatus(refusal.status).phrase
        self.start(f"{refusal.status} {phrase}", list(refusal.headers))
        return _SizedAnswer([b"" if self.exchange.method == "HEAD" else refusal.body], self)

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo = None
    ) -> Callable[[bytes], object]:
        """The application's ``start_response``."""
        if exc_info is None:
            write = self._start_response(status, headers)
        else:
            write = self._start_response(status, headers, exc_info)
        content_type, length_known = _head(headers)
        code = status[:3]
        self.exchange.note_answer(int(code) if code.isdigit() else None, content_type, length_known)
        self._note_route()

        def counted_write(data: bytes) -> object:
            written = write(data)
            self.note_chunk(data)
            return written

        return counted_write

    def _note_route(self) -> None:
        """Flask's rule is only to be had while the request's context lives, as it does here."""
        rule = getattr(
            getattr(self._environ.get("werkzeug.request"), "url_rule", None), "rule", None
        )
        if isinstance(rule, str):
            prefix = _decode(self._environ.get("SCRIPT_NAME", ""))
            self.exchange.endpoint = prefix + flask_template(rule)

    def note_chunk(self, chunk: bytes) -> None:
        if self.exchange.method != "HEAD":
            self.exchange.note_output(chunk, False)

    def complete(self) -> None:
        self.exchange.note_output(b"", True)
        self.end()

    def fail(self, error: BaseException) -> None:
        self.exchange.note_error(error)
        self.end()

    def end(self) -> None:
        """Records it, unless it is already."""
        self._capture.finish(self.exchange, self._details)
        if CURRENT.get() is self.exchange:
            CURRENT.set(None)

    def _details(self) -> tuple[RequestView, str | None]:
        return WsgiView(self._environ), self._environ.get("REMOTE_ADDR") or None


class _Answer:
    """The application's iterable, chunk for chunk; closing it is passed on and ends the record."""

    def __init__(self, answer: Iterable[bytes], call: _Call) -> None:
        self._answer = answer
        self._chunks: Iterator[bytes] | None = None
        self._call = call

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        call = self._call
        try:
            if self._chunks is None:
                self._chunks = iter(self._answer)
            chunk = next(self._chunks)
        except StopIteration:
            call.complete()
            raise
        except BaseException as error:
            call.fail(error)
            raise
        call.note_chunk(chunk)
        return chunk

    def close(self) -> None:
        close = getattr(self._answer, "close", None)
        try:
            if close is not None:
                close()
        finally:
            self._call.exchange.note_gone()
            self._call.end()


class _SizedAnswer(_Answer):
    """Of a list or tuple: some servers make a Content-Length of one that has a single chunk."""

    def __init__(self, answer: list[bytes] | tuple[bytes, ...], call: _Call) -> None:
        super().__init__(answer, call)
        self._length = len(answer)
        call.exchange.out_length_known = True

    def __len__(self) -> int:
        return self._length


class CountedInput:
    """``wsgi.input`` that counts and hashes what the application reads of it."""

    def __init__(self, stream: Any, exchange: Exchange, length: int | None) -> None:
        self._stream = stream
        self._exchange = exchange
        self._length = length

    def read(self, size: int | None = -1) -> bytes:
        data: bytes = self._stream.read() if size is None or size < 0 else self._stream.read(size)
        self._note(data, ended=size is None or size < 0 or (size > 0 and not data))
        return data

    def readline(self, size: int | None = -1) -> bytes:
        line: bytes = (
            self._stream.readline() if size is None or size < 0 else self._stream.readline(size)
        )
        self._note(line, ended=not line and size != 0)
        return line

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        lines: list[bytes] = []
        size = 0
        for line in self:
            lines.append(line)
            size += len(line)
            if hint is not None and 0 < hint <= size:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        while True:
            line = self.readline()
            if not line:
                return
            yield line

    def __getattr__(self, name: str) -> Any:
        """Whatever else a server's stream can do. Bytes read by ``readinto`` are counted too."""
        value = getattr(self._stream, name)
        if name == "readinto":
            return self._counted_readinto(value)
        if name in ("read1", "peek"):
            return self.read if name == "read1" else value
        return value

    def _counted_readinto(self, readinto: ReadInto) -> ReadInto:
        def counted(buffer: Any) -> int | None:
            count = readinto(buffer)
            self._note(
                bytes(memoryview(buffer)[: count or 0]), ended=count == 0 and len(buffer) > 0
            )
            return count

        return counted

    def _note(self, data: bytes, ended: bool) -> None:
        exchange = self._exchange
        if exchange.sealed:
            return
        exchange.note_input(data, False)
        if ended or exchange.in_bytes == self._length:
            exchange.in_complete = True


def _length(environ: dict[str, Any]) -> int | None:
    text = environ.get("CONTENT_LENGTH")
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else None


def _path(environ: dict[str, Any]) -> str:
    return _decode(environ.get("SCRIPT_NAME", "")) + _decode(environ.get("PATH_INFO", "")) or "/"


def _decode(text: str) -> str:
    """PEP 3333: a native string that holds bytes as latin-1."""
    if text.isascii():
        return text
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


def _head(headers: Iterable[tuple[str, str]]) -> tuple[str, bool]:
    content_type = ""
    length_known = False
    for name, value in headers:
        lower = name.lower()
        if lower == "content-type":
            content_type = value.lower()
        elif lower == "content-length":
            length_known = True
    return content_type, length_known
