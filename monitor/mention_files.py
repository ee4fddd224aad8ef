"""Mentions files: CSV with a header, or JSON objects one a line. Read line by line, whatever wrote them.

Tolerated: a byte-order mark, UTF-16, windows-1252 lines among UTF-8 ones, `;`, tab or `|` between fields, decimal
commas, quoted line breaks, other names for the columns (also Nordic ones), a JSON array. A line that cannot be
used is reported with its number and skipped; a quote that is never closed costs its own line, not the rest.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from monitor.clock import SystemClock
from monitor.collectors.records import Defaults, read_record
from monitor.mention import Mention, Refusal
from monitor.mention_columns import REQUIRED, columns_of, plain_number, separator_of
from monitor.soundness import TEXT_LIMIT, broken_characters, defect

RECORD_LINES = 2_000
"""A quoted field may span so many lines; more means that its closing quote is missing."""

FIELD_LIMIT = 256 * 2**20
"""Characters the csv module shall take in one field; longer texts than TEXT_LIMIT are refused afterwards."""

_NUMBERS = ("author_followers", "likes", "replies", "shares", "views", "stars")
_HEAD = 65_536
_BOM = b"\xef\xbb\xbf"
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}

Line = tuple[int, str]
Found = tuple[str, Any]
"""Where it stands (`line 12`) and what stands there: a record, or a Refusal."""


def read_mentions(
    path: Path, *, platform: str = "file", source: str = "", now: datetime | None = None
) -> Iterator[Mention | Refusal]:
    """Every line of a mentions file as a Mention or as a Refusal that says where and why.

    `platform` and `source` are for lines that name none (`source` defaults to "file"); `now` decides which dates
    lie in the future (default: the clock). Raises OSError when the file cannot be opened, nothing for its content.
    """
    defaults = Defaults(platform, source or "file")
    now = now or SystemClock().now()
    with Path(path).open("rb") as stream:
        for where, record in records(stream):
            yield record if isinstance(record, Refusal) else _mention(where, record, defaults, now)


def records(stream: BinaryIO) -> Iterator[Found]:
    """The records of a file by our column names, or Refusals, each with the line that it begins on."""
    lines = _lines(stream)
    first = next((line for line in lines if line[1].strip()), None)
    if first is None:
        return
    start = first[1].lstrip()[:1]
    everything = chain([first], lines)
    if start == "<":
        yield _refusal(first[0], "this is a web page, not a mentions file")
    elif start == "[":
        yield from _array(everything)
    elif start == "{":
        yield from _objects(everything)
    else:
        yield from _table(first, lines)


def _mention(where: str, record: Any, defaults: Defaults, now: datetime) -> Mention | Refusal:
    if not isinstance(record, dict):
        return Refusal(where, f"expected an object, found {type(record).__name__}")
    broken = _broken(record)
    if broken:
        return Refusal(where, broken)
    found = read_record(record, defaults, where)
    if not isinstance(found, Mention):
        return found if isinstance(found, Refusal) else Refusal(where, "a measurement is no mention")
    named = str(record.get("source") or "").strip()
    found = replace(found, source=named) if named else found
    why = defect(found, now)
    return found if why is None else Refusal(where, why)


def _broken(record: dict[str, Any]) -> str | None:
    """What is wrong with the characters of a record, before anything cleans it."""
    for name, value in record.items():
        if not isinstance(value, str):
            continue
        if len(value) > TEXT_LIMIT:
            return f"{name} has {len(value):,} characters, more than {TEXT_LIMIT:,}"
        wrong = broken_characters(value)
        if wrong:
            return f"{name} {wrong}"
    return None


def _lines(stream: BinaryIO) -> Iterator[Line]:
    """Numbered lines as text, without a byte-order mark."""
    head = stream.read(_HEAD)
    encoding = _UTF16.get(head[:2])
    if encoding is None and b"\r" in head and b"\n" not in head:  # old Macintosh exports end lines with CR alone
        whole = _decoded((head + stream.read()).removeprefix(_BOM))
        yield from enumerate((f"{line}\n" for line in whole.split("\r")), 1)
        return
    if encoding is not None:
        stream.seek(2)
        yield from enumerate(stream.read().decode(encoding, "replace").splitlines(keepends=True), 1)
        return
    stream.seek(len(_BOM) if head.startswith(_BOM) else 0)
    for number, raw in enumerate(stream, 1):
        yield number, _decoded(raw)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("windows-1252", "replace")


def _objects(lines: Iterable[Line]) -> Iterator[Found]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield _refusal(number, f"is no JSON object ({_short(error)})")
        else:
            yield f"line {number}", columns_of(record) if isinstance(record, dict) else record


def _array(lines: Iterable[Line]) -> Iterator[Found]:
    try:
        found = json.loads("".join(line for _, line in lines))
    except (ValueError, RecursionError) as error:
        yield _refusal(1, f"the JSON array cannot be read ({_short(error)})")
        return
    for number, record in enumerate(found, 1):
        yield f"item {number}", columns_of(record) if isinstance(record, dict) else record


def _table(first: Line, lines: Iterator[Line]) -> Iterator[Found]:
    csv.field_size_limit(FIELD_LIMIT)  # the module's own limit of 128 KB would end the whole file
    separator = separator_of(first[1])
    header = list(columns_of(dict.fromkeys(_fields(first[1], separator))))
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        found = ", ".join(name for name in header if name)[:200]
        yield _refusal(first[0], f"the header has no column {' and no '.join(missing)} (found: {found})")
        return
    for number, record in _joined(lines, separator):
        if record is None:
            yield _refusal(number, "a quote is never closed")
            continue
        try:
            fields = _fields(record, separator)
        except csv.Error as error:
            yield _refusal(number, f"cannot be read ({_short(error)})")
            continue
        if fields:
            yield _row(number, header, fields)


def _row(number: int, header: list[str], fields: list[str]) -> Found:
    if len(fields) > len(header) and any(extra.strip() for extra in fields[len(header) :]):
        return _refusal(number, f"has {len(fields)} fields, the header {len(header)} (a text without quotes?)")
    record: dict[str, Any] = dict(zip(header, fields, strict=False))
    for name in _NUMBERS:
        if record.get(name):
            record[name] = plain_number(record[name])
    return f"line {number}", record


def _joined(lines: Iterator[Line], separator: str) -> Iterator[tuple[int, str | None]]:
    """Lines put together where a quoted field spans several; None where a quote opens that is never closed."""
    waiting: list[Line] = []
    while True:
        line = waiting.pop(0) if waiting else next(lines, None)
        if line is None:
            return
        if '"' not in line[1]:
            if line[1].strip():
                yield line
            continue
        taken, is_open = [line], ends_open(line[1], separator, inside=False)
        while is_open and len(taken) < RECORD_LINES:
            following = waiting.pop(0) if waiting else next(lines, None)
            if following is None:
                break
            taken.append(following)
            is_open = ends_open(following[1], separator, inside=True)
        if is_open:
            waiting = taken[1:] + waiting
        yield line[0], None if is_open else "".join(text for _, text in taken)


def ends_open(line: str, separator: str, *, inside: bool) -> bool:
    """Whether a quoted field is still open at the end of `line`; `inside`: whether one was at its beginning.

    A quote opens a field only where the field begins, as the csv module has it.
    """
    at, end = 0, len(line)
    if not inside and line[:1] == '"':
        inside, at = True, 1
    while at < end:
        if not inside:
            at = line.find(separator + '"', at)
            if at < 0:
                return False
            inside, at = True, at + 2
            continue
        at = line.find('"', at)
        if at < 0:
            return True
        if line[at + 1 : at + 2] == '"':
            at += 2
        else:
            inside, at = False, at + 1
    return inside


def _fields(record: str, separator: str) -> list[str]:
    """The fields of one record; a stray carriage return is a space."""
    try:
        return next(csv.reader([record], delimiter=separator), [])
    except csv.Error:
        return next(csv.reader([re.sub(r"\r(?!\n)", " ", record)], delimiter=separator), [])


def _refusal(number: int, why: str) -> Found:
    where = f"line {number}"
    return where, Refusal(where, why)


def _short(error: Exception) -> str:
    return str(error)[:120]
