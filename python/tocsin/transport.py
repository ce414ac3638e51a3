"""One HTTP request to Tocsin at a time, over a connection that is kept.

Bounded in everything that the other side could stretch: the time of each step and of the whole,
the size of an answer, the number of results read. It does not follow redirects and it sends the
key to no other host than the one that was configured.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .version import VERSION

ANSWER_BYTES_MAX = 4 * 1024 * 1024
#: A whole table of decisions may be larger than any acknowledgement.
TABLE_BYTES_MAX = 16 * 1024 * 1024
RETRY_AFTER_S_MAX = 300.0
EVENTS_PATH = "/v1/events"


class Reply(NamedTuple):
    """An answer as it came."""

    status: int
    data: bytes
    retry_after: str | None


@dataclass(frozen=True)
class Answer:
    """What Tocsin said: status, results per line (None where it sent none), code, waiting time."""

    status: int
    #: The body was a JSON object, as every answer of Tocsin is; a proxy's page is not.
    readable: bool = False
    results: list[dict[str, Any]] | None = None
    code: str | None = None
    detail: str = ""
    retry_after_s: float | None = None


class Transport:
    """Not for two threads at once."""

    def __init__(self, url: str, api_key: str | None, timeout_s: float = 10.0) -> None:
        """Raises ``ValueError`` that says what is wrong with the URL."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url must start with http:// or https:// and name a host: {url!r}")
        if parts.username or parts.query or parts.fragment:
            raise ValueError("url must hold no user, query or fragment; the key goes to api_key")
        if api_key is not None and not (api_key.isascii() and api_key.isprintable()):
            raise ValueError("api_key holds a character that cannot stand in a header")
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host = parts.hostname
        self._port = parts.port
        self._base = parts.path.rstrip("/")
        self._headers = {"User-Agent": f"tocsin-sdk-python/{VERSION}"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._event_headers = {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            **self._headers,
        }
        self._timeout_s = timeout_s
        self._aborted = False
        self._connection: http.client.HTTPConnection | None = None

    @property
    def plain_to_elsewhere(self) -> bool:
        """True where the key would cross a network in clear."""
        loopback = self._host == "localhost" or self._host.startswith("127.") or self._host == "::1"
        return self._tls is None and not loopback

    def post(self, lines: Sequence[bytes], timeout_s: float | None = None) -> Answer:
        """Sends the lines. Without an answer: ``OSError`` or ``http.client.HTTPException``."""
        body = gzip.compress(b"".join(lines), compresslevel=1)
        timeout = min(timeout_s or self._timeout_s, self._timeout_s)
        reply = self._send("POST", EVENTS_PATH, body, timeout)
        return parse_answer(reply.status, reply.data, reply.retry_after, time.time())

    def get(self, path: str, timeout_s: float) -> Reply:
        """Asks for a path below the base URL. Without an answer it raises as ``post`` does."""
        return self._send("GET", path, None, timeout_s)

    def _send(self, method: str, path: str, body: bytes | None, timeout_s: float) -> Reply:
        kept = self._connection is not None
        try:
            return self._send_once(method, path, body, timeout_s)
        except (ConnectionError, http.client.BadStatusLine):
            self.close()
            if not kept or self._aborted:
                raise
            # A kept connection may have been closed by the server at any time: once more, anew.
            return self._send_once(method, path, body, timeout_s)
        except BaseException:
            self.close()
            raise

    def _send_once(self, method: str, path: str, body: bytes | None, timeout_s: float) -> Reply:
        deadline = time.monotonic() + timeout_s
        connection = self._connect(timeout_s)
        headers = self._headers if body is None else self._event_headers
        connection.request(method, self._base + path, body=body, headers=headers)
        response = connection.getresponse()
        bytes_max = TABLE_BYTES_MAX if body is None else ANSWER_BYTES_MAX
        data = _read_bounded(response, deadline, bytes_max)
        cut = response.will_close or bool(response.length)
        response.close()
        if cut:
            self.close()
        return Reply(response.status, data, response.getheader("Retry-After"))

    def _connect(self, timeout_s: float) -> http.client.HTTPConnection:
        if self._aborted:
            raise ConnectionAbortedError("aborted")
        if self._connection is None or self._connection.sock is None:
            if self._tls is not None:
                self._connection = http.client.HTTPSConnection(
                    self._host, self._port, timeout=timeout_s, context=self._tls
                )
            else:
                self._connection = http.client.HTTPConnection(
                    self._host, self._port, timeout=timeout_s
                )
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.sock.settimeout(timeout_s)
        return self._connection

    def abort(self) -> None:
        """From another thread: ends the request that is waiting for its answer, for good."""
        self._aborted = True
        connection = self._connection
        sock = None if connection is None else connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _read_bounded(response: http.client.HTTPResponse, deadline: float, bytes_max: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        chunk = response.read1(65536)
        if not chunk:
            return b"".join(chunks)
        size += len(chunk)
        if size > bytes_max:
            raise http.client.HTTPException(f"the answer is longer than {bytes_max} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError("the answer took too long")
        chunks.append(chunk)


def parse_answer(status: int, data: bytes, retry_after: str | None, now_s: float) -> Answer:
    """Untrusted bytes to an ``Answer``; what cannot be read is left out."""
    body: Any = None
    with contextlib.suppress(ValueError, RecursionError):
        body = json.loads(data) if data else None
    wait = parse_retry_after(retry_after, now_s)
    if not isinstance(body, dict):
        return Answer(status, retry_after_s=wait)
    results = body.get("results")
    if isinstance(results, list):
        results = [r if isinstance(r, dict) else {} for r in results]
    else:
        results = None
    code = body.get("code")
    detail = body.get("detail") or body.get("title") or ""
    code = code if isinstance(code, str) else None
    return Answer(status, True, results, code, str(detail)[:300], wait)


def parse_retry_after(text: str | None, now_s: float) -> float | None:
    """Seconds to wait, from a number or an HTTP date (RFC 9110 section 10.2.3), within limits."""
    if not text:
        return None
    try:
        if text.strip().isdigit():
            seconds = float(text)
        else:
            seconds = parsedate_to_datetime(text).timestamp() - now_s
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_S_MAX)
