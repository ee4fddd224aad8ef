"""YouTube: replies, searches and units spread over the day, followed videos, closed comments, recorded answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceError, WatchedThread
from monitor.collectors.http import Network
from monitor.collectors.registry import build
from monitor.collectors.youtube import YouTubeOptions
from monitor.collectors.youtube_api import until_quota_starts_anew
from monitor.collectors.youtube_post import COMMENT, VIDEO
from monitor.mention import MentionKind
from tests.fakes.sink import MemorySink
from tests.fakes.youtube import API, CHANNEL, FakeYouTube, error
from tests.monitor.collectors.recorded import files, objects

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
KEY = "AIza-a-secret-key"


class Tube:
    """The fake platform and a source that reads it."""

    def __init__(self, answer: Any = None, **options: Any) -> None:
        self.clock = SimulatedClock(NOW)
        self.fake = FakeYouTube(self.clock, key=KEY)
        self.sink = MemorySink()
        self.watched: tuple[WatchedThread, ...] = ()
        self.recheck: tuple[str, ...] = ()
        given = {"name": "tube", "api_key": KEY, "api_url": API, **options}
        self.options = YouTubeOptions.model_validate(given)
        self.transport = httpx.MockTransport(answer) if answer else self.fake.transport()
        self.restart()

    def restart(self) -> None:
        self.runner = SourceRunner(
            self.options,
            build(self.options, Network(self.clock, transport=self.transport)),
            self.sink,
            self.clock,
            lambda source, now: CollectContext(
                now, self.watched, self.recheck, {"Nordtåg": ("Nordtåg", "nord tåg"), "Annat": ("annat",)}
            ),
            rng=Random(1),
        )

    def poll(self, minutes: float = 5) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()

    def watch(self, *videos: str) -> None:
        self.watched = tuple(WatchedThread("youtube", VIDEO + number, None, 0, NOW) for number in videos)

    def calls(self, path: str) -> list[httpx.QueryParams]:
        return [r.url.params for r in self.fake.requests if r.url.path.endswith(f"/{path}")]


def test_a_comment_becomes_a_mention() -> None:
    """As typed; who and under which video; a reply hangs under its comment, both under the video."""
    tube = Tube(search=False, channels=[CHANNEL])
    video = tube.fake.film("Vår nya tidtabell", NOW, channel=CHANNEL)
    top = tube.fake.comment("Tåget kom <aldrig> & nu?", NOW, video=video)
    reply = tube.fake.comment("Samma här", NOW, video=video, parent=top)
    tube.poll()
    found = tube.sink.mentions["youtube", COMMENT + top]
    assert (found.text, found.kind, found.likes, found.replies) == (
        "Tåget kom <aldrig> & nu?", MentionKind.COMMENT, 3, 1,
    )  # fmt: skip
    assert (found.parent_id, found.thread_id) == (VIDEO + video, VIDEO + video)
    assert (found.author, found.author_handles) == ("UCanna", ("@anna", "UCanna"))
    assert found.url == f"https://www.youtube.com/watch?v={video}&lc={top}"
    below = tube.sink.mentions["youtube", COMMENT + reply]
    assert (below.parent_id, below.thread_id) == (COMMENT + top, VIDEO + video)


def test_all_replies_are_read_where_more_exist_than_were_sent() -> None:
    """Over several pages, and only again when their number moves; a reply to an old thread is found, too."""
    tube = Tube(search=False, channels=[CHANNEL])
    video = tube.fake.film("Film", NOW, channel=CHANNEL)
    old = tube.fake.comment("gammal tråd", NOW - timedelta(hours=20), video=video)
    for number in range(7):
        tube.fake.comment(f"svar {number}", NOW, video=video, parent=old)
    tube.poll()
    assert len(tube.sink.mentions) == 8
    asked = len(tube.calls("comments"))
    tube.poll()
    assert len(tube.calls("comments")) == asked == 3
    tube.fake.comment("sent svar", NOW, video=video, parent=old)
    for _ in range(13):
        tube.poll()
    assert len(tube.sink.mentions) == 9


def test_replies_that_could_not_be_read_are_read_later() -> None:
    """The page failed as a whole, so it is not marked as read."""
    tube = Tube(search=False, channels=[CHANNEL])
    video = tube.fake.film("Film", NOW, channel=CHANNEL)
    top = tube.fake.comment("tråd", NOW, video=video)
    for number in range(4):
        tube.fake.comment(f"svar {number}", NOW, video=video, parent=top)
    tube.fake.fail(lambda *_: httpx.Response(500), match="/comments?")
    assert tube.poll().failed
    assert not tube.poll(60).failed
    assert len(tube.sink.mentions) == 5


def test_searches_are_spread_over_the_day_and_the_brands() -> None:
    """Two brands in one day never ask more than was given, at even distances, and a new video is found."""
    tube = Tube(searches_a_day=48)
    for _ in range(12 * 24):
        tube.poll()
    assert 40 <= tube.fake.searches <= 48
    queries = [params["q"] for params in tube.calls("search")]
    assert set(queries) == {'Nordtåg|"nord tåg"', "annat"}
    video = tube.fake.film("NORDTÅG står stilla", tube.clock.now(), description="Ingen vet varför")
    for _ in range(13):
        tube.poll()
    found = tube.sink.mentions["youtube", VIDEO + video]
    assert found.text == "NORDTÅG står stilla\nIngen vet varför"
    assert (found.views, found.likes, found.replies, found.language) == (1200, 7, 0, "sv")
    assert (found.thread_id, found.kind) == (VIDEO + video, MentionKind.POST)


def test_a_search_looks_back_a_day_behind_the_last_one() -> None:
    """The index lags; and words of the source's own replace the brands'."""
    tube = Tube(words=["inställda tåg"], region="SE")
    tube.poll()
    tube.poll(60)
    first, second = tube.calls("search")
    assert (first["q"], first["order"], first["type"], first["regionCode"]) == (
        '"inställda tåg"', "date", "video", "SE",
    )  # fmt: skip
    assert (first["publishedAfter"], second["publishedAfter"]) == ("2026-01-11T12:05:00Z", "2026-01-11T12:05:00Z")


def test_a_restart_does_not_give_the_day_anew() -> None:
    """The plan is in the cursor: a process that starts anew again and again stays within the day."""
    tube = Tube(searches_a_day=48, units_a_day=500, videos=["vid00000000"], every="1m")
    tube.fake.film("Film", NOW)
    for number in range(60 * 24):
        tube.poll(1)
        if number % 10 == 0:
            tube.restart()
    assert tube.fake.searches <= 48
    assert 450 <= tube.fake.units <= 500


def test_within_the_units_though_a_hundred_threads_have_unread_replies() -> None:
    """Where the day's share ends within a page, the replies sent along are kept and the rest comes later."""
    tube = Tube(search=False, channels=[CHANNEL], units_a_day=500, every="20m")
    tube.fake.page_size, tube.fake.sent_along = 100, 1
    video = tube.fake.film("Film", NOW, channel=CHANNEL)
    for number in range(140):
        top = tube.fake.comment(f"tråd {number}", NOW, video=video)
        for reply in range(2):
            tube.fake.comment(f"svar {reply}", NOW, video=video, parent=top)
    assert not tube.poll().failed
    assert 280 <= len(tube.sink.mentions) < 420
    for _ in range(3 * 24):
        tube.poll(20)
    assert tube.fake.units <= 500
    assert len(tube.sink.mentions) == 420


def test_a_followed_video_is_read_only_when_its_number_of_comments_moves() -> None:
    """As a whole at first, however old its comments; then a fiftieth of a unit a poll; daily as a whole."""
    tube = Tube(search=False)
    video = tube.fake.film("Nordtåg", NOW - timedelta(days=3))
    for number in range(12):
        tube.fake.comment(f"kommentar {number}", NOW - timedelta(days=2), video=video)
    tube.watch(video)
    tube.poll()
    assert len(tube.sink.mentions) == 12
    walked = len(tube.calls("commentThreads"))
    for _ in range(5):
        tube.poll()
    assert len(tube.calls("commentThreads")) == walked
    tube.fake.comment("ny", tube.clock.now(), video=video)
    tube.poll()
    assert (len(tube.sink.mentions), len(tube.calls("commentThreads")) - walked) == (13, 2)
    tube.poll(60 * 24)
    assert len(tube.calls("commentThreads")) - walked == 2 + 3


def test_a_walk_of_a_video_that_breaks_off_is_finished() -> None:
    """Its number of comments counts as read only when all pages are."""
    tube = Tube(search=False)
    video = tube.fake.film("Nordtåg", NOW)
    for number in range(14):
        tube.fake.comment(f"kommentar {number}", NOW, video=video)
    tube.watch(video)
    tube.fake.fail(lambda *_: httpx.Response(500), after=1, match="commentThreads")
    assert tube.poll().failed
    tube.poll(60)
    assert len(tube.sink.mentions) == 14


def test_comments_that_are_switched_off_stop_nothing() -> None:
    """It is noted; the other videos are read; a video that is gone is removed."""
    tube = Tube(search=False)
    closed, other, gone = (tube.fake.film(f"Nordtåg {n}", NOW) for n in range(3))
    for video in (closed, other):
        tube.fake.comment("kommentar", NOW, video=video)
    tube.fake.closed.add(closed)
    del tube.fake.videos[gone]
    tube.watch(closed, other, gone)
    assert not tube.poll().failed
    assert (tube.sink.refusals[0].where, tube.sink.refusals[0].why) == (f"video {closed}", "commentsDisabled")
    assert len(tube.sink.mentions) == 1
    assert tube.sink.removed == {("youtube", VIDEO + gone)}


def test_reading_again() -> None:
    """Fifty ids a call; videos, too; one that is gone is removed, edits are dated."""
    tube = Tube(search=False, channels=[CHANNEL])
    video = tube.fake.film("Nordtåg", NOW)
    ids = [tube.fake.comment(f"k {n}", NOW, video=video) for n in range(60)]
    gone = tube.fake.comment("borta", NOW, video=video)
    tube.fake.page_size = 100
    tube.poll()
    del tube.fake.comments[gone]
    tube.fake.comments[ids[0]].update(text="ändrad", updated=NOW + timedelta(minutes=1))
    tube.recheck = (*(COMMENT + one for one in (*ids, gone)), VIDEO + video, VIDEO + "vidgone", "other/1")
    tube.poll()
    assert len([params for params in tube.calls("comments") if "id" in params]) == 2
    assert tube.sink.removed == {("youtube", COMMENT + gone), ("youtube", VIDEO + "vidgone")}
    edited = tube.sink.mentions["youtube", COMMENT + ids[0]]
    assert (edited.text, edited.edited_at) == ("ändrad", NOW + timedelta(minutes=1))


def test_a_comment_that_is_gone_does_not_hide_others_read_again_with_it() -> None:
    """Where the platform answers 404 for all of them, they are asked for in halves."""
    tube = Tube(search=False)
    video = tube.fake.film("Nordtåg", NOW)
    ids = [tube.fake.comment(f"k {n}", NOW, video=video) for n in range(5)]

    def strict(request: httpx.Request, answer: Any, clock: object) -> httpx.Response:
        there = all(number in tube.fake.comments for number in request.url.params["id"].split(","))
        found: httpx.Response = answer(request)
        return found if there else error(404, "commentNotFound", "gone")

    tube.fake.fail(strict, times=99, match="/comments?")
    del tube.fake.comments[ids[3]]
    tube.recheck = tuple(COMMENT + number for number in ids)
    tube.poll()
    assert tube.sink.removed == {("youtube", COMMENT + ids[3])}
    assert len(tube.sink.mentions) == 4


@pytest.mark.parametrize(
    ("code", "reason", "told"),
    [
        (403, "quotaExceeded", "quota of the day is used up"),
        (403, "rateLimitExceeded", "too fast"),
        (400, "keyInvalid", "refuses the key"),
        (403, "accessNotConfigured", "refuses the key"),
        (404, "channelNotFound", "no comments of the channel"),
        (400, "invalidParameter", "did not understand"),
    ],
)
def test_errors_in_words(code: int, reason: str, told: str) -> None:
    """What is wrong and what to do, without the key; the day's end is in California."""
    tube = Tube(lambda request: error(code, reason, f"bad {request.url}"), search=False, channels=[CHANNEL])
    health = tube.poll().health
    assert told in health.error
    assert KEY not in f"{health.error} {health.remedy}"
    assert health.permanent == (reason not in ("quotaExceeded", "rateLimitExceeded"))
    if reason == "quotaExceeded":
        assert health.next_due_at is not None
        assert health.next_due_at >= datetime(2026, 1, 13, 8, 0, tzinfo=UTC)


def test_the_day_ends_at_midnight_in_california() -> None:
    """Winter and summer."""
    assert until_quota_starts_anew(NOW) == timedelta(hours=20)
    assert until_quota_starts_anew(datetime(2026, 7, 1, 6, 0, tzinfo=UTC)) == timedelta(hours=1)


def test_check() -> None:
    """It costs one unit; an answer that is no list is told."""
    tube = Tube(channels=[CHANNEL])
    assert tube.runner.collector.check().startswith("YouTube takes the key; comments on 1 own channels")
    assert tube.fake.units == 1
    with pytest.raises(SourceError, match="something else"):
        Tube(lambda request: httpx.Response(200, json={"items": []})).runner.collector.check()


# --- recorded answers


def recorded(body: Any, path: str) -> Any:
    """A platform that answers `path` with the recorded body once, and everything else with empty lists."""
    bodies = iter([{**body, "nextPageToken": None}])

    def answer(request: httpx.Request) -> httpx.Response:
        empty = {"kind": "youtube#listResponse", "items": []}
        return httpx.Response(200, json=next(bodies, empty) if request.url.path.endswith(f"/{path}") else empty)

    return answer


@pytest.mark.parametrize("path", files("youtube", "comment_threads*"))
def test_recorded_threads(path: Path) -> None:
    """Every recorded comment becomes a mention under its id, as typed, dated, with its author."""
    body = json.loads(path.read_text())
    tube = Tube(recorded(body, "commentThreads"), search=False, channels=[CHANNEL])
    assert not tube.poll().failed
    comments = [found for found in objects(body) if found.get("kind") == "youtube#comment" and "snippet" in found]
    expected = {COMMENT + found["id"]: found["snippet"] for found in comments}
    assert expected.keys() == {number for _, number in tube.sink.mentions}
    assert tube.sink.refusals == []
    for number, snippet in expected.items():
        found = tube.sink.mentions["youtube", number]
        if "textOriginal" in snippet:
            assert found.text.split() == snippet["textOriginal"].split()
        assert "<br" not in found.text
        assert found.author == snippet.get("authorChannelId", {}).get("value")
        assert found.created_at == datetime.fromisoformat(snippet["publishedAt"])


@pytest.mark.parametrize("path", files("youtube", "comments_*"))
def test_recorded_comments(path: Path) -> None:
    """Comments by id and replies of a thread."""
    body = json.loads(path.read_text())
    items = [item for item in body.get("items", []) if "snippet" in item]
    tube = Tube(recorded(body, "comments"), search=False)
    tube.recheck = tuple(COMMENT + item["id"] for item in items)
    assert not tube.poll().failed
    assert {number for _, number in tube.sink.mentions} == set(tube.recheck)
    assert tube.sink.removed == set()
    for item in items:
        parent = tube.sink.mentions["youtube", COMMENT + item["id"]].parent_id
        assert parent == (COMMENT + item["snippet"]["parentId"] if "parentId" in item["snippet"] else None)


@pytest.mark.parametrize("path", files("youtube", "videos*"))
def test_recorded_videos(path: Path) -> None:
    """Counts that are text, the whole description, channel and language."""
    body = json.loads(path.read_text())
    items = [item for item in body.get("items", []) if item.get("snippet", {}).get("title")]
    tube = Tube(recorded(body, "videos"), search=False, videos=[item["id"] for item in items] or ["none"])
    assert not tube.poll().failed
    for item in items:
        found = tube.sink.mentions["youtube", VIDEO + item["id"]]
        assert found.text.startswith(item["snippet"]["title"])
        assert str(found.views) == item.get("statistics", {}).get("viewCount", "None")
        assert found.author == item["snippet"]["channelId"]


@pytest.mark.parametrize("path", files("youtube", "search*"))
def test_recorded_searches(path: Path) -> None:
    """Each hit is asked for as a whole video."""
    body = json.loads(path.read_text())
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("id", ""))
        return recorded(body, "search")(request)  # type: ignore[no-any-return]

    tube = Tube(answer, words=["surf"])
    tube.poll()
    hits = [item["id"]["videoId"] for item in body["items"] if "videoId" in item["id"]]
    assert not hits or ",".join(hits[:50]) in asked


@pytest.mark.parametrize("path", files("youtube", "error*"))
def test_recorded_errors(path: Path) -> None:
    """Whatever their form, a sentence."""
    tube = Tube(lambda request: httpx.Response(400, text=path.read_text()), search=False, channels=[CHANNEL])
    health = tube.poll().health
    assert health.permanent
    assert health.error.endswith(".")
