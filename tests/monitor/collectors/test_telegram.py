"""Telegram: channels and their comments, groups, confirmation by asking on, what a bot is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceError
from monitor.collectors.http import Network
from monitor.collectors.registry import build
from monitor.collectors.telegram import TelegramOptions
from monitor.mention import Mention, MentionKind
from tests.fakes.platform_server import ALWAYS, status
from tests.fakes.sink import MemorySink
from tests.fakes.telegram import API, CHANNEL, GROUP, PERSON, FakeTelegram

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
TOKEN = "123456:ABC-def"


class Bot:
    """A bot in a channel and a group."""

    def __init__(self, **options: Any) -> None:
        self.clock, self.sink = SimulatedClock(NOW), MemorySink()
        self.fake = FakeTelegram(self.clock)
        self.options = TelegramOptions.model_validate({"token": TOKEN, "api_url": API, "name": "tg", **options})
        network = Network(self.clock, transport=self.fake.transport())
        self.runner = SourceRunner(
            self.options, build(self.options, network), self.sink, self.clock,
            lambda source, now: CollectContext(now), rng=Random(1),
        )  # fmt: skip

    def poll(self, minutes: float = 1) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()

    def mention(self, global_id: str) -> Mention:
        return self.sink.mentions["telegram", global_id]


def test_a_channels_post_becomes_a_mention() -> None:
    bot = Bot(language="sv", brand="Nordtåg")
    entities = [{"type": "text_link", "offset": 0, "length": 3, "url": "https://nordtag.example"}]
    found = bot.fake.post("tåg 12 ställs in", NOW, entities=entities)
    bot.poll()
    mention = bot.mention(found)
    assert (mention.text, mention.created_at, mention.kind) == ("tåg 12 ställs in", NOW, MentionKind.POST)
    assert mention.url == f"https://t.me/nordtag/{found.split('/')[1]}"
    assert (mention.author, mention.author_handles) == (f"telegram/{CHANNEL['id']}", ("@nordtag", "t.me/nordtag"))
    assert (mention.language, mention.brands, mention.extra_text) == (
        "sv",
        ("Nordtåg",),
        "https://nordtag.example",
    )


def test_a_groups_message_has_its_author_and_a_link_for_members() -> None:
    bot = Bot()
    found = bot.fake.post("nordtåg igen", NOW, chat=GROUP)
    answer = bot.fake.post("ja", NOW, parent=found)
    bot.poll()
    assert bot.mention(found).url == f"https://t.me/c/1906889117/{found.split('/')[1]}"
    assert bot.mention(found).author == f"telegram/{PERSON['id']}"
    assert (bot.mention(answer).parent_id, bot.mention(answer).kind) == (found, MentionKind.COMMENT)


def test_comments_belong_to_the_channels_post_not_to_its_copy_in_the_group() -> None:
    bot = Bot()
    post = bot.fake.post("tåg 12 ställs in", NOW)
    origin = {"type": "channel", "chat": CHANNEL, "message_id": int(post.split("/")[1])}
    copy = bot.fake.post(
        "tåg 12 ställs in", NOW, chat=GROUP, sender_chat=CHANNEL, is_automatic_forward=True, forward_origin=origin
    )
    comment = bot.fake.post("typiskt", NOW, parent=copy)
    deeper = bot.fake.post("verkligen", NOW, parent=comment)
    bot.poll()
    assert {global_id for _, global_id in bot.sink.mentions} == {post, comment, deeper}
    assert (bot.mention(comment).parent_id, bot.mention(comment).thread_id) == (post, post)
    assert bot.mention(deeper).parent_id == comment


def test_what_is_written_to_the_bot_itself_is_nobodys_business() -> None:
    bot = Bot()
    bot.fake.post("hjälp mig", NOW, chat={"id": 5, "type": "private"})
    bot.fake.tell("message", {"message_id": 9, "date": 1768219200, "chat": GROUP, "new_chat_members": [PERSON]})
    bot.fake.tell("my_chat_member", {"chat": GROUP})
    assert not bot.poll().failed
    assert (bot.sink.mentions, bot.sink.refusals) == ({}, [])


def test_only_the_chats_that_are_named() -> None:
    for names in (["@Nordtag"], [str(CHANNEL["id"])]):
        bot = Bot(chats=names)
        wanted = bot.fake.post("i kanalen", NOW)
        bot.fake.post("i gruppen", NOW, chat=GROUP)
        bot.poll()
        assert [global_id for _, global_id in bot.sink.mentions] == [wanted]


def test_captions_and_polls_are_text() -> None:
    bot = Bot()
    photo = bot.fake.post("", NOW, text=None, caption="nordtåg på väg", photo=[{}])
    poll = bot.fake.post(
        "", NOW, text=None, poll={"question": "Sen?", "options": [{"text": "Ja"}, {"text": "Nej"}]}
    )
    bot.poll()
    assert bot.mention(photo).text == "nordtåg på väg"
    assert bot.mention(poll).text == "Sen?\nJa\nNej"


def test_a_page_is_confirmed_only_once_it_is_stored() -> None:
    """The store fails: the platform keeps the page, and the next poll has it."""
    bot = Bot()
    bot.fake.page_size = 2
    posts = [bot.fake.post(f"nordtåg {n}", NOW) for n in range(5)]
    bot.sink.fail_next = [OSError("full")]
    assert bot.poll().failed
    assert len(bot.fake.updates) == 5
    bot.poll()
    assert {global_id for _, global_id in bot.sink.mentions} == set(posts)
    bot.poll()
    assert bot.fake.updates == []


def test_after_a_quiet_week_numbers_may_start_lower() -> None:
    """An old offset would let everything new be forgotten unread."""
    bot = Bot()
    bot.fake.post("ett", NOW)
    bot.poll()
    bot.clock.advance(timedelta(days=8))
    bot.fake.number = 1000
    later = bot.fake.post("efter veckan", bot.clock.now())
    assert bot.poll().report.taken == 1
    assert ("telegram", later) in bot.sink.mentions


@pytest.mark.parametrize(
    ("fault", "words", "permanent"),
    [
        (
            status(401, '{"ok":false,"error_code":401,"description":"Unauthorized"}'),
            "does not know the bot's token",
            True,
        ),
        (
            status(404, '{"ok":false,"error_code":404,"description":"Not Found"}'),
            "does not know the bot's token",
            True,
        ),
        (status(200, '{"ok":false,"description":"odd"}'), "did not answer as the Bot API does", False),
        (status(200, '{"ok":true,"result":{}}'), "without updates", False),
    ],
)
def test_refusals_are_sentences(fault: Any, words: str, permanent: bool) -> None:
    bot = Bot()
    bot.fake.fail(fault, times=ALWAYS)
    health = bot.poll().health
    assert words in health.error
    assert health.permanent is permanent
    assert TOKEN not in health.sentence()


def test_another_reader_of_the_bot_is_named() -> None:
    bot = Bot()
    bot.fake.webhook = True
    assert "Another program" in bot.poll().health.error


def test_the_platforms_wait_is_in_the_body() -> None:
    bot = Bot()
    body = '{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":77}}'
    bot.fake.fail(status(429, body), times=ALWAYS)
    due = bot.poll().health.next_due_at
    assert due is not None
    assert due >= bot.clock.now() + timedelta(seconds=77)


def test_check() -> None:
    assert "@monitor_bot answers" in Bot().runner.collector.check()
    wrong = Bot(token="1:wrong")
    with pytest.raises(SourceError, match="token"):
        wrong.runner.collector.check()


def test_answers_as_recorded() -> None:
    """The shapes of real answers: a signed channel post, a channel speaking for itself, a group's message."""
    bot = Bot()
    bot.fake.updates = [
        (NOW, {"update_id": 500676844, "channel_post": {
            "message_id": 21, "author_signature": "Jun", "date": 1529758950, "text": "https://a.example/x ny",
            "chat": {"id": -1001241558182, "title": "VVV", "type": "channel"},
            "entities": [{"offset": 0, "length": 19, "type": "url"}]}}),
        (NOW, {"update_id": 500676845, "channel_post": {
            "message_id": 29, "date": 1680549050, "text": "12",
            "sender_chat": {"id": -1001961815317, "title": "testChannel", "type": "channel"},
            "chat": {"id": -1001961815317, "title": "testChannel", "type": "channel"}}}),
        (NOW, {"update_id": 500676846, "message": {
            "message_id": 6, "date": 1680553456, "text": "1", "from": {**PERSON, "last_name": "Ek"},
            "chat": {"id": -1001906889117, "title": "testGroup", "type": "supergroup"}}}),
    ]  # fmt: skip
    assert bot.poll().report.taken == 3
    assert bot.sink.refusals == []
    assert bot.mention("-1001241558182/21").author == "telegram/-1001241558182"
