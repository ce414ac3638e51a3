"""What Tocsin has decided, enforced on a request before the application sees it.

The answers are those of docs/spec/decisions.md. Only an identity that was proved is concerned: a
request that merely states somebody's name is neither refused for it nor let through by it. Nothing
here waits for the network; while Tocsin is away what is known stays in force until its own end, and
``on_unreachable`` says what happens beyond that.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from typing import Any, Union

from .bulk import Bulk
from .decisions import Entry
from .follower import Follower
from .identity import Identity, RequestView
from .meters import Grant
from .text import clip

ON_UNREACHABLE = ("open", "closed")
#: Longer than a poll and its grace, so that a healthy table never looks old.
TABLE_AGE_S_MAX = 60.0
TABLE_AGE_S_LEAST = 35.0
RETRY_AFTER_S_MAX = 3600
#: Until when a request waits at most for the first table of a fresh process.
FIRST_TABLE_S = 0.5
STALE_RETRY_S = 5

_SESSION_ENDED = 'Bearer error="invalid_token", error_description="the session was ended"'
#: Status, code and title of each decision's answer.
_ANSWERS = {
    "throttle": (429, "throttled", "Too many requests or rows for now"),
    "step_up": (401, "step_up", "A stronger or newer login is needed"),
    "approval_required": (403, "approval_required", "An owner has to approve this read"),
    "end_session": (401, "session_ended", "The session was ended"),
    "deny": (403, "denied", "Access is denied"),
}


@dataclass(frozen=True)
class Refusal:
    """An answer in the application's place."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    #: For the event: ``reasonCode``, and ``policy`` where a decision is behind it.
    reason: str
    policy: dict[str, str]


Judgement = Union[Refusal, Grant, None]


class Enforcer:
    """Of one middleware; its state is in the follower's table and meters."""

    def __init__(self, bulk: Bulk, on_unreachable: str, table_age_s_max: float) -> None:
        """Raises ``ValueError`` for settings that cannot be meant so."""
        if on_unreachable not in ON_UNREACHABLE:
            raise ValueError(f"on_unreachable must be one of {', '.join(ON_UNREACHABLE)}")
        if not table_age_s_max >= TABLE_AGE_S_LEAST:
            raise ValueError(f"table_age_s_max must be at least {TABLE_AGE_S_LEAST:.0f}")
        self.bulk = bulk
        self.is_closed = on_unreachable == "closed"
        self._age_s_max = table_age_s_max

    def judge(
        self, follower: Follower, identity: Identity, session: str | None, view: RequestView
    ) -> Judgement:
        """A refusal; a grant, to be settled when the request has ended; or None: it goes on."""
        if self.is_closed and follower.age_s() > self._age_s_max:
            return stale()
        now_ms = time.time() * 1000
        for entry in _held(follower, identity, session, now_ms):
            if entry.decision == "step_up" and _shows(identity, entry):
                continue  # as if it were not there: the milder one, if any, holds
            if entry.decision == "approval_required" and not self._is_bulk(entry, view):
                continue  # what it lets pass must still pass the milder one
            return self._apply(entry, follower, view, now_ms)
        return None

    def cuts_off(
        self, follower: Follower, identity: Identity, session: str | None
    ) -> Refusal | None:
        """Of what goes on for long: whether it has to end now."""
        for entry in _held(follower, identity, session, time.time() * 1000):
            if entry.decision in ("end_session", "deny"):
                return refusal_of(entry)
        return None

    def _is_bulk(self, entry: Entry, view: RequestView) -> bool:
        asked = self.bulk.rows_asked(view)
        if asked is None:
            return self.bulk.is_bulk_route(view, entry.bulk_rows)
        return asked >= entry.bulk_rows

    def _apply(
        self, entry: Entry, follower: Follower, view: RequestView, now_ms: float
    ) -> Judgement:
        if entry.decision == "throttle":
            asked = self.bulk.rows_asked(view) if entry.rows_per_minute is not None else None
            grant = follower.meters.take(entry, asked, time.monotonic())
            if isinstance(grant, Grant):
                return grant
            return refusal_of(entry, retry_after_s(grant, entry, now_ms))
        if entry.decision == "approval_required":
            asked = self.bulk.rows_asked(view)
            return follower.meters.draw(entry, asked, now_ms) or refusal_of(entry)
        return refusal_of(entry)


def _held(
    follower: Follower, identity: Identity, session: str | None, now_ms: float
) -> list[Entry]:
    """What is in force for a caller, by the names that stand in the events."""
    named = identity.session or session
    return follower.table.about(clip(str(identity.id)), clip(str(named)) if named else None, now_ms)


def _shows(identity: Identity, entry: Entry) -> bool:
    """The token's verified claims satisfy the challenge."""
    at = identity.auth_time
    if at is None or isinstance(at, bool) or not isinstance(at, (int, float)):
        return False
    if entry.acr_values and identity.acr not in entry.acr_values:
        return False
    return at * 1000 >= entry.since_ms


def retry_after_s(wait_s: float, entry: Entry, now_ms: float) -> int:
    """Whole seconds, not beyond the end of the decision."""
    wait_s = min(wait_s, (entry.until_ms - now_ms) / 1000, RETRY_AFTER_S_MAX)
    return max(1, math.ceil(wait_s))


def refusal_of(entry: Entry, retry_s: int | None = None) -> Refusal:
    status, code, title = _ANSWERS[entry.decision]
    headers: list[tuple[str, str]] = []
    if entry.decision == "step_up":
        headers.append(("WWW-Authenticate", entry.challenge))
    if entry.decision == "end_session":
        headers.append(("WWW-Authenticate", _SESSION_ENDED))
    members: dict[str, Any] = {"decision": entry.decision, "decisionId": entry.id}
    if entry.until_ms < math.inf:
        members["until"] = int(entry.until_ms)
    if entry.decision == "approval_required":
        members["bulkRows"] = entry.bulk_rows
    if retry_s is not None:
        headers.append(("Retry-After", str(retry_s)))
        members["retryAfterSeconds"] = retry_s
    problem = {"title": title, "status": status, "detail": entry.reason or title, "code": code}
    policy = {"decision": "deny"}
    if entry.id:
        policy["id"] = entry.id
    return _refusal(status, headers, {**problem, **members}, (entry.decision, policy))


def stale() -> Refusal:
    """Nobody has confirmed the table for too long, and the middleware is to fail closed."""
    title = "Access cannot be decided for now"
    problem = {"title": title, "status": 503, "detail": title, "code": "decisions_unavailable"}
    headers = [("Retry-After", str(STALE_RETRY_S))]
    return _refusal(503, headers, problem, ("decisions_unavailable", {"decision": "deny"}))


def _refusal(
    status: int,
    headers: list[tuple[str, str]],
    problem: dict[str, Any],
    event: tuple[str, dict[str, str]],
) -> Refusal:
    body = json.dumps({"type": "about:blank", **problem}, ensure_ascii=False).encode("utf-8")
    common = (
        ("Content-Type", "application/problem+json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    )
    return Refusal(status, (*common, *headers), body, *event)
