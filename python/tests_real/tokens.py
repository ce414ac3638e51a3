"""Signed tokens (RFC 7519, HS256) as a login would give them, and rows for the services to return.

Both services of the tests use it: people come with a token, services with a key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from tocsin import Identity, RequestView, key_hash

SECRET = b"the secret of the login"
SERVICES = {key_hash("key-of-svc"): Identity("svc-feast", "service")}


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signature(text: str) -> str:
    return _encode(hmac.digest(SECRET, text.encode(), hashlib.sha256))


def make_token(**claims: Any) -> str:
    head = _encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    text = f"{head}.{_encode(json.dumps(claims).encode())}"
    return f"{text}.{_signature(text)}"


def claims_of(token: str) -> dict[str, Any] | None:
    """The claims of a token with the right signature; None for any other."""
    text, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_signature(text), signature):
        return None
    data = text.partition(".")[2]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(data + "=" * (-len(data) % 4)))
    return claims


def identify(request: RequestView) -> Identity | None:
    key = request.header("x-api-key")
    if key:
        return SERVICES.get(key_hash(key))
    claimed = request.header("x-user")
    if claimed:
        return Identity(claimed, "human", verified=False)
    token = (request.header("authorization") or "").partition(" ")[2]
    return Identity.from_claims(claims_of(token)) if token else None
