"""`crisis-monitor detect COUNTS.csv`: the volume detector alone on a file of counts, as CSV and as a picture."""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("timestamp", "value", "expected", "surprise", "alarm")
_MANY_BAD_LINES = 20


class UnusableFileError(ValueError):
    """The file is not a list of counts at all; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Row:
    """One readable line: its texts as they were, and what they mean. An empty value is a time nobody listened."""

    timestamp: str
    value: str
    at: datetime
    count: float


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was left out: its number in the file (the header is 1) and why."""

    number: int
    why: str


def detect_file(
    path: Path, out: TextIO, err: TextIO, *, timezone: str | None = None, plot: Path | None = None
) -> int:
    """Judge the `timestamp,value` file and print one CSV line for each readable line, in the file's order.

    Times are ISO 8601; without an offset they are read as UTC. `timezone` (IANA) is where the brand's day is.
    Bad lines are reported on `err` and left out. Returns the exit code: 0, or 2 when there is nothing to judge.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows, bad = read_counts(lines)
        judged = judge(rows, timezone)
    except (OSError, UnusableFileError, KeyError, csv.Error, UnicodeDecodeError) as error:
        err.write(f"Cannot judge {path}: {_reason(error)}\n")
        return 2
    _report(bad, err)
    write_judged(rows, judged, out)
    if plot is not None:
        draw(rows, judged, plot)
    return 0


def read_counts(lines: Iterable[str]) -> tuple[list[Row], list[BadLine]]:
    """Read `timestamp,value` lines (other columns are ignored) into rows and bad lines.

    Raises UnusableFileError when the header lacks a column.
    """
    reader = csv.DictReader(lines)
    missing = {"timestamp", "value"} - set(reader.fieldnames or ())
    if missing:
        wanted = " and ".join(sorted(missing))
        raise UnusableFileError(f"its first line must name the columns timestamp and value; {wanted} not found")
    rows: list[Row] = []
    bad: list[BadLine] = []
    for fields in reader:
        found = _row(fields["timestamp"] or "", fields["value"] or "")
        if isinstance(found, Row):
            rows.append(found)
        else:
            bad.append(BadLine(reader.line_num, found))
    return rows, bad


def _row(timestamp: str, value: str) -> Row | str:
    """Return the row, or why it cannot be used."""
    try:
        at = datetime.fromisoformat(timestamp.strip())
    except ValueError:
        return f"{timestamp!r} is not an ISO 8601 time"
    try:
        count = float(value) if value.strip() else math.nan
    except ValueError:
        return f"{value!r} is not a number"
    if count < 0 or math.isinf(count):
        return f"{value!r} is not a count"
    return Row(timestamp, value, at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC), count)


def judge(rows: Sequence[Row], timezone: str | None = None) -> pd.DataFrame:
    """Return expected, surprise and alarm of each row, in the rows' order, judged in the order of time.

    Raises KeyError (ZoneInfoNotFoundError) for an unknown time zone.
    """
    import pandas as pd

    from detectors import detect_counts

    times = pd.DatetimeIndex([row.at for row in rows], tz="UTC")
    series = pd.Series([row.count for row in rows], index=range(len(rows)), dtype=float)
    order = times.argsort(kind="stable")
    in_time = series.iloc[order].set_axis(times[order])
    judged = detect_counts(in_time, timezone=timezone)
    return judged.set_axis(order).sort_index()


def write_judged(rows: Sequence[Row], judged: pd.DataFrame, out: TextIO) -> None:
    """Print the CSV: the file's own timestamp and value, then expected, surprise and alarm (1 or 0)."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row, expected, surprise, alarm in _joined(rows, judged):
        writer.writerow((row.timestamp, row.value, f"{expected:.6g}", f"{surprise:.6g}", int(alarm)))


def _joined(rows: Sequence[Row], judged: pd.DataFrame) -> Iterator[tuple[Row, float, float, bool]]:
    expected, surprise, alarm = (judged[name].tolist() for name in ("expected", "surprise", "alarm"))
    return zip(rows, expected, surprise, alarm, strict=True)


def draw(rows: Sequence[Row], judged: pd.DataFrame, path: Path) -> None:
    """Draw counts, baseline and alarms above, the surprise and its threshold below, into a picture file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from detectors import SurgeOptions

    ordered = sorted(_joined(rows, judged), key=lambda joined: joined[0].at)
    times = [joined[0].at for joined in ordered]
    figure = Figure(figsize=(12, 6), layout="constrained")
    FigureCanvasAgg(figure)
    counts, surprise = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    counts.plot(times, [joined[0].count for joined in ordered], color="0.6", linewidth=0.7, label="count")
    counts.plot(times, [joined[1] for joined in ordered], color="tab:blue", linewidth=1.0, label="expected")
    alarms = [joined[0] for joined in ordered if joined[3]]
    counts.plot([a.at for a in alarms], [a.count for a in alarms], "v", color="tab:red", label="alarm")
    counts.set_ylabel("mentions")
    counts.legend(loc="upper left")
    surprise.plot(times, [joined[2] for joined in ordered], color="tab:purple", linewidth=0.8)
    surprise.axhline(SurgeOptions().threshold, color="tab:red", linewidth=0.8, linestyle="--")
    surprise.set_ylabel("surprise")
    figure.savefig(path, dpi=120)


def _report(bad: Sequence[BadLine], err: TextIO) -> None:
    for line in bad[:_MANY_BAD_LINES]:
        err.write(f"Line {line.number} left out: {line.why}\n")
    if len(bad) > _MANY_BAD_LINES:
        err.write(f"… and {len(bad) - _MANY_BAD_LINES} more lines left out\n")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `python -m monitor.detecting COUNTS.csv [--plot FILE.png] [--timezone ZONE]`."""
    parser = argparse.ArgumentParser(prog="detect", description="Judge timestamp,value counts (strictly causal).")
    parser.add_argument("counts", type=Path, help="CSV file with the columns timestamp and value")
    parser.add_argument("--plot", type=Path, help="draw series, baseline and alarms into this picture")
    parser.add_argument("--timezone", help="where the brand's day is, such as Europe/Stockholm (UTC)")
    chosen = parser.parse_args(arguments)
    return detect_file(chosen.counts, sys.stdout, sys.stderr, timezone=chosen.timezone, plot=chosen.plot)


if __name__ == "__main__":
    sys.exit(main())
