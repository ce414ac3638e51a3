"""The sender's memory on disk: lines that wait for Tocsin, and the producer's own numbers.

A spool directory has one *slot* per process. A process claims the first free one by a file lock,
so a worker that is started anew takes over what the one before it had not delivered. A slot holds

- ``producer``: the id that was made with the slot and stays with it,
- ``seq``: the last sequence number handed out, written *before* its line: after a crash a number
  may be missing (its event was lost, and that shows), but none is used twice,
- ``gaps``: what was dropped and has not been told yet,
- ``0000000000000001.jsonl`` …: segments; the highest number is written, the lowest is read,
- ``cursor``: segment and offset up to which lines were acknowledged. It may lag behind after a
  crash; then lines are sent again, and Tocsin takes them for duplicates by their id,
- ``refused.jsonl``: lines that Tocsin would not take, with its reason, up to a limit.

Bytes are bounded. When the spool is full the oldest lines are kept and the newest are refused to
the caller, who counts them. A segment is flushed to the disk when the next one begins; a crash of
the process loses no line that ``append`` took, a crash of the machine may lose the last segment's.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

try:
    import fcntl
except ImportError:  # Windows: claim_slot raises, and the memory takes the place of the directory
    fcntl = None  # type: ignore[assignment]

SPOOL_BYTES_MAX = 256 * 1024 * 1024
SEGMENT_BYTES = 4 * 1024 * 1024
MEMORY_SPOOL_BYTES_MAX = 8 * 1024 * 1024
REFUSED_BYTES_MAX = 1024 * 1024
SLOTS_MAX = 1024
#: Free bytes that it takes to speak of room: a line that tells of a loss must fit, and more.
ROOM_BYTES = 8192
_STATE_BYTES = 48
_SUFFIX = ".jsonl"


@dataclass(frozen=True)
class Batch:
    """Whole lines from the front of a spool; ``mark`` tells ``ack`` how far they reach."""

    lines: tuple[bytes, ...]
    mark: tuple[int, int]


class Spool(Protocol):
    """One thread appends, one other reads and acknowledges."""

    #: Why the last ``append`` did not take everything: ``spool_full`` or ``spool_error``.
    refusal: str

    def append(self, lines: Sequence[bytes]) -> int:
        """How many of the lines were taken: a prefix. Never raises; see ``refusal``."""

    def has_room(self) -> bool: ...

    def read(self, lines_max: int, bytes_max: int) -> Batch | None:
        """The oldest lines that are not acknowledged; None when there are none."""

    def ack(self, batch: Batch) -> None:
        """Forgets the lines of the batch. Safe to repeat."""

    def quarantine(self, line: bytes, why: dict[str, object]) -> None:
        """Keeps a line that Tocsin refused, with the reason, as far as the limit allows."""

    def bytes_waiting(self) -> int: ...

    def close(self) -> None: ...


class Slot:
    """One process's place: its producer id and its sequence numbers, kept across restarts."""

    def __init__(self, directory: Path, lock_fd: int) -> None:
        self.directory = directory
        #: The last failure to put a number on record; the numbers go on all the same.
        self.error: OSError | None = None
        self._lock_fd = lock_fd
        self.producer, self._seq = _load_identity(directory)
        self._seq_fd = _open(directory / "seq")

    def reserve(self, count: int) -> int:
        """The first of ``count`` new numbers. They are on record before they are used."""
        first = self._seq + 1
        self._seq += count
        try:
            os.pwrite(self._seq_fd, _state_line(self._seq), 0)
        except OSError as error:
            self.error = error
        return first

    def load_gaps(self) -> dict[str, list[int]]:
        """Reason → count, first and last time in ms, of losses that were not told yet."""
        try:
            raw = json.loads((self.directory / "gaps").read_bytes())
            return {
                str(reason): [int(n) for n in gap] for reason, gap in raw.items() if len(gap) == 3
            }
        except (OSError, ValueError, AttributeError, TypeError):
            return {}

    def save_gaps(self, gaps: dict[str, list[int]]) -> None:
        _replace(self.directory / "gaps", json.dumps(gaps).encode())

    def close(self) -> None:
        os.close(self._seq_fd)
        os.close(self._lock_fd)


class MemorySlot:
    """Where no directory can be written: an id and numbers for this run only."""

    def __init__(self) -> None:
        self.producer = _new_producer()
        self.error: OSError | None = None
        self._seq = 0

    def reserve(self, count: int) -> int:
        first = self._seq + 1
        self._seq += count
        return first

    def load_gaps(self) -> dict[str, list[int]]:
        return {}

    def save_gaps(self, gaps: dict[str, list[int]]) -> None:
        """Nowhere to keep them; they are told while the process lives."""

    def close(self) -> None:
        """Holds nothing."""


def claim_slot(root: Path) -> Slot:
    """The first slot of the directory that no living process holds. Raises ``OSError``."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(SLOTS_MAX):
        directory = root / f"{number:04d}"
        fd = _lock_slot(directory)
        if fd is not None:
            return Slot(directory, fd)
    raise OSError(f"all {SLOTS_MAX} slots of the spool are taken")


def orphan_spools(root: Path, own: Path) -> Iterator[DiskSpool]:
    """Spools with waiting lines that belong to no living process, each locked while it is used."""
    for directory in sorted(p for p in root.iterdir() if p.is_dir() and p != own):
        if not any(p.stat().st_size for p in directory.glob("[0-9]*" + _SUFFIX)):
            continue
        fd = _lock_slot(directory)
        if fd is None:
            continue
        try:
            spool = DiskSpool(directory)
            try:
                if spool.bytes_waiting():
                    yield spool
            finally:
                spool.close()
        finally:
            os.close(fd)


def _lock_slot(directory: Path) -> int | None:
    """A descriptor that holds the slot until it is closed, even by a crash; None if it is held."""
    if fcntl is None:
        raise OSError("this system has no file locks that end with their process")
    directory.mkdir(mode=0o700, exist_ok=True)
    fd = _open(directory / "lock")
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        return None
    return fd


class DiskSpool:
    """Segments of JSON lines in one slot's directory."""

    def __init__(
        self, directory: Path, bytes_max: int = SPOOL_BYTES_MAX, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self.directory = directory
        self._bytes_max = bytes_max
        self._segment_bytes = max(1, min(segment_bytes, bytes_max // 4))
        self._lock = threading.Lock()
        self._sizes = {n: (directory / _name(n)).stat().st_size for n in _numbers(directory)}
        self._active = max(self._sizes, default=1)
        self._fd = self._open_active()
        self._cursor_fd = _open(directory / "cursor")
        self._cursor = self._load_cursor()
        self._read_fd: tuple[int, int] | None = None
        self.refusal = ""
        #: Bytes of segments in which no line ended; only damage to the disk makes such.
        self.corrupt_bytes = 0

    def append(self, lines: Sequence[bytes]) -> int:
        taken = 0
        with self._lock:
            try:
                while taken < len(lines):
                    if self._sizes[self._active] >= self._segment_bytes:
                        self._rotate()
                    count = self._fitting(lines, taken)
                    if count == 0:
                        self.refusal = "spool_full"
                        break
                    self._write(b"".join(lines[taken : taken + count]))
                    taken += count
            except OSError:
                self.refusal = "spool_error"
        return taken

    def _fitting(self, lines: Sequence[bytes], start: int) -> int:
        """How many lines from ``start`` go into this segment without passing the limit."""
        room = self._bytes_max - sum(self._sizes.values())
        in_segment = self._segment_bytes - self._sizes[self._active]
        count = size = 0
        for line in lines[start:]:
            if size + len(line) > room or (count and size >= in_segment):
                break
            size += len(line)
            count += 1
        return count

    def _write(self, data: bytes) -> None:
        """All of it or, with ``OSError`` on a full disk, none of it."""
        size = self._sizes[self._active]
        try:
            written = os.write(self._fd, data)
            if written != len(data):
                raise OSError("short write")
        except OSError:
            os.ftruncate(self._fd, size)
            raise
        self._sizes[self._active] = size + written

    def _rotate(self) -> None:
        new = _open(self.directory / _name(self._active + 1), os.O_APPEND)
        old, self._fd = self._fd, new
        self._active += 1
        self._sizes[self._active] = 0
        try:
            os.fsync(old)
            os.fsync(self._cursor_fd)
        finally:
            os.close(old)

    def has_room(self) -> bool:
        with self._lock:
            return sum(self._sizes.values()) + ROOM_BYTES <= self._bytes_max

    def read(self, lines_max: int, bytes_max: int) -> Batch | None:
        with self._lock:
            where = self._next_unread()
        if where is None:
            return None
        segment, offset, size = where
        data = os.pread(self._reader(segment), min(bytes_max, size - offset), offset)
        lines = tuple(part + b"\n" for part in data.split(b"\n")[:-1][:lines_max])
        if not lines:
            return self._skip_corrupt(segment, offset, size)
        return Batch(lines, (segment, offset + sum(map(len, lines))))

    def _next_unread(self) -> tuple[int, int, int] | None:
        """Segment, offset and size where reading goes on; drops segments that are done."""
        while True:
            segment, offset = self._cursor
            size = self._sizes.get(segment, 0)
            if offset < size:
                return segment, offset, size
            if segment == self._active:
                return None
            self._drop_segment(segment)
            self._move_cursor(min(n for n in self._sizes), 0)

    def _skip_corrupt(self, segment: int, offset: int, size: int) -> Batch:
        """No line ends within the bytes of a whole batch: nothing in it was written by us."""
        self.corrupt_bytes += size - offset
        return Batch((), (segment, size))

    def ack(self, batch: Batch) -> None:
        with self._lock:
            segment, offset = batch.mark
            if segment != self._active or offset < self._sizes[segment]:
                self._move_cursor(segment, offset)
                return
            # All is delivered. The cursor goes first: a crash in between sends lines twice, which
            # does no harm, while the other order would skip the lines that come next.
            self._move_cursor(segment, 0)
            os.ftruncate(self._fd, 0)
            self._sizes[segment] = 0

    def quarantine(self, line: bytes, why: dict[str, object]) -> None:
        record = json.dumps({**why, "line": line.decode("utf-8", "replace").rstrip("\n")})
        fd = _open(self.directory / "refused.jsonl", os.O_APPEND)
        try:
            if os.fstat(fd).st_size + len(record) < REFUSED_BYTES_MAX:
                os.write(fd, record.encode("ascii") + b"\n")
        finally:
            os.close(fd)

    def bytes_waiting(self) -> int:
        with self._lock:
            segment, offset = self._cursor
            waiting = sum(size for n, size in self._sizes.items() if n >= segment)
            return waiting - min(offset, self._sizes.get(segment, 0))

    def close(self) -> None:
        with self._lock:
            for fd in (self._fd, self._cursor_fd):
                os.fsync(fd)
                os.close(fd)
            if self._read_fd is not None:
                os.close(self._read_fd[1])
                self._read_fd = None

    def _open_active(self) -> int:
        fd = _open(self.directory / _name(self._active), os.O_APPEND)
        self._sizes[self._active] = _cut_torn_line(fd)
        return fd

    def _reader(self, segment: int) -> int:
        if self._read_fd is None or self._read_fd[0] != segment:
            if self._read_fd is not None:
                os.close(self._read_fd[1])
            self._read_fd = (segment, _open(self.directory / _name(segment)))
        return self._read_fd[1]

    def _drop_segment(self, segment: int) -> None:
        self._sizes.pop(segment, None)
        (self.directory / _name(segment)).unlink(missing_ok=True)

    def _move_cursor(self, segment: int, offset: int) -> None:
        self._cursor = (segment, offset)
        os.pwrite(self._cursor_fd, _state_line(segment, offset), 0)

    def _load_cursor(self) -> tuple[int, int]:
        oldest = min(self._sizes)
        values = _parse_state(os.pread(self._cursor_fd, _STATE_BYTES, 0))
        if len(values) == 2 and values[0] in self._sizes and values[1] <= self._sizes[values[0]]:
            return values[0], values[1]
        return oldest, 0


class MemorySpool:
    """The same in memory, where no directory can be written: bounded, and gone with the process."""

    def __init__(self, bytes_max: int = MEMORY_SPOOL_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._acked = 0
        self._lock = threading.Lock()
        self.refusal = "spool_full"

    def append(self, lines: Sequence[bytes]) -> int:
        with self._lock:
            taken = 0
            for line in lines:
                if self._bytes + len(line) > self._bytes_max:
                    break
                self._lines.append(line)
                self._bytes += len(line)
                taken += 1
            return taken

    def has_room(self) -> bool:
        with self._lock:
            return self._bytes + ROOM_BYTES <= self._bytes_max

    def read(self, lines_max: int, bytes_max: int) -> Batch | None:
        with self._lock:
            lines: list[bytes] = []
            size = 0
            for line in self._lines:
                if len(lines) == lines_max or (lines and size + len(line) > bytes_max):
                    break
                lines.append(line)
                size += len(line)
            return Batch(tuple(lines), (self._acked, len(lines))) if lines else None

    def ack(self, batch: Batch) -> None:
        with self._lock:
            start, count = batch.mark
            for _ in range(start + count - self._acked):
                self._bytes -= len(self._lines.popleft())
                self._acked += 1

    def quarantine(self, line: bytes, why: dict[str, object]) -> None:
        """Nowhere to keep it; it was counted."""

    def bytes_waiting(self) -> int:
        with self._lock:
            return self._bytes

    def close(self) -> None:
        """Holds nothing."""


def _load_identity(directory: Path) -> tuple[str, int]:
    """Id and last number. Where either cannot be read a new producer begins, at number 1."""
    producer = _read(directory / "producer").decode("ascii", "replace").strip()
    values = _parse_state(_read(directory / "seq"))
    if producer and len(values) == 1:
        return producer, values[0]
    producer = _new_producer()
    _replace(directory / "seq", _state_line(0))
    _replace(directory / "producer", producer.encode())
    return producer, 0


def _new_producer() -> str:
    return secrets.token_hex(4)


def _numbers(directory: Path) -> list[int]:
    names = (p.name[: -len(_SUFFIX)] for p in directory.glob("[0-9]*" + _SUFFIX))
    return sorted(int(name) for name in names if name.isdigit())


def _name(number: int) -> str:
    return f"{number:016d}{_SUFFIX}"


def _open(path: Path, flags: int = 0) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | flags, 0o600)


def _cut_torn_line(fd: int) -> int:
    """Size of the file after an unfinished last line (a crash of the machine) was cut off."""
    size = os.fstat(fd).st_size
    at = size
    while at > 0:
        start = max(0, at - 65536)
        newline = os.pread(fd, at - start, start).rfind(b"\n")
        if newline >= 0:
            at = start + newline + 1
            break
        at = start
    if at != size:
        os.ftruncate(fd, at)
    return at


def _state_line(*values: int) -> bytes:
    """Fixed length, so that one ``pwrite`` replaces the old state whole."""
    return " ".join(map(str, values)).ljust(_STATE_BYTES - 1).encode("ascii") + b"\n"


def _parse_state(data: bytes) -> list[int]:
    words = data.split()
    if len(data) != _STATE_BYTES or not all(w.isdigit() for w in words):
        return []
    return [int(w) for w in words]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _replace(path: Path, data: bytes) -> None:
    """The whole file or the old one, also after a crash of the machine."""
    temporary = path.with_name(path.name + ".new")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)
    os.replace(temporary, path)
