"""What Tocsin has decided about whom: the table of docs/spec/decisions.md.

Everything here is data. An entry is checked and copied once; one that cannot be meant so is left
out and counted, and the others hold. A ``Table`` never changes: the thread that follows Tocsin puts
a new one in its place, so a request reads it without a lock.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .text import clip

#: From the strictest to the mildest: of two that are in force the stricter holds.
DECISIONS = ("end_session", "deny", "step_up", "approval_required", "throttle")
#: More than this are not kept; a table of that size means that something else is wrong.
ENTRIES_MAX = 50_000
#: No decision lasts longer.
ENDED_KEPT_MS = 24 * 3600 * 1000
REASON_BYTES_MAX = 1024
CHALLENGE_CHARS_MAX = 1024
CURSOR_CHARS_MAX = 512
ACR_VALUES_MAX = 32
#: RFC 9470 section 3; where the server's own challenge cannot stand in a header.
PLAIN_CHALLENGE = 'Bearer error="insufficient_user_authentication"'

_STRICTNESS = {name: i for i, name in enumerate(DECISIONS)}


@dataclass(frozen=True)
class Approval:
    """What an owner released: so many rows, until then."""

    rows: float
    until_ms: float


@dataclass(frozen=True)
class Entry:
    """One decision. Members that its sort does not have are None."""

    id: str
    actor: str
    #: None where it is about all that the actor does.
    session: str | None
    decision: str
    since_ms: float = 0
    #: Infinite where nothing ends.
    until_ms: float = math.inf
    reason: str = ""
    requests_per_minute: float | None = None
    rows_per_minute: float | None = None
    acr_values: tuple[str, ...] = ()
    challenge: str = PLAIN_CHALLENGE
    bulk_rows: float = 0
    approved: Approval | None = None

    @property
    def strictness(self) -> int:
        """0 is the strictest."""
        return _STRICTNESS[self.decision]


@dataclass(frozen=True)
class Change:
    """One answer of ``GET /v1/decisions``."""

    cursor: str | None
    #: The entries are the whole table: what is not in it is allowed.
    full: bool
    entries: tuple[Entry, ...]
    #: Actor and session of what is taken away.
    lifted: frozenset[tuple[str, str | None]]
    #: How many entries could not be read.
    unread: int


@dataclass(frozen=True)
class Table:
    """All that is in force, by actor and session. Not changed after it is made."""

    entries: Mapping[tuple[str, str | None], Entry] = field(default_factory=dict)
    #: How many had no room.
    dropped: int = 0

    def after(self, change: Change, now_ms: float) -> Table:
        """The table with a change applied, without what ended long ago.

        What ended a moment ago stays: the clock may have jumped, and is put right again.
        """
        entries = {} if change.full else dict(self.entries)
        for who in change.lifted:
            entries.pop(who, None)
        for entry in change.entries:
            entries[entry.actor, entry.session] = entry
        since_ms = now_ms - ENDED_KEPT_MS
        kept = {who: entry for who, entry in entries.items() if entry.until_ms > since_ms}
        if len(kept) <= ENTRIES_MAX:
            return Table(kept)
        held = {who: entry for who, entry in kept.items() if entry.until_ms > now_ms}
        strictest_first = sorted(held, key=lambda who: held[who].strictness)
        kept = {who: held[who] for who in strictest_first[:ENTRIES_MAX]}
        return Table(kept, len(held) - len(kept))

    def about(self, actor: str, session: str | None, now_ms: float) -> list[Entry]:
        """What is in force for a request, the strictest first, a session's own before the rest."""
        entries = self.entries
        if not entries:
            return []
        found = [] if session is None else [entries.get((actor, session))]
        found.append(entries.get((actor, None)))
        held = [entry for entry in found if entry is not None and entry.until_ms > now_ms]
        if len(held) > 1 and held[1].strictness < held[0].strictness:
            held.reverse()
        return held


def parse_change(data: bytes) -> Change:
    """Untrusted bytes of an answer to a ``Change``. Raises ``ValueError`` for what is none."""
    try:
        body = json.loads(data)
    except RecursionError:
        raise ValueError("the answer is nested too deeply") from None
    if not isinstance(body, dict) or not isinstance(body.get("entries"), list):
        raise ValueError("the answer has no list of entries")
    cursor = body.get("cursor")
    if not isinstance(cursor, str) or not 0 < len(cursor) <= CURSOR_CHARS_MAX:
        cursor = None
    entries: dict[tuple[str, str | None], Entry] = {}
    lifted: set[tuple[str, str | None]] = set()
    unread = 0
    for item in body["entries"]:
        try:
            who = _who(item)
            if item.get("decision") == "allow":
                # Of one actor and session the last word counts.
                lifted.add(who)
                entries.pop(who, None)
                continue
            entries[who] = parse_entry(item)
            lifted.discard(who)
        except ValueError:
            unread += 1
    full = body.get("full") is True
    return Change(cursor, full, tuple(entries.values()), frozenset(lifted), unread)


def _who(item: Any) -> tuple[str, str | None]:
    if not isinstance(item, dict):
        raise ValueError("an entry is an object")
    actor, session = item.get("actor"), item.get("session")
    if not isinstance(actor, str) or not actor:
        raise ValueError("an entry names its actor")
    if session is not None and (not isinstance(session, str) or not session):
        raise ValueError("a session is a text or null")
    # As the events name them, from which the server knows them (event.py).
    return clip(actor), None if session is None else clip(session)


def parse_entry(item: Any) -> Entry:
    """One entry that is not ``allow``. Raises ``ValueError`` for what cannot be meant so."""
    actor, session = _who(item)
    decision = item.get("decision")
    if not isinstance(decision, str) or decision not in _STRICTNESS:
        raise ValueError("the decision is not known")
    limits = item.get("limits")
    if not isinstance(limits, dict):
        limits = {}
    entry = Entry(
        id=_text(item.get("id"), REASON_BYTES_MAX),
        actor=actor,
        session=session,
        decision=decision,
        since_ms=_number(item.get("since"), 0),
        until_ms=_number(item.get("until"), math.inf),
        reason=_text(item.get("reason"), REASON_BYTES_MAX),
        requests_per_minute=_number(limits.get("requestsPerMinute"), None),
        rows_per_minute=_number(limits.get("rowsPerMinute"), None),
        acr_values=_acr_values(item.get("acrValues")),
        challenge=_challenge(item.get("challenge")),
        bulk_rows=_number(item.get("bulkRows"), 0),
        approved=_approval(item.get("approved")),
    )
    if decision == "throttle" and entry.requests_per_minute is entry.rows_per_minute is None:
        raise ValueError("a throttle has a limit")
    return entry


def _text(value: Any, bytes_max: int) -> str:
    """Cut to its limit; characters that are none of Unicode would not pass through an event."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("a text was expected")
    return clip(value, bytes_max).encode("utf-8", "replace").decode("utf-8")


def _number(value: Any, otherwise: Any) -> Any:
    """Finite and not negative; ``otherwise`` where there is none."""
    if value is None:
        return otherwise
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("a number was expected")
    if not 0 <= value < 2**53:  # what is not a number fails here, too
        raise ValueError("the number is out of range")
    return value


def _acr_values(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ValueError("acrValues is a list of texts")
    if len(value) > ACR_VALUES_MAX:
        raise ValueError("there are too many acrValues")
    return tuple(value)


def _challenge(value: Any) -> str:
    """For a header, so nothing that could end it or begin another."""
    if not isinstance(value, str) or len(value) > CHALLENGE_CHARS_MAX:
        return PLAIN_CHALLENGE
    fits = value.startswith("Bearer ") and value.isascii() and value.isprintable()
    return value if fits else PLAIN_CHALLENGE


def _approval(value: Any) -> Approval | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ValueError("approved is an object or null")
    rows, until_ms = _number(value.get("rows"), None), _number(value.get("until"), None)
    if rows is None or until_ms is None:
        raise ValueError("an approval has rows and an end")
    return Approval(rows, until_ms)
