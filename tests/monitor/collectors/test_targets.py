"""Several targets in one source: each has its own state and back-off, and the sentence says which fail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.collectors.base import Batch, CollectContext, Cursor, SourceError
from monitor.collectors.targets import State, read_targets
from monitor.mention import Mention, Refusal

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)


class Reader:
    """Reads targets of which some fail."""

    def __init__(self, **failing: SourceError) -> None:
        self.failing = failing
        self.read: list[str] = []

    def __call__(self, key: str, state: State) -> Iterator[Batch]:
        self.read.append(key)
        count = state.get("count", 0) + 1
        yield Batch((Mention("x", f"{key}/{count}", "s", key),), cursor={"count": count})
        if key in self.failing:
            raise self.failing[key]

    def run(self, cursor: Cursor, minute: int = 0, targets: str = "abc") -> tuple[Cursor, SourceError | None]:
        """The last cursor and what was raised."""
        self.read = []
        context = CollectContext(NOW + timedelta(minutes=minute))
        batches: list[Batch] = []
        error = None
        try:
            for batch in read_targets(cursor, targets, context, self):
                batches.append(batch)
        except SourceError as exc:
            error = exc
        cursors: list[Any] = [batch.cursor for batch in batches if batch.cursor is not None]
        return cursors[-1], error


def test_each_target_keeps_its_own_state() -> None:
    """The states grow apart from each other, and other keys of the cursor stay."""
    reader = Reader()
    cursor, error = reader.run({"other": 1})
    cursor, error = reader.run(cursor)
    assert error is None
    assert cursor["other"] == 1
    assert [cursor["targets"][key]["count"] for key in "abc"] == [2, 2, 2]


def test_one_that_fails_does_not_stop_the_others() -> None:
    """The error is partial, names how many, and carries the remedy; what it brought before is kept."""
    cursor, error = Reader(b=SourceError("b is down.", remedy="Wait.")).run({})
    assert error is not None
    assert (str(error), error.remedy, error.partial) == ("1 of 3 cannot be read: b is down.", "Wait.", True)
    assert cursor["targets"]["b"]["count"] == 1


def test_a_failing_target_is_left_alone_and_still_told() -> None:
    """It backs off by itself (30 s, 1 min, 2 min), the others are read every time, and the sentence stays."""
    reader = Reader(b=SourceError("b is down."))
    cursor: Cursor = {}
    asked = []
    for minute in range(8):
        cursor, error = reader.run(cursor, minute)
        asked.append("b" in reader.read)
        assert error is not None
        assert "b is down" in str(error)
        assert {"a", "c"} <= set(reader.read)
    assert asked == [True, True, True, False, True, False, False, False]


def test_the_platforms_wait_is_kept() -> None:
    """`retry_after` of one target holds for that one."""
    reader = Reader(b=SourceError("Too often.", retry_after=timedelta(minutes=10)))
    cursor, _ = reader.run({})
    cursor, _ = reader.run(cursor, 9)
    assert "b" not in reader.read
    reader.run(cursor, 11)
    assert "b" in reader.read


def test_it_recovers_without_a_trace() -> None:
    """Once it works the state is clean and nothing is raised."""
    cursor, _ = Reader(b=SourceError("b is down.")).run({})
    cursor, error = Reader().run(cursor, 5)
    assert error is None
    assert cursor["targets"]["b"] == {"count": 2, "_read_at": (NOW + timedelta(minutes=5)).isoformat()}


def test_when_all_fail_the_source_fails() -> None:
    """Not partial, permanent only if all are, and the shortest wait counts."""
    failing = {
        "a": SourceError("a is gone.", permanent=True, retry_after=timedelta(hours=1)),
        "b": SourceError("b is down.", retry_after=timedelta(minutes=3)),
    }
    _, error = Reader(**failing).run({}, targets="ab")
    assert error is not None
    assert (error.partial, error.permanent, error.retry_after) == (False, False, timedelta(minutes=3))
    assert str(error) == "2 of 2 cannot be read: a is gone."
    _, alone = Reader(a=failing["a"]).run({}, targets="a")
    assert alone is not None
    assert (str(alone), alone.permanent) == ("a is gone.", True)


def test_a_used_up_quota_is_told_only_when_nothing_else_can_be_read() -> None:
    """A pause of one target is no failure; a pause of all of them is a pause of the source."""
    pause = SourceError("No more calls.", pause=True, retry_after=timedelta(minutes=2))
    _, error = Reader(b=pause).run({})
    assert error is None
    _, error = Reader(a=pause, b=pause).run({}, targets="ab")
    assert error is not None
    assert (error.pause, error.retry_after) == (True, timedelta(minutes=2))


def test_the_one_read_longest_ago_comes_first() -> None:
    """When a quota ends a poll early, it is not always the same ones that starve."""
    reader = Reader()
    cursor, _ = reader.run({}, 0, "ab")
    cursor, _ = reader.run(cursor, 1, "abc")
    assert reader.read == ["c", "a", "b"]


@pytest.mark.parametrize("targets", [7, {"a": 3}, {"a": {"_wait_until": "x", "_failures": None}}, None])
def test_a_strange_cursor_is_read_anew(targets: object) -> None:
    """Of another version, or broken."""
    cursor, error = Reader().run({"targets": targets}, targets="a")
    assert error is None
    assert cursor["targets"]["a"]["count"] == 1


def test_targets_that_left_the_config_are_forgotten() -> None:
    """Their state and their failure."""
    cursor, _ = Reader(c=SourceError("c is down.")).run({})
    cursor, error = Reader().run(cursor, targets="ab")
    assert error is None
    assert set(cursor["targets"]) == {"a", "b"}


def test_an_item_that_stays_wrong_is_told_once_and_again_after_it_was_right() -> None:
    """Every poll's overlap sees it; also a poll that breaks off keeps what was told."""
    wrong: list[Refusal] = []
    error: list[SourceError] = []

    def read(key: str, state: State) -> Iterator[Batch]:
        yield Batch(refusals=tuple(wrong), cursor={"count": 1})
        if error:
            raise error.pop()

    def told(cursor: Cursor) -> tuple[Cursor, list[str]]:
        reports: list[str] = []
        try:
            for batch in read_targets(cursor, ["a"], CollectContext(NOW), read):
                reports += [refusal.where for refusal in batch.refusals]
                cursor = batch.cursor or cursor
        except SourceError:
            return cursor, [*reports, "failed"]
        return cursor, reports

    wrong[:] = [Refusal("status 1", "no date"), Refusal("status 2", "no date")]
    cursor, reports = told({})
    assert reports == ["status 1", "status 2"]
    error[:] = [SourceError("a is down.", retry_after=timedelta(seconds=-1))]
    cursor, reports = told(cursor)
    assert reports == ["failed"]
    wrong[:] = [Refusal("status 2", "no date"), Refusal("status 2", "no text")]
    cursor, reports = told(cursor)
    assert reports == ["status 2"]
    wrong[:] = [Refusal("status 1", "no date")]
    assert told(cursor)[1] == ["status 1"]


def test_a_mention_that_no_store_takes_is_told_once_and_its_neighbours_go_on() -> None:
    """Whatever the collector: a date that no post can have, an id that is none."""
    wrong = [
        Mention("x", "a/1", "s", "text", NOW.replace(year=1970)),
        Mention("x", "a/2", "s", "text", NOW.replace(year=2099)),
        Mention("x", "a/\ud800", "s", "text", NOW),
    ]
    good = [Mention("x", "a/3", "s", "text", NOW), Mention("x", "a/4", "s", "text")]

    def read(key: str, state: State) -> Iterator[Batch]:
        yield Batch((wrong[0], good[0], wrong[1], good[1], wrong[2]), cursor={"count": 1})

    first, last = read_targets({}, ["a"], CollectContext(NOW), read)
    assert first.mentions == tuple(good)
    assert [refusal.where for refusal in first.refusals] == ["x a/1", "x a/2", "x a/\ud800"]
    assert "before any platform existed" in first.refusals[0].why
    again, _ = read_targets(last.cursor or {}, ["a"], CollectContext(NOW), read)
    assert (again.mentions, again.refusals) == (tuple(good), ())
