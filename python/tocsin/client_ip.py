"""The client's address behind proxies.

``X-Forwarded-For`` and ``Forwarded`` (RFC 7239) are text that anybody can send. They are believed
only as far as the hop that wrote them is trusted: the walk starts at the peer of the connection
and goes from right to left for as long as the last address is inside ``trusted_proxies``. Without
``trusted_proxies``, or with a peer outside them, the headers are not looked at.

A proxy writes one of the two headers and passes the other one on as the client sent it. Where both
are there and lead to different addresses, neither is believed: the peer is recorded and the event
is marked, because the client may have made up either.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol, Union

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

HOPS_MAX = 32
PEERS_CACHED_MAX = 4096
HEADER_CHARS_MAX = 8192


class ClientIp(NamedTuple):
    """``ip`` in canonical text; None where the peer has none (a Unix socket, a test client)."""

    ip: str | None
    ambiguous: bool = False


class HeaderView(Protocol):
    def headers(self, name: str) -> list[str]:
        """All values of a header, in the order in which they came."""


class TrustedProxies:
    """Networks whose word about a client's address is believed."""

    def __init__(self, networks: Iterable[str]) -> None:
        """Raises ``ValueError`` that names the entry which is not an address or CIDR."""
        self._networks: list[Network] = [_parse_network(text) for text in networks]
        self._peers: dict[str, tuple[Address | None, ClientIp | None]] = {}

    def trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def client(self, peer: str | None, view: HeaderView) -> ClientIp:
        """The right-most address that no trusted proxy vouches beyond."""
        if peer is None:
            return ClientIp(None)
        known = self._peers.get(peer)
        if known is None:
            known = self._look_at(peer)
            if len(self._peers) < PEERS_CACHED_MAX:
                self._peers[peer] = known
        address, alone = known
        if alone is not None or address is None:
            return alone or ClientIp(None)
        return self._walk_headers(address, view)

    def _look_at(self, peer: str) -> tuple[Address | None, ClientIp | None]:
        """The peer's address, and the answer where its headers do not count."""
        address = parse_address(peer)
        if address is None:
            return None, None
        return address, None if self.trusts(address) else ClientIp(str(address))

    def _walk_headers(self, peer: Address, view: HeaderView) -> ClientIp:
        walked = {
            self._walk(peer, hops)
            for hops in (
                _x_forwarded_hops(view.headers("x-forwarded-for")),
                _forwarded_hops(view.headers("forwarded")),
            )
            if hops
        }
        if len(walked) == 1:
            return ClientIp(str(walked.pop()))
        return ClientIp(str(peer), ambiguous=bool(walked))

    def _walk(self, peer: Address, hops: list[str]) -> Address:
        current = peer
        for text in reversed(hops):
            if not self.trusts(current):
                break
            hop = parse_address(text)
            if hop is None:
                break
            current = hop
        return current


def _parse_network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as cause:
        raise ValueError(f"trusted_proxies: {text!r} is not an address or CIDR") from cause


@lru_cache(maxsize=4096)
def parse_address(text: str) -> Address | None:
    """An address with or without port, brackets, quotes or zone; None when it is none.

    IPv4 inside IPv6 (``::ffff:192.0.2.1``) becomes IPv4, so that one network rule covers both.
    """
    text = text.strip().strip('"').strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _x_forwarded_hops(values: Sequence[str]) -> list[str]:
    joined = ",".join(values)[-HEADER_CHARS_MAX:]
    return joined.split(",")[-HOPS_MAX:] if joined.strip() else []


def _forwarded_hops(values: Sequence[str]) -> list[str]:
    """The ``for`` of each element of RFC 7239; an element without one counts as unknown."""
    joined = ",".join(values)[-HEADER_CHARS_MAX:]
    if not joined.strip():
        return []
    return [_for_parameter(element) for element in joined.split(",")[-HOPS_MAX:]]


def _for_parameter(element: str) -> str:
    for pair in element.split(";"):
        name, _, value = pair.partition("=")
        if name.strip().lower() == "for":
            return value
    return "unknown"
