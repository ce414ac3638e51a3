"""The queue between a request and the sinks, and the thread that empties it.

``record`` is all that happens on the request path: the event becomes bytes, which go into a bounded
queue. (That is work for the interpreter; in a thread it would take the same lock from the same
requests, and measured, two to three times as long.) All that touches a disk or a network is done by
one thread per process: it numbers the events and gives them to the sinks, a few milliseconds later,
many at a time. It starts with the first event and not before, so that a server that forks its
workers after loading the application has one in each worker.

Nothing is dropped in silence. What a sink or the queue could not take is counted with its first and
last time, and told by an ``audit.gap`` event as soon as there is room; the sequence numbers of lost
events are used up, so a reader sees the gap even where the telling is lost too.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import threading
import time
import weakref
from collections import deque
from pathlib import Path
from typing import Any, Callable, Union

from .event import encode, gap_event, numbered_line
from .follower import Follower
from .gaps import Gap, GapLedger
from .meters import Meters
from .options import RecorderOptions, default_spool_root, with_environment
from .sinks import HttpSink, JsonLinesFile, Sink
from .spool import DiskSpool, MemorySlot, MemorySpool, Slot, claim_slot
from .transport import Transport
from .trouble import CAPTURE_TROUBLE, LOGGER, Trouble

#: How long the writer waits after the first event, so that one wake-up serves many.
LINGER_S = 0.05
CHUNK = 500
EVENT_BYTES_MAX = 64 * 1024
CLOSE_S = 2.0
#: How often losses are put on record and their telling is tried while nothing else happens.
GAP_TICK_S = 1.0

AnySlot = Union[Slot, MemorySlot]


class _Line:
    __slots__ = ("data", "tells", "time_ms")

    def __init__(self, data: bytes, time_ms: int | None, tells: str = "") -> None:
        self.data = data
        #: Of an access event; None for one that tells of a loss.
        self.time_ms = time_ms
        #: Reason of the loss that it tells; empty for an access event.
        self.tells = tells


class _Flush:
    """A mark in the queue: everything before it has reached the sinks when it is set."""

    def __init__(self) -> None:
        self.done = threading.Event()


class Recorder:
    """Takes events from any thread. One per process and destination is enough."""

    def __init__(self, options: RecorderOptions) -> None:
        self._options = with_environment(options)
        self.trouble = Trouble()
        self._transport = self._make_transport()
        if self._transport is not None and self._transport.plain_to_elsewhere:
            LOGGER.warning(
                "Tocsin: %s is not https: the key crosses the network in clear", self._options.url
            )
        #: Follows Tocsin's decisions once a middleware asks it to; None where there is no URL.
        self.follower: Follower | None = None
        if self._options.url:
            url, api_key = self._options.url, self._options.api_key
            meters = Meters(self._state_root)
            self.follower = Follower(lambda: Transport(url, api_key), meters, self.trouble)
        self._queue_max = options.queue_max
        self._forget_threads()
        if not self._options.file and self._transport is None:
            LOGGER.warning(
                "Tocsin: nothing is recorded: set TOCSIN_URL, TOCSIN_FILE or file= of configure()"
            )
        _RECORDERS.add(self)

    def _make_transport(self) -> Transport | None:
        options = self._options
        if not options.url:
            return None
        return Transport(options.url, options.api_key)

    def _forget_threads(self) -> None:
        """The state before the first event: at the start, and in the child of a fork."""
        #: Time in ms and encoded event.
        self._queue: deque[tuple[int, bytes] | _Flush] = deque()
        self._wake = threading.Event()
        self._start_lock = threading.Lock()
        self._drop_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._close_by = float("inf")
        self._sinks: list[Sink] = []
        self._slot: AnySlot | None = None
        self._gaps = GapLedger()
        self._gaps_saved_at = 0.0
        self._lost_on_path = GapLedger()
        self._producer = b""
        self.trouble.renew_lock()

    # On the request path

    def record(self, event: dict[str, Any]) -> None:
        """Takes a wire event without ``producer``. Never blocks; a full queue drops and counts it.

        Raises ``TypeError`` or ``ValueError`` for an event that is not JSON.
        """
        data = encode(event)
        if len(data) > EVENT_BYTES_MAX:
            data = encode({name: value for name, value in event.items() if name != "ext"})
        if len(self._queue) >= self._queue_max:
            self.lose("queue_full", event["time"])
            return
        self._queue.append((event["time"], data))
        if not self._wake.is_set():
            self._wake.set()
        if self._thread is None:
            self._start()

    def lose(self, reason: str, time_ms: int) -> None:
        """Counts an event that could not be recorded, so that it is told by an ``audit.gap``."""
        with self._drop_lock:
            self._lost_on_path.add(reason, Gap(1, time_ms, time_ms))
        self.trouble.note(reason, "events are lost (%s) and counted", reason)

    def _start(self) -> None:
        with self._start_lock:
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._run, name="tocsin-writer", daemon=True)
            thread.start()
            self._thread = thread

    # From anywhere

    def flush(self, timeout_s: float = CLOSE_S) -> bool:
        """True when all that was put before has reached the file and the spool in time."""
        if self._thread is None:
            if not self._queue:
                return True
            self._start()
        mark = _Flush()
        self._queue.append(mark)
        self._wake.set()
        return mark.done.wait(timeout_s)

    def close(self, timeout_s: float = CLOSE_S) -> None:
        """Writes what is queued, tries to send it within the time, and stops.

        Safe to repeat. An event that comes later starts the recorder anew.
        """
        if self.follower is not None:
            self.follower.close()
        with self._start_lock:
            thread = self._thread
            self._close_by = time.monotonic() + timeout_s
            self._closing = thread is not None
        if thread is None:
            return
        self._wake.set()
        thread.join(timeout_s + 1.0)
        if thread.is_alive():
            self.trouble.note("close_timeout", "not all events could be written in time")

    def stats(self) -> dict[str, int]:
        """Counters by code: recorded, file_lines, sent, duplicate, refused, queue_full …"""
        counts = self.trouble.counts()
        for code, count in CAPTURE_TROUBLE.counts().items():
            counts[code] = counts.get(code, 0) + count
        return counts

    def after_fork(self) -> None:
        """In the child: what was queued and opened is the parent's; everything begins anew."""
        slot = self._slot
        self._forget_threads()
        if self._transport is not None:
            self._transport = self._make_transport()
        if self.follower is not None:
            self.follower.after_fork()
        if slot is not None:
            slot.close()

    # In the writer's thread

    def _run(self) -> None:
        self._safely("open_error", self._open)
        while not (self._closing and not self._queue):
            self._wake.wait(GAP_TICK_S if self._gaps or self._lost_on_path else None)
            if not self._closing:
                time.sleep(LINGER_S)
            self._wake.clear()
            self._safely("writer_error", self._empty_queue)
        self._safely("close_error", self._shut)
        with self._start_lock:
            self._thread = None
            self._closing = False

    def _safely(self, code: str, step: Callable[[], None]) -> None:
        """The thread must live as long as the process: a fault is counted and told."""
        try:
            step()
        except Exception as error:
            self.trouble.note(code, "recording failed: %r", error)

    def _shut(self) -> None:
        self._save_gaps(now=True)
        left = max(0.1, self._close_by - time.monotonic())
        closed = [sink.close(left) for sink in self._sinks]
        self._sinks = []
        slot, self._slot = self._slot, None
        # A sender that hangs still uses the slot's files: then the lock stays.
        if slot is not None and all(closed):
            slot.close()

    def _open(self) -> None:
        options = self._options
        root = self._state_root()
        self._slot = self._claim(root)
        name = options.producer or socket.gethostname() or "python"
        self._producer = json.dumps(f"{name[:200]}/{self._slot.producer}").encode("ascii")
        self._gaps = GapLedger(self._slot.load_gaps())
        if options.file:
            self._sinks.append(JsonLinesFile(options.file, self.trouble))
        if self._transport is not None:
            self._sinks.append(self._open_http(self._transport, root))

    def _open_http(self, transport: Transport, root: Path | None) -> HttpSink:
        if isinstance(self._slot, Slot):
            spool = DiskSpool(self._slot.directory, self._options.spool_bytes_max)
            return HttpSink(transport, spool, self.trouble, root)
        LOGGER.warning("Tocsin: no directory for a spool: events wait in memory only")
        return HttpSink(transport, MemorySpool(), self.trouble, None)

    def _state_root(self) -> Path | None:
        options = self._options
        if options.spool:
            return Path(options.spool)
        if self._transport is not None:
            return default_spool_root()
        if not options.file or _is_special(options.file):
            return None
        return Path(os.fspath(options.file) + ".state")

    def _claim(self, root: Path | None) -> AnySlot:
        if root is None:
            return MemorySlot()
        try:
            return claim_slot(root)
        except OSError as error:
            self.trouble.note("spool_open_error", "%s cannot be used: %s", root, error)
            return MemorySlot()

    def _empty_queue(self) -> None:
        self._note_lost_on_path()
        while self._queue:
            events: list[tuple[int, bytes]] = []
            mark: _Flush | None = None
            while self._queue and len(events) < CHUNK and mark is None:
                item = self._queue.popleft()
                if isinstance(item, _Flush):
                    mark = item
                else:
                    events.append(item)
            self._write_or_lose(events)
            if mark is not None:
                mark.done.set()
        if self._gaps:
            self._write([])
        self._save_gaps()

    def _write_or_lose(self, events: list[tuple[int, bytes]]) -> None:
        try:
            self._write(events)
        except Exception as error:
            self.trouble.note("writer_error", "events were lost: %r", error)
            for time_ms, _ in events:
                self._gaps.add("writer_error", Gap(1, time_ms, time_ms))

    def _note_lost_on_path(self) -> None:
        """Their numbers are used up: a reader sees the gap even where its telling is lost too."""
        if not self._lost_on_path or self._slot is None:
            return
        with self._drop_lock:
            lost, self._lost_on_path = self._lost_on_path, GapLedger()
        for reason, gap in lost.due(set()).items():
            self._slot.reserve(gap.count)
            self._gaps.add(reason, gap)

    def _write(self, events: list[tuple[int, bytes]]) -> None:
        """One chunk: what was lost before, then these, to every sink."""
        slot = self._slot
        if slot is None:
            for time_ms, _ in events:
                self._gaps.add("open_error", Gap(1, time_ms, time_ms))
            return
        due = self._gaps.due({sink.refusal() for sink in self._sinks if not sink.has_room()})
        if not events and not due:
            return
        lines = [
            _Line(encode(gap_event(r, g.count, g.first_ms, g.last_ms)), None, r)
            for r, g in due.items()
        ]
        lines.extend(_Line(data, time_ms) for time_ms, data in events)
        seq = slot.reserve(len(lines))
        for line in lines:
            line.data = numbered_line(line.data, self._producer, seq)
            seq += 1
        if slot.error is not None:
            self.trouble.note("seq_error", "numbers could not be kept: %s", slot.error)
        self.trouble.count("recorded", len(events))
        told: set[str] = set()
        for sink in self._sinks:
            told |= self._give(sink, lines)
        self._gaps.forget({reason: gap for reason, gap in due.items() if reason in told})

    def _give(self, sink: Sink, lines: list[_Line]) -> set[str]:
        """Gives the lines to a sink, counts what it did not take; the reasons that it did tell."""
        if any(line.tells for line in lines):
            lines = [line for line in lines if _goes_to(line.tells, sink)]
        taken = sink.write([line.data for line in lines])
        lost = Gap()
        for line in lines[taken:]:
            if line.time_ms is not None:
                lost.add(line.time_ms)
        if lost.count:
            self._gaps.add(sink.refusal(), lost)
            self.trouble.count(sink.name + "_dropped", lost.count)
        return {line.tells for line in lines[:taken] if line.tells}

    def _save_gaps(self, now: bool = False) -> None:
        """On record at most once a second, so that a loss survives a crash without costing much."""
        if not self._gaps.changed or self._slot is None:
            return
        if not now and time.monotonic() - self._gaps_saved_at < GAP_TICK_S:
            return
        self._gaps_saved_at = time.monotonic()
        try:
            self._slot.save_gaps(self._gaps.as_lists())
        except OSError as error:
            self.trouble.note("gap_error", "losses could not be put on record: %s", error.strerror)


def _goes_to(reason: str, sink: Sink) -> bool:
    """A loss of one sink is told there, and nowhere else; all the rest goes everywhere."""
    if reason.startswith("spool_"):
        return sink.name == "spool"
    if reason == "file_error":
        return sink.name == "file"
    return True


def _is_special(file: str | os.PathLike[str]) -> bool:
    """A device or a pipe, beside which no directory of state is wanted."""
    path = Path(file)
    return path.exists() and not path.is_file()


_RECORDERS: weakref.WeakSet[Recorder] = weakref.WeakSet()
_default: Recorder | None = None
_default_lock = threading.Lock()


def configure(options: RecorderOptions) -> Recorder:
    """Makes the recorder of all middlewares that have none of their own. ``ValueError``."""
    global _default
    with _default_lock:
        previous, _default = _default, Recorder(options)
    if previous is not None:
        previous.close()
    return _default


def default_recorder() -> Recorder:
    """The configured recorder, else one from the environment."""
    global _default
    if _default is None:
        with _default_lock:
            if _default is None:
                _default = Recorder(RecorderOptions())
    return _default


def _close_all() -> None:
    for recorder in list(_RECORDERS):
        recorder.close()


def _after_fork() -> None:
    global _default_lock
    _default_lock = threading.Lock()
    CAPTURE_TROUBLE.renew_lock()
    for recorder in list(_RECORDERS):
        recorder.after_fork()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
