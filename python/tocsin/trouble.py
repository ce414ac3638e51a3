"""Counts what goes wrong and says each sort of it once.

The package must never raise into the application and never fill its log. So every fault becomes a
count under a stable code, and the first of each code is one line through ``logging`` (logger
``tocsin``). The counts are what ``tocsin.stats()`` shows.
"""

from __future__ import annotations

import logging
import threading

LOGGER = logging.getLogger("tocsin")


class Trouble:
    """Counters shared by the parts of one recorder. Safe to call from any thread."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._said: set[str] = set()
        self._lock = threading.Lock()

    def count(self, code: str, n: int = 1) -> None:
        """Adds ``n`` to a plain counter; nothing is logged."""
        with self._lock:
            self._counts[code] = self._counts.get(code, 0) + n

    def note(self, code: str, message: str, *args: object) -> None:
        """Counts a fault and logs the message the first time that this code appears."""
        with self._lock:
            self._counts[code] = self._counts.get(code, 0) + 1
            first = code not in self._said
            self._said.add(code)
        if first:
            LOGGER.warning("Tocsin: " + message + " (said once; counted as %s)", *args, code)

    def get(self, code: str) -> int:
        with self._lock:
            return self._counts.get(code, 0)

    def counts(self) -> dict[str, int]:
        """A copy of all counters, by code."""
        with self._lock:
            return dict(self._counts)

    def renew_lock(self) -> None:
        """In the child of a fork: the lock may have been held by a thread that is not there."""
        self._lock = threading.Lock()


#: Of what happens on the request path, before an event belongs to a recorder.
CAPTURE_TROUBLE = Trouble()
