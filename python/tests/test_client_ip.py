"""Client address: only a trusted hop's word counts, from right to left."""

from __future__ import annotations

import unittest
from collections.abc import Sequence

import drivers  # noqa: F401

from tocsin.client_ip import ClientIp, TrustedProxies, parse_address


class Headers:
    def __init__(self, x_forwarded_for: Sequence[str], forwarded: Sequence[str]) -> None:
        self.values = {"x-forwarded-for": list(x_forwarded_for), "forwarded": list(forwarded)}

    def headers(self, name: str) -> list[str]:
        return self.values[name]


class Walk(unittest.TestCase):
    def setUp(self) -> None:
        self.proxies = TrustedProxies(["10.0.0.0/8", "fd00::/8", "192.0.2.1"])

    def ip(self, peer: str | None, *xff: str, forwarded: tuple[str, ...] = ()) -> str | None:
        return self.proxies.client(peer, Headers(xff, forwarded)).ip

    def test_an_untrusted_peer_is_the_client_whatever_it_says(self) -> None:
        self.assertEqual(self.ip("203.0.113.9", "1.1.1.1"), "203.0.113.9")
        self.assertEqual(self.ip("203.0.113.9", forwarded=("for=1.1.1.1",)), "203.0.113.9")

    def test_without_trusted_proxies_no_header_counts(self) -> None:
        none = TrustedProxies([])
        self.assertEqual(none.client("10.0.0.1", Headers(["1.1.1.1"], [])).ip, "10.0.0.1")

    def test_from_the_right(self) -> None:
        self.assertEqual(self.ip("10.0.0.1", "203.0.113.9"), "203.0.113.9")
        self.assertEqual(self.ip("10.0.0.1", "6.6.6.6, 203.0.113.9"), "203.0.113.9")
        self.assertEqual(self.ip("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2"), "203.0.113.9")
        self.assertEqual(self.ip("10.0.0.1", "6.6.6.6", "203.0.113.9,10.0.0.2"), "203.0.113.9")

    def test_all_trusted_is_the_left_most(self) -> None:
        self.assertEqual(self.ip("10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3")

    def test_garbage_stops_the_walk_at_the_last_hop_that_is_known(self) -> None:
        for junk in ("", "unknown", "x, ", "1.1.1.1, _hidden", "1.1.1.1, 300.1.1.1", ",,,"):
            self.assertEqual(self.ip("10.0.0.1", junk), "10.0.0.1", junk)
        self.assertEqual(self.ip("10.0.0.1", "1.1.1.1, junk, 10.0.0.5"), "10.0.0.5")

    def test_forwarded(self) -> None:
        for text, expected in (
            ("for=203.0.113.9", "203.0.113.9"),
            ('For="[2001:db8::17]:4711";proto=https;by=10.0.0.1', "2001:db8::17"),
            ("for=6.6.6.6, for=203.0.113.9;by=10.0.0.1", "203.0.113.9"),
            ('for="203.0.113.9:80"', "203.0.113.9"),
            ("for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ):
            self.assertEqual(self.ip("10.0.0.1", forwarded=(text,)), expected, text)

    def test_two_headers_that_disagree_are_not_believed(self) -> None:
        client = self.proxies.client("10.0.0.1", Headers(["1.1.1.1"], ["for=2.2.2.2"]))
        self.assertEqual(client, ClientIp("10.0.0.1", ambiguous=True))
        agreed = self.proxies.client("10.0.0.1", Headers(["1.1.1.1"], ["for=1.1.1.1"]))
        self.assertEqual(agreed, ClientIp("1.1.1.1"))

    def test_ipv6_and_mapped(self) -> None:
        self.assertEqual(self.ip("::ffff:10.0.0.1", "[2001:db8::1]:443"), "2001:db8::1")
        self.assertEqual(self.ip("fd00::1", "2001:DB8:0::1"), "2001:db8::1")
        self.assertEqual(self.ip("fe80::1%eth0"), "fe80::1")

    def test_a_peer_that_is_no_address(self) -> None:
        for peer in (None, "", "testclient", "unix:"):
            self.assertIsNone(self.ip(peer, "1.1.1.1"))

    def test_a_thousand_hops_are_bounded(self) -> None:
        chain = ", ".join(["203.0.113.9"] + ["10.0.0.2"] * 100_000)
        self.assertEqual(self.ip("10.0.0.1", chain), "10.0.0.2")

    def test_the_same_peer_again_is_asked_again_for_its_headers(self) -> None:
        self.assertEqual(self.ip("10.0.0.1", "1.1.1.1"), "1.1.1.1")
        self.assertEqual(self.ip("10.0.0.1", "2.2.2.2"), "2.2.2.2")
        self.assertEqual(self.ip("8.8.8.8", "1.1.1.1"), "8.8.8.8")
        self.assertEqual(self.ip("8.8.8.8", "2.2.2.2"), "8.8.8.8")

    def test_bad_networks_are_named(self) -> None:
        with self.assertRaisesRegex(ValueError, "10.0.0.0/99"):
            TrustedProxies(["10.0.0.0/99"])


class Parse(unittest.TestCase):
    def test_forms(self) -> None:
        for text, expected in (
            ("1.2.3.4", "1.2.3.4"),
            (" 1.2.3.4:80 ", "1.2.3.4"),
            ('"[::1]:80"', "::1"),
            ("[::1]", "::1"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
        ):
            self.assertEqual(str(parse_address(text)), expected)
        for text in ("", "1.2.3", "01.2.3.4", "a.b.c.d", "[", "::1::", "1.2.3.4 5"):
            self.assertIsNone(parse_address(text), text)


if __name__ == "__main__":
    unittest.main()
