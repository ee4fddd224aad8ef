"""The Slack channel against the strict fake: what goes over the wire, and what each failure is taken for."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from alerts.card import build_card, build_reply
from alerts.channels.base import ChannelError, RenderedMessage
from alerts.channels.options import SlackOptions
from alerts.channels.slack import SlackChannel
from alerts.channels.slack_errors import ABOUT_BLOCKS, PERMANENT
from alerts.incident import Notification, Reason
from alerts.texts.reader import Reader
from tests.alerts.card_stories import CRISIS as CRISIS_STORY
from tests.alerts.card_stories import NOW, PLAN, STOCKHOLM, WARNING
from tests.fakes.slack import BOT_TOKEN, CRISIS, FakeSlack, Fault

READER = Reader("sv", STOCKHOLM, NOW)
CARD = build_card(WARNING, PLAN, READER)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    fake = FakeSlack()
    yield fake
    fake.stop()
    assert fake.broken_rules == []


@pytest.fixture
def channel(slack: FakeSlack) -> SlackChannel:
    return channel_of(slack)


def channel_of(slack: FakeSlack, **options: object) -> SlackChannel:
    values = {"token": SecretStr(BOT_TOKEN), "channel": "#krisgrupp", "api_url": slack.api_url, **options}
    return SlackChannel(SlackOptions(**values))  # type: ignore[arg-type]


def message(key: str = "INC-12/1/first", **fields: object) -> RenderedMessage:
    return RenderedMessage(**{"key": key, "card": CARD, **fields})  # type: ignore[arg-type]


def failure(channel: SlackChannel) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(message())
    return caught.value


def test_a_message_carries_its_key_and_the_card(slack, channel):
    receipt = channel.send(message())
    standing = slack.take(CRISIS, "Varning: Nordtåg · delays", "37 olika personer")
    assert (receipt.message_id, receipt.place) == (standing.ts, CRISIS)
    assert standing.key == "INC-12/1/first"
    slack.verify()


def test_a_reply_stands_in_the_thread_and_a_broadcast_in_the_channel_too(slack, channel):
    root = channel.send(message())
    note = Notification("k2", Reason.ESCALATED, NOW, incident=12)
    reply = build_reply(WARNING, PLAN, READER, note)
    pings = ("U0ANNA001",)
    channel.send(RenderedMessage("k2", reply, place=CRISIS, thread=root.message_id, broadcast=True, pings=pings))
    slack.take(CRISIS)
    standing = slack.take(CRISIS, "<@U0ANNA001>", thread=root.message_id)
    assert standing.broadcast
    slack.verify()


def test_an_edit_replaces_the_card_and_gives_changed_blocks_new_ids(slack, channel):
    root = channel.send(message())
    before = slack.messages[0].blocks
    newer = build_card(CRISIS_STORY, PLAN, READER)
    channel.edit(message(card=newer, place=CRISIS, edits=root.message_id))
    standing = slack.take(CRISIS, "Kris: Nordtåg")
    assert standing.edits == 1
    kept = {block["block_id"] for block in before} & {block["block_id"] for block in standing.blocks}
    same = [block for block in before if block in standing.blocks]
    assert kept == {block["block_id"] for block in same}


def test_it_finds_its_own_message_by_the_key_in_the_channel_and_in_a_thread(slack, channel):
    root = channel.send(message("root"))
    reply = channel.send(message("reply", place=CRISIS, thread=root.message_id))
    assert channel.find("root", "#krisgrupp", LONG_AGO) == root
    assert channel.find("reply", CRISIS, LONG_AGO, root.message_id) == reply
    assert channel.find("nobody", CRISIS, LONG_AGO) is None


def test_it_looks_through_all_pages(slack, channel, monkeypatch):
    monkeypatch.setattr("alerts.channels.slack.PAGE", 2)
    slack.rate_limited = False
    receipts = [channel.send(message(f"k{n}")) for n in range(7)]
    assert channel.find("k0", CRISIS, LONG_AGO) == receipts[0]


def test_it_does_not_look_further_back_than_the_first_attempt(slack, channel):
    channel.send(message("k"))
    assert channel.find("k", CRISIS, datetime.now(UTC) + timedelta(hours=1)) is None


def test_a_direct_message_is_looked_for_where_it_stands(slack, channel):
    receipt = channel.send(message("dm", place="U0ANNA001"))
    assert channel.find("dm", "U0ANNA001", LONG_AGO) == receipt


def test_a_connection_dropped_after_slack_took_the_message_is_unclear_and_is_not_repeated(slack, channel):
    """slack_sdk's default retry handler would post twice here."""
    slack.fail("chat.postMessage", Fault("accept_then_drop"))
    assert failure(channel).unclear
    assert len(slack.messages) == 1


def test_a_connection_dropped_before_is_unclear_too_since_we_cannot_know(slack, channel):
    slack.fail("chat.postMessage", Fault("drop"))
    error = failure(channel)
    assert (error.unclear, error.permanent) == (True, False)
    assert slack.messages == []


def test_a_slow_answer_is_unclear(slack):
    slack.fail("chat.postMessage", Fault("slow", seconds=1.3))
    assert failure(channel_of(slack, timeout=timedelta(seconds=1))).unclear


@pytest.mark.parametrize("fault", [Fault("status", status=500), Fault("status", status=503, accept=True)])
def test_a_server_error_is_unclear(slack, channel, fault):
    slack.fail("chat.postMessage", fault)
    assert failure(channel).unclear


@pytest.mark.parametrize("code", ["internal_error", "fatal_error", "service_unavailable"])
def test_slacks_own_doubts_are_unclear(slack, channel, code):
    slack.fail("chat.postMessage", Fault("error", error=code))
    assert failure(channel).unclear


def test_a_rate_limit_says_when_to_come_back(slack, channel):
    slack.fail("chat.postMessage", Fault("status", status=429, seconds=17))
    error = failure(channel)
    assert (error.retry_after, error.unclear, error.permanent) == (timedelta(seconds=17), False, False)


@pytest.mark.parametrize("code", sorted(PERMANENT))
def test_an_error_that_lasts_says_what_to_do(slack, channel, code):
    slack.fail("chat.postMessage", *[Fault("error", error=code)] * 2)
    error = failure(channel)
    assert (error.permanent, error.code) == (True, code)
    assert error.remedy


@pytest.mark.parametrize("code", sorted(ABOUT_BLOCKS))
def test_a_card_that_slack_refuses_to_draw_goes_as_plain_text(slack, channel, code):
    slack.fail("chat.postMessage", Fault("error", error=code))
    channel.send(message())
    standing = slack.take(CRISIS, "37 olika personer")
    assert [block["type"] for block in standing.blocks] == ["section"]
    slack.verify()


@pytest.mark.parametrize(("code", "about_place"), [("is_archived", True), ("token_revoked", False)])
def test_it_tells_a_broken_place_from_a_broken_channel(slack, channel, code, about_place):
    slack.fail("chat.postMessage", Fault("error", error=code))
    assert failure(channel).place_only is about_place


def test_an_error_that_nobody_knows_may_pass(slack, channel):
    slack.fail("chat.postMessage", Fault("error", error="brand_new_error"))
    error = failure(channel)
    assert (error.permanent, error.unclear, error.code) == (False, False, "brand_new_error")


def test_a_slack_that_refuses_connections_has_surely_not_got_it():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    options = SlackOptions(token=SecretStr(BOT_TOKEN), channel="#x", api_url=f"http://127.0.0.1:{port}/api")
    assert failure(SlackChannel(options)).unclear is False


def test_no_error_ever_shows_the_token(slack, channel):
    for fault in (Fault("drop"), Fault("status", status=500), Fault("error", error="invalid_auth")):
        slack.fail("chat.postMessage", fault)
        error = failure(channel)
        assert BOT_TOKEN not in f"{error!r}{error.remedy}{error.__cause__!r}"


def test_a_name_that_the_app_cannot_see_says_what_to_do(slack, channel):
    with pytest.raises(ChannelError, match="no channel #nowhere") as caught:
        channel.find("k", "#nowhere", LONG_AGO)
    assert "invite" in caught.value.remedy


def test_check_says_who_we_are(slack, channel):
    assert channel.check() == "crisis-monitor in Nordtåg, posts to #krisgrupp"
    slack.revoked = True
    with pytest.raises(ChannelError, match="token_revoked"):
        channel.check()


def test_a_picture_goes_into_the_thread(slack, channel):
    root = channel.send(message())
    channel.upload(CRISIS, root.message_id, b"\x89PNG...", "inc-12.png", "Inlägg per timme", "37 personer")
    upload = slack.uploads[0]
    assert (upload["channel"], upload["thread"], upload["title"]) == (CRISIS, root.message_id, "Inlägg per timme")
    assert upload["alt"] == "37 personer"
    assert b"\x89PNG..." in upload["bytes"]


def test_a_line_to_one_person_only(slack, channel):
    channel.ephemeral(CRISIS, "U0ANNA001", "Du har inte mandat &lt;här&gt;")
    assert slack.ephemerals[0]["user"] == "U0ANNA001"
