"""Feeds as they are: encodings, dates, guids that lie, addresses that move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import httpx
import pytest

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.http import Network
from monitor.collectors.rss import RssCollector, RssOptions
from monitor.mention import Mention, MentionKind
from tests.fakes.platform_server import ALWAYS, cut_silently, status
from tests.fakes.rss import FakeFeed
from tests.fakes.sink import MemorySink

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
URL = "https://news.example/feed.xml"


class Feeds:
    """A source of feeds, polled on demand."""

    def __init__(self, *urls: str, **options: object) -> None:
        self.clock = SimulatedClock(NOW)
        self.site = FakeFeed(self.clock)
        self.sink = MemorySink()
        made = RssOptions.model_validate({"name": "nyheter", "urls": urls or (URL,), **options})
        network = Network(self.clock, transport=self.site.transport(), resolver=lambda host: ["93.184.215.14"])
        self.collector = RssCollector(made, network.session())
        self.runner = SourceRunner(made, self.collector, self.sink, self.clock, rng=Random(1))

    def poll(self, minutes: float = 5) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()

    def serve(self, content: str | bytes, kind: str = "application/rss+xml") -> None:
        body = content if isinstance(content, bytes) else content.encode()
        self.site.answer = lambda request: httpx.Response(  # type: ignore[method-assign]  # one fixed answer
            200, content=body, headers={"content-type": kind}
        )

    def mentions(self) -> list[Mention]:
        return list(self.sink.mentions.values())

    def only(self) -> Mention:
        (mention,) = self.mentions()
        return mention


def item(**fields: str) -> str:
    return "<item>" + "".join(f"<{name}>{text}</{name}>" for name, text in fields.items()) + "</item>"


def rss(*items: str, head: str = "") -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'


def read(content: str | bytes, kind: str = "application/rss+xml") -> Feeds:
    feeds = Feeds()
    feeds.serve(content, kind)
    feeds.poll()
    return feeds


def test_an_entry_becomes_a_mention() -> None:
    """Title and description, a line each; link targets beside; kind, language and times."""
    feeds = Feeds(kind="news")
    found = feeds.site.add("Nordtåg ställer in", NOW)
    found.description = '<p>Alla tåg <a href="https://nordtag.example/">står</a>.</p>'
    feeds.poll()
    mention = feeds.only()
    assert (mention.platform, mention.global_id) == ("rss", "news.example/guid-1")
    assert mention.text == "Nordtåg ställer in\nAlla tåg står."
    assert mention.extra_text == "https://nordtag.example/"
    assert (mention.kind, mention.language, mention.created_at) == (MentionKind.NEWS, "sv", NOW)
    assert (mention.source, mention.url, mention.edited_at) == ("nyheter", found.link, None)


def test_only_changes_are_asked_for_and_handed_on() -> None:
    """If-None-Match with what the server gave; an unchanged entry of a changed feed is not handed on again."""
    feeds = Feeds()
    feeds.site.add("ett", NOW)
    feeds.poll()
    feeds.poll()
    assert "if-none-match" not in feeds.site.requests[0].headers
    assert feeds.site.requests[1].headers["if-none-match"]
    assert "if-modified-since" not in feeds.site.requests[1].headers
    feeds.site.add("två", NOW)
    assert feeds.poll().report.taken == 1
    assert sum(len(batch.mentions) for batch in feeds.sink.batches) == 2


def test_a_feed_that_was_cut_off_is_read_again_in_full() -> None:
    """What could be read is used, and the server is not told that we have it all."""
    feeds = Feeds()
    for i in range(20):
        feeds.site.add(f"nyhet {i}", NOW)
    feeds.site.fail(cut_silently)
    feeds.poll()
    assert 0 < len(feeds.mentions()) < 20
    feeds.poll()
    assert len(feeds.mentions()) == 20


def test_an_edit_keeps_the_id_and_says_when() -> None:
    """Title changed under the same guid."""
    feeds = Feeds()
    entry = feeds.site.add("Tåg försenade", NOW)
    feeds.poll()
    entry.title = "Tåg inställda"
    feeds.poll()
    assert feeds.only().text == "Tåg inställda"
    assert feeds.only().edited_at == feeds.clock.now()


def test_a_guid_that_changes_is_not_another_article() -> None:
    """Same link (tracking aside) and same title: the one that is known."""
    feeds = Feeds()
    entry = feeds.site.add("Tåg försenade", NOW)
    feeds.poll()
    entry.guid, entry.link = "new-guid", "http://news.example/artikel/1/?utm_medium=x#top"
    feeds.poll()
    assert len(feeds.mentions()) == 1
    entry.description = "Nu med mer text."
    feeds.poll()
    assert feeds.only().text == "Tåg försenade\nNu med mer text."


def test_a_guid_that_is_used_again_is_another_article() -> None:
    """Title and link both differ."""
    feeds = Feeds()
    entry = feeds.site.add("Tåg försenade", NOW)
    feeds.poll()
    entry.title, entry.link = "Färja inställd", "https://news.example/artikel/77"
    feeds.poll()
    assert {mention.text for mention in feeds.mentions()} == {"Tåg försenade", "Färja inställd"}
    feeds.poll()
    assert len(feeds.mentions()) == 2


def test_entries_that_share_one_link_are_kept_apart() -> None:
    """A status page links every entry to itself."""
    entries = [item(guid=f"g{i}", title=f"Störning {i}", link="https://status.example/") for i in range(3)]
    assert len(read(rss(*entries)).mentions()) == 3


def test_entries_that_come_back_are_still_known() -> None:
    """Some feeds drop an entry and bring it back."""
    feeds = Feeds()
    entry = feeds.site.add("ett", NOW)
    feeds.site.add("två", NOW)
    feeds.poll()
    feeds.site.items.remove(entry)
    feeds.poll()
    feeds.site.items.append(entry)
    feeds.poll()
    assert sum(len(batch.mentions) for batch in feeds.sink.batches) == 2


@pytest.mark.parametrize(
    ("fields", "global_id"),
    [
        ({"guid": "https://x.example/1", "title": "a"}, "https://x.example/1"),
        ({"guid": "77", "title": "a"}, "https://news.example/77"),
        ({"link": "https://x.example/a?utm_source=b", "title": "a"}, "news.example/x.example/a"),
    ],
)
def test_identity(fields: dict[str, str], global_id: str) -> None:
    """The guid (a permalink unless it says that it is none), else the link."""
    assert read(rss(item(**fields))).only().global_id == global_id


def test_entries_without_guid_and_link_have_an_identity_too() -> None:
    """Title and date; the same entry is the same again."""
    feeds = read(rss(item(title="ett", pubDate="Mon, 12 Jan 2026 10:00:00 GMT"), item(title="två")))
    feeds.poll()
    assert len(feeds.mentions()) == 2


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Mon, 12 Jan 2026 10:00:00 GMT", NOW - timedelta(hours=2)),
        ("Fri, 12 Jan 26 11:00:00 +0100", NOW - timedelta(hours=2)),
        ("2026-01-12T10:00:00Z", NOW - timedelta(hours=2)),
        ("mån, 12 jan 2026 10:00:00 +0000", NOW - timedelta(hours=2)),
        ("12 maj 2025 10:00:00 +0000", datetime(2025, 5, 12, 10, tzinfo=UTC)),
        ("i går", None),
        ("", None),
    ],
)
def test_dates(date: str, expected: datetime | None) -> None:
    """Many spellings; one that cannot be read is no date (then the time of first sight counts)."""
    assert read(rss(item(title="a", pubDate=date))).only().created_at == expected


def test_a_date_in_the_future_is_kept_as_it_is() -> None:
    """Scheduled articles: the store takes the earlier of it and our first sight."""
    feeds = Feeds()
    feeds.site.add("i morgon", NOW + timedelta(days=1))
    feeds.poll()
    assert feeds.only().created_at == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (rss(item(title="försenat tåg")).encode(), "application/rss+xml; charset=utf-8"),
        (rss(item(title="försenat tåg")).encode(), "text/xml"),
        (rss(item(title="försenat tåg")).encode("windows-1252"), "application/rss+xml; charset=windows-1252"),
        (rss(item(title="försenat tåg")).encode("utf-8-sig"), "application/xml"),
        (rss(item(title="försenat tåg")).encode("latin-1"), "application/xml"),
        (
            rss(item(title="försenat tåg")).replace("?>", ' encoding="iso-8859-1"?>', 1).encode("latin-1"),
            "application/xml",
        ),
        (rss(item(title="f&ouml;rsenat t&aring;g")).encode(), "application/rss+xml"),
        (rss(item(title="f&amp;ouml;rsenat t&amp;aring;g")).encode(), "application/rss+xml"),
        (rss(item(title="<![CDATA[f&ouml;rsenat <b>tåg</b>]]>")).encode(), "application/rss+xml"),
        (rss(item(title="försenat tåg".encode().decode("windows-1252"))).encode(), "application/rss+xml"),
    ],
)
def test_encodings(content: bytes, kind: str) -> None:
    """Header, mark, prolog, wrong ones, entities once or twice escaped: the same words."""
    assert read(content, kind).only().text == "försenat tåg"


def test_twice_escaped_descriptions() -> None:
    """Tags do not show."""
    text = "&lt;p&gt;Tågen &amp;lt;b&amp;gt;står&amp;lt;/b&amp;gt; still&lt;/p&gt;"
    assert read(rss(item(title="x", description=text))).only().text == "x\nTågen står still"


def test_external_entities_are_not_resolved(tmp_path: object) -> None:
    """No file of ours and no bomb comes in by a feed."""
    evil = (
        '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">'
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        "<rss version='2.0'><channel><item><title>hej &x; &b;</title></item></channel></rss>"
    )
    assert "root:" not in read(evil).only().text


def test_atom() -> None:
    """Ids, updated dates, HTML content, authors."""
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="nb"><entry><id>tag:x,1</id><title>Tog</title>'
        "<updated>2026-01-12T10:00:00Z</updated><author><name>Kari</name></author>"
        '<link href="/a/1"/><content type="html">&lt;p&gt;Innstilt&lt;/p&gt;</content></entry></feed>'
    )
    mention = read(feed, "application/atom+xml").only()
    assert (mention.text, mention.author, mention.url) == ("Tog\nInnstilt", "Kari", "https://news.example/a/1")
    assert mention.created_at == NOW - timedelta(hours=2)


def test_a_web_page_is_no_feed() -> None:
    """With status 200 and a friendly face."""
    feeds = read("<html><body>Godkänn kakor</body></html>", "text/html")
    health = feeds.sink.healths["nyheter"]
    assert "a web page that is no feed" in health.error


def test_an_empty_feed_is_a_feed() -> None:
    """Silence is no error."""
    assert read(rss(head="<title>x</title>")).sink.healths["nyheter"].error == ""


def test_a_feed_that_moved_for_good_is_asked_there() -> None:
    """301 is remembered and told; 302 is not."""
    feeds = Feeds()
    feeds.site.add("ett", NOW)
    feeds.site.fail(status(302, headers={"location": "https://elsewhere.example/f"}), match="/feed.xml")
    feeds.poll()
    assert feeds.sink.refusals == []
    feeds.site.fail(status(301, headers={"location": "https://new.example/f"}), times=ALWAYS, match="/feed.xml")
    feeds.poll()
    assert "put that address into the config" in feeds.sink.refusals[0].why
    asked = len(feeds.site.requests)
    feeds.site.add("två", NOW)
    feeds.poll()
    assert [request.headers["host"] for request in feeds.site.requests[asked:]] == ["new.example"]
    assert len(feeds.sink.refusals) == 1
    assert len(feeds.mentions()) == 2


def test_a_feed_that_is_gone_is_left_alone_for_a_day() -> None:
    """410: a person must take it out; it is not asked every five minutes."""
    feeds = Feeds()
    feeds.site.fail(status(410), times=ALWAYS)
    health = feeds.poll().health
    assert "gone for good" in health.error
    assert URL in health.remedy
    feeds.poll(60)
    assert len(feeds.site.requests) == 1


def test_one_bad_feed_does_not_stop_the_others() -> None:
    """The rest is read on schedule; the sentence names how many and which host."""
    feeds = Feeds("https://good.example/feed", "https://bad.example/feed")
    feeds.site.add("ett", NOW)
    feeds.site.fail(status(500), times=ALWAYS, match="bad.example")
    outcome = feeds.poll()
    assert outcome.health.error.startswith("1 of 2 cannot be read: bad.example ")
    feeds.site.add("två", NOW)
    feeds.poll()
    assert len(feeds.mentions()) == 4 - 2


def test_check_reads_every_feed() -> None:
    """How many feeds and entries, and how fresh they are."""
    feeds = Feeds()
    feeds.site.add("ett", NOW)
    assert feeds.collector.check() == "1 feed(s) with 1 entries, the newest of 2026-01-12 12:00 UTC."


def test_names_and_wrong_options() -> None:
    """A readable default name; no feed and no address are refused."""
    assert RssOptions(urls=(URL,)).default_name() == "rss news.example"
    for wrong in (
        {"urls": []},
        {"urls": ["news.example/feed"]},
        {"urls": [URL], "kind": "rant"},
        {"urls": [URL], "x": 1},
    ):
        with pytest.raises(ValueError):
            RssOptions.model_validate(wrong)


def test_the_full_text_is_matched_but_not_shown() -> None:
    """A brand that is named only in the article's body is found; what is judged and shown is title and teaser."""
    whole = "<![CDATA[<p>Resenärer blev stående. Nordtåg beklagar.</p>]]>"
    entry = item(title="Kaos i trafiken", description="Stopp i morse.").replace(
        "</item>", f'<c:encoded xmlns:c="http://purl.org/rss/1.0/modules/content/">{whole}</c:encoded></item>'
    )
    mention = read(rss(entry)).only()
    assert mention.text == "Kaos i trafiken\nStopp i morse."
    assert mention.extra_text == "Resenärer blev stående. Nordtåg beklagar."


def test_every_edit_is_seen() -> None:
    """Also the second one, and where the feed's own date of change never changes."""
    feeds = Feeds()
    entry = feeds.site.add("ett", NOW)
    for title in ("två", "tre", "fyra"):
        feeds.poll()
        entry.title = title
    feeds.poll()
    assert feeds.only().text == "fyra"


def test_a_private_feed_may_move_within_its_host() -> None:
    """The operator wrote the host; another private host would be refused."""
    feeds = Feeds("http://10.0.0.5/feed.xml")
    feeds.site.add("ett", NOW)
    moved = status(301, headers={"location": "/new.xml"})
    feeds.site.fail(moved, times=ALWAYS, match="/feed.xml")
    feeds.poll()
    feeds.site.add("två", NOW)
    assert not feeds.poll().failed
    assert feeds.site.requests[-1].url.path == "/new.xml"
    assert feeds.site.requests[-1].url.host == "10.0.0.5"


@pytest.mark.parametrize("date", ["Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 2099 00:00:00 GMT"])
def test_an_entry_whose_date_cannot_be_is_told_once_and_its_neighbours_are_taken(date: str) -> None:
    """Every poll sees it again; the report would drown all others."""
    feeds = read(rss(item(title="a", guid="1", pubDate=date), item(title="b", guid="2")))
    assert feeds.only().text == "b"
    assert [(r.where, "its date is" in r.why) for r in feeds.sink.refusals] == [("https://news.example/1", True)]
    feeds.poll()
    assert len(feeds.sink.refusals) == 1


def test_an_article_of_next_week_is_taken_when_its_day_has_come() -> None:
    """Until then it is one whose date cannot be; the feed is not asked for changes only."""
    feeds = Feeds()
    feeds.site.add("nästa vecka", NOW + timedelta(days=7))
    feeds.poll()
    assert feeds.mentions() == []
    feeds.poll(minutes=6 * 24 * 60)
    assert feeds.only().text == "nästa vecka"
    feeds.poll()
    feeds.poll()
    assert "if-none-match" in feeds.site.requests[-1].headers


def test_monstrous_ids_and_links_are_bounded() -> None:
    """Some feeds put the whole text into the guid."""
    found = [
        item(guid="x" * 100_000 + str(i), title=f"a{i}", link="https://a.example/" + "y" * 5_000) for i in range(2)
    ]
    mentions = read(rss(*found)).mentions()
    assert len(mentions) == 2
    assert all(len(mention.global_id) < 200 and mention.url is None for mention in mentions)
