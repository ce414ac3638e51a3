"""Queue, numbers, gaps, restarts, forks: what was lost is always told, what was not is there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from drivers import WAIT_S, StubTocsin, TocsinTestCase, accept, answer, read_lines

import tocsin
from tocsin import recorder as recorders
from tocsin import sinks, spool
from tocsin.event import build_event
from tocsin.exchange import Exchange
from tocsin.options import RecorderOptions, default_spool_root
from tocsin.recorder import Recorder

PACKAGE = str(Path(__file__).resolve().parents[1])
KINDS = ("ai.invoke", "http.request")


def event(n: int = 0) -> dict[str, Any]:
    x = Exchange("POST", f"/{n}")
    x.status, x.out_complete = 200, True
    x.seal()
    return build_event(x)


def put(recorder: Recorder, *numbers: int) -> None:
    for n in numbers:
        recorder.record(event(n))


def paths(events: list[dict[str, Any]]) -> list[int]:
    return [int(e["endpoint"][6:]) for e in events if e["kind"] in KINDS]


def gaps(events: list[dict[str, Any]]) -> list[tuple[str, int]]:
    found = [e for e in events if e["kind"] == "audit.gap"]
    return [(e["reasonCode"], e["ext"]["python"]["count"]) for e in found]


class RecorderTestCase(TocsinTestCase):
    def setUp(self) -> None:
        super().setUp()
        for name, value in {
            "BATCH_WAIT_S": 0.0,
            "BACKOFF_S_MIN": 0.001,
            "BACKOFF_S_MAX": 0.02,
            "FILE_RETRY_S": 0.01,
        }.items():
            self.set(sinks, name, value)
        self.set(recorders, "GAP_TICK_S", 0.02)
        self.set(recorders, "LINGER_S", 0.001)

    def set(self, module: Any, name: str, value: Any) -> None:
        patch = mock.patch.object(module, name, value)
        patch.start()
        self.addCleanup(patch.stop)

    def stub(self, *script: Any, **options: Any) -> StubTocsin:
        stub = StubTocsin(*script, **options)
        self.addCleanup(stub.close)
        return stub

    def sender(self, stub: StubTocsin, **options: Any) -> Recorder:
        options.setdefault("spool", self.directory / "spool")
        return self.recorder(url=stub.url, api_key="secret", **options)


class Writing(RecorderTestCase):
    def test_file_and_server_get_the_same_lines(self) -> None:
        stub = self.stub()
        recorder = self.sender(stub, file=self.file, producer="api")
        put(recorder, *range(100))
        events = self.events(recorder)
        self.assertEqual(paths(events), list(range(100)))
        self.eventually(lambda: len(stub.stored) == 100)
        self.assertEqual({e["id"]: e for e in events}, stub.stored)
        self.assertEqual([e["producerSeq"] for e in events], list(range(1, 101)))
        self.assertEqual(len({e["producer"] for e in events}), 1)
        self.assertRegex(events[0]["producer"], r"^api/[0-9a-f]{8}$")
        stats = recorder.stats()
        self.assertEqual((stats["recorded"], stats["file_lines"]), (100, 100))

    def test_nothing_starts_before_the_first_event(self) -> None:
        threads = threading.active_count()
        self.recorder(file=self.file)
        self.assertEqual(threading.active_count(), threads)
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_many_threads(self) -> None:
        recorder = self.recorder(file=self.file)
        threads = [
            threading.Thread(target=put, args=(recorder, *range(i * 100, i * 100 + 100)))
            for i in range(10)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        events = self.events(recorder)
        self.assertEqual(sorted(paths(events)), list(range(1000)))
        self.assertEqual([e["producerSeq"] for e in events], list(range(1, 1001)))

    def test_close_writes_all_and_a_later_event_starts_anew(self) -> None:
        recorder = self.recorder(file=self.file)
        put(recorder, *range(50))
        recorder.close()
        recorder.close()
        self.assertEqual(paths(read_lines(self.file)), list(range(50)))
        put(recorder, 50)
        events = self.events(recorder)
        self.assertEqual(paths(events), list(range(51)))
        self.assertEqual(events[-1]["producerSeq"], 51)

    def test_the_next_process_goes_on_with_the_numbers(self) -> None:
        for first in (0, 10, 20):
            recorder = self.recorder(file=self.file)
            put(recorder, *range(first, first + 10))
            recorder.close()
        events = read_lines(self.file)
        self.assertEqual([e["producerSeq"] for e in events], list(range(1, 31)))
        self.assertEqual(len({e["producer"] for e in events}), 1)

    def test_two_processes_at_once_are_two_producers(self) -> None:
        one, two = self.recorder(file=self.file), self.recorder(file=self.file)
        put(one, 1, 2)
        put(two, 3, 4)
        self.assertTrue(one.flush(WAIT_S))
        events = self.events(two)
        by_producer: dict[str, list[int]] = {}
        for event in events:
            by_producer.setdefault(event["producer"], []).append(event["producerSeq"])
        self.assertEqual(sorted(by_producer.values()), [[1, 2], [1, 2]])

    def test_a_line_too_long_loses_its_ext_and_not_itself(self) -> None:
        recorder = self.recorder(file=self.file)
        recorder.record({**event(), "ext": {"x": "y" * 100_000}})
        self.assertNotIn("ext", self.events(recorder)[0])

    def test_what_is_not_json_raises_and_harms_nobody(self) -> None:
        recorder = self.recorder(file=self.file)
        with self.assertRaises((TypeError, ValueError)):
            recorder.record({**event(), "rows": float("nan")})
        put(recorder, 1)
        self.assertEqual(paths(self.events(recorder)), [1])

    def test_without_any_place_it_says_so_once_and_goes_on(self) -> None:
        with self.assertLogs("tocsin", "WARNING") as logs:
            recorder = self.recorder()
        put(recorder, 1, 2)
        self.assertTrue(recorder.flush(WAIT_S))
        self.assertEqual(len(logs.records), 1)

    def test_wrong_options_raise(self) -> None:
        for options in ({"url": "nonsense"}, {"url": "http://x", "api_key": "a\nb"}):
            with self.assertRaises(ValueError):
                self.recorder(**options)


class Loss(RecorderTestCase):
    def test_a_full_queue_drops_counts_and_tells(self) -> None:
        recorder = self.recorder(file=self.file, queue_max=10)
        with mock.patch.object(recorder, "_start"):
            put(recorder, *range(25))
        put(recorder, 99)
        self.assertTrue(recorder.flush(WAIT_S))
        events = self.eventually(
            lambda: (e := self.events(recorder)) and gaps(e) and e, "the gap is told"
        )
        self.assertEqual(paths(events), list(range(10)))
        self.assertEqual(gaps(events), [("queue_full", 16)])
        told = next(e for e in events if e["kind"] == "audit.gap")
        self.assertLessEqual(told["ext"]["python"]["firstTime"], told["ext"]["python"]["lastTime"])
        seqs = sorted(e["producerSeq"] for e in events)
        self.assertEqual(len(set(seqs)), len(seqs))
        missing = set(range(1, max(seqs) + 1)) - set(seqs)
        self.assertEqual(len(missing), 16, "the numbers of lost events are used up")
        self.assertEqual(recorder.stats()["queue_full"], 16)

    def test_a_full_spool_keeps_the_oldest_and_tells_later(self) -> None:
        stub = self.stub(default=answer(503))
        recorder = self.sender(stub, file=self.file, spool_bytes_max=40_000)
        put(recorder, *range(300))
        self.assertTrue(recorder.flush(WAIT_S))
        dropped = recorder.stats()["spool_dropped"]
        self.assertGreater(dropped, 100)
        self.assertEqual(stub.stored, {})
        stub.default = accept
        told = self.eventually(
            lambda: [e for e in list(stub.stored.values()) if e["kind"] == "audit.gap"]
        )
        self.assertEqual(gaps(told), [("spool_full", dropped)])
        kept = sorted(paths(list(stub.stored.values())))
        self.assertEqual(kept, list(range(300 - dropped)), "the oldest are kept")
        lost = [
            e for e in read_lines(self.file) if e["kind"] in KINDS and e["id"] not in stub.stored
        ]
        window = told[0]["ext"]["python"]
        self.assertEqual(window["firstTime"], min(e["time"] for e in lost))
        self.assertEqual(window["lastTime"], max(e["time"] for e in lost))
        self.assertEqual(paths(read_lines(self.file)), list(range(300)), "the file has them all")

    def test_a_loss_is_still_told_after_a_restart(self) -> None:
        down = self.stub(default=answer(503))
        recorder = self.sender(down, spool_bytes_max=20_000)
        put(recorder, *range(200))
        self.assertTrue(recorder.flush(WAIT_S))
        dropped = recorder.stats()["spool_dropped"]
        recorder.close(0.3)
        up = self.stub()
        again = self.sender(up, spool_bytes_max=20_000)
        put(again, 1000)  # which finds no room either, unless the old lines have left by then

        def accounted() -> bool:
            events = list(up.stored.values())
            return len(paths(events)) + sum(count for _, count in gaps(events)) == 201

        self.eventually(accounted)
        self.assertGreaterEqual(gaps(list(up.stored.values()))[0][1], dropped)

    def test_a_file_that_cannot_be_written_does_not_harm_and_is_told(self) -> None:
        target = self.directory / "logs" / "access.jsonl"
        recorder = self.recorder(file=target, spool=self.directory / "state")
        put(recorder, 1, 2, 3)
        self.assertTrue(recorder.flush(WAIT_S))
        self.assertEqual(recorder.stats()["file_dropped"], 3)
        target.parent.mkdir()
        events = self.eventually(lambda: gaps(read_lines(target)) and read_lines(target))
        self.assertEqual(gaps(events), [("file_error", 3)])
        put(recorder, 4)
        self.assertTrue(recorder.flush(WAIT_S))
        self.assertEqual(paths(read_lines(target)), [4])

    def test_what_the_middleware_could_not_record_is_a_gap(self) -> None:
        recorder = self.recorder(file=self.file)
        recorder.lose("capture_error", 1_700_000_000_000)
        put(recorder, 2)
        events = self.eventually(lambda: gaps(e := read_lines(self.file)) and e)
        self.assertEqual((paths(events), gaps(events)), ([2], [("capture_error", 1)]))
        self.assertEqual(sorted(e["producerSeq"] for e in events), [2, 3])

    def test_no_directory_for_the_spool(self) -> None:
        stub = self.stub()
        blocked = self.directory / "file"
        blocked.write_text("not a directory")
        recorder = self.sender(stub, spool=blocked)
        put(recorder, 1, 2)
        self.eventually(lambda: stub.seqs() == [1, 2])
        self.assertEqual(recorder.stats()["spool_open_error"], 1)

    def test_a_sink_that_raises_does_not_end_the_thread(self) -> None:
        recorder = self.recorder(file=self.file)
        put(recorder, 1)
        self.assertTrue(recorder.flush(WAIT_S))
        with mock.patch.object(recorder._sinks[0], "write", side_effect=RuntimeError):
            put(recorder, 2)
            recorder.flush(0.2)
        put(recorder, 3)
        self.assertTrue(recorder.flush(WAIT_S))
        events = self.eventually(lambda: gaps(e := read_lines(self.file)) and e)
        self.assertEqual((paths(events), gaps(events)), ([1, 3], [("writer_error", 1)]))


class Processes(RecorderTestCase):
    def run_python(self, code: str, **environment: str) -> subprocess.Popen[bytes]:
        prelude = (
            f"import os, sys, time, signal; sys.path[:0] = [{PACKAGE!r}, {PACKAGE + '/tests'!r}]\n"
            "from test_recorder import put\n"
            "from tocsin.recorder import Recorder, RecorderOptions\n"
            f"recorder = Recorder(RecorderOptions(file={str(self.file)!r}, environment=False))\n"
        )
        return subprocess.Popen(
            [sys.executable, "-c", prelude + code],
            stdout=subprocess.PIPE,
            env={**os.environ, **environment},
        )

    def test_kill_leaves_every_written_line_whole(self) -> None:
        with self.run_python(
            "n = 0\nwhile True:\n    put(recorder, n); n += 1\n    time.sleep(0.0002)\n"
        ) as process:
            self.eventually(lambda: self.file.exists() and self.file.stat().st_size > 20_000)
            process.kill()
        data = self.file.read_bytes()
        self.assertTrue(data.endswith(b"}\n"))
        events = [json.loads(line) for line in data.splitlines()]
        self.assertEqual(paths(events), list(range(len(events))))
        again = self.recorder(file=self.file)
        put(again, 0)
        last = self.events(again)[-1]
        self.assertEqual(last["producer"], events[0]["producer"])
        self.assertGreater(last["producerSeq"], events[-1]["producerSeq"])

    def test_the_end_of_a_process_writes_what_is_queued(self) -> None:
        with self.run_python("put(recorder, *range(500))\n"):
            pass
        self.assertEqual(paths(read_lines(self.file)), list(range(500)))

    @unittest.skipUnless(hasattr(os, "fork"), "this system has no fork")
    def test_fork_after_use(self) -> None:
        code = (
            "put(recorder, *range(10)); recorder.flush(5)\n"
            "children = []\n"
            "for i in (1, 2):\n"
            "    pid = os.fork()\n"
            "    if pid == 0:\n"
            "        put(recorder, *range(i * 100, i * 100 + 10))\n"
            "        sys.exit(0)\n"
            "    children.append(pid)\n"
            "put(recorder, *range(10, 20)); recorder.flush(5)\n"
            "for pid in children: os.waitpid(pid, 0)\n"
        )
        with self.run_python(code) as process:
            pass
        self.assertEqual(process.returncode, 0)
        events = read_lines(self.file)
        expected = [*range(20), *range(100, 110), *range(200, 210)]
        self.assertEqual(sorted(paths(events)), expected)
        by_producer: dict[str, list[int]] = {}
        for event in events:
            by_producer.setdefault(event["producer"], []).append(event["producerSeq"])
        for seqs in by_producer.values():
            self.assertEqual(sorted(seqs), list(range(1, len(seqs) + 1)))

    def test_sigterm_in_a_program_without_handler_loses_at_most_what_is_queued(self) -> None:
        code = (
            "put(recorder, *range(10)); recorder.flush(5)\nprint('x', flush=True)\ntime.sleep(60)\n"
        )
        with self.run_python(code) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGTERM)
        self.assertEqual(paths(read_lines(self.file)), list(range(10)))


class Configuration(RecorderTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.set(recorders, "_default", None)

    def test_from_the_environment(self) -> None:
        stub = self.stub()
        environment = {
            "TOCSIN_URL": stub.url,
            "TOCSIN_API_KEY": "from-env",
            "TOCSIN_SPOOL": str(self.directory / "spool"),
            "TOCSIN_FILE": str(self.file),
            "TOCSIN_PRODUCER": "env-name",
        }
        with mock.patch.dict(os.environ, environment):
            recorder = recorders.default_recorder()
            self.addCleanup(recorder.close)
        put(recorder, 1)
        self.eventually(lambda: stub.seqs() == [1])
        self.assertEqual(stub.requests[0]["headers"]["Authorization"], "Bearer from-env")
        self.assertTrue(self.events(recorder)[0]["producer"].startswith("env-name/"))
        self.assertIs(recorders.default_recorder(), recorder)

    def test_configure_replaces_and_closes(self) -> None:
        first = tocsin.configure(file=self.file, environment=False)
        put(first, 1)
        second = tocsin.configure(file=self.file, environment=False)
        self.addCleanup(second.close)
        self.assertEqual(paths(read_lines(self.file)), [1])
        put(recorders.default_recorder(), 2)
        self.assertTrue(tocsin.flush(WAIT_S))
        self.assertEqual(paths(read_lines(self.file)), [1, 2])
        self.assertEqual(tocsin.stats()["recorded"], 1)
        tocsin.close()

    def test_unknown_options_are_refused(self) -> None:
        with self.assertRaises(TypeError):
            tocsin.configure(fiel="x")

    def test_a_broken_environment_costs_no_request(self) -> None:
        """The first request meets it; the error is counted by the middleware (test_asgi)."""
        with mock.patch.dict(os.environ, {"TOCSIN_URL": "nonsense"}), self.assertRaises(ValueError):
            recorders.default_recorder()

    def test_default_spool_is_private(self) -> None:
        with mock.patch.dict(os.environ, {"XDG_STATE_HOME": str(self.directory)}):
            root = default_spool_root()
        assert root is not None
        self.assertEqual(root, self.directory / "tocsin" / "spool")
        self.assertEqual(root.stat().st_mode & 0o077, 0)

    def test_a_spool_that_somebody_else_prepared_is_not_used(self) -> None:
        prepared = self.directory / f"tocsin-spool-{os.getuid()}"
        elsewhere = self.directory / "elsewhere"
        elsewhere.mkdir()
        prepared.symlink_to(elsewhere)
        blocked = self.directory / "blocked"
        blocked.write_text("")
        with (
            mock.patch.dict(os.environ, {"XDG_STATE_HOME": str(blocked)}),
            mock.patch.object(tempfile, "gettempdir", return_value=str(self.directory)),
        ):
            self.assertIsNone(default_spool_root())

    def test_options_have_stated_defaults(self) -> None:
        options = RecorderOptions()
        self.assertEqual(options.spool_bytes_max, spool.SPOOL_BYTES_MAX)
        self.assertEqual(options.queue_max, 10_000)


if __name__ == "__main__":
    unittest.main()
