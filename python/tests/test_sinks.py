"""The file, and the sender against a Tocsin that misbehaves."""

from __future__ import annotations

import errno
import json
import os
import socket
import threading
import time
import unittest
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest import mock

from drivers import StubTocsin, TocsinTestCase, accept, answer, read_lines, reset, store_then_reset

from tocsin import sinks, transport
from tocsin.event import uuid7
from tocsin.sinks import HttpSink, JsonLinesFile
from tocsin.spool import DiskSpool, MemorySpool
from tocsin.transport import Transport, parse_answer, parse_retry_after
from tocsin.trouble import Trouble


def event_line(seq: int) -> bytes:
    event = {"id": uuid7(1_700_000_000_000 + seq), "producerSeq": seq}
    return json.dumps(event, separators=(",", ":")).encode() + b"\n"


class File(TocsinTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.trouble = Trouble()
        self.sink = JsonLinesFile(self.file, self.trouble)
        self.addCleanup(self.sink.close, 1)

    def test_appends_whole_lines(self) -> None:
        self.file.write_bytes(b'{"n":0}\n')
        self.assertEqual(self.sink.write([b'{"n":1}\n', b'{"n":2}\n']), 2)
        self.assertEqual([e["n"] for e in read_lines(self.file)], [0, 1, 2])

    def test_one_write_per_line(self) -> None:
        with mock.patch.object(sinks.os, "write", wraps=os.write) as write:
            self.sink.write([b"{}\n"] * 5)
        self.assertEqual([c.args[1] for c in write.call_args_list], [b"{}\n"] * 5)

    def test_reopens_after_rotation(self) -> None:
        rotated = self.directory / "access.jsonl.1"
        self.sink.write([b'{"n":1}\n'])
        self.file.rename(rotated)
        self.sink.write([b'{"n":2}\n'])
        self.file.unlink()
        self.sink.write([b'{"n":3}\n'])
        self.assertEqual([e["n"] for e in read_lines(rotated)], [1])
        self.assertEqual([e["n"] for e in read_lines(self.file)], [3])

    def test_goes_on_after_copy_and_truncate(self) -> None:
        self.sink.write([b'{"n":1}\n'])
        os.truncate(self.file, 0)
        self.sink.write([b'{"n":2}\n'])
        self.assertEqual(self.file.read_bytes(), b'{"n":2}\n')

    def test_a_torn_line_of_a_crash_is_ended_first(self) -> None:
        self.file.write_bytes(b'{"n":0}\n{"to')
        self.sink.write([b'{"n":1}\n'])
        self.assertEqual(self.file.read_bytes(), b'{"n":0}\n{"to\n{"n":1}\n')

    def test_a_full_disk_is_counted_and_later_lines_are_whole(self) -> None:
        real = os.write
        full = [False]

        def write(fd: int, data: bytes) -> int:
            return real(fd, data[:4]) if full[0] else real(fd, data)

        with mock.patch.object(sinks.os, "write", write):
            self.assertEqual(self.sink.write([b'{"n":1}\n']), 1)
            full[0] = True
            self.assertEqual(self.sink.write([b'{"n":2}\n', b'{"n":3}\n']), 0)
            self.assertFalse(self.sink.has_room())
            full[0] = False
            self.assertEqual(self.sink.write([b'{"n":4}\n']), 1)
        lines = self.file.read_bytes().splitlines()
        self.assertEqual(lines, [b'{"n":1}', b'{"n"', b'{"n":4}'])
        self.assertEqual(self.trouble.get("file_error"), 1)

    def test_a_file_that_cannot_be_opened(self) -> None:
        for path in (self.directory / "no" / "such" / "dir", self.directory):
            sink = JsonLinesFile(path, self.trouble)
            self.assertEqual(sink.write([b"{}\n"]), 0)
        self.assertEqual(self.trouble.get("file_error"), 2)

    def test_errors_of_the_disk_are_said_once(self) -> None:
        full = OSError(errno.ENOSPC, "No space left on device")
        with (
            mock.patch.object(sinks.os, "open", side_effect=full),
            self.assertLogs("tocsin", "WARNING") as logs,
        ):
            for _ in range(5):
                self.sink.write([b"{}\n"])
        self.assertEqual(len(logs.records), 1)
        self.assertEqual(self.trouble.get("file_error"), 5)

    def test_two_writers_do_not_mix_lines(self) -> None:
        def write(letter: bytes) -> None:
            sink = JsonLinesFile(self.file, Trouble())
            for _ in range(300):
                sink.write([b'{"x":"' + letter * 3000 + b'"}\n'])
            sink.close(1)

        threads = [threading.Thread(target=write, args=(c,)) for c in (b"a", b"b", b"c")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lines = read_lines(self.file)
        self.assertEqual(len(lines), 900)
        self.assertEqual({len(set(e["x"])) for e in lines}, {1})

    def test_a_pipe_can_be_the_file(self) -> None:
        read, write = os.pipe()
        sink = JsonLinesFile(f"/proc/self/fd/{write}", self.trouble)
        if not os.path.exists(f"/proc/self/fd/{write}"):
            self.skipTest("this system has no /proc")
        self.assertEqual(sink.write([b"{}\n"]), 1)
        self.assertEqual(os.read(read, 10), b"{}\n")
        sink.close(1)
        os.close(read)
        os.close(write)


class SenderTestCase(TocsinTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.trouble = Trouble()
        for name, value in {
            "BATCH_WAIT_S": 0.0,
            "BACKOFF_S_MIN": 0.001,
            "BACKOFF_S_MAX": 0.02,
            "ORPHANS_S": 0.05,
        }.items():
            patch = mock.patch.object(sinks, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def stub(self, *script: Any, **options: Any) -> StubTocsin:
        stub = StubTocsin(*script, **options)
        self.addCleanup(stub.close)
        return stub

    def sink(self, stub: StubTocsin | str, root: Path | None = None, **more: Any) -> HttpSink:
        url = stub if isinstance(stub, str) else stub.url
        directory = (root or self.directory) / "own"
        directory.mkdir(parents=True, exist_ok=True)
        spool = more.get("spool") or DiskSpool(directory, more.get("bytes_max", 1_000_000), 500)
        sender = Transport(url, more.get("key", "secret"), more.get("timeout_s", 2.0))
        sink = HttpSink(sender, spool, self.trouble, root)
        self.addCleanup(sink.close, 0.5)
        return sink

    def until_empty(self, sink: HttpSink) -> None:
        self.eventually(lambda: sink._spool.bytes_waiting() == 0, "the spool is empty")

    def deliver(self, stub: StubTocsin, seqs: Iterable[int] = range(20), **more: Any) -> None:
        sink = self.sink(stub, **more)
        lines = [event_line(n) for n in seqs]
        self.assertEqual(sink.write(lines), len(lines))
        self.until_empty(sink)
        self.assertTrue(sink.close(0.5))


class Delivery(SenderTestCase):
    def test_each_event_once_with_key_and_headers(self) -> None:
        stub = self.stub()
        self.deliver(stub, range(1200))
        self.assertEqual(stub.seqs(), list(range(1200)))
        self.assertEqual(self.trouble.get("sent"), 1200)
        first = stub.requests[0]
        self.assertEqual(first["path"], "/v1/events")
        self.assertEqual(first["headers"]["Authorization"], "Bearer secret")
        self.assertEqual(first["headers"]["Content-Type"], "application/x-ndjson")
        self.assertEqual(first["headers"]["Content-Encoding"], "gzip")
        self.assertTrue(all(len(r["lines"]) <= 500 for r in stub.requests))

    def test_one_connection_is_kept(self) -> None:
        stub = self.stub()
        with mock.patch.object(
            transport.http.client, "HTTPConnection", wraps=transport.http.client.HTTPConnection
        ) as made:
            sink = self.sink(stub)
            for n in range(5):
                sink.write([event_line(n)])
                self.until_empty(sink)
        self.assertEqual(made.call_count, 1)
        self.assertEqual(len(stub.requests), 5)

    def test_a_prefix_of_the_url_is_kept(self) -> None:
        stub = self.stub()
        sink = self.sink(stub.url + "/tocsin/")
        sink.write([event_line(1)])
        self.until_empty(sink)
        self.assertEqual(stub.requests[0]["path"], "/tocsin/v1/events")

    def test_a_kept_connection_that_the_server_closed_is_made_anew(self) -> None:
        closing = answer_closing()
        stub = self.stub(closing, closing)
        sink = self.sink(stub)
        for n in range(4):
            sink.write([event_line(n)])
            self.until_empty(sink)
        self.assertEqual(stub.seqs(), [0, 1, 2, 3])
        self.assertEqual(self.trouble.get("unreachable"), 0)

    def test_in_memory(self) -> None:
        stub = self.stub(answer(503), reset)
        self.deliver(stub, spool=MemorySpool())
        self.assertEqual(stub.seqs(), list(range(20)))


def answer_closing() -> Any:
    def reply(stub: StubTocsin, lines: Any) -> Any:
        status, headers, document = accept(stub, lines)
        return status, {"Connection": "close", **headers}, document

    return reply


class Trouble503(SenderTestCase):
    def test_outages_lose_and_double_nothing(self) -> None:
        stub = self.stub(
            answer(503),
            reset,
            reset,
            answer(429),
            store_then_reset,
            answer(500),
            answer(502),
            reset,
        )
        self.deliver(stub, range(700))
        self.assertEqual(stub.seqs(), list(range(700)))
        self.assertGreater(self.trouble.get("unreachable"), 0)
        self.assertEqual(self.trouble.get("pushed_back"), 4)

    def test_retry_after_is_waited_for(self) -> None:
        stub = self.stub(answer(503, None, Retry_After="7"))
        sink = self.sink(stub)
        waits: list[float] = []
        real = sink._stop.wait

        def wait(seconds: float) -> bool:
            waits.append(seconds)
            return real(0)

        with mock.patch.object(sink._stop, "wait", wait):
            sink.write([event_line(1)])
            self.until_empty(sink)
        self.assertTrue(any(7.0 <= w <= 7.7 for w in waits), waits)

    def test_a_server_that_is_not_there(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with self.assertLogs("tocsin", "WARNING") as logs:
            sink = self.sink(url)
            sink.write([event_line(1)])
            self.eventually(lambda: self.trouble.get("unreachable") > 3)
        self.assertEqual(len(logs.records), 1)
        self.assertGreater(sink._spool.bytes_waiting(), 0)

    def test_a_server_that_answers_nonsense(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            stop = threading.Event()
            replies = [
                b"\x00\x01\x02",
                b"HTTP/1.1 banana\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nContent-Le",
            ]

            def serve() -> None:
                while not stop.is_set():
                    try:
                        connection, _ = listener.accept()
                    except OSError:
                        return
                    with connection:
                        connection.recv(65536)
                        connection.sendall(replies.pop(0) if replies else b"junk\r\n\r\n")

            threading.Thread(target=serve, daemon=True).start()
            sink = self.sink(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_s=0.3)
            sink.write([event_line(1)])
            self.eventually(lambda: self.trouble.get("unreachable") > 4)
            self.assertEqual(self.trouble.get("sent"), 0)
            stop.set()
            sink.close(0.5)

    def test_a_server_that_never_answers_is_left(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            sink = self.sink(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_s=0.05)
            sink.write([event_line(1)])
            self.eventually(lambda: self.trouble.get("unreachable") > 2)
            sink.close(0.5)

    def test_an_answer_without_end_is_left(self) -> None:
        huge = {"results": ["x" * 1000] * 6000}
        stub = self.stub(answer(200, huge))
        self.deliver(stub, [1])
        self.assertEqual(stub.seqs(), [1])
        self.assertEqual(self.trouble.get("unreachable"), 1)

    def test_an_unexpected_status_waits(self) -> None:
        stub = self.stub(answer(404), answer(302, None, Location="http://192.0.2.1/"), answer(400))
        self.deliver(stub)
        self.assertEqual(stub.seqs(), list(range(20)))
        self.assertEqual(self.trouble.get("unexpected_status"), 3)

    def test_a_200_of_something_else_acknowledges_nothing(self) -> None:
        """A captive portal or a wrong URL says 200 to everything."""
        stub = self.stub(answer(200), answer(200, "<html>"), answer(200, ["x"]))
        self.deliver(stub)
        self.assertEqual(stub.seqs(), list(range(20)))
        self.assertEqual(self.trouble.get("unexpected_status"), 3)

    def test_a_200_needs_no_results(self) -> None:
        stub = self.stub(default=answer(200, {"stored": 1}))
        self.deliver(stub)
        self.assertEqual(self.trouble.counts(), {"sent": 20})


class LineByLine(SenderTestCase):
    def refused(self) -> list[dict[str, Any]]:
        return read_lines(self.directory / "own" / "refused.jsonl")

    def test_207_puts_aside_what_is_refused(self) -> None:
        def some(stub: StubTocsin, lines: Any) -> Any:
            results = []
            for i, event in enumerate(lines):
                n = event["producerSeq"]
                if n == 3:
                    row = {"line": i, "status": "refused", "code": "event.unknown_field"}
                    results.append({**row, "field": "modle", "reason": "modle is not a field"})
                elif n == 5:
                    results.append({"line": i, "id": event["id"], "status": "conflict"})
                else:
                    results.append({"line": i, "id": event["id"], "status": stub.store([event])[0]})
            return 207, {}, {"results": results}

        stub = self.stub(some)
        self.deliver(stub, range(8))
        self.assertEqual(stub.seqs(), [0, 1, 2, 4, 6, 7])
        aside = self.refused()
        self.assertEqual([json.loads(r["line"])["producerSeq"] for r in aside], [3, 5])
        self.assertEqual(aside[0]["field"], "modle")
        self.assertEqual([r["fate"] for r in aside], ["refused", "conflict"])
        self.assertEqual((self.trouble.get("refused"), self.trouble.get("conflict")), (1, 1))

    def test_lines_without_a_result_are_sent_again(self) -> None:
        def half(stub: StubTocsin, lines: Any) -> Any:
            first = lines[: len(lines) // 2]
            fates = stub.store(first)
            rows = [{"id": e["id"], "status": f} for e, f in zip(first, fates)]
            return 207, {}, {"results": rows}

        stub = self.stub(half, half)
        self.deliver(stub, range(8))
        self.assertEqual(stub.seqs(), list(range(8)))
        self.assertEqual([len(r["lines"]) for r in stub.requests], [8, 4, 2])

    def test_a_line_that_never_gets_a_result_is_put_aside_at_last(self) -> None:
        def all_but_first(stub: StubTocsin, lines: Any) -> Any:
            rest = [e for e in lines if e["producerSeq"] != 0]
            rows = [{"id": e["id"], "status": f} for e, f in zip(rest, stub.store(rest))]
            return 207, {}, {"results": rows or [{"id": "other", "status": "stored"}]}

        stub = self.stub(default=all_but_first)
        self.deliver(stub, range(4))
        self.assertEqual(stub.seqs(), [1, 2, 3])
        self.assertEqual([r["fate"] for r in self.refused()], ["no_result"])

    def test_results_that_make_no_sense_wait(self) -> None:
        for document in (None, [], {"results": 5}, {"results": []}, {"results": "x"}):
            stub = self.stub(answer(207, document))
            self.deliver(stub, range(3))
            self.assertEqual(stub.seqs(), [0, 1, 2], document)
        self.assertEqual(self.refused(), [])

    def test_hostile_results_do_not_stop_the_thread(self) -> None:
        for row in (5, {"id": 5}, {"id": {}, "line": []}, {"status": []}, {"line": {}}):
            stub = self.stub(answer(207, {"results": [row, row, row]}))
            sink = self.sink(stub)
            sink.write([event_line(1)])
            self.until_empty(sink)
            sink.close(0.5)
            self.assertTrue(stub.seqs() == [1] or self.refused(), row)

    def test_413_is_halved_until_it_fits(self) -> None:
        def small(stub: StubTocsin, lines: Any) -> Any:
            return (413, {}, None) if len(lines) > 3 else accept(stub, lines)

        stub = self.stub(default=small)
        self.deliver(stub, range(20))
        self.assertEqual(stub.seqs(), list(range(20)))
        self.assertEqual(self.refused(), [])

    def test_400_of_tocsin_is_halved_to_the_bad_line(self) -> None:
        def picky(stub: StubTocsin, lines: Any) -> Any:
            bad = any(e["producerSeq"] == 13 for e in lines)
            problem = {"code": "event.not_json", "detail": "line 13"}
            return (400, {}, problem) if bad else accept(stub, lines)

        stub = self.stub(default=picky)
        self.deliver(stub, range(20))
        self.assertEqual(stub.seqs(), [n for n in range(20) if n != 13])
        self.assertEqual([json.loads(r["line"])["producerSeq"] for r in self.refused()], [13])

    def test_a_refused_key_stops_and_says_so_once(self) -> None:
        for status in (401, 403):
            stub = self.stub(default=answer(status, {"detail": "no such key"}))
            self.trouble = Trouble()
            with self.assertLogs("tocsin", "WARNING") as logs:
                sink = self.sink(stub)
                sink.write([event_line(1)])
                self.eventually(lambda: self.trouble.get("refused_key"))
                sink._thread.join(2)
                sink.write([event_line(2)])
            self.assertFalse(sink._thread.is_alive())
            self.assertEqual(len(stub.requests), 1)
            self.assertEqual(len(logs.records), 1)
            self.assertIn("TOCSIN_API_KEY", logs.output[0])
            self.assertGreater(sink._spool.bytes_waiting(), 0)
            sink.close(0.5)


class Restarts(SenderTestCase):
    def test_what_waits_is_delivered_by_the_next_process(self) -> None:
        down = self.stub(default=answer(503))
        sink = self.sink(down)
        sink.write([event_line(n) for n in range(50)])
        self.eventually(lambda: len(down.requests) > 2)
        sink.close(0.2)
        up = self.stub()
        self.until_empty(self.sink(up))
        self.assertEqual(up.seqs(), list(range(50)))

    def test_close_delivers_what_it_can_in_its_time(self) -> None:
        stub = self.stub()
        with mock.patch.object(sinks, "BATCH_WAIT_S", 60.0):
            sink = self.sink(stub)
            sink.write([event_line(1)])
            self.assertTrue(sink.close(5))
        self.assertEqual(stub.seqs(), [1])

    def test_close_does_not_wait_for_a_server_that_hangs(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            sink = self.sink(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_s=30)
            sink.write([event_line(1)])
            time.sleep(0.05)
            self.assertFalse(sink.close(0.1), "its thread still uses the spool")

    def test_spools_of_dead_processes_are_sent_too(self) -> None:
        orphan = self.directory / "0007"
        orphan.mkdir()
        spool = DiskSpool(orphan)
        spool.append([event_line(100), event_line(101)])
        spool.close()
        stub = self.stub()
        sink = self.sink(stub, root=self.directory)
        sink.write([event_line(1)])
        self.eventually(lambda: stub.seqs() == [1, 100, 101])

    def test_a_full_spool_refuses_the_newest(self) -> None:
        sink = self.sink(self.stub(default=answer(503)), bytes_max=1500)
        lines = [event_line(n) for n in range(100)]
        taken = sink.write(lines)
        self.assertLessEqual(sum(map(len, lines[:taken])), 1500)
        self.assertGreater(sum(map(len, lines[: taken + 1])), 1500)
        self.assertEqual(sink.refusal(), "spool_full")
        self.assertFalse(sink.has_room())


class Wire(unittest.TestCase):
    def test_urls(self) -> None:
        for url in (
            "",
            "tocsin",
            "ftp://x",
            "http://",
            "http://u:p@x",
            "http://x?a=1",
            "http://x#a",
        ):
            with self.assertRaises(ValueError, msg=url):
                Transport(url, None)
        for key in ("a\nb", "ä"):
            with self.assertRaises(ValueError):
                Transport("http://x", key)

    def test_a_key_in_clear_is_noticed(self) -> None:
        for url, plain in (
            ("http://127.0.0.1:1", False),
            ("http://[::1]:1", False),
            ("http://localhost", False),
            ("https://tocsin.example", False),
            ("http://tocsin.example", True),
        ):
            self.assertEqual(Transport(url, "k").plain_to_elsewhere, plain, url)

    def test_retry_after(self) -> None:
        now = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT
        for text, seconds in (
            (None, None),
            ("", None),
            ("0", 0.0),
            (" 5 ", 5.0),
            ("99999999999", 300.0),
            ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
            ("Sun, 06 Nov 1993 08:49:47 GMT", 0.0),
            ("-5", None),
            ("soon", None),
            ("5.5", None),
            ("1" * 5000, 300.0),
        ):
            self.assertEqual(parse_retry_after(text, now), seconds, text)

    def test_answers(self) -> None:
        self.assertEqual(parse_answer(200, b"", None, 0).results, None)
        self.assertEqual(parse_answer(200, b"\xff{", None, 0).status, 200)
        self.assertEqual(parse_answer(200, b"[" * 100_000, None, 0).results, None)
        self.assertEqual(parse_answer(207, b'{"results":[5,{}]}', None, 0).results, [{}, {}])
        problem = parse_answer(400, b'{"code":"event.not_json","detail":"x"}', None, 0)
        self.assertEqual((problem.code, problem.detail), ("event.not_json", "x"))


if __name__ == "__main__":
    unittest.main()
