"""Where lines go: a file, and Tocsin.

A sink takes lines that are already numbered and written as JSON, from one thread, in order. It
takes a prefix of them and says how many; the recorder counts the rest as a gap and tells it later.
No method raises into its caller for a fault of the disk or the network.

``JsonLinesFile`` writes one line with one ``write`` to a file opened for appending, so that several
processes can share the file and a kill at any time leaves whole lines. ``HttpSink`` puts lines into
a spool (spool.py) and a thread of its own sends them from there.
"""

from __future__ import annotations

import errno
import http.client
import os
import random
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from .spool import Batch, DiskSpool, Spool, orphan_spools
from .transport import Answer, Transport
from .trouble import Trouble

FILE_RETRY_S = 1.0
TORN_LOOKS = 4
TORN_LOOK_S = 0.002
BATCH_LINES_MAX = 500
BATCH_BYTES_MAX = 512 * 1024
#: How long the sender waits for more lines before it sends the first one.
BATCH_WAIT_S = 0.2
BACKOFF_S_MIN = 0.25
BACKOFF_S_MAX = 60.0
#: How often an idle sender looks for spools of processes that are gone.
ORPHANS_S = 30.0
#: Rounds in which a line got no result, before it is put aside.
UNANSWERED_ROUNDS_MAX = 3
#: Not the module's generator: forked workers would share its state and retry in step.
_random = random.SystemRandom()


class Sink(Protocol):
    name: str

    def write(self, lines: Sequence[bytes]) -> int:
        """How many lines were taken: a prefix. Never raises."""

    def refusal(self) -> str:
        """Reason code of the last line that was not taken."""

    def has_room(self) -> bool:
        """False while a further line would surely not be taken."""

    def close(self, timeout_s: float) -> bool:
        """False where a thread still uses what the sink holds."""


class JsonLinesFile:
    """Appends to a file; makes it anew when it was renamed or removed (log rotation)."""

    name = "file"

    def __init__(self, path: str | os.PathLike[str], trouble: Trouble) -> None:
        self._path = os.fspath(path)
        self._trouble = trouble
        self._fd: int | None = None
        self._inode: tuple[int, int] | None = None
        self._seen: tuple[int, int] | None = None
        self._torn = False
        self._failed_at = float("-inf")

    def write(self, lines: Sequence[bytes]) -> int:
        taken = 0
        try:
            fd = self._current_fd()
            for line in lines:
                self._write_line(fd, line)
                taken += 1
        except OSError as error:
            self._trouble.note("file_error", "%s cannot be written: %s", self._path, error.strerror)
            self._failed_at = time.monotonic()
            self._reopen_later()
        self._trouble.count("file_lines", taken)
        return taken

    def _write_line(self, fd: int, line: bytes) -> None:
        """One ``write``. After a short one (the disk is full) the rest is lost, not glued on."""
        data = b"\n" + line if self._torn else line
        written = os.write(fd, data)
        if written != len(data):
            self._torn = self._torn or written > 0
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._torn = False

    def _current_fd(self) -> int:
        if self._fd is not None:
            try:
                now = os.stat(self._path)
                if (now.st_dev, now.st_ino) == self._inode:
                    return self._fd
            except FileNotFoundError:
                pass
            self._reopen_later()
        return self._open()

    def _open(self) -> int:
        flags = os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        try:
            fd = os.open(self._path, flags | os.O_RDWR, 0o640)
        except PermissionError:
            fd = os.open(self._path, flags | os.O_WRONLY, 0o640)
        status = os.fstat(fd)
        if (status.st_dev, status.st_ino) != self._seen:
            self._torn = False
        self._fd = fd
        self._inode = self._seen = (status.st_dev, status.st_ino)
        self._torn = self._torn or _ends_torn(fd)
        return fd

    def _reopen_later(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
        self._fd = self._inode = None

    def refusal(self) -> str:
        return "file_error"

    def has_room(self) -> bool:
        """Nobody can ask a disk; so a failure counts as no room for a little while."""
        return time.monotonic() - self._failed_at > FILE_RETRY_S

    def close(self, timeout_s: float) -> bool:
        self._reopen_later()
        return True


def _ends_torn(fd: int) -> bool:
    """True where the last line was cut (by a crash of the machine): it gets a line end first.

    A line that another process is just writing looks the same, but not for long.
    """
    try:
        for _ in range(TORN_LOOKS):
            if os.fstat(fd).st_size == 0:
                return False
            os.lseek(fd, -1, os.SEEK_END)
            if os.read(fd, 1) == b"\n":
                return False
            time.sleep(TORN_LOOK_S)
    except OSError:  # a pipe or a device, which has no end
        return False
    return True


class HttpSink:
    """Sends to Tocsin from a spool, in a thread of its own, until it is acknowledged."""

    name = "spool"

    def __init__(
        self, transport: Transport, spool: Spool, trouble: Trouble, spool_root: Path | None
    ) -> None:
        """``spool_root`` holds the spools of other processes; None where there is no directory."""
        self._transport = transport
        self._spool = spool
        self._trouble = trouble
        self._root = spool_root
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._deadline = float("inf")
        self._refused_key = False
        self._closed = False
        self._failures = 0
        self._orphans_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="tocsin-sender", daemon=True)
        self._thread.start()

    def write(self, lines: Sequence[bytes]) -> int:
        taken = self._spool.append(lines)
        if taken and not self._wake.is_set():
            self._wake.set()
        if taken < len(lines):
            self._trouble.note(
                self._spool.refusal,
                "the spool takes no more: the newest events are dropped and counted",
            )
        return taken

    def refusal(self) -> str:
        return self._spool.refusal

    def has_room(self) -> bool:
        return self._spool.has_room()

    def close(self, timeout_s: float) -> bool:
        """Tries to deliver what waits within the time; what does not get away stays spooled."""
        if self._closed:
            return True
        self._deadline = time.monotonic() + timeout_s
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout_s + 0.5)
        if self._thread.is_alive():
            return False
        self._transport.close()
        self._spool.close()
        self._closed = True
        return True

    def _run(self) -> None:
        while not self._refused_key:
            try:
                delivered = self._drain(self._spool)
                if delivered and not self._stop.is_set():
                    self._adopt_orphans()
            except Exception as error:  # the thread must live as long as the process
                self._trouble.note("sender_error", "sending failed: %r", error)
                self._pause(None)
            if self._stop.is_set():
                return
            self._wait_for_lines()

    def _wait_for_lines(self) -> None:
        self._wake.wait(ORPHANS_S)
        self._stop.wait(BATCH_WAIT_S)
        self._wake.clear()

    def _drain(self, spool: Spool) -> bool:
        """Sends until the spool is empty. False where it had to give up for now."""
        while time.monotonic() < self._deadline:
            batch = spool.read(BATCH_LINES_MAX, BATCH_BYTES_MAX)
            if batch is None:
                return True
            if self._deliver(spool, batch):
                spool.ack(batch)
                self._failures = 0
            elif self._refused_key or self._stop.is_set():
                return False
        return False

    def _deliver(self, spool: Spool, batch: Batch) -> bool:
        """True when every line has its final fate. Else it has waited and may be called again."""
        if not batch.lines:
            self._trouble.note("spool_corrupt", "a damaged part of the spool was passed over")
            return True
        parts: list[tuple[list[bytes], int]] = [(list(batch.lines), 0)]
        while parts:
            lines, rounds = parts.pop()
            answer = self._post(lines)
            if answer is None:
                return False
            rest = self._settle(spool, lines, answer, rounds)
            if rest is None:
                self._pause(answer.retry_after_s)
                return False
            parts.extend(rest)
        return True

    def _post(self, lines: Sequence[bytes]) -> Answer | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            return None
        try:
            return self._transport.post(lines, min(left, 3600.0))
        except (OSError, http.client.HTTPException) as error:
            self._trouble.note(
                "unreachable", "no answer (%s); events wait in the spool", _words(error)
            )
            self._pause(None)
            return None

    def _settle(
        self, spool: Spool, lines: list[bytes], answer: Answer, rounds: int
    ) -> list[tuple[list[bytes], int]] | None:
        """What is still to be sent, in parts; None where all of it has to wait."""
        status = answer.status
        if status in (200, 207, 400) and answer.results:
            return self._settle_each(spool, lines, answer.results, rounds)
        if status == 200 and answer.readable:
            self._trouble.count("sent", len(lines))
            return []
        if status == 413 or (status == 400 and answer.code):
            return self._split(spool, lines, answer, rounds)
        if status in (401, 403):
            self._refused_key = True
            self._trouble.note(
                "refused_key",
                "the key was refused (%d %s): nothing is sent any more by this process; set"
                " TOCSIN_API_KEY to a key with the scope ingest and restart; events wait in the"
                " spool",
                status,
                answer.detail,
            )
            return None
        if status not in (429, 503):
            self._trouble.note(
                "unexpected_status",
                "unexpected answer %d %s; is the URL that of a Tocsin server? Events wait",
                status,
                answer.detail,
            )
        self._trouble.count("pushed_back")
        return None

    def _settle_each(
        self, spool: Spool, lines: list[bytes], results: list[dict[str, object]], rounds: int
    ) -> list[tuple[list[bytes], int]]:
        """The fate of each line, found by its id, else by its place; what got none goes again."""
        by_id = {r["id"]: r for r in results if isinstance(r.get("id"), str)}
        places = [(r.get("line"), i, r) for i, r in enumerate(results) if r.get("id") is None]
        by_line = {(line if isinstance(line, int) else i): r for line, i, r in places}
        unanswered: list[bytes] = []
        for index, line in enumerate(lines):
            result = by_id.get(_id_of(line)) or by_line.get(index)
            fate = result.get("status") if result else None
            if fate == "stored":
                self._trouble.count("sent")
            elif fate == "duplicate":
                self._trouble.count("duplicate")
            elif fate in ("refused", "conflict") and result is not None:
                self._put_aside(spool, line, str(fate), _why(result))
            else:
                unanswered.append(line)
        if not unanswered:
            return []
        if rounds + 1 >= UNANSWERED_ROUNDS_MAX:
            for line in unanswered:
                self._put_aside(spool, line, "no_result", {})
            return []
        return [(unanswered, rounds + 1)]

    def _split(
        self, spool: Spool, lines: list[bytes], answer: Answer, rounds: int
    ) -> list[tuple[list[bytes], int]]:
        """Halves, until the line that is too much or cannot be read stands alone."""
        if len(lines) == 1:
            why = {"code": answer.code or str(answer.status), "detail": answer.detail}
            self._put_aside(spool, lines[0], "refused", why)
            return []
        middle = len(lines) // 2
        return [(lines[middle:], rounds), (lines[:middle], rounds)]

    def _put_aside(self, spool: Spool, line: bytes, fate: str, why: Mapping[str, object]) -> None:
        self._trouble.note(fate, "an event was not taken: %s %s; see refused.jsonl", fate, why)
        try:
            spool.quarantine(line, {"fate": fate, **why})
        except OSError as error:
            self._trouble.note("quarantine_error", "refused.jsonl: %s", error.strerror)

    def _pause(self, retry_after_s: float | None) -> None:
        """Exponential back-off with full jitter, or what the server asked for and a little more."""
        if self._refused_key:
            return
        if retry_after_s is not None:
            wait = retry_after_s * _random.uniform(1.0, 1.1)
        else:
            ceiling = min(BACKOFF_S_MAX, BACKOFF_S_MIN * 2 ** min(self._failures, 16))
            wait = _random.uniform(BACKOFF_S_MIN / 2, ceiling)
        self._failures += 1
        self._stop.wait(wait)

    def _adopt_orphans(self) -> None:
        """Sends what processes that are gone have left, now and then."""
        if self._root is None or not isinstance(self._spool, DiskSpool):
            return
        if time.monotonic() < self._orphans_at:
            return
        self._orphans_at = time.monotonic() + ORPHANS_S
        for spool in orphan_spools(self._root, self._spool.directory):
            if not self._drain(spool):
                return


def _id_of(line: bytes) -> str | None:
    """The id of a line of our own: it is the first member (event.py)."""
    parts = line.split(b'"', 4)
    if len(parts) > 4 and parts[1] == b"id":
        return parts[3].decode("ascii", "replace")
    return None


def _why(result: dict[str, object]) -> dict[str, object]:
    kept: Iterable[str] = ("code", "field", "detail", "message", "reason")
    return {name: str(result[name])[:300] for name in kept if result.get(name)}


def _words(error: BaseException) -> str:
    return str(error)[:200] or type(error).__name__
