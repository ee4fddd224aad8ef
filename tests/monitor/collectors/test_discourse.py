"""Discourse: quotes and previews, numbers as relations, pinned and hidden posts, several forums, recordings."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceError
from monitor.collectors.discourse import DiscourseOptions
from monitor.collectors.discourse_post import Forum, is_by_people, mention_of
from monitor.collectors.http import Network
from monitor.collectors.registry import build
from monitor.mention import Mention, MentionKind
from tests.fakes.discourse import HOST, FakeDiscourse
from tests.fakes.platform_server import ALWAYS, status
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.recorded import files, objects

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)


class Forums:
    """The fake forum (others by `answer`) and a source that reads it."""

    def __init__(self, **options: Any) -> None:
        self.clock = SimulatedClock(NOW)
        self.fake = FakeDiscourse(self.clock)
        self.sink = MemorySink()
        self.recheck: tuple[str, ...] = ()
        given = {"name": "forum", "urls": [f"https://{HOST}"], **options}
        self.options = DiscourseOptions.model_validate(given)
        network = Network(self.clock, transport=httpx.MockTransport(self._answer))
        self.runner = SourceRunner(
            self.options,
            build(self.options, network),
            self.sink,
            self.clock,
            lambda source, now: CollectContext(now, recheck=self.recheck),
            rng=Random(1),
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        return self.fake.handle(request) if request.url.host == HOST else httpx.Response(502)

    def poll(self, minutes: float = 2) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()

    def mention(self, global_id: str) -> Mention:
        return self.sink.mentions["discourse", global_id]


def test_a_topic_and_its_answers() -> None:
    """The title belongs to the first post; answers know what they answer by its number."""
    forum = Forums()
    root = forum.fake.add("Tåget kom aldrig", NOW)
    topic = int(root.split("/")[2])
    second = forum.fake.add("Inte mitt heller", NOW, topic=topic)
    third = forum.fake.add("Samma här", NOW, topic=topic, answers=2)
    forum.poll()
    first = forum.mention(root)
    assert (first.text, first.kind, first.thread_id, first.parent_id) == (
        "Ämnet\nTåget kom aldrig",
        MentionKind.POST,
        root,
        None,
    )
    assert (first.likes, first.views, first.author) == (3, 4, f"{HOST}/u/anna")
    assert first.url == f"https://{HOST}/t/ett-amne/{topic}/1"
    assert (forum.mention(second).parent_id, forum.mention(second).kind) == (root, MentionKind.COMMENT)
    assert (forum.mention(third).parent_id, forum.mention(third).thread_id) == (second, root)
    assert forum.mention(third).extra_text == "Ämnet"


def test_quotes_and_previews_are_cut_away() -> None:
    """The link of a preview is matched; its words, and what is quoted, are somebody else's."""
    forum = Forums()
    cooked = (
        '<aside class="quote" data-post="1"><blockquote><p>Nordtåg är bäst</p></blockquote></aside>'
        "<p>Nej<br>inte alls</p>"
        '<aside class="onebox allowlistedgeneric" data-onebox-src="https://nordtag.example/a?b=1&amp;c=2">'
        "<article><h3>Nordtåg växer</h3></article></aside>"
    )
    found = forum.fake.add("x", NOW, topic=7, cooked=cooked)
    forum.poll()
    assert forum.mention(found).text == "Ämnet\nNej\ninte alls"
    assert forum.mention(found).extra_text == "https://nordtag.example/a?b=1&c=2"


def test_what_nobody_wrote_or_may_see_is_left_out() -> None:
    """Moderators' marks, hidden, deleted and withdrawn posts; none of them is an error."""
    forum = Forums()
    for more in ({"post_type": 3}, {"hidden": True}, {"deleted_at": NOW.isoformat()}, {"user_deleted": True}):
        forum.fake.add("borta", NOW, **more)
    forum.fake.add("kvar", NOW)
    forum.poll()
    assert forum.sink.texts() == ["Ämnet\nkvar"]
    assert forum.sink.refusals == []


def test_answers_in_old_topics_are_seen() -> None:
    """The feed goes by post, not by topic."""
    forum = Forums(look_back="1h")
    forum.fake.add("gammalt", NOW - timedelta(days=900), topic=7)
    forum.poll()
    answer = forum.fake.add("nytt svar", NOW, topic=7)
    forum.poll()
    assert forum.mention(answer).text == "nytt svar"


def test_rechecks_remove_what_is_gone_or_hidden_and_tell_edits() -> None:
    """A forum in trouble removes nothing."""
    forum = Forums()
    gone, hidden, edited, kept = (forum.fake.add(f"inlägg {i}", NOW) for i in range(4))
    forum.poll()
    forum.fake.remove(gone)
    forum.fake.by_id(hidden)["hidden"] = True
    forum.fake.by_id(edited).update(cooked="<p>ändrat</p>", version=3, updated_at="2026-01-12T12:01:00Z")
    forum.recheck = (gone, hidden, edited, kept, "other.example/t/1/1")
    forum.poll()
    assert forum.sink.removed == {("discourse", gone), ("discourse", hidden)}
    assert forum.mention(edited).edited_at == NOW + timedelta(minutes=1)
    forum.sink.removed.clear()
    forum.fake.fail(status(500), times=ALWAYS, match="by_number")
    forum.poll()
    assert forum.sink.removed == set()


def test_one_forum_that_fails_does_not_stop_the_other() -> None:
    """It is named."""
    forum = Forums(urls=["https://other.example", f"https://{HOST}/"])
    forum.fake.add("inlägg", NOW)
    outcome = forum.poll()
    assert "other.example" in outcome.health.error
    assert forum.sink.texts() == ["Ämnet\ninlägg"]


def test_a_forum_that_wants_a_login() -> None:
    """Is said; with a key it is read."""
    forum = Forums()
    forum.fake.closed = True
    assert "logged in" in forum.poll().health.error
    with_key = Forums(api_key="a-key-of-the-forum", api_username="system")
    with_key.fake.closed = True
    with_key.fake.add("inlägg", NOW)
    assert not with_key.poll().failed
    assert with_key.fake.requests[0].headers["api-username"] == "system"


def test_check_and_wrong_options() -> None:
    """A sentence; half a key and a key for several forums are refused."""
    assert "none is there" in Forums().runner.collector.check()
    forum = Forums()
    forum.fake.fail(status(200, '{"hello": 1}'))
    with pytest.raises(SourceError, match="shows no posts"):
        forum.runner.collector.check()
    for wrong in (
        {"api_key": "x"},
        {"api_key": "x", "api_username": "y", "urls": ["https://a.se", "https://b.se"]},
    ):
        with pytest.raises(ValidationError):
            DiscourseOptions.model_validate({"urls": ["https://a.se"], **wrong})


@pytest.mark.parametrize("path", files("discourse", "[pt]*.json"))
def test_recorded_posts(path: Path) -> None:
    """Every recorded post is understood: as latest posts, in a topic, alone."""
    found = [o for o in objects(json.loads(path.read_text(encoding="utf-8"))) if "cooked" in o and "topic_id" in o]
    assert found
    forum = Forum("https://try.example/forum", "forum")
    for post in filter(is_by_people, found):
        mention = mention_of(post, forum)
        assert mention.global_id == f"try.example/forum/t/{post['topic_id']}/{post['post_number']}"
        assert mention.text or "<img" in post["cooked"] or "quote" in post["cooked"]
        assert "<" not in mention.text.replace("<3", "")
        assert mention.created_at is not None


@pytest.mark.parametrize("path", files("discourse", "posts_latest.json"))
def test_recorded_feed(path: Path) -> None:
    """The walk over the recorded page ends and takes each post."""
    body = json.loads(path.read_text(encoding="utf-8"))
    clock, sink = SimulatedClock(datetime(2020, 1, 25, 12, 0, tzinfo=UTC)), MemorySink()

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"latest_posts": []} if "before" in request.url.params else body)

    options = DiscourseOptions.model_validate({"name": "f", "urls": [f"https://{HOST}"]})
    runner = SourceRunner(
        options, build(options, Network(clock, transport=httpx.MockTransport(answer))), sink, clock
    )
    assert not runner.poll().failed
    assert len(sink.mentions) == len(body["latest_posts"])
    assert sink.refusals == []
