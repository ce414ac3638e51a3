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
from typing import NamedTuple, Union

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

HOPS_MAX = 32
HEADER_CHARS_MAX = 8192


class ClientIp(NamedTuple):
    """``ip`` in canonical text; None where the peer has none (a Unix socket, a test client)."""

    ip: str | None
    ambiguous: bool = False


class TrustedProxies:
    """Networks whose word about a client's address is believed."""

    def __init__(self, networks: Iterable[str]) -> None:
        """Raises ``ValueError`` that names the entry which is not an address or CIDR."""
        self._networks: list[Network] = [_parse_network(text) for text in networks]

    def __bool__(self) -> bool:
        return bool(self._networks)

    def trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def client(
        self, peer: str | None, x_forwarded_for: Sequence[str], forwarded: Sequence[str]
    ) -> ClientIp:
        """The right-most address that no trusted proxy vouches beyond; headers as they came."""
        address = parse_address(peer or "")
        if address is None:
            return ClientIp(None)
        if not self._networks or not self.trusts(address):
            return ClientIp(str(address))
        walked = {
            self._walk(address, hops)
            for hops in (_x_forwarded_hops(x_forwarded_for), _forwarded_hops(forwarded))
            if hops
        }
        if len(walked) == 1:
            return ClientIp(str(walked.pop()))
        return ClientIp(str(address), ambiguous=bool(walked))

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
