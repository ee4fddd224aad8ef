"""The App Store: dates with offsets, caches that are empty or unordered, several countries, changed reviews."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.app_store import AppStoreOptions
from monitor.collectors.base import CollectContext
from monitor.collectors.http import Network
from monitor.collectors.registry import build
from monitor.mention import MentionKind
from tests.fakes.app_store import API, FakeAppStore
from tests.fakes.platform_server import ALWAYS, status
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.recorded import files

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)


class Store:
    """The fake store and a source that reads it."""

    def __init__(self, **options: Any) -> None:
        self.clock = SimulatedClock(NOW)
        self.fake = FakeAppStore(self.clock)
        self.sink = MemorySink()
        given = {"name": "app", "apps": [123], "countries": ["SE"], "api_url": API, **options}
        self.options = AppStoreOptions.model_validate(given)
        network = Network(self.clock, transport=self.fake.transport())
        self.runner = SourceRunner(
            self.options,
            build(self.options, network),
            self.sink,
            self.clock,
            lambda source, now: CollectContext(now),
            rng=Random(1),
        )

    def poll(self, minutes: float = 15) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()


def test_a_review_becomes_a_mention() -> None:
    """Title and text, stars, votes, the author's page, Cupertino's time; not the HTML table."""
    store = Store()
    found = store.fake.add("Kraschar & dör\nvarje gång", NOW, rating="2")
    store.poll()
    review = store.sink.mentions["app_store", found]
    assert review.text == "Omdöme\nKraschar & dör\nvarje gång"
    assert (review.stars, review.likes, review.kind, review.created_at) == (2, 2, MentionKind.REVIEW, NOW)
    assert review.author == "https://itunes.apple.com/se/reviews/id9"


def test_an_empty_feed_is_no_silence() -> None:
    """It is noted, nothing is forgotten, and the next reviews are found."""
    store = Store()
    for number in range(12):
        store.fake.add(f"omdöme {number}", NOW)
    store.poll()
    store.fake.empty = True
    assert not store.poll().failed
    assert [refusal.why for refusal in store.sink.refusals] == ["the feed is empty just now"]
    store.fake.empty = False
    store.fake.add("nytt", store.clock.now())
    assert store.poll().report.taken == 1


def test_a_walk_that_breaks_off_is_finished_though_the_first_page_is_known() -> None:
    """Page 4 fails; the next poll goes down to it."""
    store = Store()
    for number in range(28):
        store.fake.add(f"omdöme {number}", NOW)
    store.fake.fail(status(503), times=1, match="page=4/")
    assert store.poll().failed
    assert len(store.sink.mentions) == 15
    assert not store.poll(60).failed
    assert len(store.sink.mentions) == 28
    pages = [str(request.url).split("page=")[1].split("/")[0] for request in store.fake.requests]
    assert pages == ["1", "2", "3", "4", "1", "2", "3", "4", "5", "6", "7"]
    assert "walk" not in store.sink.load_cursor("app")["targets"]["se/123"]


def test_a_changed_review_is_an_edit() -> None:
    """It keeps its number; what did not change is not handed on again."""
    store = Store()
    changed, _ = store.fake.add("dålig", NOW), store.fake.add("annan", NOW)
    store.poll()
    store.fake.by_id(changed).update(text="bra nu", rating="5", at=store.clock.now())
    store.poll()
    review = store.sink.mentions["app_store", changed]
    assert (review.text, review.stars, review.edited_at) == ("Omdöme\nbra nu", 5, NOW + timedelta(minutes=15))
    assert len(store.sink.batches[-2].mentions) <= 1


def test_countries_fail_by_themselves() -> None:
    """One store out of service does not hide the others."""
    store = Store(countries=["se", "no"])
    store.fake.add("svenskt", NOW)
    store.fake.add("norsk", NOW, country="no")
    store.fake.fail(status(503), times=ALWAYS, match="/se/")
    outcome = store.poll()
    assert "1 of 2" in outcome.health.error
    assert store.sink.texts() == ["Omdöme\nnorsk"]


def test_the_app_itself_is_no_review() -> None:
    """Old feeds begin with it."""
    store = Store()
    store.fake.raw_extra = "<entry><id>https://itunes.apple.com/app/id123</id><title>Nordtåg</title></entry>"
    store.fake.add("omdöme", NOW)
    store.poll()
    assert len(store.sink.mentions) == 1
    assert store.sink.refusals == []


AS_OBSERVED = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns:im="http://itunes.apple.com/rss" xmlns="http://www.w3.org/2005/Atom" xml:lang="sv">
<id>https://itunes.apple.com/se/rss/customerreviews/page=1/id=123/sortby=mostrecent/xml</id>
<title>iTunes Store: Kundrecensioner</title><updated>2026-01-12T03:19:16-07:00</updated>
<link rel="next" href="https://itunes.apple.com/se/rss/customerreviews/page=2/id=123/sortby=mostrecent/xml"/>
<entry><updated>2026-01-10T00:00:00-07:00</updated><id>123</id><im:name>Nordtåg</im:name><title>Nordtåg</title>
<content type="text"></content></entry>
<entry><id>14200000001</id><title>Bra &amp; dåligt</title>
<content type="text">Kraschar &lt;ofta&gt; &#128577;
varje dag</content>
<im:contentType term="Application" label="Program"/><im:voteSum>3</im:voteSum><im:voteCount>4</im:voteCount>
<im:rating>2</im:rating><updated>2026-01-11T23:30:00-07:00</updated><im:version>4.2</im:version>
<author><name>Resenär 7</name><uri>https://itunes.apple.com/se/reviews/id7</uri></author>
<link rel="related" href="https://itunes.apple.com/se/review?id=123&amp;type=Purple%20Software"/>
<content type="html">&lt;table border="0"&gt;&lt;tr&gt;&lt;td&gt;Nordtåg&lt;/td&gt;&lt;/tr&gt;&lt;/table&gt;
</content></entry>
<entry><id>14200000002</id><title>Fin</title><content type="text">Fungerar</content><im:voteSum>0</im:voteSum>
<im:rating>5</im:rating><updated>2026-01-11T22:00:00-07:00</updated><author><name>utan_sida</name></author></entry>
</feed>"""
"""Written in the form of feeds that were captured between 2020 and 2026: the app's own entry, entities, two
contents, authors with and without a page, elements in either order."""


def test_feeds_in_the_form_that_was_captured() -> None:
    """All of it is understood, and the app's own entry is no review."""
    store = Store()
    body = AS_OBSERVED.encode()
    store.fake.fail(lambda *_: httpx.Response(200, content=body, headers={"content-type": "text/xml"}))
    assert not store.poll().failed
    assert store.sink.refusals == []
    first, second = (store.sink.mentions["app_store", f"itunes.apple.com/reviews/1420000000{n}"] for n in (1, 2))
    assert first.text == "Bra & dåligt\nKraschar <ofta> 🙁\nvarje dag"
    assert (first.stars, first.likes, first.author) == (2, 3, "https://itunes.apple.com/se/reviews/id7")
    assert first.created_at == datetime(2026, 1, 12, 6, 30, tzinfo=UTC)
    assert (second.author, second.likes) == ("se/utan_sida", 0)
    assert len(store.sink.mentions) == 2


def test_check_and_options() -> None:
    """YAML's `no` is a country here only in quotes: a bare one is refused with a word."""
    assert "0 reviews" in Store().runner.collector.check()
    wrongs: list[dict[str, object]] = [
        {"apps": []},
        {"countries": ["swe"]},
        {"countries": [False]},
        {"every": "1m"},
    ]
    for wrong in wrongs:
        with pytest.raises(ValidationError):
            AppStoreOptions.model_validate({"apps": [1], **wrong})


@pytest.mark.parametrize("path", files("app_store", "*.xml"))
def test_recorded_feeds(path: Path) -> None:
    """Every recorded entry with a rating becomes a review, dated and with words."""
    store = Store()
    store.fake.fail(lambda *_: httpx.Response(200, content=path.read_bytes()))
    assert not store.poll().failed
    assert store.sink.refusals == []
    assert len(store.sink.mentions) == path.read_bytes().count(b"<im:rating>")
    assert all(found.created_at and found.text for found in store.sink.mentions.values())
