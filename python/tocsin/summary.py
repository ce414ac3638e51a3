"""Sums up a file of events per user, or by any other fields, with no server and in one pass.

The file may be hostile: a line has a length limit, a line that is no event is counted and the first
few are named, the number of groups is bounded (what comes after goes to one group), and text from
the file is shown with its control characters escaped. Memory does not grow with the file. Table and
JSON are those of ``tocsin summary``, so that one may take the other's place.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, BinaryIO, Optional, cast

LINE_BYTES_MAX = 1024 * 1024
GROUPS_MAX = 100_000
MALFORMED_NAMED_MAX = 5
KEY_CHARS_MAX = 200
CELL_CHARS_MAX = 60
TIME_MS_MAX = 253_402_300_799_999  # the end of the year 9999
_FRACTION = re.compile(r"\.\d+")

ALIASES = {
    "user": "actor.id",
    "user_id": "actor.id",
    "ip": "source.ip",
    "model": "model.served",
    "model_version": "model.version",
    "request_id": "requestId",
    "input_hash": "inputHash",
}
OTHER = "(other groups)"

Key = tuple[Optional[str], ...]


@dataclass
class Group:
    requests: int = 0
    #: Events whose outcome is not success: failed, denied and unknown ones.
    failures: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    first_ms: int = TIME_MS_MAX
    last_ms: int = 0

    def add(self, event: dict[str, Any]) -> None:
        self.requests += 1
        if event.get("outcome") != "success":
            self.failures += 1
        volume = event.get("bytes")
        if isinstance(volume, dict):
            self.bytes_in += _whole(volume.get("in"))
            self.bytes_out += _whole(volume.get("out"))
        time_ms = event["time"]
        self.first_ms = min(self.first_ms, time_ms)
        self.last_ms = max(self.last_ms, time_ms)


@dataclass
class Summary:
    #: Names of fields as they were asked for; aliases among them.
    by: tuple[str, ...]
    groups: dict[Key, Group] = field(default_factory=dict)
    lines: int = 0
    malformed: int = 0
    #: Line number and reason of the first malformed lines.
    named: list[tuple[int, str]] = field(default_factory=list)
    #: Why the input ended before its end; None where it did not.
    cut: str | None = None
    #: Fields of ``by`` that no event had.
    missing: set[str] = field(default_factory=set)
    overflowed: bool = False

    @property
    def complete(self) -> bool:
        return not (self.malformed or self.cut or self.overflowed)

    def name_malformed(self, line: int, why: str) -> None:
        self.malformed += 1
        if len(self.named) < MALFORMED_NAMED_MAX:
            self.named.append((line, why))

    def add(self, event: dict[str, Any]) -> None:
        values = tuple(field_text(event, ALIASES.get(name, name)) for name in self.by)
        for name, value in zip(self.by, values):
            if value is not None:
                self.missing.discard(name)
        group = self.groups.get(values)
        if group is None:
            if len(self.groups) >= GROUPS_MAX:
                self.overflowed = True
                values = (OTHER,) + (None,) * (len(self.by) - 1)
            group = self.groups.setdefault(values, Group())
        group.add(event)

    def sorted_groups(self) -> list[tuple[Key, Group]]:
        """Most requests first; equal ones by name."""
        return sorted(
            self.groups.items(), key=lambda item: (-item[1].requests, [v or "" for v in item[0]])
        )


def parse_by(text: str) -> tuple[str, ...]:
    """Dotted fields, separated by commas; the aliases of queries are understood. ``ValueError``."""
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if not name or not all(part.isidentifier() for part in name.split(".")):
            raise ValueError(f"--by: {name!r} is not the name of a field")
    return names


def summarise(stream: BinaryIO, by: tuple[str, ...]) -> Summary:
    """Reads plain or gzip-compressed JSON lines to their end."""
    summary = Summary(by, missing=set(by))
    try:
        for number, line in read_lines(_decompressed(stream)):
            if line is not None and not line.strip():
                continue
            summary.lines += 1
            try:
                summary.add(parse_line(line))
            except ValueError as error:
                summary.name_malformed(number, str(error))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        summary.cut = f"the compressed data is damaged or ends early: {error}"
    return summary


def parse_line(line: bytes | None) -> dict[str, Any]:
    """One line as an event with a usable time. ``ValueError`` says what is wrong."""
    if line is None:
        raise ValueError(f"longer than {LINE_BYTES_MAX} bytes")
    try:
        event = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {type(error).__name__}") from error
    if not isinstance(event, dict):
        raise ValueError("not an object")
    event["time"] = _time_ms(event.get("time"))
    return event


def read_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Line number from 1, and the line; None in place of one that is too long."""
    number = 0
    while True:
        line = stream.readline(LINE_BYTES_MAX + 1)
        if not line:
            return
        number += 1
        if len(line) <= LINE_BYTES_MAX or line.endswith(b"\n"):
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LINE_BYTES_MAX)
        yield number, None


def field_text(event: dict[str, Any], path: str) -> str | None:
    """The value of a dotted field as text; None where the event does not have it."""
    value: Any = event
    for part in path.split("."):
        if isinstance(value, list):
            value = [v.get(part) for v in value[:16] if isinstance(v, dict)]
        else:
            value = value.get(part) if isinstance(value, dict) else None
    if value is None or value == []:
        return None
    if isinstance(value, str):
        return value[:KEY_CHARS_MAX]
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return ",".join(value)[:KEY_CHARS_MAX]
    return json.dumps(value)[:KEY_CHARS_MAX]


def as_json(summary: Summary) -> dict[str, Any]:
    return {
        "by": list(summary.by),
        "groups": [
            {
                "group": list(key),
                "requests": group.requests,
                "failures": group.failures,
                "bytesIn": group.bytes_in,
                "bytesOut": group.bytes_out,
                "firstMs": group.first_ms,
                "lastMs": group.last_ms,
            }
            for key, group in summary.sorted_groups()
        ],
        "lines": summary.lines,
        "refused": summary.malformed,
        "firstRefused": [{"line": line, "why": why} for line, why in summary.named],
        "complete": summary.complete,
    }


def as_table(summary: Summary) -> str:
    """Columns of text, numbers to the right; one line per group."""
    head = [*summary.by, "requests", "failures", "bytes in", "bytes out", "first seen", "last seen"]
    rows = [head]
    for key, group in summary.sorted_groups():
        numbers = (group.requests, group.failures, group.bytes_in, group.bytes_out)
        rows.append(
            [
                *(visible(value or "(none)") for value in key),
                *map(str, numbers),
                _iso(group.first_ms),
                _iso(group.last_ms),
            ]
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    right = range(len(summary.by), len(summary.by) + 4)
    lines = [
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def visible(text: str) -> str:
    """Text from a log for a terminal: control and direction characters escaped, cut to a cell."""
    cut = text if len(text) <= CELL_CHARS_MAX else text[: CELL_CHARS_MAX - 1] + "…"
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut
    )


def _decompressed(stream: BinaryIO) -> BinaryIO:
    buffered = stream if hasattr(stream, "peek") else _buffered(stream)
    if buffered.peek(2)[:2] == b"\x1f\x8b":  # type: ignore[attr-defined]
        return cast(BinaryIO, gzip.GzipFile(fileobj=buffered))
    return buffered


def _buffered(stream: BinaryIO) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(cast(Any, stream)))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _time_ms(value: object) -> int:
    """Milliseconds from an integer or RFC 3339 text with an offset."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= TIME_MS_MAX:
        return value
    if isinstance(value, str) and len(value) < 40:
        text = value[:-1] + "+00:00" if value[-1:] in ("Z", "z") else value
        # Before Python 3.11 a fraction has three or six digits.
        text = _FRACTION.sub(lambda digits: digits.group()[:7].ljust(7, "0"), text, count=1)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return int(moment.timestamp() * 1000)
    raise ValueError("time is missing or is not whole milliseconds")


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
        return value
    return 0


def _iso(time_ms: int) -> str:
    """UTC, to the second."""
    return f"{datetime.fromtimestamp(time_ms // 1000, timezone.utc):%Y-%m-%dT%H:%M:%S}"
