"""Keeps this process's copy of Tocsin's decisions by one thread (docs/spec/decisions.md).

A request reads ``table`` and waits for nothing. While Tocsin is away the last table stays in force,
each entry until its own end, and ``age_s`` tells how long nobody has confirmed it. After a restart
Tocsin does not know the cursor and sends the whole table, which takes the old one's place. The
thread starts with the first request and not before, so each forked worker has its own.
"""

from __future__ import annotations

import http.client
import math
import random
import threading
import time
from typing import Callable
from urllib.parse import urlencode

from .decisions import Change, Table, parse_change
from .meters import Meters
from .transport import Reply, Transport, parse_answer
from .trouble import Trouble

PATH = "/v1/decisions"
#: How long Tocsin may hold a poll in which nothing changes; it holds none for longer than 30 s.
POLL_WAIT_S = 20
#: What an answer may take beyond that.
POLL_GRACE_S = 10.0
BACKOFF_S_MIN = 0.1
#: Short, because a worker that comes back late enforces what is old; a refused connection costs
#: little, and Tocsin takes a thousand followers.
BACKOFF_S_MAX = 3.0
#: Between an answer with news and the next poll: many changes at once cost one.
BREATH_S = 0.02
#: After an answer without news that did not wait as asked: no busy loop, whatever the server does.
UNHELD_S = 1.0
#: Where Tocsin refuses the key or knows no decisions: somebody has to act first.
REFUSED_S = 30.0
#: Not the module's generator: forked workers would share its state and retry in step.
_random = random.SystemRandom()


class Follower:
    """Shared by all middlewares of a recorder. Every method may be called from any thread."""

    def __init__(self, connect: Callable[[], Transport], meters: Meters, trouble: Trouble) -> None:
        """``connect`` makes a transport of its own; a request waits in it for half a minute."""
        self._connect = connect
        self._trouble = trouble
        #: What has been used of the limits in the table.
        self.meters = meters
        #: Replaced as a whole, never changed.
        self.table = Table()
        self._confirmed_at = -math.inf
        self._cursor: str | None = None
        self._forget_thread()

    def _forget_thread(self) -> None:
        self._start_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._transport: Transport | None = None
        self._stop = threading.Event()
        self._asked = threading.Event()
        self._failures = 0

    # From anywhere

    def start(self) -> None:
        """Starts to follow, where that has not been done in this process. Does not wait."""
        if self._thread is not None:
            return
        with self._start_lock:
            if self._thread is not None:
                return
            self._stop = threading.Event()
            thread = threading.Thread(target=self._run, name="tocsin-decisions", daemon=True)
            thread.start()
            self._thread = thread

    @property
    def asked(self) -> bool:
        """True once Tocsin has answered or failed to: waiting longer would not help."""
        return self._asked.is_set()

    def wait_for_first(self, timeout_s: float) -> None:
        """Returns when ``asked`` is true, or the time is over."""
        self._asked.wait(timeout_s)

    def age_s(self) -> float:
        """How long ago Tocsin confirmed the table; infinite where it never did."""
        return time.monotonic() - self._confirmed_at

    def close(self) -> None:
        """Stops following; the table stays. Safe to repeat. ``start`` begins again."""
        with self._start_lock:
            thread, self._thread = self._thread, None
            self._stop.set()
            transport = self._transport
        if thread is not None and transport is not None:
            transport.abort()

    def after_fork(self) -> None:
        """In the child: the thread and its connection are the parent's; the table may stay."""
        self._forget_thread()
        self.meters.after_fork()

    # In the thread

    def _run(self) -> None:
        stop = self._stop
        transport = self._transport = self._connect()
        while not stop.is_set():
            try:
                pause_s = self._poll(transport)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._trouble.note(
                    "decisions_unreachable",
                    "decisions cannot be followed (%s); those known stay in force until their end",
                    str(error)[:200] or type(error).__name__,
                )
                transport.close()
                pause_s = self._backoff_s()
            except Exception as error:  # the thread must live as long as the process
                self._trouble.note("decisions_error", "decisions are not followed: %r", error)
                pause_s = self._backoff_s()
            self._asked.set()
            stop.wait(pause_s)
        transport.close()

    def _poll(self, transport: Transport) -> float:
        """Asks once; how long to pause before the next time."""
        query: dict[str, object] = {"wait": POLL_WAIT_S}
        if self._cursor is not None:
            query["after"] = self._cursor
        asked_at = time.monotonic()
        reply = transport.get(f"{PATH}?{urlencode(query)}", POLL_WAIT_S + POLL_GRACE_S)
        if reply.status != 200:
            return self._refused(reply)
        change = parse_change(reply.data)
        self._take(change)
        self._failures = 0
        was_held = time.monotonic() - asked_at > UNHELD_S
        has_news = change.full or change.entries or change.lifted
        if change.cursor is not None and (was_held or has_news):
            return BREATH_S
        return UNHELD_S * _random.uniform(0.5, 1.0)

    def _take(self, change: Change) -> None:
        if change.unread:
            self._trouble.note(
                "decision_unread", "%d decisions could not be read and are not kept", change.unread
            )
        table = self.table.after(change, time.time() * 1000)
        if table.dropped:
            self._trouble.note("decisions_full", "%d decisions had no room", table.dropped)
        self.table = table
        self._cursor = change.cursor
        self._confirmed_at = time.monotonic()

    def _refused(self, reply: Reply) -> float:
        answer = parse_answer(reply.status, reply.data, reply.retry_after, time.time())
        if reply.status in (400, 410, 422):
            # A cursor that is not liked: the next poll asks for the whole table.
            self._cursor = None
        self._trouble.note(
            "decisions_refused",
            "decisions cannot be followed (%d %s); the key needs the scope decide",
            reply.status,
            answer.detail,
        )
        if reply.status in (401, 403, 404):
            return REFUSED_S * _random.uniform(0.5, 1.0)
        asked_s = (answer.retry_after_s or 0) * _random.uniform(1.0, 1.1)
        return max(asked_s, self._backoff_s())

    def _backoff_s(self) -> float:
        """Exponential with jitter, so that workers do not come back all at once."""
        ceiling = min(BACKOFF_S_MAX, BACKOFF_S_MIN * 2 ** min(self._failures, 16))
        self._failures += 1
        return _random.uniform(ceiling / 2, ceiling)
