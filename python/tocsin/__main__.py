"""``python -m tocsin summary access.jsonl``: the command line, which needs no server.

Data goes to stdout, everything else to stderr. Exit codes: 0 ok, 1 error, 2 usage, 5 not found,
6 partial result (lines that were no events, or a cut file), 130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from typing import BinaryIO

from .summary import Summary, as_json, as_table, parse_by, summarise, visible
from .version import VERSION

OK = 0
ERROR = 1
USAGE = 2
NOT_FOUND = 5
PARTIAL = 6
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        by = parse_by(options.by)
    except ValueError as error:
        return _fail(USAGE, str(error))
    try:
        with _open(options.file) as stream:
            summary = summarise(stream, by)
    except FileNotFoundError:
        return _fail(NOT_FOUND, f"{options.file}: no such file")
    except OSError as error:
        return _fail(ERROR, f"{options.file}: {error.strerror}")
    _print(summary, options.json)
    _report(summary)
    return OK if summary.complete else PARTIAL


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tocsin", description="Tocsin for Python")
    parser.add_argument("--version", action="version", version=f"tocsin-sdk {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    summary = commands.add_parser(
        "summary", help="requests, failures, bytes, first and last seen per user"
    )
    summary.add_argument("file", help="JSON lines, plain or gzip; - is the standard input")
    summary.add_argument(
        "--by", default="actor.id", metavar="FIELD[,FIELD]", help="default: actor.id"
    )
    summary.add_argument("--json", action="store_true", help="one JSON document")
    return parser


def _open(file: str) -> BinaryIO:
    if file == "-":
        return io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False))
    return open(file, "rb")


def _print(summary: Summary, as_document: bool) -> None:
    if as_document:
        json.dump(as_json(summary), sys.stdout, ensure_ascii=True)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(_encodable(as_table(summary)))
    sys.stdout.flush()


def _encodable(text: str) -> str:
    encoding = sys.stdout.encoding or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _report(summary: Summary) -> None:
    if summary.malformed:
        print(f"{summary.malformed} of {summary.lines} lines are not events:", file=sys.stderr)
        for line, why in summary.named:
            print(f"  line {line}: {visible(why)}", file=sys.stderr)
        if summary.malformed > len(summary.named):
            print(f"  and {summary.malformed - len(summary.named)} more", file=sys.stderr)
    if summary.cut:
        print(f"partial: {visible(summary.cut)}", file=sys.stderr)
    if summary.overflowed:
        print("partial: too many groups; the rest is summed up as one", file=sys.stderr)
    if summary.lines > summary.malformed:
        for name in sorted(summary.missing):
            print(f"no event has the field {name}", file=sys.stderr)


def _fail(code: int, message: str) -> int:
    print(f"tocsin: {message}", file=sys.stderr)
    return code


def run() -> int:
    try:
        return main()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has left, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


if __name__ == "__main__":
    sys.exit(run())
