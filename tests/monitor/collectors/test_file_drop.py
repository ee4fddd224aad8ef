"""The file drop: claims, half-written files, crashes at every step, and what people find there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from monitor.clock import SimulatedClock
from monitor.collecting import SourceRunner
from monitor.collectors.base import Batch, CollectContext, SourceError
from monitor.collectors.file_drop import BATCH_SIZE, FileDropCollector, FileDropOptions
from monitor.collectors.http import Network
from monitor.mention import Measurement
from tests.fakes.sink import MemorySink

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
HEADER = "id,created_at,text,brand\n"


def row(number: int) -> str:
    return f'{number},2026-01-12T11:00:00Z,"Nordtåg försenat igen, nr {number}",Nordtåg\n'


def rows(count: int, start: int = 0) -> str:
    return HEADER + "".join(row(i) for i in range(start, start + count))


class Drop:
    """A folder, a sink and a clock."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.folder = folder
        self.clock = SimulatedClock(NOW)
        self.sink = MemorySink()
        self.options = FileDropOptions.model_validate({"name": "drop", "folder": folder, **options})

    def put(self, name: str, text: str | bytes, ago: float = 60) -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        at = self.clock.now().timestamp() - ago
        os.utime(path, (at, at))
        return path

    def collector(self) -> FileDropCollector:
        return FileDropCollector(self.options, Network(self.clock).session())

    def batches(self) -> Iterator[Batch]:
        return self.collector().collect(self.sink.load_cursor("drop"), CollectContext(self.clock.now()))

    def poll(self) -> SourceRunner:
        runner = SourceRunner(self.options, self.collector(), self.sink, self.clock, rng=Random(1))
        runner.poll()
        return runner

    def names(self, inner: str = ".") -> set[str]:
        return {path.name for path in (self.folder / inner).iterdir() if path.is_file()}


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    return Drop(tmp_path)


def test_files_are_read_and_put_away(drop: Drop) -> None:
    """CSV and NDJSON, oldest first, moved to done."""
    drop.put("b.csv", rows(2), ago=20)
    drop.put("a.ndjson", '{"id": "9", "created_at": "2026-01-12T10:00:00Z", "text": "hej"}', ago=30)
    drop.poll()
    assert [m.global_id for batch in drop.sink.batches for m in batch.mentions] == ["9", "0", "1"]
    assert drop.names("done") == {"a.ndjson", "b.csv"}
    assert drop.names() == drop.names("working") == drop.names("failed") == set()


@pytest.mark.parametrize("name", ["x.csv.part", ".x.csv", "x.csv~", "x.txt", "x.tmp"])
def test_other_files_are_left_alone(drop: Drop, name: str) -> None:
    """Half-written, hidden and foreign files stay where they are."""
    drop.put(name, rows(1))
    drop.poll()
    assert drop.names() == {name}
    assert drop.sink.mentions == {}


def test_folders_and_links_are_left_alone(drop: Drop, tmp_path: Path) -> None:
    """A link could lead anywhere."""
    (tmp_path / "inner.csv").mkdir()
    secret = tmp_path / "secret.txt"
    secret.write_text(rows(1))
    (tmp_path / "link.csv").symlink_to(secret)
    drop.poll()
    assert drop.sink.mentions == {}
    assert (tmp_path / "link.csv").is_symlink()


def test_a_file_that_still_changes_waits(drop: Drop) -> None:
    """Written a moment ago: not yet. Settled: read."""
    drop.put("a.csv", rows(1), ago=2)
    drop.poll()
    assert drop.names() == {"a.csv"}
    drop.clock.advance(timedelta(seconds=4))
    drop.poll()
    assert drop.names("done") == {"a.csv"}


def test_a_file_from_the_future_is_settled_when_it_stays_the_same(drop: Drop) -> None:
    """On simulated time (or with a wrong clock) two looks decide instead of the file's own time."""
    drop.put("a.csv", rows(1), ago=-86_400)
    drop.poll()
    drop.clock.advance(timedelta(seconds=5))
    drop.put("a.csv", rows(2), ago=-86_400)
    drop.poll()
    assert drop.names() == {"a.csv"}
    drop.clock.advance(timedelta(seconds=5))
    drop.poll()
    assert len(drop.sink.mentions) == 2


def test_settle_zero_reads_at_once(tmp_path: Path) -> None:
    """For programs that rename their files into place."""
    drop = Drop(tmp_path, settle="0s")
    drop.put("a.csv", rows(1), ago=-5)
    drop.poll()
    assert drop.names("done") == {"a.csv"}


def test_bad_lines_are_listed_beside_the_file(drop: Drop) -> None:
    """The good ones are used; the operator finds line and reason."""
    drop.put("a.csv", HEADER + row(1) + "2,nonsense,text,x\n" + row(3))
    drop.poll()
    assert {m.global_id for m in drop.sink.mentions.values()} == {"1", "3"}
    assert drop.names("done") == {"a.csv", "a.csv.refused.txt"}
    listed = (drop.folder / "done" / "a.csv.refused.txt").read_text()
    assert listed.startswith("line 3: ")
    assert "created_at" in listed


@pytest.mark.parametrize("content", [b"\x00\xff\xfe\x00" * 50, b"<html>no</html>", b"a,b,c\n1,2,3\n", b"[1, 2"])
def test_files_of_which_nothing_can_be_used_go_to_failed(drop: Drop, content: bytes) -> None:
    """With the reason beside them."""
    drop.put("a.csv", content)
    assert not drop.poll().poll().failed
    assert drop.names("failed") == {"a.csv", "a.csv.refused.txt"}


def test_empty_files_are_done(drop: Drop) -> None:
    """Nothing in it is nothing wrong."""
    drop.put("a.csv", b"")
    drop.poll()
    assert drop.names("done") == {"a.csv"}


def test_the_same_file_again_is_not_read_again(drop: Drop) -> None:
    """Same name, size and content: put away without a look; a name used twice is kept twice."""
    for _ in range(2):
        drop.put("a.csv", rows(2))
        drop.poll()
    assert sum(len(batch.mentions) for batch in drop.sink.batches) == 2
    assert drop.names("done") == {"a.csv", "a.2.csv"}
    drop.put("a.csv", rows(2, start=2))
    drop.poll()
    assert len(drop.sink.mentions) == 4


@pytest.mark.parametrize("killed_after", range(8))
def test_killed_at_any_step_nothing_is_lost_or_doubled(drop: Drop, killed_after: int) -> None:
    """Every batch of two files is tried as the last one before a kill, before and after it is stored."""
    drop.put("a.csv", rows(BATCH_SIZE * 2 + 10), ago=30)
    drop.put("b.csv", rows(5, start=5_000), ago=20)
    for stored_too in (False, True):
        for number, batch in enumerate(drop.batches()):
            if number == killed_after and not stored_too:
                break
            drop.sink.save("drop", batch)
            if number == killed_after:  # killed after the commit, before the file is moved
                break
            if batch.on_stored:
                batch.on_stored()
    drop.poll()
    handed = [m.global_id for batch in drop.sink.batches for m in batch.mentions]
    assert len(handed) == len(set(handed)) == BATCH_SIZE * 2 + 15
    assert drop.names("done") == {"a.csv", "b.csv"}
    assert drop.names("working") == set()


def test_two_watchers_do_not_read_a_file_twice(drop: Drop) -> None:
    """Who renames first has it; the other goes on without it."""
    drop.put("a.csv", rows(1), ago=30)
    drop.put("b.csv", rows(1, start=1), ago=20)
    batches = drop.batches()
    first = next(batches)
    (drop.folder / "b.csv").unlink()
    rest = list(batches)
    assert len(first.mentions) == 1
    assert sum(len(batch.mentions) for batch in rest) == 0


def test_a_large_file_comes_in_batches(drop: Drop) -> None:
    """Memory stays flat, and each batch is a transaction."""
    drop.put("a.csv", rows(BATCH_SIZE * 3))
    assert max(len(batch.mentions) for batch in drop.batches()) == BATCH_SIZE


def test_what_the_file_says_is_believed(tmp_path: Path) -> None:
    """Brand, source and language of the file come first; the options fill gaps."""
    drop = Drop(tmp_path, brand="Sydtåg", language="sv", platform="suite")
    drop.put(
        "a.csv",
        "id,created_at,text,brand,source,language\n1,2026-01-12T11:00:00Z,hej,,,\n2,2026-01-12T11:00:00Z,hei,Nordtåg,fb,nb\n",
    )
    drop.poll()
    one, two = sorted(drop.sink.mentions.values(), key=lambda m: m.global_id)
    assert (one.platform, one.brands, one.source, one.language) == ("suite", ("Sydtåg",), "drop", "sv")
    assert (two.platform, two.brands, two.source, two.language) == ("suite", ("Nordtåg",), "fb", "nb")


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    """A sentence with the folder's name and what to do; it is made as soon as its parent is there."""
    drop = Drop(tmp_path / "absent" / "later")
    outcome = drop.poll().poll()
    assert "later cannot be used: No such file or directory" in outcome.health.error
    assert outcome.health.permanent
    with pytest.raises(SourceError):
        drop.collector().check()
    drop.folder.parent.mkdir()
    assert "0 file(s)" in drop.collector().check()
    (tmp_path / "file").write_text("x")
    assert "File exists" in Drop(tmp_path / "file").poll().poll().health.error


def test_a_file_that_cannot_be_moved_is_said(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is read once, not at every poll."""

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    drop.put("a.csv", rows(2))
    batches = drop.batches()
    for batch in batches:
        drop.sink.save("drop", batch)
        if batch.on_stored:
            monkeypatch.setattr(Path, "rename", refuse)
            with pytest.raises(SourceError, match=r"a\.csv.*Permission denied"):
                batch.on_stored()
    monkeypatch.undo()
    drop.poll()
    assert sum(len(batch.mentions) for batch in drop.sink.batches) == 2
    assert drop.names("done") == {"a.csv"}


def test_measurements_are_not_mentions(drop: Drop) -> None:
    """A measurement in a file is refused with its line; it belongs to the webhook."""
    drop.put("a.ndjson", '{"name": "calls", "value": 3, "at": "2026-01-12T11:00:00Z"}\n')
    drop.poll()
    assert not any(isinstance(item, Measurement) for batch in drop.sink.batches for item in batch.mentions)
    assert drop.sink.refusals
