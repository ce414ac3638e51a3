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
from .route import verb_of
from .text import LONG_TEXT_BYTES_MAX, clip

DENIED_STATUS = (401, 403)
RATE_LIMITED_STATUS = 429
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?\Z")
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def uuid7(time_ms: int) -> str:
    """A UUIDv7 (RFC 9562 section 5.7): 48 bits of milliseconds, 74 random bits."""
    random = int.from_bytes(os.urandom(10), "big")
    value = (time_ms & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | (random >> 68) << 64
    value |= 0b10 << 62 | random & 0x3FFF_FFFF_FFFF_FFFF
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def encode_line(event: dict[str, Any]) -> bytes:
    """One line of JSON Lines in ASCII, ended by a line feed. Raises ``ValueError`` for NaN."""
    return _encode(event).encode("ascii") + b"\n"


def build_event(exchange: Exchange, system: str | None = None) -> dict[str, Any]:
    """The event of one request. ``producer`` and ``producerSeq`` are set by the recorder."""
    facts = exchange.facts
    event_id = uuid7(exchange.time_ms)
    kind = kind_of(exchange)
    outcome, reason = judge(exchange)
    event: dict[str, Any] = {
        "id": event_id,
        "requestId": clip(exchange.request_id) if exchange.request_id else event_id,
        "time": exchange.time_ms,
        "kind": kind,
        "outcome": outcome,
        "actor": _actor(exchange),
        "operation": facts.get("operation") or _verb(exchange, kind),
    }
    _put(event, "system", facts.get("system") or system)
    _put(event, "model", _model(facts))
    event["protocol"] = "http"
    _put(event, "interface", exchange.interface)
    event["endpoint"] = clip(f"{exchange.method} {exchange.endpoint}", LONG_TEXT_BYTES_MAX)
    _put(event, "source", _source(exchange))
    _put(event, "reasonCode", reason)
    for name in ("conversation", "finish", "resource", "rows", "usage"):
        _put(event, name, facts.get(name))
    _put_course(event, exchange)
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


def _verb(exchange: Exchange, kind: str) -> str:
    return clip(verb_of(exchange.method, exchange.endpoint, kind == "ai.invoke"))


def _actor(exchange: Exchange) -> dict[str, Any]:
    facts = exchange.facts
    identity = exchange.identity or Identity(ANONYMOUS)
    actor_type = facts.get("user_type") or identity.type
    actor: dict[str, Any] = {
        "type": actor_type if actor_type in ACTOR_TYPES else "unknown",
        "id": facts.get("user") or clip(str(identity.id)) or ANONYMOUS,
    }
    session = facts.get("session") or identity.session or exchange.session
    if session:
        actor["session"] = clip(str(session))
    if identity.credential:
        actor["credential"] = clip(str(identity.credential))
    if identity.groups:
        actor["groups"] = [clip(str(g)) for g in identity.groups[:LIST_ITEMS_MAX]]
    return actor


def _model(facts: dict[str, Any]) -> dict[str, Any]:
    model: dict[str, Any] = {}
    for name, fact in (
        ("provider", "provider"),
        ("requested", "requested"),
        ("served", "model"),
        ("version", "version"),
        ("digest", "digest"),
    ):
        _put(model, name, facts.get(fact))
    return model


def _source(exchange: Exchange) -> dict[str, Any]:
    source: dict[str, Any] = {}
    _put(source, "ip", exchange.ip)
    if exchange.user_agent:
        source["userAgent"] = clip(exchange.user_agent, LONG_TEXT_BYTES_MAX)
    return source


def _put_course(event: dict[str, Any], exchange: Exchange) -> None:
    """How the exchange went: status, times, sizes, hashes."""
    start = exchange.start_ns
    status = exchange.status
    if status is None and exchange.error is not None:
        status = 500
    _put(event, "status", status)
    event["durationMs"] = max(0, exchange.end_ns - start) // 1_000_000
    if exchange.streamed:
        event["ttftMs"] = max(0, exchange.first_ns - start) // 1_000_000
        event["params"] = {"stream": True}
    event["bytes"] = {"in": exchange.in_bytes, "out": exchange.out_bytes}
    if exchange.aborted:
        event["aborted"] = True
    if exchange.in_hash is not None and exchange.in_complete:
        event["inputHash"] = exchange.in_hash.hexdigest()
    if exchange.out_hash is not None:
        event["outputHash"] = exchange.out_hash.hexdigest()


def _put_trace(event: dict[str, Any], traceparent: str | None) -> None:
    """W3C Trace Context section 3.2: version ff and ids of zeros are invalid."""
    if not traceparent:
        return
    match = _TRACEPARENT.match(traceparent.strip())
    if match is None or match.group(1) == "ff" or (match.group(1) == "00" and match.group(4)):
        return
    trace_id, span_id = match.group(2), match.group(3)
    if trace_id.strip("0") and span_id.strip("0"):
        event["trace"] = {"id": trace_id}
        event["span"] = {"id": span_id}


def _ext(exchange: Exchange) -> dict[str, Any]:
    facts = exchange.facts
    ext: dict[str, Any] = dict(facts.get("ext", ()))
    ext.update(exchange.ext)
    if exchange.error is not None:
        ext["exception"] = clip(exchange.error)
    if exchange.in_bytes and not exchange.in_complete:
        ext["inputIncomplete"] = True
    if facts.get("ignored"):
        ext["ignored"] = sorted(set(facts["ignored"]))
    return ext


def _put(target: dict[str, Any], name: str, value: Any) -> None:
    if value is not None and value != {}:
        target[name] = value
