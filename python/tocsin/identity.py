"""Who is calling: from the API key of a request to an ``Identity``.

Only a key that is in the table names somebody. A key that is not known is still an access and is
recorded as ``anonymous`` with the hash of what was shown. The key itself is never kept: an event
holds the first 16 hex digits of its SHA-256.

A request can carry several keys (two headers, or one header twice), and which of them the
application looks at is not known here. So all are looked up: if exactly one person answers to
them it is that person; if two do, the request is ``anonymous`` and marked ambiguous, because a
guess could be used to put one's own calls on somebody else's name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Protocol, Union

ANONYMOUS = "anonymous"
#: A request with more is marked, so that nobody hides a key behind a heap of others.
KEYS_PER_REQUEST_MAX = 32
COOKIE_BYTES_MAX = 16 * 1024


@dataclass(frozen=True)
class Identity:
    """Who acted. ``type`` is human, service, agent or unknown; ``id`` is never empty."""

    id: str
    type: str = "unknown"
    #: Id or hash of the credential, never the credential.
    credential: str | None = None
    session: str | None = None
    groups: tuple[str, ...] = ()
    #: Notes for ``ext.python``, such as ``{"ambiguous": "credential"}``.
    ext: Mapping[str, Any] = field(default_factory=dict)
    #: How and when the person last authenticated: the claims ``acr`` and ``auth_time`` (seconds) of
    #: a token whose signature was checked. They are what lifts a demand to step up.
    acr: str | None = None
    auth_time: float | None = None
    #: False for a name that was only stated. It is recorded as ``actor.claimed`` of an anonymous
    #: caller; no decision about that name is used against the request, nor in its favour.
    verified: bool = True
    #: Where the keys of several were shown, so that nobody is named: all of them, since each key
    #: was proved and the application may go by any.
    several: tuple[Identity, ...] = ()

    @property
    def proven(self) -> tuple[Identity, ...]:
        """Those whose decisions concern this request."""
        if self.several:
            return self.several
        return (self,) if self.verified and self.id != ANONYMOUS else ()

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any] | None, type: str = "human") -> Identity:
        """Of a token that was *checked*: ``sub``, ``sid``, ``jti``, ``groups``, ``acr``,
        ``auth_time``; nobody where there are no claims or no ``sub``."""
        sub = claims.get("sub") if claims else None
        if not claims or not isinstance(sub, str) or not sub:
            return NOBODY
        sid, jti, acr, at = (claims.get(name) for name in ("sid", "jti", "acr", "auth_time"))
        groups = claims.get("groups")
        is_time = isinstance(at, (int, float)) and not isinstance(at, bool)
        return cls(
            sub,
            type,
            credential=jti if isinstance(jti, str) else None,
            session=sid if isinstance(sid, str) else None,
            groups=tuple(str(g) for g in groups) if isinstance(groups, (list, tuple)) else (),
            acr=acr if isinstance(acr, str) else None,
            auth_time=at if is_time else None,
        )


NOBODY = Identity(ANONYMOUS)


class RequestView(Protocol):
    """What an ``identify`` hook sees of a request, the same for ASGI and WSGI."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def query(self) -> str:
        """What stands behind the question mark, as it came."""

    @property
    def raw(self) -> Any:
        """The ASGI scope or the WSGI environ, as the application left it."""

    def header(self, name: str) -> str | None:
        """The first value of a header, by lower-case name."""

    def headers(self, name: str) -> list[str]:
        """All values of a header, in the order in which they came."""


Known = Union[str, Identity, None]
Lookup = Union[Mapping[str, Union[str, Identity]], Callable[[str], Known]]
Identify = Callable[[RequestView], Known]


def key_hash(key: str) -> str:
    """SHA-256 of an API key in hex: what the ``users`` table is keyed by."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def credential_of(sha256_hex: str) -> str:
    """The form in which a credential stands in an event."""
    return "sha256:" + sha256_hex[:16]


class KeyTable:
    """The default ``identify``: ``Authorization: Bearer`` and ``x-api-key`` looked up in tables.

    ``users`` maps the SHA-256 hex of a key, ``keys`` the key itself, to a name or an ``Identity``;
    either may be a callable instead, which returns ``None`` for a key it does not know.
    """

    def __init__(self, users: Lookup | None, keys: Lookup | None, user_type: str) -> None:
        self._user_type = user_type
        self._by_hash: dict[str, Identity] = {}
        self._asks: list[Callable[[str, str], Known]] = []
        self._add(users, hashed=True)
        self._add(keys, hashed=False)

    def _add(self, table: Lookup | None, hashed: bool) -> None:
        if table is None:
            return
        if callable(table):
            ask = table
            if hashed:
                self._asks.append(lambda key, sha: ask(sha))
            else:
                self._asks.append(lambda key, sha: ask(key))
            return
        for key, known in table.items():
            sha = key.lower() if hashed else key_hash(key)
            if len(sha) != 64 or not all(c in "0123456789abcdef" for c in sha):
                raise ValueError("users: a key of the table must be a SHA-256 in hex")
            self._by_hash[sha] = self._identity(known, sha)

    def __call__(self, view: RequestView) -> Identity:
        keys = _presented_keys(view)
        if not keys:
            return NOBODY
        if len(keys) == 1:
            sha = key_hash(keys[0])
            known = self._by_hash.get(sha) or self._ask(keys[0], sha)
            return known or Identity(ANONYMOUS, credential=credential_of(sha))
        return self._one_of(keys)

    def _one_of(self, keys: list[str]) -> Identity:
        hashes = [key_hash(key) for key in keys[:KEYS_PER_REQUEST_MAX]]
        looked_up = [
            self._by_hash.get(sha) or self._ask(key, sha) for key, sha in zip(keys, hashes)
        ]
        found = [identity for identity in looked_up if identity is not None]
        ids = {identity.id for identity in found}
        is_heap = len(keys) > KEYS_PER_REQUEST_MAX
        if len(ids) == 1 and not is_heap:
            return found[0]
        ext = {"ambiguous": "credential"} if ids or is_heap else {}
        credential = credential_of(hashes[0])
        return Identity(ANONYMOUS, credential=credential, ext=ext, several=tuple(found))

    def _ask(self, key: str, sha: str) -> Identity | None:
        for ask in self._asks:
            known = ask(key, sha)
            if known is not None:
                return self._identity(known, sha)
        return None

    def _identity(self, known: str | Identity, sha: str) -> Identity:
        identity = as_identity(known, self._user_type)
        if identity.credential is not None:
            return identity
        return replace(identity, credential=credential_of(sha))


def as_identity(known: object, user_type: str = "unknown") -> Identity:
    """A name or an ``Identity`` as an ``Identity``; ``None`` is anonymous. Raises ``TypeError``."""
    if isinstance(known, Identity):
        return known
    if isinstance(known, str) and known:
        return Identity(known, user_type)
    if known is None:
        return Identity(ANONYMOUS)
    raise TypeError(f"identify must return a name, an Identity or None, not {type(known).__name__}")


def _presented_keys(view: RequestView) -> list[str]:
    """Each key once, as it was sent: text of a header is bytes read as latin-1."""
    bearer = [v[7:] for v in view.headers("authorization") if v[:7].lower() == "bearer "]
    keys = bearer + view.headers("x-api-key")
    if len(keys) > KEYS_PER_REQUEST_MAX:
        # Applications go by the first or the last of a header: those are looked up in any case.
        api = keys[len(bearer) :]
        keys = [*bearer[:1], *bearer[-1:], *api[:1], *api[-1:], *keys]
    presented: list[str] = []
    for text in keys:
        key = text.strip()
        if not key.isascii():
            key = key.encode("latin-1", "replace").decode("utf-8", "surrogateescape")
        if key and key not in presented:
            presented.append(key)
            if len(presented) > KEYS_PER_REQUEST_MAX:
                break
    return presented


def session_of(view: RequestView, cookie: str | None, header: str | None) -> str | None:
    """The session id. A cookie is a credential, so only its hash is kept; a header as it came."""
    if header:
        value = view.header(header.lower())
        if value:
            return value
    if cookie:
        text = view.header("cookie")
        if text and len(text) <= COOKIE_BYTES_MAX:
            value = _cookie(text, cookie)
            if value:
                return credential_of(key_hash(value))
    return None


def _cookie(text: str, name: str) -> str | None:
    for pair in text.split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name:
            return value.strip('"')
    return None
