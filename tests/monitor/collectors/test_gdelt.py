"""GDELT's files: which articles are taken, quarters that are late or were missed, broken and poisoned files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors import gdelt_file
from monitor.collectors.base import CollectContext
from monitor.collectors.gdelt import GdeltOptions
from monitor.collectors.gdelt_file import BrokenFileError, articles_in
from monitor.collectors.http import Network
from monitor.collectors.registry import build
from monitor.mention import Mention, MentionKind
from tests.fakes.gdelt import FILES, FakeGdelt, packed
from tests.fakes.sink import MemorySink

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)


class Press:
    """The file server and a source that reads it."""

    def __init__(self, **options: Any) -> None:
        self.clock, self.sink = SimulatedClock(NOW), MemorySink()
        self.fake = FakeGdelt(self.clock)
        self.options = GdeltOptions.model_validate({"api_url": FILES, "name": "gdelt", **options})
        network = Network(self.clock, transport=self.fake.transport())
        self.terms: dict[str, tuple[str, ...]] = {"Nordtåg": ("nordtåg",), "Sydbuss": ("sydbuss",)}
        self.runner = SourceRunner(
            self.options, build(self.options, network), self.sink, self.clock,
            lambda source, now: CollectContext(now, terms=self.terms), rng=Random(1),
        )  # fmt: skip

    def poll(self, minutes: float = 15) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()

    def mention(self, url: str) -> Mention:
        return self.sink.mentions["gdelt", url]

    def fetched(self) -> list[str]:
        paths = [request.url.path.rpartition("/")[2] for request in self.fake.requests]
        return [path for path in paths if "gkg" in path]


def test_an_article_becomes_news() -> None:
    press = Press()
    found = press.fake.add("Nordtåg ställer in & ber om ursäkt", organisations="Nordtag;Region Stockholm")
    assert press.poll().report.taken == 1
    mention = press.mention(found)
    assert mention.text == "Nordtåg ställer in & ber om ursäkt"
    assert (mention.kind, mention.language, mention.author, mention.url) == (
        MentionKind.NEWS,
        "sv",
        "svt.se",
        found,
    )
    assert mention.created_at == NOW + timedelta(minutes=15)
    assert "Region Stockholm" in mention.extra_text


@pytest.mark.parametrize(
    ("title", "more", "taken"),
    [
        ("Nordtågs chef avgår", {}, True),
        ("Kaos i trafiken", {"organisations": "Nordtåg;SL"}, True),
        ("Kaos i trafiken", {"site": "x.example/nordtag-staller-in"}, True),
        ("Sydbuss byter ägare", {}, True),
        ("Kaos i trafiken", {}, False),
        ("Nordtåg in Schweden", {"language": "deu"}, False),
        ("Nordtåg på turkiska", {"language": "tur"}, False),
    ],
)
def test_only_what_names_a_brand_in_a_wanted_language(title: str, more: dict[str, str], taken: bool) -> None:
    press = Press()
    press.fake.add(title, **more)
    assert press.poll().report.taken == taken


def test_what_is_no_web_page_and_the_same_page_twice() -> None:
    press = Press()
    press.fake.add_row("https://tv.example/1", "nordtåg", "swe", "tv.example", kind="2")
    for _ in range(2):
        press.fake.add_row("https://svt.se/1", "nordtåg", "swe", "svt.se")
    press.poll()
    assert [url for _, url in press.sink.mentions] == ["https://svt.se/1"]
    assert press.sink.refusals == []


def test_english_is_a_stream_of_its_own() -> None:
    press = Press(languages=["en", "nb"])
    english = press.fake.add("Nordtåg cancels", language="")
    norwegian = press.fake.add("Nordtåg innstiller", language="nor")
    press.poll()
    assert {press.mention(english).language, press.mention(norwegian).language} == {"en", "no"}
    only = Press()
    only.fake.add("Nordtåg cancels", language="")
    assert only.poll().report.taken == 0


def test_every_quarter_since_the_last_is_fetched_once() -> None:
    """An outage of three hours: eight files a poll, oldest first, nothing twice."""
    press = Press()
    press.poll()
    press.fake.requests.clear()
    articles = []
    for _ in range(12):
        press.clock.advance(timedelta(minutes=15))
        articles.append(press.fake.add("nordtåg"))
        press.fake.publish()
    press.poll(minutes=0)
    assert len(press.sink.mentions) == 8
    press.poll(minutes=5)
    assert {url for _, url in press.sink.mentions} == set(articles)
    names = [name for name in press.fetched() if name in press.fake.files and "20260112120000" not in name]
    assert len(names) == len(set(names)) == 12
    assert names == sorted(names)


def test_a_first_poll_and_a_long_outage_do_not_fetch_the_past_years() -> None:
    press = Press(look_back="30m")
    press.poll()
    assert len(press.fetched()) == 2
    press.clock.advance(timedelta(days=30))
    press.fake.publish()
    press.fake.requests.clear()
    for _ in range(5):
        press.poll(minutes=1)
    assert len(set(press.fetched())) <= 98
    assert max(press.fetched()).startswith("20260211")


def test_a_quarter_that_comes_late_is_waited_for_and_holds_nothing_up() -> None:
    press = Press()
    press.poll()
    late = press.fake.add("nordtåg sent")
    name = f"{press.fake.publish()}.translation.gkg.csv.zip"
    kept = press.fake.files.pop(name)
    press.clock.advance(timedelta(minutes=15))
    next_one = press.fake.add("nordtåg i tid")
    press.poll()
    assert set(press.sink.mentions) == {("gdelt", next_one)}
    press.fake.files[name] = kept
    press.poll(minutes=5)
    assert ("gdelt", late) in press.sink.mentions
    calls = press.fetched().count(name)
    press.poll(minutes=5)
    assert press.fetched().count(name) == calls


def test_a_quarter_that_never_comes_is_given_up() -> None:
    press = Press()
    press.poll()
    press.fake.add("nordtåg")
    name = f"{press.fake.publish()}.translation.gkg.csv.zip"
    del press.fake.files[name]
    for _ in range(8):
        press.fake.publish()
        press.poll(minutes=15)
    calls = press.fetched().count(name)
    press.fake.publish()
    press.poll(minutes=15)
    assert press.fetched().count(name) == calls


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04 half a file", "cut off or broken"),
        (b"", "cut off or broken"),
        (packed("x", name="readme.txt"), "without a table"),
    ],
)
def test_a_broken_file_is_a_sentence_and_is_fetched_again(content: bytes, words: str) -> None:
    press = Press()
    press.poll()
    found = press.fake.add("nordtåg")
    name = f"{press.fake.publish()}.translation.gkg.csv.zip"
    kept, press.fake.files[name] = press.fake.files[name], content
    assert words in press.poll().health.error
    press.fake.files[name] = kept
    press.poll(minutes=20)
    assert ("gdelt", found) in press.sink.mentions


def test_a_file_that_unpacks_to_gigabytes_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gdelt_file, "MOST_UNPACKED", 100_000)
    with pytest.raises(BrokenFileError, match="unpacks to more"):
        list(articles_in(packed("x" * 1_000_000), ("sv",)))


def test_rows_that_make_no_sense_are_counted_not_listed() -> None:
    press = Press()
    press.fake.pending += ["x"] * 500
    kept = press.fake.add("nordtåg")
    press.poll()
    assert set(press.sink.mentions) == {("gdelt", kept)}
    assert [refusal.why for refusal in press.sink.refusals] == ["500 rows cannot be understood"]


def test_a_list_without_a_file_is_a_sentence() -> None:
    press = Press()
    press.fake.fail(lambda request, answer, clock: httpx.Response(200, text="1 a http://x/export.CSV.zip\n"))
    assert "lists no file" in press.poll().health.error


def test_check_and_options() -> None:
    press = Press(brand="Nordtåg")
    assert press.runner.collector.check() == "GDELT's newest file is of 2026-01-12 12:00 UTC."
    press.fake.add("Sydbuss")
    assert press.poll().report.taken == 0
    press.terms = {}
    assert "keywords" in press.poll().health.error
    with pytest.raises(ValidationError, match="languages among"):
        GdeltOptions(languages=("xx",))
