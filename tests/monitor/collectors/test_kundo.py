"""Kundo's forums: Swedish times, comments of watched dialogs, wrong names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceError, WatchedThread
from monitor.collectors.http import Network
from monitor.collectors.kundo import KundoOptions
from monitor.collectors.registry import build
from monitor.mention import MentionKind
from tests.fakes.kundo import API, FakeKundo
from tests.fakes.platform_server import ALWAYS, status
from tests.fakes.sink import MemorySink

NOW = datetime(2026, 7, 12, 12, 0, tzinfo=UTC)


class Forum:
    """The fake forum and a source that reads it."""

    def __init__(self, **options: Any) -> None:
        self.clock = SimulatedClock(NOW)
        self.fake = FakeKundo(self.clock)
        self.sink = MemorySink()
        self.watched: list[WatchedThread] = []
        self.recheck: tuple[str, ...] = ()
        given = {"name": "kundo", "forums": ["nordtag"], "api_url": API, **options}
        self.options = KundoOptions.model_validate(given)
        network = Network(self.clock, transport=self.fake.transport())
        self.runner = SourceRunner(
            self.options,
            build(self.options, network),
            self.sink,
            self.clock,
            lambda source, now: CollectContext(now, tuple(self.watched), self.recheck),
            rng=Random(1),
        )

    def poll(self, minutes: float = 5) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()


def test_a_dialog_becomes_a_mention() -> None:
    """Title and text as plain text, the whole address, Swedish summer time."""
    forum = Forum()
    found = forum.fake.add("<p>Tåget kom<br>aldrig &amp; ingen svarar</p>", NOW)
    forum.poll()
    mention = forum.sink.mentions["kundo", found]
    assert mention.text == "Fråga\nTåget kom\naldrig & ingen svarar"
    assert (mention.created_at, mention.language, mention.author) == (NOW, "sv", None)
    assert mention.url == f"{API}/org/nordtag/d/100/"


def test_comments_of_watched_dialogs_are_read() -> None:
    """Below their dialog; one that is gone is no error, ids of others are left alone."""
    forum = Forum()
    root = forum.fake.add("Tåget kom aldrig", NOW)
    forum.fake.comment(root, "Inte mitt heller", NOW)
    for watched in (root, "kundo.example/nordtag/999", "other.example/nordtag/1"):
        forum.watched.append(WatchedThread("kundo", watched, None, 0, NOW, True))
    assert not forum.poll().failed
    (comment,) = [m for m in forum.sink.mentions.values() if m.kind == MentionKind.COMMENT]
    assert (comment.text, comment.parent_id, comment.thread_id) == ("Inte mitt heller", root, root)
    assert comment.global_id == f"{root}/comments/9000"


def test_without_comments_none_are_asked_for() -> None:
    """One list, one call."""
    forum = Forum(comments=False)
    root = forum.fake.add("Tåget kom aldrig", NOW)
    forum.watched.append(WatchedThread("kundo", root, None, 0, NOW, True))
    forum.poll()
    assert not any("comment" in request.url.path for request in forum.fake.requests)


def test_only_404_is_gone() -> None:
    """A forum in trouble removes nothing."""
    forum = Forum()
    gone, kept = forum.fake.add("ett", NOW), forum.fake.add("två", NOW)
    forum.poll()
    del forum.fake.dialogs[100]
    forum.fake.fail(status(500), times=ALWAYS, match="dialog/nordtag/101")
    forum.recheck = (gone, kept)
    forum.poll()
    assert forum.sink.removed == {("kundo", gone)}


def test_a_dialog_without_a_date_is_kept_and_one_whose_date_cannot_be_is_told() -> None:
    """First sight counts where there is no date."""
    forum = Forum()
    found = [forum.fake.add("ett", NOW, pub_date=date) for date in ("igår", None, "2099-01-01 10:00")]
    forum.poll()
    assert [forum.sink.mentions["kundo", i].created_at for i in found[:2]] == [None] * 2
    assert ("kundo", found[2]) not in forum.sink.mentions
    assert ["2099-01-01, in the future" in refusal.why for refusal in forum.sink.refusals] == [True]


def test_check_and_names() -> None:
    """A whole address is a name, too; an unknown forum is a sentence."""
    assert KundoOptions(forums=("https://kundo.se/org/nordtag/",)).forums == ("nordtag",)
    assert "1 public forum" in Forum().runner.collector.check()
    with pytest.raises(SourceError, match="404"):
        Forum(forums=["annan"]).runner.collector.check()
    for wrong in ([], ["a b"], ["../x?y"], [""]):
        with pytest.raises(ValidationError):
            KundoOptions.model_validate({"forums": wrong})
