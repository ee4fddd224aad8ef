"""The items of a dropped file, one after the other: the seam to `monitor/mention_files.py`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from monitor.collectors.records import Defaults, read_record
from monitor.mention import Mention, Refusal


def read_items(path: Path, platform: str, source: str) -> Iterator[Mention | Refusal]:
    """Mentions and refused lines of a CSV or NDJSON file. Never raises for what the file holds."""
    defaults = Defaults(platform, source)
    try:
        for where, record in _records(path):
            if isinstance(record, Refusal):
                yield record
                continue
            item = read_record(record, defaults, where)
            if isinstance(item, Mention | Refusal):
                yield item
    except (ValueError, csv.Error) as exc:
        yield Refusal(path.name, f"the rest of the file cannot be read: {str(exc)[:150]}")


def _records(path: Path) -> Iterator[tuple[str, object]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        if path.suffix.lower() == ".csv":
            reader = csv.DictReader(stream)
            for row in reader:
                yield f"line {reader.line_num}", row
            return
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield _json_line(number, line)


def _json_line(number: int, line: str) -> tuple[str, object]:
    try:
        return f"line {number}", json.loads(line)
    except (ValueError, RecursionError):
        return f"line {number}", Refusal(f"line {number}", "not a JSON object")
