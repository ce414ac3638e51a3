"""Builds the wire event: what a producer may send to Tocsin, as a JSON-able nested dict.

Field names and limits are those of docs/spec/event.md; the server refuses a top-level name that it
does not know, so what has no field of its own goes to ``ext.python``. Times, counts and sizes are
integers. Text longer than its limit is cut at a character, because a cut user agent is worth more
than a refused event. Nothing here does I/O except for the random bits of an id.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

from .exchange import Exchange
from .facts import ACTOR_TYPES, LIST_ITEMS_MAX
from .identity import ANONYMOUS, Identity
from .route import describe
from .text import LONG_TEXT_BYTES_MAX, clip

DENIED_STATUS = (401, 403)
RATE_LIMITED_STATUS = 429
#: The year 2200: what is later is no time in seconds.
AUTH_TIME_S_MAX = 7_258_118_400
_MODEL_FACTS = {
    "provider": "provider",
    "requested": "requested",
    "model": "served",
    "version": "version",
    "digest": "digest",
}
_EVENT_FACTS = frozenset(
    ("conversation", "finish", "operation", "resource", "rows", "system", "usage")
)
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?\Z")
#: Events are trees that were made here or copied, so nothing in them goes round in a circle.
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode


def uuid7(time_ms: int) -> str:
    """A UUIDv7 (RFC 9562 section 5.7): 48 bits of milliseconds, 74 random bits.

    The bits are the system's and cannot be foretold: who could, might send an event with the id of
    one that is still to come, which would then be refused as a conflict.
    """
    try:
        bits = _random_bits.pop()
    except IndexError:
        bits = _refill_random_bits()
    time = f"{time_ms & 0xFFFF_FFFF_FFFF:012x}"
    tail = f"{0x8000_0000_0000_0000 | bits & 0x3FFF_FFFF_FFFF_FFFF:016x}"
    return f"{time[:8]}-{time[8:]}-7{bits >> 68:03x}-{tail[:4]}-{tail[4:]}"


#: Random numbers of 80 bits. A system call for each would cost more than all the rest of an id.
_random_bits: list[int] = []
_RANDOM_BITS_AT_ONCE = 64


def _refill_random_bits() -> int:
    data = os.urandom(10 * (_RANDOM_BITS_AT_ONCE + 1))
    numbers = [int.from_bytes(data[i : i + 10], "big") for i in range(0, len(data), 10)]
    _random_bits.extend(numbers[1:])
    return numbers[0]


if hasattr(os, "register_at_fork"):
    # A child with its parent's numbers would make the same ids.
    os.register_at_fork(after_in_child=_random_bits.clear)


def encode(event: dict[str, Any]) -> bytes:
    """The event as JSON in ASCII, on one line. Raises ``ValueError`` for NaN."""
    return _encode(event).encode("ascii")


def numbered_line(encoded: bytes, producer: bytes, seq: int) -> bytes:
    """A line of JSON Lines: the encoded event with its producer and number as the last members."""
    return b'%s,"producer":%s,"producerSeq":%d}\n' % (encoded[:-1], producer, seq)


def build_event(exchange: Exchange, system: str | None = None) -> dict[str, Any]:
    """The event of one request. The recorder adds ``producer`` and ``producerSeq``."""
    facts = exchange.facts
    event_id = uuid7(exchange.time_ms)
    kind = kind_of(exchange)
    outcome, reason = judge(exchange)
    endpoint = describe(exchange.method, exchange.endpoint)
    event: dict[str, Any] = {
        "id": event_id,
        "requestId": clip(exchange.request_id) if exchange.request_id else event_id,
        "time": exchange.time_ms,
        "kind": kind,
        "outcome": outcome,
        "actor": _actor(exchange),
        "operation": endpoint.call_verb if kind == "ai.invoke" else endpoint.verb,
        "protocol": "http",
        "endpoint": endpoint.text,
        "durationMs": max(0, exchange.end_ns - exchange.start_ns) // 1_000_000,
        "bytes": {"in": exchange.in_bytes, "out": exchange.out_bytes},
    }
    if system:
        event["system"] = system
    if reason:
        event["reasonCode"] = reason
    _put_source(event, exchange)
    _put_course(event, exchange)
    if facts:
        _put_facts(event, facts)
    if exchange.policy:
        event["policy"] = exchange.policy
    if exchange.traceparent:
        _put_trace(event, exchange.traceparent)
    ext = _ext(exchange)
    if ext:
        event["ext"] = {"python": ext}
    return event


def gap_event(reason: str, count: int, first_ms: int, last_ms: int) -> dict[str, Any]:
    """Says that ``count`` events between two times did not reach the place where this one is."""
    event_id = uuid7(last_ms)
    return {
        "id": event_id,
        "requestId": event_id,
        "time": last_ms,
        "kind": "audit.gap",
        "outcome": "failure",
        "actor": {"type": "service", "id": "tocsin-sdk"},
        "operation": "drop",
        "reasonCode": reason,
        "ext": {"python": {"count": count, "firstTime": first_ms, "lastTime": last_ms}},
    }


def kind_of(exchange: Exchange) -> str:
    """The application's word, else ``ai.invoke`` where a model was called."""
    said = exchange.facts.get("kind")
    if said:
        return str(said)
    model_call = exchange.model_endpoint or "model" in exchange.facts
    return "ai.invoke" if model_call else "http.request"


def judge(exchange: Exchange) -> tuple[str, str | None]:
    """Outcome and reason code. The application's word goes before the status."""
    outcome, reason = _judge_by_status(exchange)
    facts = exchange.facts
    return facts.get("outcome") or outcome, facts.get("reason_code") or reason


def _judge_by_status(exchange: Exchange) -> tuple[str, str | None]:
    status = exchange.status
    if exchange.error is not None:
        return "failure", "app_exception"
    if status is None:
        return "unknown", exchange.aborted or "no_answer"
    if status >= 400:
        outcome = "denied" if status in DENIED_STATUS else "failure"
        return outcome, "rate_limited" if status == RATE_LIMITED_STATUS else f"http_{status}"
    if exchange.aborted:
        return "success", exchange.aborted
    if not exchange.out_complete:
        return "failure", "incomplete_answer"
    return "success", None


def _actor(exchange: Exchange) -> dict[str, Any]:
    facts = exchange.facts
    identity = exchange.identity or Identity(ANONYMOUS)
    actor_type = facts.get("user_type") or identity.type
    actor: dict[str, Any] = {
        "type": actor_type if actor_type in ACTOR_TYPES else "unknown",
        "id": facts.get("user") or clip(str(identity.id)) or ANONYMOUS,
    }
    if not identity.verified and "user" not in facts:
        actor = {"type": "unknown", "id": ANONYMOUS, "claimed": actor["id"]}
    session = facts.get("session") or identity.session or exchange.session
    if session:
        actor["session"] = clip(str(session))
    if identity.credential:
        actor["credential"] = clip(str(identity.credential))
    auth = _auth(identity)
    if auth:
        actor["auth"] = auth
    if identity.groups:
        actor["groups"] = [clip(str(g)) for g in identity.groups[:LIST_ITEMS_MAX]]
    return actor


def _auth(identity: Identity) -> dict[str, Any]:
    auth: dict[str, Any] = {}
    if identity.acr:
        auth["acr"] = clip(str(identity.acr))
    if identity.auth_time is not None and 0 <= identity.auth_time < AUTH_TIME_S_MAX:
        auth["authTime"] = int(identity.auth_time * 1000)
    return auth


def _put_source(event: dict[str, Any], exchange: Exchange) -> None:
    source: dict[str, Any] = {}
    if exchange.ip:
        source["ip"] = exchange.ip
    if exchange.user_agent:
        source["userAgent"] = clip(exchange.user_agent, LONG_TEXT_BYTES_MAX)
    if source:
        event["source"] = source
    if exchange.interface:
        event["interface"] = exchange.interface


def _put_course(event: dict[str, Any], exchange: Exchange) -> None:
    """How the exchange went: status, first byte, end, hashes."""
    status = exchange.status
    if status is not None:
        event["status"] = status
    elif exchange.error is not None:
        event["status"] = 500
    if exchange.streamed:
        event["ttftMs"] = max(0, exchange.first_ns - exchange.start_ns) // 1_000_000
        event["params"] = {"stream": True}
    if exchange.aborted:
        event["aborted"] = True
    if exchange.in_hash is not None and exchange.in_complete:
        event["inputHash"] = exchange.in_hash.hexdigest()
    if exchange.out_hash is not None:
        event["outputHash"] = exchange.out_hash.hexdigest()


def _put_facts(event: dict[str, Any], facts: dict[str, Any]) -> None:
    """What the application said; the names that are left out here have been looked at before."""
    model: dict[str, Any] = {}
    for name, value in facts.items():
        if name in _MODEL_FACTS:
            model[_MODEL_FACTS[name]] = value
        elif name in _EVENT_FACTS:
            event[name] = value
    if model:
        event["model"] = model


def _put_trace(event: dict[str, Any], traceparent: str) -> None:
    """W3C Trace Context section 3.2: version ff and ids of zeros are invalid."""
    match = _TRACEPARENT.match(traceparent.strip())
    if match is None or match.group(1) == "ff" or (match.group(1) == "00" and match.group(4)):
        return
    trace_id, span_id = match.group(2), match.group(3)
    if trace_id.strip("0") and span_id.strip("0"):
        event["trace"] = {"id": trace_id}
        event["span"] = {"id": span_id}


def _ext(exchange: Exchange) -> dict[str, Any]:
    facts = exchange.facts
    ext = {**facts["ext"], **exchange.ext} if "ext" in facts else dict(exchange.ext)
    if exchange.error is not None:
        ext["exception"] = clip(exchange.error)
    if exchange.in_bytes and not exchange.in_complete:
        ext["inputIncomplete"] = True
    if facts.get("ignored"):
        ext["ignored"] = sorted(set(facts["ignored"]))
    return ext
