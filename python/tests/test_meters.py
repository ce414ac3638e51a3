"""Buckets and approvals: levels, debts, clocks that jump, files that are broken."""

from __future__ import annotations

import math
import os
import threading
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from decision_stub import entry
from drivers import TocsinTestCase

from tocsin import meters
from tocsin.decisions import Entry, parse_entry
from tocsin.meters import Account, FileStore, Grant, MemoryStore, Meters, open_store, parse_account


def throttle(requests: float | None = None, rows: float | None = None, **more: Any) -> Entry:
    limits = {"requestsPerMinute": requests, "rowsPerMinute": rows}
    return parse_entry(entry("throttle", limits=limits, **more))


def approval(rows: float, until: float, **more: Any) -> Entry:
    approved = {"rows": rows, "until": until}
    return parse_entry(entry("approval_required", bulkRows=10, approved=approved, **more))


class MetersTestCase(TocsinTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.meters = Meters(lambda: self.directory)

    def taken(self, e: Entry, now_s: float, asked: float | None = None) -> Grant | None:
        grant = self.meters.take(e, asked, now_s)
        return grant if isinstance(grant, Grant) else None

    def wait(self, e: Entry, now_s: float, asked: float | None = None) -> float:
        answer = self.meters.take(e, asked, now_s)
        assert isinstance(answer, float)
        return answer


class Throttle(MetersTestCase):
    def test_a_bucket_holds_a_minutes_worth_and_fills_evenly(self) -> None:
        e = throttle(6)
        self.assertEqual([bool(self.taken(e, 100.0)) for _ in range(7)], [True] * 6 + [False])
        self.assertAlmostEqual(self.wait(e, 100.0), 10.0)
        self.assertAlmostEqual(self.wait(e, 104.0), 6.0)
        self.assertIsNotNone(self.taken(e, 110.001))
        self.assertIsNone(self.taken(e, 110.001))

    def test_less_than_one_a_minute(self) -> None:
        e = throttle(0.5)
        self.assertIsNotNone(self.taken(e, 100.0))
        self.assertAlmostEqual(self.wait(e, 100.0), 120.0)
        self.assertIsNotNone(self.taken(e, 220.001))

    def test_none_a_minute_is_never(self) -> None:
        self.assertEqual(self.wait(throttle(0), 100.0), math.inf)
        self.assertEqual(self.wait(throttle(None, 0), 100.0), math.inf)

    def test_rows_are_owed_where_more_came_than_was_asked(self) -> None:
        e = throttle(None, 60)
        grant = self.taken(e, 100.0, 10)
        assert grant is not None
        with mock.patch.object(meters.time, "monotonic", lambda: 100.0):
            grant.settle(120)
        self.assertAlmostEqual(self.wait(e, 100.0), 61.0)
        self.assertIsNotNone(self.taken(e, 161.001))

    def test_what_was_asked_and_not_used_is_given_back(self) -> None:
        e = throttle(None, 60)
        grant = self.taken(e, 100.0, 60)
        assert grant is not None
        self.assertIsNone(self.taken(e, 100.0, 60))
        grant.settle(0)
        self.assertIsNotNone(self.taken(e, 100.0, 60))

    def test_where_rows_are_not_told_what_was_asked_stays_taken(self) -> None:
        e = throttle(None, 60)
        grant = self.taken(e, 100.0, 60)
        assert grant is not None
        grant.settle(None)
        self.assertIsNone(self.taken(e, 100.0, 1))

    def test_more_than_a_minutes_rows_never_pass(self) -> None:
        self.assertEqual(self.wait(throttle(None, 60), 100.0, 61), math.inf)

    def test_both_limits_hold_and_a_refusal_takes_from_neither(self) -> None:
        e = throttle(2, 60)
        self.assertIsNotNone(self.taken(e, 100.0, 50))
        self.assertIsNone(self.taken(e, 100.0, 50))
        self.assertIsNotNone(self.taken(e, 100.0, 5))
        self.assertIsNone(self.taken(e, 100.0, 1))

    def test_a_limit_that_is_not_set_leaves_no_debt_for_one_that_comes(self) -> None:
        for _ in range(50):
            grant = self.taken(throttle(None, 1000), 100.0)
            assert grant is not None
        grant = self.taken(throttle(100, None), 161.0, 10_000)
        assert grant is not None
        grant.settle(1_000_000)
        self.assertIsNotNone(self.taken(throttle(1, 1000), 230.0))

    def test_the_monotonic_clock_of_an_earlier_start_of_the_machine(self) -> None:
        e = throttle(1)
        self.assertIsNotNone(self.taken(e, 1_000_000.0))
        self.assertIsNotNone(self.taken(e, 5.0))
        self.assertIsNone(self.taken(e, 5.0))

    def test_sessions_and_actors_have_their_own(self) -> None:
        for e in (
            throttle(1),
            throttle(1, session="s"),
            throttle(1, actor="bob"),
            throttle(1, actor="alice\0s", session=None, id="other"),
        ):
            self.taken(e, 100.0)
        self.assertIsNone(self.taken(throttle(1), 100.0))
        self.assertIsNone(self.taken(throttle(1, session="s"), 100.0))

    def test_a_decision_made_again_does_not_begin_with_full_buckets(self) -> None:
        self.assertIsNotNone(self.taken(throttle(1, id="d_1"), 100.0))
        self.assertIsNone(self.taken(throttle(1, id="d_2"), 100.0))


class Approved(MetersTestCase):
    def test_so_many_rows_until_then(self) -> None:
        e = approval(100, 5000)
        self.assertIsNotNone(self.meters.draw(e, 60, 4999))
        self.assertIsNone(self.meters.draw(e, 60, 4999))
        self.assertIsNotNone(self.meters.draw(e, 40, 4999))
        self.assertIsNone(self.meters.draw(e, 1, 4999))
        self.assertIsNone(self.meters.draw(approval(100, 5000, actor="b"), 1, 5000))

    def test_unknown_sizes_go_one_after_the_other(self) -> None:
        e = approval(100, 5000)
        grant = self.meters.draw(e, None, 0)
        assert grant is not None
        self.assertIsNone(self.meters.draw(e, None, 0))
        self.assertIsNone(self.meters.draw(e, 1, 0))
        grant.settle(30)
        self.assertIsNotNone(self.meters.draw(e, 70, 0))

    def test_more_than_was_asked_counts_and_nothing_is_owed_to_the_next(self) -> None:
        e = approval(100, 5000)
        grant = self.meters.draw(e, 10, 0)
        assert grant is not None
        grant.settle(1000)
        self.assertIsNone(self.meters.draw(e, 1, 0))
        self.assertIsNotNone(self.meters.draw(approval(100, 6000), 100, 0))

    def test_what_is_left_by_tocsins_count_or_by_ours_the_smaller_holds(self) -> None:
        self.assertIsNotNone(self.meters.draw(approval(100, 5000), 30, 0))
        self.assertIsNone(self.meters.draw(approval(90, 5000), 71, 0))
        self.assertIsNone(self.meters.draw(approval(40, 5000), 41, 0))
        self.assertIsNone(self.meters.draw(approval(100, 5000), 41, 0))
        self.assertIsNotNone(self.meters.draw(approval(100, 5000), 40, 0))
        self.assertIsNone(self.meters.draw(approval(100, 5000), 1, 0))

    def test_rows_of_an_approval_that_was_replaced_do_not_count_on_the_new_one(self) -> None:
        grant = self.meters.draw(approval(100, 5000), 10, 0)
        assert grant is not None
        self.assertIsNotNone(self.meters.draw(approval(50, 6000), 20, 0))
        grant.settle(90)
        self.assertIsNotNone(self.meters.draw(approval(50, 6000), 30, 0))

    def test_none(self) -> None:
        e = parse_entry(entry("approval_required", bulkRows=10, approved=None))
        self.assertIsNone(self.meters.draw(e, 1, 0))


class Stores(MetersTestCase):
    def test_files_are_private_and_name_nobody(self) -> None:
        self.taken(throttle(1, actor="alice@example.org"), 1.0)
        (path,) = (self.directory / "meters").iterdir()
        self.assertNotIn("alice", path.name)
        self.assertNotIn(b"alice", path.read_bytes())
        self.assertEqual(path.stat().st_mode & 0o077, 0)
        self.assertEqual((self.directory / "meters").stat().st_mode & 0o077, 0)

    def test_a_file_that_was_cut_or_is_of_somebody_else_is_as_good_as_none(self) -> None:
        self.taken(throttle(1), 1.0)
        (path,) = (self.directory / "meters").iterdir()
        for data in (b"", b"x", b"\xff" * 48, b"\0" * 47, b"\0" * 49, b"x" * 10_000):
            path.write_bytes(data)
            self.assertIsNotNone(self.taken(throttle(1), 1.0), data[:10])
        self.assertIsNone(parse_account(b"\xff" * 48))
        self.assertEqual(parse_account(b"\0" * 48), Account(0, 0, 0))

    def test_a_link_is_not_followed(self) -> None:
        self.taken(throttle(1), 1.0)
        (path,) = (self.directory / "meters").iterdir()
        target = self.directory / "target"
        target.write_bytes(b"mine")
        path.unlink()
        path.symlink_to(target)
        self.assertIsNotNone(self.taken(throttle(1), 1.0))
        self.assertIsNone(self.taken(throttle(1), 1.0))
        self.assertEqual(target.read_bytes(), b"mine")

    def test_a_process_that_was_stopped_with_the_lock_holds_nobody_up(self) -> None:
        e = throttle(1)
        self.taken(e, 1.0)
        (path,) = (self.directory / "meters").iterdir()
        with mock.patch.object(meters, "LOCK_LOOKS", 2), open(path, "rb+") as held:
            meters.fcntl.flock(held, meters.fcntl.LOCK_EX)
            self.assertIsNotNone(self.taken(e, 1.0))
            self.assertIsNone(self.taken(e, 1.0))
        self.assertIsNone(self.taken(e, 1.0))

    def test_old_files_are_removed_and_new_ones_stay(self) -> None:
        self.taken(throttle(1), 1.0)
        folder = self.directory / "meters"
        (path,) = folder.iterdir()
        old = folder / "old"
        old.write_bytes(b"x")
        os.utime(old, (1, 1))
        FileStore(folder)
        self.assertEqual(list(folder.iterdir()), [path])

    def test_in_memory_where_there_is_no_directory(self) -> None:
        blocked = self.directory / "file"
        blocked.write_text("")
        roots: list[Path | None] = [None, blocked]
        for root in roots:
            self.assertIsInstance(open_store(root), MemoryStore)

    def test_memory_is_bounded(self) -> None:
        store = MemoryStore()
        with mock.patch.object(meters, "ACCOUNTS_MAX", 3):
            for n in range(10):
                store.update(str(n), lambda a: (a or Account(1, 1, 1), 0.0))
        self.assertEqual(sorted(store._accounts), ["7", "8", "9"])

    def test_threads_count_exactly(self) -> None:
        for root in (None, self.directory):
            counted = Meters(lambda r=root: r)
            e = throttle(100)
            got: list[bool] = []

            def work(m: Meters = counted, into: list[bool] = got, of: Entry = e) -> None:
                into.extend(isinstance(m.take(of, None, 1.0), Grant) for _ in range(40))

            with mock.patch.object(meters, "LOCK_LOOKS", 10_000):
                threads = [threading.Thread(target=work) for _ in range(4)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
            self.assertEqual((got.count(True), got.count(False)), (100, 60))


if __name__ == "__main__":
    unittest.main()
