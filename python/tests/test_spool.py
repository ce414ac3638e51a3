"""The spool: nothing that was taken is lost, nothing beyond the limit is taken, restarts go on."""

from __future__ import annotations

import errno
import json
import os
import random
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from drivers import TocsinTestCase

from tocsin import spool as spools
from tocsin.spool import DiskSpool, MemorySlot, MemorySpool, Slot, claim_slot, orphan_spools

PACKAGE = str(Path(__file__).resolve().parents[1])


def line(n: int, size: int = 20) -> bytes:
    return json.dumps({"n": n}).encode().ljust(size - 1) + b"\n"


def numbers(lines: tuple[bytes, ...]) -> list[int]:
    return [json.loads(data)["n"] for data in lines]


def drain(spool: Any) -> list[int]:
    got: list[int] = []
    while True:
        batch = spool.read(7, 1000)
        if batch is None:
            return got
        got.extend(numbers(batch.lines))
        spool.ack(batch)


class SpoolTestCase(TocsinTestCase):
    def open(self, **limits: int) -> DiskSpool:
        spool = DiskSpool(self.directory, **limits)
        self.addCleanup(self.close, spool)
        return spool

    @staticmethod
    def close(spool: DiskSpool) -> None:
        try:
            spool.close()
        except OSError:
            """The test has closed it."""

    def files(self) -> list[str]:
        return sorted(p.name for p in self.directory.glob("[0-9]*.jsonl"))


class Order(SpoolTestCase):
    def test_first_in_first_out_over_segments(self) -> None:
        spool = self.open(segment_bytes=100)
        self.assertEqual(spool.append([line(n) for n in range(50)]), 50)
        self.assertGreater(len(self.files()), 5)
        self.assertEqual(drain(spool), list(range(50)))
        self.assertIsNone(spool.read(10, 1000))
        self.assertEqual(len(self.files()), 1)
        self.assertEqual(spool.bytes_waiting(), 0)

    def test_what_is_delivered_leaves_the_disk(self) -> None:
        spool = self.open()
        spool.append([line(1), line(2)])
        self.assertEqual(drain(spool), [1, 2])
        self.assertEqual((self.directory / self.files()[0]).stat().st_size, 0)
        spool.append([line(3)])
        self.assertEqual(drain(spool), [3])

    def test_without_ack_the_same_lines_come_again(self) -> None:
        spool = self.open()
        spool.append([line(1)])
        first, again = spool.read(10, 1000), spool.read(10, 1000)
        self.assertEqual(first, again)

    def test_lines_that_come_between_read_and_ack_stay(self) -> None:
        spool = self.open()
        spool.append([line(1)])
        batch = spool.read(10, 1000)
        assert batch is not None
        spool.append([line(2)])
        spool.ack(batch)
        self.assertEqual(drain(spool), [2])

    def test_a_batch_is_bounded_by_lines_and_by_bytes(self) -> None:
        for spool in (self.open(), MemorySpool()):
            spool.append([line(n, 100) for n in range(10)])
            few, small = spool.read(3, 10_000), spool.read(100, 250)
            assert few is not None and small is not None
            self.assertEqual(numbers(few.lines), [0, 1, 2])
            self.assertEqual(numbers(small.lines), [0, 1])

    def test_in_memory_the_same(self) -> None:
        spool = MemorySpool(bytes_max=100)
        self.assertEqual(spool.append([line(n) for n in range(9)]), 5)
        self.assertFalse(spool.has_room())
        batch = spool.read(2, 1000)
        assert batch is not None
        spool.ack(batch)
        spool.ack(batch)
        self.assertEqual(spool.bytes_waiting(), 60)
        self.assertEqual(drain(spool), [2, 3, 4])


class Limits(SpoolTestCase):
    def test_full_keeps_the_oldest_and_refuses_the_newest(self) -> None:
        spool = self.open(bytes_max=400, segment_bytes=100)
        self.assertEqual(spool.append([line(n) for n in range(30)]), 20)
        self.assertEqual(spool.refusal, "spool_full")
        self.assertEqual(spool.append([line(99)]), 0)
        self.assertEqual(drain(spool), list(range(20)))
        self.assertEqual(spool.append([line(100)]), 1)

    def test_bytes_on_disk_never_pass_the_limit(self) -> None:
        spool = self.open(bytes_max=1000, segment_bytes=150)
        dice = random.Random(4)
        for n in range(500):
            spool.append([line(n, dice.randrange(16, 120)) for _ in range(dice.randrange(5))])
            if dice.random() < 0.3:
                batch = spool.read(3, 500)
                if batch is not None:
                    spool.ack(batch)
            size = sum((self.directory / name).stat().st_size for name in self.files())
            self.assertLessEqual(size, 1000)

    def test_a_line_longer_than_the_whole_spool(self) -> None:
        spool = self.open(bytes_max=100)
        self.assertEqual(spool.append([line(1, 200), line(2)]), 0)

    def test_a_full_disk_takes_nothing_and_leaves_no_part_of_a_line(self) -> None:
        spool = self.open()
        spool.append([line(1)])
        real = os.write

        def half(fd: int, data: bytes) -> int:
            return real(fd, data[: len(data) // 2])

        with mock.patch.object(spools.os, "write", half):
            self.assertEqual(spool.append([line(2), line(3)]), 0)
        self.assertEqual(spool.refusal, "spool_error")
        full = OSError(errno.ENOSPC, "full")
        with mock.patch.object(spools.os, "write", side_effect=full):
            self.assertEqual(spool.append([line(4)]), 0)
        spool.append([line(5)])
        self.assertEqual(drain(spool), [1, 5])

    def test_quarantine_is_bounded(self) -> None:
        spool = self.open()
        with mock.patch.object(spools, "REFUSED_BYTES_MAX", 1000):
            for n in range(100):
                spool.quarantine(line(n), {"code": "event.unknown_field"})
        kept = (self.directory / "refused.jsonl").read_bytes()
        self.assertLessEqual(len(kept), 1000)
        first = json.loads(kept.splitlines()[0])
        self.assertEqual(first["code"], "event.unknown_field")
        self.assertEqual(json.loads(first["line"]), {"n": 0})


class Restart(SpoolTestCase):
    def test_goes_on_where_it_was(self) -> None:
        spool = self.open(segment_bytes=100)
        spool.append([line(n) for n in range(20)])
        got = 0
        for _ in range(3):
            batch = spool.read(4, 1000)
            assert batch is not None
            spool.ack(batch)
            got += len(batch.lines)
        spool.close()
        self.assertGreater(got, 5)
        self.assertEqual(drain(self.open(segment_bytes=100)), list(range(got, 20)))

    def test_a_torn_last_line_is_cut_off(self) -> None:
        spool = self.open()
        spool.append([line(1)])
        spool.close()
        with open(self.directory / self.files()[0], "ab") as file:
            file.write(b'{"n": 2')
        spool = self.open()
        spool.append([line(3)])
        self.assertEqual(drain(spool), [1, 3])

    def test_a_lost_or_damaged_cursor_sends_again_and_loses_nothing(self) -> None:
        for damage in (b"", b"x" * 48, b"9 9".ljust(47) + b"\n", b"1 99999".ljust(47) + b"\n"):
            spool = self.open(segment_bytes=100)
            spool.append([line(n) for n in range(10)])
            spool.close()
            (self.directory / "cursor").write_bytes(damage)
            spool = self.open(segment_bytes=100)
            self.assertEqual(drain(spool), list(range(10)), damage)
            spool.close()

    def test_a_damaged_segment_is_passed_over(self) -> None:
        spool = self.open(segment_bytes=100)
        spool.append([line(n) for n in range(10)])
        spool.close()
        (self.directory / self.files()[0]).write_bytes(b"\0" * 100)
        spool = self.open(segment_bytes=100)
        batch = spool.read(100, 1000)
        assert batch is not None
        self.assertEqual(batch.lines, ())
        spool.ack(batch)
        self.assertEqual(drain(spool), list(range(5, 10)))
        self.assertEqual(spool.corrupt_bytes, 100)

    def test_a_crash_between_ack_and_truncation_skips_nothing(self) -> None:
        spool = self.open()
        spool.append([line(1)])
        batch = spool.read(10, 1000)
        assert batch is not None
        with (
            mock.patch.object(spools.os, "ftruncate", side_effect=OSError("crash")),
            self.assertRaises(OSError),
        ):
            spool.ack(batch)
        spool.close()
        spool = self.open()
        spool.append([line(2)])
        self.assertEqual(drain(spool), [1, 2])

    def test_any_history_delivers_each_line_in_order_at_least_once(self) -> None:
        """Random appends, reads, acks and crashes at random moments, against a list."""
        dice = random.Random(11)
        for _ in range(20):
            root = self.directory / str(dice.random())
            root.mkdir()
            spool = DiskSpool(root, segment_bytes=120)
            written = 0
            got: list[int] = []
            for _ in range(120):
                act = dice.random()
                if act < 0.5:
                    count = dice.randrange(1, 6)
                    spool.append([line(written + i) for i in range(count)])
                    written += count
                elif act < 0.9:
                    batch = spool.read(dice.randrange(1, 6), dice.randrange(40, 200))
                    if batch is not None:
                        got.extend(numbers(batch.lines))
                        if dice.random() < 0.8:
                            spool.ack(batch)
                else:
                    crashed, spool = spool, DiskSpool(root, segment_bytes=120)
                    crashed.close()
            got.extend(drain(spool))
            spool.close()
            self.assertEqual(sorted(set(got)), list(range(written)))
            firsts = [n for i, n in enumerate(got) if n not in got[:i]]
            self.assertEqual(firsts, list(range(written)))


class Slots(TocsinTestCase):
    def claim(self) -> Slot:
        slot = claim_slot(self.directory)
        return slot

    def test_numbers_go_on_and_the_producer_stays(self) -> None:
        slot = self.claim()
        self.assertEqual([slot.reserve(1), slot.reserve(5), slot.reserve(1)], [1, 2, 7])
        producer = slot.producer
        slot.close()
        again = self.claim()
        self.assertEqual((again.producer, again.reserve(1)), (producer, 8))
        again.close()

    def test_two_at_once_have_two_slots(self) -> None:
        one, two = self.claim(), self.claim()
        self.assertNotEqual(one.directory, two.directory)
        self.assertNotEqual(one.producer, two.producer)
        one.close()
        three = self.claim()
        self.assertEqual(three.directory, one.directory)
        two.close()
        three.close()

    def test_a_slot_is_free_when_its_process_was_killed(self) -> None:
        code = (
            f"import sys, time; sys.path.insert(0, {PACKAGE!r})\n"
            "from pathlib import Path\n"
            "from tocsin.spool import claim_slot\n"
            f"slot = claim_slot(Path({str(self.directory)!r})); slot.reserve(41)\n"
            "print('claimed', flush=True); time.sleep(60)\n"
        )
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            self.assertEqual(process.stdout.readline(), b"claimed\n")
            other = self.claim()
            self.assertEqual(other.directory.name, "0001")
            process.kill()
        mine = self.claim()
        self.assertEqual((mine.directory.name, mine.reserve(1)), ("0000", 42))
        other.close()
        mine.close()

    def test_damaged_numbers_begin_a_new_producer(self) -> None:
        slot = self.claim()
        slot.reserve(9)
        producer = slot.producer
        slot.close()
        (slot.directory / "seq").write_bytes(b"garbage")
        again = self.claim()
        self.assertNotEqual(again.producer, producer)
        self.assertEqual(again.reserve(1), 1)
        again.close()

    def test_numbers_go_on_when_they_cannot_be_kept(self) -> None:
        slot = self.claim()
        with mock.patch.object(spools.os, "pwrite", side_effect=OSError("full")):
            self.assertEqual([slot.reserve(2), slot.reserve(1)], [1, 3])
        self.assertIsNotNone(slot.error)
        slot.close()

    def test_gaps_are_kept(self) -> None:
        slot = self.claim()
        self.assertEqual(slot.load_gaps(), {})
        slot.save_gaps({"spool_full": [3, 1, 2]})
        self.assertEqual(slot.load_gaps(), {"spool_full": [3, 1, 2]})
        for damage in (b"", b"[]", b'{"a": 5}', b'{"a": [1, 2, "x"]}', b"\xff"):
            (slot.directory / "gaps").write_bytes(damage)
            self.assertEqual(slot.load_gaps(), {}, damage)
        slot.close()

    def test_private_to_its_user(self) -> None:
        slot = self.claim()
        self.assertEqual(slot.directory.stat().st_mode & 0o077, 0)
        self.assertEqual((slot.directory / "seq").stat().st_mode & 0o077, 0)
        slot.close()

    def test_memory_slot(self) -> None:
        slot = MemorySlot()
        self.assertEqual([slot.reserve(2), slot.reserve(1)], [1, 3])
        self.assertNotEqual(slot.producer, MemorySlot().producer)

    def test_orphans_are_those_with_lines_that_nobody_holds(self) -> None:
        dead, empty, held = self.claim(), self.claim(), self.claim()
        for slot, lines in ((dead, [line(7)]), (empty, []), (held, [line(8)])):
            spool = DiskSpool(slot.directory)
            spool.append(lines)
            spool.close()
        dead.close()
        empty.close()
        own = claim_slot(self.directory)
        self.assertEqual(own.directory, dead.directory, "the first free one")
        own.close()
        mine = self.directory / "9999"
        self.assertEqual([drain(s) for s in orphan_spools(self.directory, mine)], [[7]])
        self.assertEqual(list(orphan_spools(self.directory, mine)), [])
        held.close()


if __name__ == "__main__":
    unittest.main()
