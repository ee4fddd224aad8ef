"""The injection corpus through every renderer and channel form: hostile posts arrive as text."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from alerts.card import build_card, build_reply
from alerts.channels.base import RenderedMessage
from alerts.incident import CurrentMessage, Fact, Notification, Reason, Wait
from alerts.renderers.mail import html_mail
from alerts.renderers.plain import plain_text, short_text, subject
from alerts.renderers.slack import blocks, fallback_text, plain_blocks, reply_blocks
from alerts.safe_text import clean, one_line
from alerts.texts.reader import Reader
from tests.alerts.card_stories import CRISIS, EVIDENCE, NOW, PLAN, STOCKHOLM, at, quote
from tests.alerts.injection_corpus import CORPUS
from tests.fakes.slack_rules import blocks_faults, markup_faults

READER = Reader("sv", STOCKHOLM, NOW)
EVERY_TRICK = pytest.mark.parametrize("trick", sorted(CORPUS))


def poisoned(text: str):
    """A story in which every string that comes from outside is hostile."""
    post = quote(7, text, source=text[:60], url="https://social.example/1")
    evidence = replace(
        EVIDENCE, first=post, examples=(), sources=((text[:60], 3),), themes=((text[:60], 3),), words=((text, 1),)
    )
    return replace(
        CRISIS,
        brand=text[:200] or "Nordtåg",
        themes=(text, "x"),
        evidence=evidence,
        flag=text,
        facts=(Fact("confirmed", text, "anna", at(13)),),
        message=CurrentMessage(text, text[:80], at(13)),
        wait=Wait(text, text[:80], at(13), at(14)),
    )


def cards(text: str):
    """The whole card and every reply of a poisoned story."""
    incident = poisoned(text)
    plan = replace(PLAN, owner=text[:80], holding_statement=text, departments=(text[:80],), told=(text[:80],))
    yield build_card(incident, plan, READER)
    data = {"by": text, "reason": text, "told": text, "theme": text, "message": text, "text": text}
    for reason in (Reason.ESCALATED, Reason.WAITING, Reason.NEW_TURN, Reason.UPDATE):
        note = Notification("k", reason, NOW, incident=12, data=data)
        yield build_reply(incident, plan, READER, note)
        yield build_card(incident, plan, READER, note)


@EVERY_TRICK
def test_slack_takes_every_card_and_sees_no_markup_but_ours(trick):
    for card in cards(CORPUS[trick]):
        for drawn in (blocks(card), reply_blocks(card), plain_blocks(card)):
            assert list(blocks_faults(json.loads(json.dumps(drawn)))) == []
        text = fallback_text(card)
        assert list(markup_faults("text", text)) == []
        assert len(text) <= 4000


@EVERY_TRICK
def test_nothing_but_our_own_pings_can_ping(trick):
    card = next(cards(CORPUS[trick]))
    said = json.dumps(blocks(card, ("U0ANNA001", "S0AGENTS1", "<!channel>", "C0CRISIS1")), ensure_ascii=False)
    mrkdwn = [text["text"] for text in _mrkdwn(json.loads(said))]
    assert sum(text.count("<@") + text.count("<!") for text in mrkdwn) == 2


def _mrkdwn(value):
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value
        for inner in value.values():
            yield from _mrkdwn(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _mrkdwn(inner)


def test_slack_shows_the_words_of_a_post_as_they_were_written():
    card = next(cards(CORPUS["channel ping"]))
    plain = [block["text"] for block in blocks(card) if block["type"] == "section"]
    assert {"type": "plain_text", "text": "“<!channel> <!here> <!everyone>”", "emoji": False} in plain


class Seen(HTMLParser):
    """Collects what a mail program would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.words: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.words.append(data)

    def handle_comment(self, data):
        self.tags.add("comment")


@EVERY_TRICK
def test_a_mail_holds_only_our_own_tags_and_links_and_every_word_of_the_post(trick):
    card = next(cards(CORPUS[trick]))
    seen = Seen()
    seen.feed(html_mail(card))
    assert seen.tags <= {"div", "h2", "p", "b", "br", "table", "tr", "td", "blockquote", "span", "a"}
    assert seen.attributes <= {"style", "lang", "href", "rel"}
    assert set(seen.links) <= {"https://social.example/1"}
    words = "".join(seen.words).replace("\u2060", "")
    assert all(part in words for part in clean(card.quotes[0].text).split()[:5])


@EVERY_TRICK
def test_plain_text_and_subject_and_short_text_hold_no_controls(trick):
    for card in cards(CORPUS[trick]):
        for text in (plain_text(card), plain_text(card, unlinked=True), short_text(card)):
            assert not [c for c in text if ord(c) < 32 and c != "\n"]
            assert not set("\x7f\x9b\u202e\u2066\u200f") & set(text)
        assert "\n" not in subject(card)
        assert len(subject(card)) <= 150
        assert len(short_text(card)) <= 300


@EVERY_TRICK
def test_a_hostile_post_cannot_imitate_a_line_of_the_card(trick):
    """Every line of a quote begins with its mark; a post has no line of its own."""
    card = next(cards(CORPUS[trick]))
    text = plain_text(card)
    quoted = text.split(f"{card.quotes_label}:\n")[1].split("\n\n")[0]
    assert all(line.startswith(("  > ", "    ")) for line in quoted.splitlines())


@EVERY_TRICK
def test_unlinked_text_has_no_address_that_a_program_would_link(trick):
    text = plain_text(next(cards(CORPUS[trick])), 10_000, unlinked=True)
    ours = text.replace("https://social.example/1", "")
    assert "://" not in ours
    assert "www." not in ours
    assert "@everyone" not in ours


@EVERY_TRICK
def test_every_kind_of_apprise_service_gets_a_body_that_fits(trick):
    from alerts.channels.apprise import _apprise, _body

    message = RenderedMessage("k", next(cards(CORPUS[trick])))
    for url in ("mailto://u:p@mail.example", "json://hook.example", "discord://1234567890/abcdefghij"):
        service = _apprise().instantiate(url)
        body, form = _body(service, message)
        assert form == ("html" if url.startswith("mailto") else "text")
        assert body.strip()
        assert "@everyone" not in body


def test_what_a_reader_sees_of_a_post_is_its_text():
    words = "Tåget är sent <igen> & ingen svarar"
    card = next(cards(words))
    assert card.quotes[0].text == one_line(words)
    assert words in plain_text(card, 1000)
