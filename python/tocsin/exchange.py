"""One request and its answer while they pass: counts, hashes and times, and nothing of the content.

The two middlewares feed it chunk by chunk; nothing is buffered. The methods named ``note_…`` are
called on the request path, so they are short and do not raise for odd but legal input.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

from .identity import Identity

if TYPE_CHECKING:
    from hashlib import _Hash

    from .meters import Grant

Chunk = Any  # bytes, bytearray or memoryview

STREAM_TYPES = ("text/event-stream", "application/x-ndjson", "application/json-seq")


class Exchange:
    """What is known of a request so far. Defaults are the class's: that makes one cheap."""

    end_ns = 0
    #: When the first byte of the answer had gone out.
    first_ns = 0
    status: int | None = None
    in_hash: _Hash | None = None
    in_bytes = 0
    in_complete = False
    out_hash: _Hash | None = None
    out_bytes = 0
    out_complete = False
    out_length_known = False
    content_type = ""
    streamed = False
    #: Why it ended before its end: ``client_abort`` or ``cancelled``; empty where it did not.
    aborted = ""
    #: Class name of the exception that ended the call; its text may hold content: not kept.
    error: str | None = None
    identity: Identity | None = None
    ip: str | None = None
    session: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    traceparent: str | None = None
    model_endpoint = False
    interface: str | None = None
    #: Where a decision of Tocsin ended it: the event's ``policy``.
    policy: dict[str, Any] | None = None
    #: Where decisions let it through within limits: what its rows are counted against.
    grants: tuple[Grant, ...] = ()
    #: True once it is recorded: nothing may change any more.
    sealed = False

    def __init__(self, method: str, path: str) -> None:
        self.time_ms = time.time_ns() // 1_000_000
        self.start_ns = time.perf_counter_ns()
        self.method = method
        self.path = path
        #: The templated path.
        self.endpoint = path
        #: What the application said by ``tocsin.annotate``; checked there.
        self.facts: dict[str, Any] = {}
        #: For ``ext.python``: what was noticed on the way.
        self.ext: dict[str, Any] = {}

    def note_input(self, chunk: Chunk, last: bool) -> None:
        if chunk:
            if self.in_hash is None:
                self.in_hash = hashlib.sha256(chunk)
            else:
                self.in_hash.update(chunk)
            self.in_bytes += size_of(chunk)
        if last:
            self.in_complete = True

    def note_answer(self, status: int | None, content_type: str, length_known: bool) -> None:
        """The head of the answer. A second head (an error page) replaces the first."""
        self.status = status
        self.content_type = content_type
        self.out_length_known = length_known

    def note_output(self, chunk: Chunk, last: bool) -> None:
        """A chunk was handed to the server. Bytes after the client has gone do not count."""
        if self.aborted:
            return
        if chunk:
            if self.out_hash is None:
                self.out_hash = hashlib.sha256(chunk)
                self.first_ns = time.perf_counter_ns()
                self.streamed = self._is_stream(last)
            else:
                self.out_hash.update(chunk)
            self.out_bytes += size_of(chunk)
        if last:
            self.out_complete = True
            self.end_ns = time.perf_counter_ns()

    def _is_stream(self, last: bool) -> bool:
        if self.content_type.startswith(STREAM_TYPES):
            return True
        return not last and not self.out_length_known

    def note_gone(self, why: str = "client_abort") -> None:
        """The client left. After a complete answer that is how every connection ends."""
        if not (self.out_complete or self.aborted or self.sealed):
            self.aborted = why

    def note_error(self, error: BaseException) -> None:
        """The call was ended by an exception. One after the whole answer does not change it."""
        if self.sealed:
            return
        self.error = type(error).__name__

    def seal(self) -> bool:
        """Ends it. False where it has ended before: an exchange is recorded once."""
        if self.sealed:
            return False
        self.sealed = True
        if not self.end_ns:
            self.end_ns = time.perf_counter_ns()
        return True


def size_of(chunk: Chunk) -> int:
    return chunk.nbytes if isinstance(chunk, memoryview) else len(chunk)
