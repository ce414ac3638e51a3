"""From key to person: known, unknown, several, hostile."""

from __future__ import annotations

import hashlib
import unittest
from typing import Any

import drivers  # noqa: F401

from tocsin.asgi import AsgiView
from tocsin.identity import Identity, KeyTable, as_identity, key_hash, session_of
from tocsin.wsgi import WsgiView


def sha(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def view(*headers: tuple[str, str]) -> AsgiView:
    pairs = [(k.encode(), v.encode("latin-1")) for k, v in headers]
    return AsgiView({"method": "GET", "path": "/", "headers": pairs})


class Keys(unittest.TestCase):
    def setUp(self) -> None:
        users = {sha("k-alice"): "alice", sha("k-svc"): Identity("svc-batch", "service")}
        self.table = KeyTable(users, {"k-bob": "bob"}, "human")

    def who(self, *headers: tuple[str, str]) -> Identity:
        return self.table(view(*headers))

    def test_bearer_and_header(self) -> None:
        alice = Identity("alice", "human", "sha256:" + sha("k-alice")[:16])
        self.assertEqual(self.who(("authorization", "Bearer k-alice")), alice)
        self.assertEqual(self.who(("authorization", "bearer  k-alice ")), alice)
        self.assertEqual(self.who(("x-api-key", "k-alice")), alice)
        self.assertEqual(self.who(("x-api-key", "k-bob")).id, "bob")

    def test_an_identity_of_the_table_keeps_its_type(self) -> None:
        self.assertEqual(self.who(("x-api-key", "k-svc")).type, "service")

    def test_unknown_key_is_anonymous_with_the_hash_of_the_key(self) -> None:
        who = self.who(("x-api-key", "guess"))
        self.assertEqual((who.id, who.type), ("anonymous", "unknown"))
        self.assertEqual(who.credential, "sha256:" + sha("guess")[:16])

    def test_no_key_is_anonymous_without(self) -> None:
        for headers in ((), (("authorization", "Basic eDp5"),), (("authorization", "Bearer "),)):
            self.assertEqual(self.who(*headers), Identity("anonymous"))

    def test_the_hash_of_a_key_is_no_key(self) -> None:
        self.assertEqual(self.who(("x-api-key", sha("k-alice"))).id, "anonymous")

    def test_a_second_unknown_key_does_not_hide_the_person(self) -> None:
        for headers in (
            (("authorization", "Bearer junk"), ("x-api-key", "k-alice")),
            (("x-api-key", "k-alice"), ("x-api-key", "junk")),
            (("x-api-key", "junk"), ("x-api-key", "k-alice")),
        ):
            self.assertEqual(self.who(*headers).id, "alice")

    def test_two_persons_are_nobody_and_it_is_marked(self) -> None:
        who = self.who(("authorization", "Bearer k-alice"), ("x-api-key", "k-bob"))
        self.assertEqual(who.id, "anonymous")
        self.assertEqual(who.ext, {"ambiguous": "credential"})
        self.assertIsNotNone(who.credential)

    def test_a_heap_of_keys_does_not_hide_one(self) -> None:
        junk = tuple(("authorization", f"Bearer junk-{i}") for i in range(20))
        self.assertEqual(self.who(*junk, ("x-api-key", "k-alice")).id, "alice")
        junk = tuple(("authorization", f"Bearer junk-{i}") for i in range(1000))
        who = self.who(*junk, ("x-api-key", "k-alice"))
        self.assertEqual((who.id, who.ext), ("anonymous", {"ambiguous": "credential"}))

    def test_callables(self) -> None:
        table = KeyTable({sha("a"): "a"}.get, lambda key: {"b": "b"}.get(key), "unknown")
        self.assertEqual(table(view(("x-api-key", "a"))).id, "a")
        self.assertEqual(table(view(("x-api-key", "b"))).id, "b")
        self.assertEqual(table(view(("x-api-key", "c"))).id, "anonymous")

    def test_a_key_that_is_not_ascii_is_hashed_as_it_was_sent(self) -> None:
        table = KeyTable(None, {"schlüssel": "ute"}, "human")
        sent = "schlüssel".encode().decode("latin-1")
        self.assertEqual(table(view(("x-api-key", sent))).id, "ute")
        raw = b"\xff\xfe"
        who = table(view(("x-api-key", raw.decode("latin-1"))))
        self.assertEqual(who.credential, "sha256:" + hashlib.sha256(raw).hexdigest()[:16])

    def test_a_table_that_is_not_of_hashes_is_refused(self) -> None:
        for key in ("k-alice", "", "z" * 64, sha("x")[:-1]):
            with self.assertRaises(ValueError):
                KeyTable({key: "alice"}, None, "human")

    def test_a_table_of_other_things_is_refused(self) -> None:
        values: list[Any] = ["", 5, ["alice"]]
        for value in values:
            with self.assertRaises(TypeError):
                KeyTable(None, {"k": value}, "human")

    def test_as_identity(self) -> None:
        self.assertEqual(as_identity(None), Identity("anonymous"))
        self.assertEqual(as_identity("a", "agent"), Identity("a", "agent"))
        with self.assertRaises(TypeError):
            as_identity(5)

    def test_key_hash_is_sha256(self) -> None:
        self.assertEqual(key_hash("k"), sha("k"))


class Session(unittest.TestCase):
    def test_header_as_it_came(self) -> None:
        self.assertEqual(session_of(view(("x-session-id", "s1")), None, "X-Session-Id"), "s1")

    def test_cookie_is_hashed(self) -> None:
        cookie = view(("cookie", 'a=1; sid="secret"; b=2'))
        self.assertEqual(session_of(cookie, "sid", None), "sha256:" + sha("secret")[:16])
        self.assertIsNone(session_of(cookie, "other", None))

    def test_none_and_hostile(self) -> None:
        self.assertIsNone(session_of(view(), "sid", "x-session-id"))
        self.assertIsNone(session_of(view(("cookie", ";;=;a;sid=")), "sid", None))
        self.assertIsNone(session_of(view(("cookie", "sid=" + "x" * 100_000)), "sid", None))


class Views(unittest.TestCase):
    def test_asgi_first_value_and_all(self) -> None:
        v = view(("x-api-key", "a"), ("x-api-key", "b"))
        self.assertEqual(v.header("x-api-key"), "a")
        self.assertEqual(v.headers("x-api-key"), ["a", "b"])
        self.assertEqual((v.header("no"), v.headers("no")), (None, []))

    def test_wsgi(self) -> None:
        v = WsgiView({"REQUEST_METHOD": "PUT", "PATH_INFO": "/x", "HTTP_X_API_KEY": "a"})
        self.assertEqual((v.method, v.path), ("PUT", "/x"))
        self.assertEqual((v.header("x-api-key"), v.headers("x-api-key")), ("a", ["a"]))
        self.assertEqual((v.header("no"), v.headers("no")), (None, []))


if __name__ == "__main__":
    unittest.main()
