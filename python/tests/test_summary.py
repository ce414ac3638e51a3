"""The summary: exact on good input, honest and bounded on bad input."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from drivers import TocsinTestCase

from tocsin import __main__ as cli
from tocsin import summary as summaries
from tocsin.summary import parse_by, read_lines, summarise, visible

PACKAGE = Path(__file__).resolve().parents[1]


def event(actor: str = "alice", time: Any = 1_700_000_000_000, **more: Any) -> dict[str, Any]:
    return {
        "time": time,
        "actor": {"id": actor},
        "outcome": "success",
        "bytes": {"in": 10, "out": 100},
        **more,
    }


def jsonl(*events: Any) -> bytes:
    return b"".join(json.dumps(e).encode() + b"\n" for e in events)


class Cli(TocsinTestCase):
    def run_cli(self, *arguments: str, data: bytes | None = None) -> tuple[int, str, str]:
        if data is not None:
            self.file.write_bytes(data)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = cli.main(["summary", *(arguments or [str(self.file)])])
            except SystemExit as error:
                code = int(error.code or 0)
        return code, out.getvalue(), err.getvalue()

    def document(self, data: bytes, by: str = "actor.id", expect: int = 0) -> dict[str, Any]:
        code, out, err = self.run_cli(str(self.file), "--by", by, "--json", data=data)
        self.assertEqual(code, expect, err)
        result: dict[str, Any] = json.loads(out)
        return result


class Counting(Cli):
    def test_per_user(self) -> None:
        document = self.document(
            jsonl(
                event(time=1_700_000_000_000),
                event(time=1_700_000_001_500, outcome="failure"),
                event("bob", time=1_600_000_000_000, outcome="denied"),
                event(time=1_699_999_999_999, outcome="unknown", bytes={"in": 1}),
            )
        )
        self.assertEqual(
            document["groups"],
            [
                {
                    "group": ["alice"],
                    "requests": 3,
                    "failures": 2,
                    "bytesIn": 21,
                    "bytesOut": 200,
                    "firstMs": 1_699_999_999_999,
                    "lastMs": 1_700_000_001_500,
                },
                {
                    "group": ["bob"],
                    "requests": 1,
                    "failures": 1,
                    "bytesIn": 10,
                    "bytesOut": 100,
                    "firstMs": 1_600_000_000_000,
                    "lastMs": 1_600_000_000_000,
                },
            ],
        )
        self.assertIs(document["complete"], True)

    def test_by_several_and_by_alias(self) -> None:
        data = jsonl(event(status=200), event(status=200), event(status=500), event("bob"))
        document = self.document(data, by="user_id, status")
        keys = [g["group"] for g in document["groups"]]
        self.assertEqual(keys, [["alice", "200"], ["alice", "500"], ["bob", None]])
        self.assertEqual(document["by"], ["user_id", "status"])

    def test_lists_and_objects_as_values(self) -> None:
        data = jsonl(event(resource=[{"id": "a"}, {"id": "b"}], finish=["stop"], system={"x": 1}))
        by_list = self.document(data, "resource.id")["groups"]
        self.assertEqual(by_list[0]["group"][0], "a,b")
        self.assertEqual(self.document(data, "finish")["groups"][0]["group"][0], "stop")
        self.assertEqual(self.document(data, "system")["groups"][0]["group"][0], '{"x": 1}')

    def test_times_as_text(self) -> None:
        data = jsonl(event(time="2023-11-14T22:13:20Z"), event(time="2023-11-14T23:13:20.5+01:00"))
        group = self.document(data)["groups"][0]
        self.assertEqual(group["firstMs"], 1_700_000_000_000)
        self.assertEqual(group["lastMs"], 1_700_000_000_500)

    def test_table(self) -> None:
        code, out, err = self.run_cli(data=jsonl(event(), event("a-longer-name")))
        self.assertEqual((code, err), (0, ""))
        lines = out.splitlines()
        self.assertEqual(
            lines[0].split(),
            [
                "actor.id",
                "requests",
                "failures",
                "bytes",
                "in",
                "bytes",
                "out",
                "first",
                "seen",
                "last",
                "seen",
            ],
        )
        self.assertEqual(len(lines), 3)
        self.assertEqual(len({line.index("2023-") for line in lines[1:]}), 1)

    def test_empty(self) -> None:
        document = self.document(b"")
        self.assertEqual((document["groups"], document["lines"]), ([], 0))
        self.assertEqual(self.document(b"\n\n  \n")["lines"], 0)

    def test_gzip_also_of_several_members(self) -> None:
        data = gzip.compress(jsonl(event())) + gzip.compress(jsonl(event("bob")))
        self.assertEqual(len(self.document(data)["groups"]), 2)

    def test_a_last_line_without_end(self) -> None:
        self.assertEqual(self.document(jsonl(event())[:-1])["lines"], 1)


class Hostile(Cli):
    def test_lines_that_are_no_events_are_counted_and_named(self) -> None:
        bad = [
            b"{",
            b"[]",
            b"5",
            b'"x"',
            b"\xff\xfe",
            b"{}",
            b'{"time":"yesterday"}',
            b'{"time":1.5}',
            b'{"time":true}',
            b'{"time":-1}',
            b'{"time":9e99}',
            b'{"time":' + b"9" * 30 + b"}",
            b'{"time":' + b"9" * 5000 + b"}",
            b'{"time":NaN}',
            b'{"time":"2023-11-14T22:13:20"}',
            b"[" * 100_000,
            b'{"a":' * 50_000,
        ]
        data = jsonl(event()) + b"\n".join(bad) + b"\n" + jsonl(event("bob"))
        document = self.document(data, expect=6)
        self.assertEqual(document["refused"], len(bad))
        self.assertEqual(document["firstRefused"][0], {"line": 2, "why": MALFORMED_JSON})
        self.assertEqual(len(document["firstRefused"]), 5)
        self.assertEqual(len(document["groups"]), 2)
        self.assertIs(document["complete"], False)
        code, _, err = self.run_cli()
        self.assertEqual(code, 6)
        self.assertIn(f"{len(bad)} of {len(bad) + 2} lines are not events", err)
        self.assertIn("line 2: not JSON", err)

    def test_odd_values_do_not_count_and_do_not_break(self) -> None:
        odd: list[Any] = [
            {"bytes": 5},
            {"bytes": {"in": "x", "out": -1}},
            {"bytes": {"in": 1.5, "out": 2**60}},
            {"actor": []},
            {"actor": "alice"},
            {"actor": {"id": {"a": 1}}},
            {"actor": {"id": None}},
            {"outcome": []},
        ]
        document = self.document(jsonl(*(event(**more) for more in odd)))
        self.assertEqual(sum(g["requests"] for g in document["groups"]), len(odd))

    def test_a_line_that_is_too_long(self) -> None:
        data = jsonl(event()) + b'{"x":"' + b"y" * 3_000_000 + b'"}\n' + jsonl(event())
        document = self.document(data, expect=6)
        self.assertEqual(document["firstRefused"][0]["line"], 2)
        self.assertEqual(document["groups"][0]["requests"], 2)

    def test_memory_is_bounded_by_the_line_limit(self) -> None:
        class Endless(io.RawIOBase):
            left = 200_000_000

            def readable(self) -> bool:
                return True

            def readinto(self, buffer: Any) -> int:
                count = min(len(buffer), self.left)
                self.left -= count
                buffer[:count] = b"x" * count
                return count

        stream: Any = io.BufferedReader(Endless(), 1 << 20)
        sizes = [len(line or b"") for _, line in read_lines(stream)]
        self.assertEqual(sizes, [0])

    def test_too_many_groups_become_one(self) -> None:
        with mock.patch.object(summaries, "GROUPS_MAX", 3):
            document = self.document(jsonl(*(event(f"u{i}") for i in range(10))), expect=6)
        self.assertEqual(len(document["groups"]), 4)
        self.assertEqual(document["groups"][0]["group"][0], "(other groups)")
        self.assertEqual(document["groups"][0]["requests"], 7)

    def test_text_cannot_drive_the_terminal(self) -> None:
        hostile = "\x1b[2J\x07a\u202eb\u2066c\r\nd" + "x" * 500
        code, out, _ = self.run_cli(data=jsonl(event(hostile)))
        self.assertEqual(code, 0)
        self.assertEqual([c for c in out if not c.isprintable() and c != "\n"], [])
        self.assertEqual(len(out.splitlines()), 2)
        self.assertEqual(visible("\u202e"), "\\u202e")

    def test_damaged_gzip_is_partial(self) -> None:
        whole = gzip.compress(jsonl(*(event(f"u{i}") for i in range(5000))))
        turned = whole[:100] + bytes([whole[100] ^ 0xFF]) + whole[101:]
        for data in (whole[:-30], whole[:-4], turned):
            self.file.write_bytes(data)
            code, _, err = self.run_cli()
            self.assertEqual(code, 6)
            self.assertIn("partial", err)


class Usage(Cli):
    def test_not_found(self) -> None:
        code, out, err = self.run_cli(str(self.directory / "no"))
        self.assertEqual((code, out), (5, ""))
        self.assertIn("no such file", err)

    def test_a_directory(self) -> None:
        code, _, err = self.run_cli(str(self.directory))
        self.assertEqual(code, 1)
        self.assertIn("directory", err.lower())

    def test_bad_usage(self) -> None:
        for arguments in (("--by", ""), ("--by", "a..b"), ("--by", "a,"), ("--by", "a b"), ("-x",)):
            code, out, err = self.run_cli(str(self.file), *arguments, data=b"")
            self.assertEqual((code, out), (2, ""), arguments)
            self.assertTrue(err)

    def test_a_field_that_no_event_has_is_named(self) -> None:
        code, _, err = self.run_cli(str(self.file), "--by", "actor.idd", data=jsonl(event()))
        self.assertEqual(code, 0)
        self.assertIn("no event has the field actor.idd", err)

    def test_aliases(self) -> None:
        self.assertEqual(parse_by("user,model, ip"), ("user", "model", "ip"))
        data = jsonl(event(model={"served": "m"}, source={"ip": "192.0.2.1"}))
        code, out, _ = self.run_cli(str(self.file), "--by", "user,model,ip", data=data)
        self.assertEqual((code, out.splitlines()[1].split()[:3]), (0, ["alice", "m", "192.0.2.1"]))

    def test_summarise_of_a_plain_stream(self) -> None:
        self.assertEqual(summarise(io.BytesIO(jsonl(event())), ("actor.id",)).lines, 1)


class Process(TocsinTestCase):
    def python(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "tocsin", *arguments],
            capture_output=True,
            cwd=PACKAGE,
            check=False,
            **options,
        )

    def test_version(self) -> None:
        done = self.python("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout.decode(), r"^tocsin-sdk \d+\.\d+\.\d+\n$")

    def test_without_a_command_it_is_usage(self) -> None:
        done = self.python()
        self.assertEqual((done.returncode, done.stdout), (2, b""))

    def test_standard_input_plain_and_gzip(self) -> None:
        for data in (jsonl(event()), gzip.compress(jsonl(event()))):
            done = self.python("summary", "-", "--json", input=data)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["groups"][0]["requests"], 1)

    def test_an_ascii_terminal(self) -> None:
        environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
        done = self.python("summary", "-", input=jsonl(event("é" * 80)), env=environment)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_reader_that_leaves(self) -> None:
        self.file.write_bytes(jsonl(*(event(f"u{i}") for i in range(20_000))))
        with subprocess.Popen(
            [sys.executable, "-m", "tocsin", "summary", str(self.file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=PACKAGE,
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(process.returncode, 0)


MALFORMED_JSON = "not JSON: JSONDecodeError"

if __name__ == "__main__":
    unittest.main()
