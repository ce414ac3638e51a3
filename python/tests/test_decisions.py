"""The table: what is in force for whom, and what a hostile or broken answer does to it."""

from __future__ import annotations

import json
import unittest
from typing import Any
from unittest import mock

from decision_stub import YEAR_MS, entry, now_ms

from tocsin import decisions
from tocsin.decisions import PLAIN_CHALLENGE, Change, Table, parse_change, parse_entry


def change(*entries: Any, full: bool = False, cursor: Any = "c") -> Change:
    body = {"cursor": cursor, "full": full, "entries": list(entries)}
    return parse_change(json.dumps(body).encode())


def table(*entries: Any) -> Table:
    return Table().after(change(*entries, full=True), now_ms())


def names(t: Table, actor: str = "alice", session: str | None = None) -> list[str]:
    return [e.decision for e in t.about(actor, session, now_ms())]


class About(unittest.TestCase):
    def test_nobody_else_is_concerned(self) -> None:
        t = table(entry("deny"), entry("end_session", "bob", "s1"))
        self.assertEqual(names(t), ["deny"])
        self.assertEqual(names(t, "alice", "s1"), ["deny"])
        self.assertEqual(names(t, "Alice"), [])
        self.assertEqual(names(t, "bob"), [])
        self.assertEqual(names(t, "bob", "s2"), [])
        self.assertEqual(names(t, "carol", "s1"), [])
        self.assertEqual(names(t, "bob", "s1"), ["end_session"])

    def test_the_stricter_comes_first_and_a_session_before_its_actor(self) -> None:
        order = ["end_session", "deny", "step_up", "approval_required", "throttle"]
        limits = {"limits": {"requestsPerMinute": 1}}
        for strict, mild in zip(order, order[1:]):
            for one, two in ((strict, mild), (mild, strict)):
                t = table(entry(one, session="s", **limits), entry(two, **limits))
                self.assertEqual(names(t, session="s"), [strict, mild])
        t = table(entry("deny", id="of all"), entry("deny", session="s", id="of s"))
        self.assertEqual([e.id for e in t.about("alice", "s", now_ms())], ["of s", "of all"])

    def test_an_entry_ends_at_its_until_without_a_word(self) -> None:
        until = now_ms() + 60_000
        t = table(entry("deny", until=until))
        self.assertEqual(len(t.about("alice", None, until - 1)), 1)
        self.assertEqual(t.about("alice", None, until), [])

    def test_no_until_is_no_end(self) -> None:
        self.assertEqual(len(table(entry("deny", until=None)).about("alice", None, 2**60)), 1)


class Changes(unittest.TestCase):
    def test_a_change_adds_replaces_and_lifts(self) -> None:
        t = table(entry("deny"), entry("step_up", "bob"))
        t = t.after(change(entry("step_up"), entry("allow", "bob")), now_ms())
        self.assertEqual((names(t), names(t, "bob")), (["step_up"], []))

    def test_allow_takes_away_only_the_one_of_that_actor_and_session(self) -> None:
        t = table(entry("deny"), entry("deny", session="s"))
        t = t.after(change(entry("allow", session="s")), now_ms())
        self.assertEqual(names(t, session="s"), ["deny"])

    def test_the_last_word_of_one_answer_counts(self) -> None:
        for words, expected in (
            (["deny", "allow"], []),
            (["allow", "deny"], ["deny"]),
            (["deny", "allow", "step_up"], ["step_up"]),
        ):
            t = Table().after(change(*map(entry, words)), now_ms())
            self.assertEqual(names(t), expected)

    def test_a_full_table_takes_the_old_ones_place(self) -> None:
        t = table(entry("deny")).after(change(entry("deny", "bob"), full=True), now_ms())
        self.assertEqual((names(t), names(t, "bob")), ([], ["deny"]))

    def test_a_table_is_never_changed(self) -> None:
        t = table(entry("deny"))
        t.after(change(entry("allow")), now_ms())
        self.assertEqual(names(t), ["deny"])

    def test_a_clock_that_jumps_ahead_and_back_loses_no_decision(self) -> None:
        t = table(entry("deny", until=now_ms() + 60_000))
        ahead = now_ms() + 3_600_000
        t = t.after(change(entry("deny", "bob")), ahead)
        self.assertEqual(t.about("alice", None, ahead), [])
        self.assertEqual(names(t), ["deny"])

    def test_what_ended_long_ago_is_dropped_and_the_rest_is_bounded(self) -> None:
        past = entry("deny", "old", until=now_ms() - decisions.ENDED_KEPT_MS - 1)
        self.assertEqual(len(table(past).entries), 0)
        past = entry("end_session", "old", until=now_ms() - 1)
        limits = {"limits": {"requestsPerMinute": 1}}
        with mock.patch.object(decisions, "ENTRIES_MAX", 3):
            many = [entry("throttle", f"u{i}", **limits) for i in range(5)]
            t = table(past, *many, entry("deny"))
        self.assertEqual((len(t.entries), t.dropped), (3, 3))
        self.assertNotIn(("old", None), t.entries)
        self.assertEqual(names(t), ["deny"])


class Hostile(unittest.TestCase):
    def test_answers_that_are_none(self) -> None:
        for data in (
            b"",
            b"null",
            b"[]",
            b'{"entries":{}}',
            b'{"entries":null}',
            b"<html>",
            b"\xff\xfe\x00",
            b"[" * 100_000,
            b'{"entries":[' + b"[" * 100_000,
            b'{"entries":[], "x":' + b"9" * 10_000 + b"}",
        ):
            with self.assertRaises(ValueError):
                parse_change(data)

    def test_cursors_that_are_none(self) -> None:
        cursors: list[Any] = [None, "", 5, [], "x" * 10_000]
        for cursor in cursors:
            self.assertIsNone(change(cursor=cursor).cursor)

    def test_a_bad_entry_is_left_out_and_the_others_hold(self) -> None:
        good = entry("deny")
        bad: list[Any] = [
            None,
            "deny",
            [],
            {},
            {**good, "actor": None},
            {**good, "actor": ""},
            {**good, "actor": 7},
            {**good, "actor": ["alice"]},
            {**good, "session": ""},
            {**good, "session": 1},
            {**good, "decision": "quarantine"},
            {**good, "decision": None},
            {**good, "decision": ["deny"]},
            {**good, "until": "tomorrow"},
            {**good, "until": True},
            {**good, "until": -1},
            {**good, "until": float("nan")},
            {**good, "until": float("inf")},
            {**good, "until": 10**30},
            {**good, "id": {}},
            {**good, "reason": 5},
            entry("throttle"),
            entry("throttle", limits=[]),
            entry("throttle", limits={"requestsPerMinute": -1}),
            entry("throttle", limits={"requestsPerMinute": "6"}),
            entry("step_up", acrValues="mfa"),
            entry("step_up", acrValues=[1]),
            entry("step_up", acrValues=["x"] * 1000),
            entry("approval_required", bulkRows="many"),
            entry("approval_required", approved=5),
            entry("approval_required", approved={"rows": 5}),
            entry("approval_required", approved={"rows": float("nan"), "until": 1}),
        ]
        for item in bad:
            c = change(item, {**good, "actor": "bob"})
            self.assertEqual((len(c.entries), c.unread), (1, 1), item)
            self.assertEqual(c.entries[0].actor, "bob")

    def test_a_bad_entry_does_not_lift_the_one_that_holds(self) -> None:
        t = table(entry("deny")).after(change(entry("quarantine")), now_ms())
        self.assertEqual(names(t), ["deny"])

    def test_a_challenge_cannot_put_in_a_header(self) -> None:
        good = 'Bearer error="insufficient_user_authentication", acr_values="mfa", max_age="300"'
        self.assertEqual(parse_entry(entry("step_up", challenge=good)).challenge, good)
        bad: list[Any] = [
            good + "\r\nSet-Cookie: a=b",
            good + "\n",
            good + "é",
            'Basic realm="x"',
            "",
            None,
            7,
            "Bearer " + "x" * 5000,
        ]
        for text in bad:
            e = parse_entry(entry("step_up", challenge=text))
            self.assertEqual(e.challenge, PLAIN_CHALLENGE)

    def test_long_names_are_cut_as_in_events_and_lone_surrogates_pass(self) -> None:
        t = table(entry("deny", "ü" * 10_000))
        self.assertEqual(names(t, "ü" * 512), ["deny"])
        (e,) = change(entry("deny", reason="\ud800" + "x" * 100_000)).entries
        self.assertLessEqual(len(e.reason.encode()), decisions.REASON_BYTES_MAX)

    def test_members_of_other_sorts_do_no_harm(self) -> None:
        e = parse_entry(entry("deny", limits={"requestsPerMinute": 1}, until=now_ms() + YEAR_MS))
        self.assertEqual((e.decision, e.requests_per_minute), ("deny", 1))


if __name__ == "__main__":
    unittest.main()
