"""`crisis-monitor detect`: one line out for each good line in, whatever the file looks like."""

import csv
import io
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from monitor.detecting import detect_file
from tests.detectors.counts_made_up import made_up, with_surge

DAY = 288


def write(path: Path, lines: list[str], header: str = "timestamp,value") -> Path:
    """A counts file."""
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def surged_lines() -> list[str]:
    """Eight days with a surge in the last, as naive lines."""
    series = with_surge(made_up(8, 20.0), 7 * DAY + 100, 40, 300.0)
    return [f"{at:%Y-%m-%d %H:%M:%S},{count:.0f}" for at, count in series.items()]


def run(path: Path, **options: object) -> tuple[int, list[dict[str, str]], str]:
    """Exit code, rows and complaints."""
    out, err = io.StringIO(), io.StringIO()
    code = detect_file(path, out, err, **options)  # type: ignore[arg-type]
    return code, list(csv.DictReader(io.StringIO(out.getvalue()))), err.getvalue()


def test_every_line_comes_back_judged_in_its_order(tmp_path: Path) -> None:
    lines = surged_lines()
    code, rows, complaints = run(write(tmp_path / "counts.csv", lines))
    assert code == 0
    assert complaints == ""
    assert [f"{r['timestamp']},{r['value']}" for r in rows] == lines
    assert list(rows[0]) == ["timestamp", "value", "expected", "surprise", "alarm"]
    alarms = [i for i, r in enumerate(rows) if r["alarm"] == "1"]
    assert 7 * DAY + 100 <= alarms[0] <= 7 * DAY + 106
    assert float(rows[alarms[0]]["surprise"]) > 1


def test_a_shuffled_file_is_judged_by_time_and_answered_in_its_own_order(tmp_path: Path) -> None:
    lines = surged_lines()
    order = np.random.default_rng(1).permutation(len(lines))
    _, straight, _ = run(write(tmp_path / "straight.csv", lines))
    _, shuffled, _ = run(write(tmp_path / "shuffled.csv", [lines[i] for i in order]))
    assert shuffled == [straight[i] for i in order]


def test_bad_lines_are_named_by_number_and_the_rest_is_used(tmp_path: Path) -> None:
    lines = ["2026-01-05T00:00:00Z,5", "yesterday,5", "2026-01-05T00:05:00Z,five", "2026-01-05T00:10:00Z,-1"]
    code, rows, complaints = run(write(tmp_path / "counts.csv", [*lines, "2026-01-05T00:15:00Z,6"]))
    assert code == 0
    assert [r["value"] for r in rows] == ["5", "6"]
    assert [line.split(" left out")[0] for line in complaints.splitlines()] == ["Line 3", "Line 4", "Line 5"]
    assert "'yesterday' is not an ISO 8601 time" in complaints


def test_hundreds_of_bad_lines_are_summed_up(tmp_path: Path) -> None:
    _, rows, complaints = run(write(tmp_path / "counts.csv", ["x,1"] * 300))
    assert rows == []
    assert complaints.splitlines()[-1] == "… and 280 more lines left out"


def test_an_empty_value_is_a_time_when_nobody_listened(tmp_path: Path) -> None:
    lines = surged_lines()
    lines[500:700] = [line.split(",")[0] + "," for line in lines[500:700]]
    code, rows, complaints = run(write(tmp_path / "counts.csv", lines))
    assert (code, complaints, len(rows)) == (0, "", len(lines))
    assert rows[600]["value"] == ""
    assert float(rows[600]["expected"]) > 5
    assert {r["alarm"] for r in rows[500:900]} == {"0"}


def test_other_columns_and_offsets_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_bytes("\ufeffbrand,value,timestamp\nx,3,2026-01-05T01:00:00+01:00\n".encode())
    code, rows, _ = run(path)
    assert code == 0
    assert rows[0]["timestamp"] == "2026-01-05T01:00:00+01:00"


def test_a_file_with_a_header_alone_gives_a_header_alone(tmp_path: Path) -> None:
    assert run(write(tmp_path / "counts.csv", [])) == (0, [], "")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("missing.csv", None, "No such file"),
        ("wrong.csv", b"time,count\n1,2\n", "timestamp and value"),
        ("half.csv", b"timestamp,count\n1,2\n", "value not found"),
        ("empty.csv", b"", "timestamp and value"),
        ("binary.csv", b"\xff\xfe\x00\x01timestamp", "utf-8"),
    ],
)
def test_an_unusable_file_says_why_and_ends_with_two(
    tmp_path: Path, name: str, content: bytes | None, why: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, rows, complaints = run(tmp_path / name)
    assert (code, rows) == (2, [])
    assert name in complaints
    assert why in complaints


def test_an_unknown_zone_says_so(tmp_path: Path) -> None:
    code, _, complaints = run(write(tmp_path / "counts.csv", ["2026-01-05,1"]), timezone="Europe/Atlantis")
    assert code == 2
    assert "Europe/Atlantis" in complaints


def test_plot_draws_a_picture(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    run(write(tmp_path / "counts.csv", surged_lines()), plot=picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 10_000


def test_it_runs_as_a_module(tmp_path: Path) -> None:
    path = write(tmp_path / "counts.csv", surged_lines()[:50])
    done = subprocess.run(
        [sys.executable, "-m", "monitor.detecting", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.count("\n") == 51
    assert done.stderr == ""


def test_importing_it_loads_no_pandas() -> None:
    code = "import sys, monitor.detecting; assert not {'pandas', 'matplotlib', 'ruptures'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], timeout=timedelta(minutes=1).total_seconds(), check=True)
