"""How much of a limit has been used: token buckets of a throttle, rows of an owner's approval.

One account per actor and session, in a small file that all worker processes of a machine share
under a lock, so that four workers do not let through four times as much, and a worker that is
replaced does not begin anew. Where there is no such directory, in memory. Only requests under a
throttle or an approval come here. Buckets go by the monotonic clock, which nobody can set; the end
of an approval is a time of the wall clock, as it came.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Protocol

from .decisions import Approval, Entry

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: An account that nobody has used for so long is removed.
FILE_AGE_S_MAX = 2 * 24 * 3600
ACCOUNTS_MAX = 50_000
LOCK_LOOKS = 40
LOCK_LOOK_S = 0.0005
_FORM = struct.Struct("<6d")


@dataclass(frozen=True)
class Account:
    """The state of one actor and session."""

    #: Monotonic time to which the two levels belong.
    at_s: float
    #: What is left of a minute's requests and rows. Rows may be owed: below zero.
    requests: float
    rows: float
    #: Rows used of the approval that the next two name.
    used: float = 0
    approved_rows: float = 0
    approved_until_ms: float = 0


#: From an account, or None where there is none yet, to the new one and an answer.
Step = Callable[["Account | None"], "tuple[Account, float]"]


class Store(Protocol):
    def update(self, key: str, step: Step) -> float:
        """Runs the step on the account, alone, keeps the account, and gives the step's answer."""


class MemoryStore:
    """Accounts of this process."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._lock = threading.Lock()

    def update(self, key: str, step: Step) -> float:
        with self._lock:
            account, answer = step(self._accounts.pop(key, None))
            while len(self._accounts) >= ACCOUNTS_MAX:
                del self._accounts[next(iter(self._accounts))]
            self._accounts[key] = account
            return answer


class FileStore:
    """Accounts of all processes that use the directory; what cannot be kept there, in memory."""

    def __init__(self, directory: Path) -> None:
        """Raises ``OSError`` where the directory cannot be used."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = os.fspath(directory)
        self._memory = MemoryStore()
        self._remove_old()

    def _remove_old(self) -> None:
        with contextlib.suppress(OSError):
            for path in Path(self._directory).iterdir():
                with contextlib.suppress(OSError):
                    if time.time() - path.stat().st_mtime > FILE_AGE_S_MAX:
                        path.unlink()

    def update(self, key: str, step: Step) -> float:
        name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:40]
        try:
            with self._locked(os.path.join(self._directory, name)) as fd:
                account, answer = step(parse_account(os.pread(fd, _FORM.size + 1, 0)))
                os.pwrite(fd, _bytes_of(account), 0)
                return answer
        except OSError:  # the disk is full, or somebody who holds the lock was stopped
            return self._memory.update(key, step)

    @contextlib.contextmanager
    def _locked(self, path: str) -> Iterator[int]:
        """The lock ends with the file: also when the process is killed."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        fd = os.open(path, flags, 0o600)
        try:
            _lock(fd)
            yield fd
        finally:
            os.close(fd)


def _lock(fd: int) -> None:
    """Held for microseconds; an event loop must not wait for a process that was stopped with it."""
    for _ in range(LOCK_LOOKS):
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_LOOK_S)
    raise TimeoutError("the lock of an account is not free")


def open_store(root: Path | None) -> Store:
    """The accounts of the machine below this directory, else of the process."""
    if root is None or fcntl is None:
        return MemoryStore()
    try:
        return FileStore(root / "meters")
    except OSError:
        return MemoryStore()


def _bytes_of(a: Account) -> bytes:
    return _FORM.pack(a.at_s, a.requests, a.rows, a.used, a.approved_rows, a.approved_until_ms)


def parse_account(data: bytes) -> Account | None:
    """None for an empty file, and for one that was cut or is not ours."""
    if len(data) != _FORM.size:
        return None
    values = _FORM.unpack(data)
    return Account(*values) if all(map(math.isfinite, values)) else None


@dataclass(frozen=True)
class Grant:
    """A request that was let through within limits; its rows are counted when it has ended."""

    meters: Meters
    entry: Entry
    #: What was taken off beforehand, and what is to stay so where nobody says how many they were.
    reserved: float
    if_unknown: float

    def settle(self, rows: float | None) -> None:
        """``rows`` is how many the answer had, None where that is not known. Once."""
        self.meters.settle(self, self.if_unknown if rows is None else rows)


class Meters:
    """The limits of entries. Its store is opened when it is first needed."""

    def __init__(self, root: Callable[[], Path | None]) -> None:
        """``root`` says below which directory the accounts are; None for memory."""
        self._root = root
        self._store: Store | None = None

    def after_fork(self) -> None:
        """In the child: a lock may have been held by a thread that is not there."""
        self._store = None

    def _update(self, entry: Entry, step: Step) -> float:
        if self._store is None:
            self._store = open_store(self._root())
        return self._store.update(_key(entry), step)

    # Throttle

    def take(self, entry: Entry, asked: float | None, now_s: float) -> Grant | float:
        """A grant for one request of so many rows; or how many seconds are to be waited."""
        reserved = asked or 0.0

        def step(account: Account | None) -> tuple[Account, float]:
            filled = _filled(account, entry, now_s)
            wait_s = max(
                _wait_s(filled.requests, 1, entry.requests_per_minute),
                _wait_s(filled.rows, max(1, reserved), entry.rows_per_minute),
            )
            if wait_s > 0:
                return filled, wait_s
            requests = filled.requests - (entry.requests_per_minute is not None)
            rows = filled.rows - (reserved if entry.rows_per_minute is not None else 0)
            return replace(filled, requests=requests, rows=rows), 0.0

        wait_s = self._update(entry, step)
        return wait_s if wait_s > 0 else Grant(self, entry, reserved, reserved)

    # Approval

    def draw(self, entry: Entry, asked: float | None, now_ms: float) -> Grant | None:
        """A grant out of what an owner released; None where it does not suffice.

        A read of unknown size takes all that is left until its rows are known, so that not two of
        them run at once; one whose rows are never told has used it up.
        """
        approved = entry.approved
        if approved is None or approved.until_ms <= now_ms:
            return None

        def step(account: Account | None) -> tuple[Account, float]:
            current = _with_approval(account, approved)
            left = approved.rows - current.used
            reserved = left if asked is None else asked
            if left <= 0 or reserved > left:
                return current, -1.0
            return replace(current, used=current.used + reserved), reserved

        reserved = self._update(entry, step)
        return Grant(self, entry, reserved, reserved) if reserved >= 0 else None

    def settle(self, grant: Grant, rows: float) -> None:
        entry, more = grant.entry, rows - grant.reserved
        if more == 0:
            return

        def step(account: Account | None) -> tuple[Account, float]:
            known = account or _full(entry, time.monotonic())
            approved = entry.approved
            if approved is None:
                owed = more if entry.rows_per_minute is not None else 0
                return replace(known, rows=known.rows - owed), 0.0
            if not _is_of(known, approved):  # the owner has changed it meanwhile
                return known, 0.0
            return replace(known, used=max(0.0, known.used + more)), 0.0

        self._update(entry, step)


def _key(entry: Entry) -> str:
    """Not the id: a decision that is made again does not begin with full buckets."""
    session = "" if entry.session is None else "\0" + entry.session
    return f"{entry.actor}{session}"


def _capacity(per_minute: float | None) -> float:
    """A minute's worth; at least one where any may pass at all."""
    if per_minute is None:
        return 0.0
    return max(1.0, per_minute) if per_minute > 0 else 0.0


def _full(entry: Entry, now_s: float) -> Account:
    rows = _capacity(entry.rows_per_minute)
    return Account(now_s, _capacity(entry.requests_per_minute), rows)


def _filled(account: Account | None, entry: Entry, now_s: float) -> Account:
    """The account at this time. One from before the machine's start is as good as none."""
    if account is None or account.at_s > now_s + 1:
        return _full(entry, now_s)
    minutes = max(0.0, now_s - account.at_s) / 60
    full = _full(entry, now_s)
    return replace(
        account,
        at_s=max(now_s, account.at_s),
        requests=min(full.requests, account.requests + minutes * (entry.requests_per_minute or 0)),
        rows=min(full.rows, account.rows + minutes * (entry.rows_per_minute or 0)),
    )


def _wait_s(level: float, wanted: float, per_minute: float | None) -> float:
    """Until the level reaches what is wanted; infinite where it never does."""
    if per_minute is None or level >= wanted:
        return 0.0
    if per_minute == 0 or wanted > _capacity(per_minute):
        return math.inf
    return (wanted - level) / per_minute * 60


def _with_approval(account: Account | None, approved: Approval) -> Account:
    """The account with this approval in it; a new one begins unused.

    One approval has one end. Tocsin says how many rows are left of it, by what it has seen so far,
    and workers may hold tables of different age; so of two numbers for one end the smaller holds.
    """
    known = account or Account(0.0, 0.0, 0.0)
    rows, until_ms = approved.rows, approved.until_ms
    if not _is_of(known, approved):
        return replace(known, used=0.0, approved_rows=rows, approved_until_ms=until_ms)
    if known.approved_rows == rows:
        return known
    left = min(rows, known.approved_rows - known.used)
    return replace(known, used=rows - left, approved_rows=rows)


def _is_of(account: Account, approved: Approval) -> bool:
    return account.approved_until_ms == approved.until_ms
