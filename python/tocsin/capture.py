"""What the ASGI and the WSGI middleware have in common: options, and the end of a request.

A middleware creates an ``Exchange``, feeds it while the request passes, and calls ``finish`` once.
``finish`` runs on the request path after the answer has gone out: it asks who the caller was (the
application may have decided that only now), takes the few headers that an event needs, and gives
the event to the recorder. It never raises: a fault of a hook costs one field, not a request.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Callable

from .bulk import Bulk, RowsOf
from .client_ip import TrustedProxies
from .enforcement import TABLE_AGE_S_MAX, Enforcer, Refusal, stale
from .event import build_event
from .exchange import Exchange
from .facts import ACTOR_TYPES, checked_ext
from .follower import Follower
from .identity import (
    ANONYMOUS,
    Identify,
    Identity,
    KeyTable,
    Lookup,
    RequestView,
    as_identity,
    session_of,
)
from .options import RecorderOptions
from .recorder import Recorder, default_recorder
from .route import MODEL_ENDPOINTS, matches_any
from .trouble import CAPTURE_TROUBLE

PEER_CHARS_MAX = 256
ENDPOINTS_CACHED_MAX = 1024


@dataclass(frozen=True)
class CaptureOptions:
    """What a middleware is told. Mistakes raise ``ValueError`` when it is created."""

    #: ``{sha256 of key in hex: name or Identity}``, or a callable from that hash.
    users: Lookup | None = None
    #: ``{key: name or Identity}``, or a callable from the key; the keys are hashed at once.
    keys: Lookup | None = None
    #: ``actor.type`` of those whom the tables know by name only.
    user_type: str = "unknown"
    #: Takes the place of the tables: a callable on a ``RequestView``.
    identify: Identify | None = None
    #: Addresses and CIDRs whose X-Forwarded-For or Forwarded header is believed.
    trusted_proxies: Iterable[str] = ()
    #: The registered AI system; default ``TOCSIN_SYSTEM``.
    system: str | None = None
    #: Name and version of the model behind the model endpoints.
    model: str | None = None
    version: str | None = None
    #: What calls a model, so that its kind is ``ai.invoke``: shell patterns of templated paths,
    #: with a method before them or without (``POST /v1/*``).
    model_endpoints: Iterable[str] = MODEL_ENDPOINTS
    #: What is not recorded at all, such as ``/healthz``: shell patterns as above, of the raw path.
    exclude: Iterable[str] = ()
    #: Where the session id is: the name of a cookie (its value is hashed) or of a header.
    session_cookie: str | None = None
    session_header: str | None = None
    #: True: what Tocsin has decided about callers is enforced. The key needs the scope ``decide``.
    enforce: bool = False
    #: Once nobody has confirmed the decisions for longer than this: ``open`` goes on with those
    #: that are known, ``closed`` answers proven callers with 503.
    on_unreachable: str = "open"
    table_age_s_max: float = TABLE_AGE_S_MAX
    #: How many rows a request asks for: a callable on a ``RequestView``; ``None`` for unknown.
    #: Default: the page size in the query.
    rows_of: RowsOf | None = None
    #: Where a request of unknown size counts as bulk from the start: shell patterns as above, of
    #: the raw path. Others are learnt from ``annotate(rows=…)``.
    bulk_routes: Iterable[str] = ()
    #: Where events go; default: the one that ``tocsin.configure`` made.
    recorder: Recorder | None = field(default=None, repr=False)


#: Gives the request and the address of its peer once they are wanted.
Details = Callable[[], "tuple[RequestView, str | None]"]
_CAPTURE_NAMES = frozenset(f.name for f in fields(CaptureOptions))


def make_capture(options: dict[str, Any]) -> Capture:
    """Options of a middleware, which may hold those of a recorder of its own (``file=…``)."""
    capture = {name: value for name, value in options.items() if name in _CAPTURE_NAMES}
    rest = {name: value for name, value in options.items() if name not in _CAPTURE_NAMES}
    if rest:
        if "recorder" in capture:
            raise ValueError(f"either recorder or {sorted(rest)[0]}, not both")
        capture["recorder"] = Recorder(RecorderOptions(**rest))
    return Capture(CaptureOptions(**capture))


class Capture:
    """One middleware's settings, checked, and the last step of each of its requests."""

    def __init__(self, options: CaptureOptions) -> None:
        if options.user_type not in ACTOR_TYPES:
            raise ValueError(f"user_type must be one of {', '.join(ACTOR_TYPES)}")
        if options.identify is not None and (options.users or options.keys):
            raise ValueError("either identify or users and keys, not both")
        self._recorder = options.recorder
        self._user_type = options.user_type
        self._identify: Callable[[RequestView], object] = options.identify or KeyTable(
            options.users, options.keys, options.user_type
        )
        self._proxies = TrustedProxies(options.trusted_proxies)
        self._model_endpoints = tuple(options.model_endpoints)
        self._exclude = tuple(options.exclude)
        self._is_model_endpoint: dict[tuple[str, str], bool] = {}
        self._cookie = options.session_cookie
        self._session_header = options.session_header
        self._enforcer: Enforcer | None = None
        if options.enforce:
            bulk = Bulk(options.rows_of, options.bulk_routes)
            self._enforcer = Enforcer(bulk, options.on_unreachable, options.table_age_s_max)
            if self._recorder is not None and self._recorder.follower is None:
                raise ValueError("enforce needs url: where the decisions come from")
        self._system = options.system or os.environ.get("TOCSIN_SYSTEM")
        self._model = _model_facts(options)

    @property
    def enforces(self) -> bool:
        return self._enforcer is not None

    def recorder(self) -> Recorder:
        return self._recorder or default_recorder()

    def excludes(self, method: str, path: str) -> bool:
        return bool(self._exclude) and matches_any(method, path, self._exclude)

    # Before the application

    def follower(self) -> Follower | None:
        """Whom to wait for until a fresh process has its first table, started; None afterwards,
        and where nothing is enforced."""
        if self._enforcer is None:
            return None
        try:
            follower = self.recorder().follower
        except Exception:  # `admit` meets it again, and counts it
            return None
        if follower is None:
            return None
        follower.start()
        return None if follower.asked else follower

    def admit(self, exchange: Exchange, view: RequestView) -> Refusal | None:
        """What is to be answered in the application's place; None: the request goes on.

        Never raises: a fault counts as Tocsin being out of reach.
        """
        enforcer = self._enforcer
        if enforcer is None:
            return None
        try:
            refusal = self._judge(enforcer, exchange, view)
        except Exception as error:
            CAPTURE_TROUBLE.note("enforce_failed", "a request could not be judged: %r", error)
            refusal = stale() if enforcer.is_closed else None
        if refusal is not None:
            _note_refusal(exchange, refusal)
            known = enforcer.bulk.template_of(exchange.method, exchange.path)
            exchange.endpoint = known or exchange.path
        return refusal

    def cuts_off(self, exchange: Exchange) -> bool:
        """Of a connection that was let in: whether a decision since then ends it. Never raises."""
        if self._enforcer is None or exchange.identity is None:
            return False
        try:
            follower = self.recorder().follower
            if follower is None:
                return False
            found = (
                self._enforcer.cuts_off(follower, who, exchange.session)
                for who in exchange.identity.proven
            )
            refusal = next(filter(None, found), None)
        except Exception as error:
            CAPTURE_TROUBLE.note("enforce_failed", "a request could not be judged: %r", error)
            return False
        if refusal is not None:
            _note_refusal(exchange, refusal)
        return refusal is not None

    def _judge(self, enforcer: Enforcer, exchange: Exchange, view: RequestView) -> Refusal | None:
        identity = self._who(view)
        if not identity.proven:
            return None
        follower = self.recorder().follower
        if follower is None:
            raise ValueError("enforce needs url: where the decisions come from")
        exchange.identity = identity
        exchange.session = session_of(view, self._cookie, self._session_header)
        for who in identity.proven:
            judgement = enforcer.judge(follower, who, exchange.session, view)
            if isinstance(judgement, Refusal):
                self._give_back(exchange)
                return judgement
            if judgement is not None:
                exchange.grants += (judgement,)
        return None

    def _give_back(self, exchange: Exchange) -> None:
        """What one of several would have been let through with is not used."""
        for grant in exchange.grants:
            grant.settle(0)
        exchange.grants = ()

    # After it

    def finish(self, exchange: Exchange, details: Details) -> None:
        """Ends the exchange and records it, once. Never raises."""
        if not exchange.seal():
            return
        try:
            view, peer = details()
            if self._enforcer is not None:
                self._count_rows(self._enforcer, exchange, view)
            self._complete(exchange, view, peer)
            self.recorder().record(build_event(exchange, self._system))
        except Exception as error:  # the application must not notice
            self._lose(exchange, error)

    def _count_rows(self, enforcer: Enforcer, exchange: Exchange, view: RequestView) -> None:
        rows = exchange.facts.get("rows")
        if exchange.policy is None:
            enforcer.bulk.learn(view, exchange.endpoint, rows)
        failed = exchange.error is not None or (exchange.status or 500) >= 400
        for grant in exchange.grants:
            grant.settle(0 if rows is None and failed else rows)

    def _lose(self, exchange: Exchange, error: Exception) -> None:
        CAPTURE_TROUBLE.note("capture_failed", "a request could not be recorded: %r", error)
        try:
            self.recorder().lose("capture_error", exchange.time_ms)
        except Exception:
            CAPTURE_TROUBLE.count("untold")

    def _complete(self, exchange: Exchange, view: RequestView, peer: str | None) -> None:
        # Who was let in is who is recorded; else the application may know better by now.
        identity = exchange.identity = exchange.identity or self._who(view)
        if identity.ext:
            exchange.ext.update(checked_ext(identity.ext) or {})
        if self._cookie or self._session_header:
            exchange.session = session_of(view, self._cookie, self._session_header)
        exchange.user_agent = view.header("user-agent")
        exchange.request_id = view.header("x-request-id")
        exchange.traceparent = view.header("traceparent")
        self._locate(exchange, view, peer)
        exchange.model_endpoint = self._calls_model(exchange.method, exchange.endpoint)
        facts = exchange.facts
        if exchange.model_endpoint or facts.get("kind") == "ai.invoke":
            exchange.facts = {**self._model, **facts} if facts else self._model

    def _who(self, view: RequestView) -> Identity:
        try:
            return as_identity(self._identify(view), self._user_type)
        except Exception as error:
            CAPTURE_TROUBLE.note(
                "identify_error",
                "the identify hook failed (%s); the caller is recorded as anonymous",
                type(error).__name__,
            )
            return Identity(ANONYMOUS, ext={"identifyError": type(error).__name__})

    def _locate(self, exchange: Exchange, view: RequestView, peer: str | None) -> None:
        client = self._proxies.client(peer, view)
        exchange.ip = client.ip
        if client.ambiguous:
            exchange.ext["ambiguous"] = "client address"
        if client.ip is None and peer:
            exchange.ext["peer"] = peer[:PEER_CHARS_MAX]

    def _calls_model(self, method: str, path: str) -> bool:
        known = self._is_model_endpoint.get((method, path))
        if known is None:
            known = matches_any(method, path, self._model_endpoints)
            if len(self._is_model_endpoint) < ENDPOINTS_CACHED_MAX:
                self._is_model_endpoint[method, path] = known
        return known


def _note_refusal(exchange: Exchange, refusal: Refusal) -> None:
    exchange.policy = refusal.policy
    exchange.facts.update(outcome="denied", reason_code=refusal.reason)
    CAPTURE_TROUBLE.count("enforced_" + refusal.reason)


def _model_facts(options: CaptureOptions) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if options.model:
        facts["model"] = options.model
    if options.version:
        facts["version"] = options.version
    return facts
