"""What only the application knows of a request: ``tocsin.annotate(request, model=..., rows=...)``.

The middleware leaves its record of the request in the ASGI scope, the WSGI environ and a context
variable; ``annotate`` finds it by any of the three. Values are checked and copied here, at once, so
that what is built later in another thread is plain data which nobody changes. A value that does not
fit is left out and its name is kept in ``ext.python.ignored``; only a misspelt *name* raises,
because that is a mistake in the program and shows on its first run.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Callable, TypedDict

from .exchange import Exchange
from .text import clip

if TYPE_CHECKING:
    from typing_extensions import Unpack

KEY = "tocsin.exchange"
CURRENT: ContextVar[Exchange | None] = ContextVar(KEY, default=None)

ACTOR_TYPES = ("human", "service", "agent", "unknown")
OUTCOMES = ("success", "failure", "denied", "unknown")
#: Kinds of the catalogue that an application may write about its own requests.
KINDS = frozenset(
    [
        "ai.invoke",
        "ai.output",
        "ai.tool",
        "ai.retrieve",
        "ai.feature",
        "data.read",
        "data.write",
        "model.read",
        "model.change",
        "agent.action",
        "ai.policy",
        "ai.admin",
        "auth.logon",
        "auth.logoff",
        "auth.failed",
        "auth.key",
        "content.unlabelled",
        "http.request",
    ]
)
LIST_ITEMS_MAX = 64
INT_MAX = 2**53 - 1
#: The server allows 16 KiB and 32 levels for all of ``ext``.
EXT_BYTES_MAX = 12 * 1024
EXT_DEPTH_MAX = 24

_CHOICES = {"kind": KINDS, "user_type": ACTOR_TYPES, "outcome": OUTCOMES}
#: Token counts, and what other vocabularies call them.
_USAGE = {
    "in": ("in", "input_tokens", "prompt_tokens"),
    "out": ("out", "output_tokens", "completion_tokens"),
    "cachedRead": ("cachedRead", "cached_read"),
    "cachedWrite": ("cachedWrite", "cached_write"),
    "reasoning": ("reasoning", "reasoning_tokens"),
}


class Facts(TypedDict, total=False):
    """The names that ``annotate`` takes; ``model`` and ``version`` are of what answered."""

    model: str
    version: str
    provider: str
    requested: str
    digest: str
    system: str
    operation: str
    kind: str
    user: str
    user_type: str
    session: str
    conversation: str
    outcome: str
    reason_code: str
    finish: str | list[str]
    resource: Mapping[str, str] | list[Mapping[str, str]]
    rows: int
    usage: Mapping[str, int]
    ext: Mapping[str, Any]


def annotate(target: Any = None, **facts: Unpack[Facts]) -> bool:
    """Adds facts to the event of a request.

    ``target`` is the framework's request object, an ASGI scope or a WSGI environ; without it the
    request that is being handled is meant. Returns False where there is no such request (the
    middleware is not installed, or the answer has already ended). Raises ``TypeError`` for a name
    that is not in ``Facts``.
    """
    unknown = facts.keys() - Facts.__annotations__.keys()
    if unknown:
        raise TypeError(f"annotate: unknown name {sorted(unknown)[0]!r}")
    exchange = find_exchange(target)
    if exchange is None or exchange.sealed:
        return False
    _merge(exchange.facts, facts)
    return True


def find_exchange(target: Any) -> Exchange | None:
    if target is None:
        return CURRENT.get()
    for where in (target, getattr(target, "scope", None), getattr(target, "environ", None)):
        if isinstance(where, Mapping):
            found = where.get(KEY)
            return found if isinstance(found, Exchange) else None
    return None


def _merge(known: dict[str, Any], facts: Mapping[str, Any]) -> None:
    for name, value in facts.items():
        if value is None:
            continue
        checked = _checked(name, value)
        if checked is None:
            known.setdefault("ignored", []).append(name)
        elif name == "ext":
            known.setdefault("ext", {}).update(checked)
        else:
            known[name] = checked


def _checked(name: str, value: Any) -> Any:
    """The value as plain data, or None where it does not fit."""
    check = _CHECKS.get(name)
    if check is not None:
        return check(value)
    if name in _CHOICES:
        return value if value in _CHOICES[name] else None
    return clip(str(value)) or None


def whole_number(value: Any) -> int | None:
    """A whole number from 0 to 2^53 - 1, also a NumPy one; None for anything else."""
    if isinstance(value, bool):
        return None
    try:
        number = operator.index(value)
    except TypeError:
        return None
    return number if 0 <= number <= INT_MAX else None


def _usage(value: Any) -> dict[str, int] | None:
    if not isinstance(value, Mapping):
        return None
    counts: dict[str, int] = {}
    for name, spellings in _USAGE.items():
        found = [value[s] for s in spellings if s in value]
        number = whole_number(found[0]) if found else None
        if number is not None:
            counts[name] = number
    return counts or None


def _texts(values: Any) -> list[str] | None:
    if isinstance(values, str):
        values = [values]
    if not isinstance(values, Iterable):
        return None
    return [clip(str(v)) for v in list(values)[:LIST_ITEMS_MAX]] or None


def _resources(values: Any) -> list[dict[str, str]] | None:
    if isinstance(values, Mapping):
        values = [values]
    if not isinstance(values, Iterable):
        return None
    items = [v for v in list(values)[:LIST_ITEMS_MAX] if isinstance(v, Mapping)]
    names = ("type", "id", "class")
    picked = [{n: clip(str(item[n])) for n in names if item.get(n)} for item in items]
    return [item for item in picked if item] or None


def checked_ext(value: Any) -> dict[str, Any] | None:
    """A bounded copy as JSON has it; None for what is too large, too deep or not JSON."""
    if not isinstance(value, Mapping):
        return None
    try:
        text = json.dumps(dict(value), allow_nan=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return None
    if len(text) > EXT_BYTES_MAX or _depth(text) > EXT_DEPTH_MAX:
        return None
    copy: dict[str, Any] = json.loads(text)
    return copy


def _depth(text: str) -> int:
    """An upper bound of the nesting of JSON text: brackets inside of strings count too."""
    depth = deepest = 0
    for char in text:
        if char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "rows": whole_number,
    "usage": _usage,
    "finish": _texts,
    "resource": _resources,
    "ext": checked_ext,
}
