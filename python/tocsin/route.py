"""What a request was for: endpoint template, kind of event, verb.

An endpoint is recorded as the route that matched, not the path with its values, so that events of
one endpoint group together and a path does not carry personal data into the index.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, NamedTuple

from .text import LONG_TEXT_BYTES_MAX, clip

#: What calls a model on the usual servers and APIs: a method and a shell pattern of the path.
MODEL_ENDPOINTS: tuple[str, ...] = tuple(
    "POST *" + end
    for end in (
        "/predict",
        "/predict/*",
        "/predictions",
        "/predictions/*",
        ":predict",
        "/infer",
        "/invocations",
        "/invoke",
        "/generate",
        "/generate_stream",
        "/chat",
        "/chat/completions",
        "/completions",
        "/responses",
        "/messages",
        "/embeddings",
        "/embed",
        "/rerank",
        "/score",
        "/classify",
    )
)

_VERBS = {
    "predictions": "predict",
    "invocations": "invoke",
    "completions": "text_completion",
    "generate_stream": "generate",
    "responses": "chat",
    "messages": "chat",
    "embed": "embeddings",
}
_READS = {"GET": "read", "HEAD": "read", "OPTIONS": "read", "DELETE": "delete"}
_PARAMETER = re.compile(r"\{([^{}:]+)(:[^{}]*)?\}")
_FLASK_PARAMETER = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")
#: Above this, or with two open ends, a path is not matched again: the search is not linear.
_PATH_CHARS_MAX = 1024


def matches_any(method: str, path: str, patterns: Iterable[str]) -> bool:
    """Shell patterns on a path (``/v1/*``), or on method and path (``POST /v1/*``)."""
    endpoint = f"{method} {path}"
    return any(fnmatchcase(endpoint if " " in p else path, p) for p in patterns)


def verb_of(method: str, path: str, model_call: bool) -> str:
    """``chat``, ``embeddings``, ``predict`` …, or read, write, delete for plain web requests."""
    if not model_call:
        return _READS.get(method, "write")
    if path.endswith("/chat/completions"):
        return "chat"
    literal = [s for s in path.split("/") if s and not s.startswith("{")]
    last = literal[-1].rpartition(":")[2] if literal else ""
    return _VERBS.get(last, last) or "invoke"


class Endpoint(NamedTuple):
    """What is the same for all requests of an endpoint."""

    text: str
    #: Of a plain web request, and of the call of a model.
    verb: str
    call_verb: str


@lru_cache(maxsize=1024)
def describe(method: str, path: str) -> Endpoint:
    text = clip(f"{method} {path}", LONG_TEXT_BYTES_MAX)
    return Endpoint(text, verb_of(method, path, False), clip(verb_of(method, path, True)))


def flask_template(rule: str) -> str:
    """``/items/<int:id>`` as ``/items/{id}``: one notation for both frameworks."""
    return _FLASK_PARAMETER.sub(r"{\1}", rule)


def template_of(path: str, template: str | None, params: Mapping[str, Any] | None) -> str:
    """The whole templated path of a request.

    ``template`` is what the router that matched knows, which lacks the prefixes of mounts and
    included routers above it; those are what stands before the part of the path that it matches.
    """
    if not params:
        return path
    if not template:
        return _put_names(path, params, frozenset())
    if len(path) > _PATH_CHARS_MAX or template.count(":path}") > 1:
        return template
    pattern, names = _compiled(template)
    match = pattern.match(path)
    if match is None:
        return template
    prefix = _put_names(match.group(1), params, names)
    return prefix + _PARAMETER.sub(r"{\1}", template)


def _put_names(path: str, params: Mapping[str, Any], known: frozenset[str]) -> str:
    names = {str(value): name for name, value in params.items() if name not in known}
    segments = ["{" + names[s] + "}" if s in names else s for s in path.split("/")]
    return "/".join(segments)


@lru_cache(maxsize=1024)
def _compiled(template: str) -> tuple[re.Pattern[str], frozenset[str]]:
    parts = []
    at = 0
    for match in _PARAMETER.finditer(template):
        parts.append(re.escape(template[at : match.start()]))
        parts.append(".*" if match.group(2) == ":path" else "[^/]+")
        at = match.end()
    parts.append(re.escape(template[at:]))
    names = frozenset(m.group(1) for m in _PARAMETER.finditer(template))
    return re.compile("(.*?)" + "".join(parts) + r"\Z", re.DOTALL), names
