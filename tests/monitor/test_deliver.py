"""Delivery: never lost, never doubled, in order, and honest about what it does not know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.channels.base import ChannelError
from alerts.incident import Notification, NotificationState, Reason
from alerts.mandate import Mandate
from detectors.signal import Level
from tests.alerts.card_stories import NOW, WARNING
from tests.fakes.slack import CRISIS, SERVICE, FakeSlack, Fault
from tests.monitor.delivery_world import World, edit, first, reply, world

State = NotificationState
LANDING = 22
"""Seconds after which an unclear send is looked for: the fake's time-out of 2 s and 20 s on top."""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def test_the_first_alert_becomes_the_root_and_what_follows_its_thread(here):
    here.queue(first(), reply(broadcast=True, recipients=("U0ANNA001",)))
    report = here.deliver()
    root = here.slack.take(CRISIS, "Varning: Nordtåg · delays")
    answer = here.slack.take(CRISIS, "Nu går det till Anna Berg.", "<@U0ANNA001>", thread=root.ts)
    here.slack.verify()
    incident = here.store.incident(12)
    assert report.sent == 2
    assert answer.broadcast
    assert (incident.root.place, incident.root.message_id) == (CRISIS, root.ts)


def test_a_copy_in_another_channel_is_a_message_of_its_own_without_buttons(here):
    here.queue(first(), reply(place="#kundservice", data={"copy": 1, "told": "Anna"}))
    here.deliver()
    here.slack.take(CRISIS)
    copy = here.slack.take(SERVICE, "Nu går det till Anna")
    assert "actions" not in {block["type"] for block in copy.blocks}
    here.slack.verify()


def test_nothing_due_sends_nothing(here):
    assert here.deliver().sent == 0
    here.slack.verify()


def test_what_was_sent_is_never_sent_again_however_often_one_asks(here):
    here.queue(first())
    for _ in range(5):
        here.deliver(after=60)
    here.slack.take(CRISIS)
    here.slack.verify()


def test_an_edit_brings_the_card_up_to_date_in_place(here):
    here.queue(first())
    here.deliver()
    here.queue(edit(), incident=replace(here.store.incident(12), card_version=2))
    here.deliver(after=60)
    assert here.slack.take(CRISIS).edits == 1
    here.slack.verify()


def test_of_several_pending_edits_only_the_newest_survives(here):
    here.queue(first())
    here.deliver()
    here.queue(edit(7), edit(8), edit(9), incident=replace(here.store.incident(12), card_version=2))
    report = here.deliver(after=60)
    assert (report.superseded, here.slack.take(CRISIS).edits) == (2, 1)
    assert [here.state(f"INC-12/{n}/edit") for n in (7, 8, 9)] == [State.SUPERSEDED, State.SUPERSEDED, State.SENT]


def test_a_reply_waits_for_the_root_that_is_not_there_yet(here):
    here.slack.fail("chat.postMessage", Fault("status", status=429, seconds=30))
    here.queue(first(), reply())
    report = here.deliver()
    assert (report.sent, report.waiting) == (0, 2)
    here.deliver(after=31)
    root = here.slack.take(CRISIS)
    here.slack.take(CRISIS, thread=root.ts)
    here.slack.verify()


@pytest.mark.parametrize("fault", [Fault("accept_then_drop"), Fault("status", status=502, accept=True)])
def test_a_message_that_arrived_all_the_same_is_found_and_not_doubled(here, fault):
    here.slack.fail("chat.postMessage", fault)
    here.queue(first(), reply())
    here.deliver()
    assert here.state(first().key) is State.UNKNOWN
    report = here.deliver(after=LANDING)
    assert report.found == 1
    root = here.slack.take(CRISIS)
    here.slack.take(CRISIS, thread=root.ts)
    here.slack.verify()
    assert here.store.incident(12).root.message_id == root.ts


def test_a_message_that_did_not_arrive_is_sent_again(here):
    here.slack.fail("chat.postMessage", Fault("drop"))
    here.queue(first())
    here.deliver()
    report = here.deliver(after=LANDING)
    assert (report.found, report.sent) == (0, 1)
    here.slack.take(CRISIS)
    here.slack.verify()


@pytest.mark.parametrize("lands_after", [0.5, 5, 15, 21])
def test_it_does_not_look_before_the_first_request_can_have_landed(here, lands_after):
    """A request that Slack works off late must not be overtaken by a second one."""
    here.slack.fail("chat.postMessage", Fault("accept_then_drop", seconds=lands_after))
    here.queue(first())
    for _ in range(20):
        here.deliver(after=2)
    here.slack.take(CRISIS)
    here.slack.verify()
    asked = [call.at for call in here.slack.calls if call.method == "conversations.history"]
    assert min(asked) - NOW.timestamp() >= lands_after


def test_an_unclear_reply_is_looked_for_in_its_thread(here):
    here.queue(first())
    here.deliver()
    here.slack.fail("chat.postMessage", Fault("accept_then_drop"))
    here.queue(reply(), incident=None)
    here.deliver()
    assert here.deliver(after=LANDING).found == 1
    root = here.slack.take(CRISIS)
    here.slack.take(CRISIS, thread=root.ts)
    here.slack.verify()
    assert "conversations.replies" in {call.method for call in here.slack.calls}


def test_an_unclear_edit_is_simply_repeated(here):
    here.queue(first())
    here.deliver()
    here.queue(edit(), incident=replace(here.store.incident(12), card_version=2))
    here.slack.fail("chat.update", Fault("accept_then_drop"))
    here.deliver(after=60)
    here.deliver(after=60)
    assert here.slack.take(CRISIS).edits == 2
    here.slack.verify()
    assert here.state(edit().key) is State.SENT


def test_looking_that_fails_is_tried_again_and_nothing_is_sent_blindly(here):
    here.slack.fail("chat.postMessage", Fault("accept_then_drop"))
    here.slack.fail("conversations.history", Fault("status", status=429, seconds=5), Fault("drop"))
    here.queue(first())
    here.deliver()
    for _ in range(12):
        here.deliver(after=10)
    here.slack.take(CRISIS)
    here.slack.verify()
    assert here.state(first().key) is State.SENT


def test_a_rate_limit_pauses_the_whole_channel_for_as_long_as_slack_says(here):
    here.slack.fail("chat.postMessage", Fault("status", status=429, seconds=30))
    here.queue(first())
    here.deliver()
    calls = len(here.slack.calls)
    here.deliver(after=29)
    assert len(here.slack.calls) == calls
    here.deliver(after=1)
    here.slack.take(CRISIS)
    here.slack.verify()


def test_a_storm_is_let_through_at_slacks_pace_and_loses_nothing(here):
    replies = [reply(n, Reason.ACKNOWLEDGED, data={"by": f"Person {n}"}) for n in range(2, 22)]
    here.queue(first(), *replies)
    for _ in range(60):
        here.deliver(after=1)
    root = here.slack.take(CRISIS)
    for n in range(2, 22):
        here.slack.take(CRISIS, f"Person {n} ", thread=root.ts)
    here.slack.verify()


def test_order_is_kept_within_an_incident_through_every_kind_of_trouble(here):
    here.slack.fail(
        "chat.postMessage",
        Fault("drop"),
        Fault("error", error="brand_new_error"),
        Fault("accept_then_drop"),
        Fault("status", status=429, seconds=3),
        Fault("status", status=500, accept=True),
    )
    here.queue(first(), *(reply(n, Reason.ACKNOWLEDGED, data={"by": f"P{n}"}) for n in range(2, 6)))
    for _ in range(60):
        here.deliver(after=10)
    order = [message.key.split("/")[1] for message in sorted(here.slack.messages, key=lambda m: m.ts)]
    assert order == ["1", "2", "3", "4", "5"]


def test_one_incident_in_trouble_does_not_hold_up_another(here):
    other = replace(WARNING, number=13, root_place="#kundservice")
    here.slack.archived.add(CRISIS)
    here.deliverer.channels = {k: v for k, v in here.deliverer.channels.items() if k != "fallback"}
    here.queue(first())
    here.deliver()
    here.queue(
        Notification(
            "INC-13/1/first", Reason.FIRST, NOW, incident=13, place="#kundservice", root=True, priority=0
        ),
        incident=other,
    )
    here.deliver(after=121)
    here.slack.take(SERVICE)
    here.slack.verify()


@pytest.mark.parametrize(
    "code", ["invalid_auth", "channel_not_found", "is_archived", "not_in_channel", "missing_scope"]
)
def test_a_permanent_failure_goes_to_the_fallback_at_once(here, code):
    here.slack.fail("chat.postMessage", Fault("error", error=code))
    here.queue(first())
    report = here.deliver()
    assert report.rerouted == 1
    assert f"eftersom slack inte fungerar ({code})" in here.fallback.texts[0]
    assert "Varning: Nordtåg" in here.fallback.texts[0]


def test_what_waited_is_sent_when_somebody_has_repaired_it_and_says_that_it_is_late(here):
    here.slack.revoked = True
    here.queue(first(), reply())
    here.deliver()
    for _ in range(29):
        here.deliver(after=120)
    assert len(here.fallback.told) == 2
    here.slack.revoked = False
    here.deliver(after=120)
    root = here.slack.take(CRISIS, "Skickas sent: beslutades 14:20", "1 h")
    here.slack.take(CRISIS, thread=root.ts)
    here.slack.verify()
    assert here.told("channel_failed") == ["slack"]
    assert here.told("channel_works_again") == ["slack"]


def test_an_outage_of_an_hour_reaches_somebody_within_minutes_and_is_made_up_for(here):
    here.slack.down = True
    here.queue(first())
    for minute in range(60):
        here.deliver(after=60)
        if minute == 5:
            assert len(here.fallback.told) == 1
    here.slack.down = False
    for _ in range(10):
        here.deliver(after=60)
    here.slack.take(CRISIS, "Skickas sent")
    here.slack.verify()
    assert len(here.fallback.told) == 1


def test_a_fallback_that_cannot_tell_is_told_again_and_says_that_it_may_be_a_repeat(here):
    here.fallback.trouble.append(ChannelError("the connection broke", unclear=True))
    here.slack.revoked = True
    here.queue(first())
    here.deliver()
    assert here.fallback.told == []
    here.deliver(after=31)
    assert "Kan vara upprepat" in here.fallback.texts[0]


def test_a_message_that_surely_did_not_go_is_no_repeat(here):
    here.fallback.trouble.append(ChannelError("refused"))
    here.queue(Notification("m", Reason.FIRST, NOW, incident=12, channel="fallback", priority=0))
    here.deliver()
    here.deliver(after=30)
    assert "upprepat" not in here.fallback.texts[0]


def test_without_slack_the_console_shows_the_card(tmp_path):
    with world(tmp_path, slack_set=False) as here:
        console = here.deliverer.channels["console"]
        here.queue(first(), reply())
        here.deliver()
        assert len(console.told) == 2
        assert "Varning: Nordtåg" in console.texts[0]
        assert "Nu går det till Anna Berg" in console.texts[1]
        assert here.store.incident(12).root.channel == "console"


def test_a_channel_that_is_no_longer_configured_is_replaced_by_the_fallback(here):
    here.queue(Notification("sms-1", Reason.FIRST, NOW, incident=12, channel="sms", place="+46700000000"))
    here.deliver()
    assert "eftersom sms inte fungerar (not_configured)" in here.fallback.texts[0]
    assert here.state("sms-1") is State.REROUTED


def test_without_any_other_way_a_missing_channel_is_a_failure_on_the_timeline(tmp_path):
    with world(tmp_path, fallback=False) as here:
        here.restart({"slack": here.deliverer.channels["slack"]})
        here.queue(Notification("sms-1", Reason.FIRST, NOW, incident=12, channel="sms"))
        here.deliver()
        assert here.state("sms-1") is State.FAILED
        assert "not_delivered" in {event.kind for event in here.store.timeline(12)}


def test_after_a_crash_while_sending_it_looks_and_not_too_early(here):
    """The row says `sending`: the message may stand, may be on its way, or was never sent."""
    here.queue(first())
    here.store.mark_sending(first().key, here.clock.now())
    here.restart()
    here.deliver()
    here.deliver(after=29)
    assert here.slack.calls == []
    here.deliver(after=1)
    here.slack.take(CRISIS)
    here.slack.verify()
    assert [call.method for call in here.slack.calls][-2:] == ["conversations.history", "chat.postMessage"]


def test_a_person_is_written_to_in_their_own_language(here):
    people = {"aino": {"name": "Aino", "phone": "+358", "language": "fi"}, "bo": {"name": "Bo", "phone": "+46"}}
    incident = replace(WARNING, mandate=Mandate.model_validate({"people": people}).document())
    notes = [
        Notification(who, Reason.FIRST, NOW, incident=12, channel="fallback", data={"person": who})
        for who in people
    ]
    here.queue(*notes, incident=incident)
    here.deliver()
    assert [text.split(":")[0] for text in here.fallback.texts] == ["Varoitus", "Varning"]


def test_a_late_message_says_so_and_shows_what_is_true_now(here):
    here.queue(first())
    here.clock.advance(timedelta(hours=1))
    here.queue(incident=replace(here.store.incident(12), level=Level.CRISIS))
    here.deliver()
    late = here.slack.take(CRISIS, "Skickas sent: beslutades 14:20 och kunde inte skickas på 1 h")
    assert "Kris: Nordtåg" in late.text
    here.slack.verify()


def test_every_delivery_is_on_the_incidents_timeline(here):
    here.queue(first())
    here.deliver()
    here.slack.take(CRISIS)
    event = next(event for event in here.store.timeline(12) if event.kind == "delivered")
    assert (event.channel, event.data["place"]) == ("slack", CRISIS)


def test_a_message_of_the_daemon_itself_goes_the_same_way(here):
    data = {"source": "news", "since": NOW.isoformat(), "remedy": "kontrollera adressen"}
    here.queue(Notification("blind-1", Reason.BLIND, NOW, place="#kundservice", data=data), incident=None)
    here.deliver()
    here.slack.take(SERVICE, "news har inte hörts sedan 14:20", "kontrollera adressen")
    here.slack.verify()


def test_hostile_words_reach_slack_as_text(here):
    quote = replace(
        WARNING.evidence.first, text="<!channel> <@U0ANNA001> <https://evil.example|klicka> *fet* &amp; `x`"
    )
    evidence = replace(WARNING.evidence, first=quote)
    here.queue(first(), incident=replace(WARNING, evidence=evidence, signals=(), brand="<!here>"))
    here.deliver()
    here.slack.take(CRISIS, "<!channel> <@U0ANNA001>")
    here.slack.verify()


def test_a_card_that_cannot_be_drawn_is_sent_bare_and_keeps_nothing_back(here, monkeypatch):
    def broken(*arguments):
        raise KeyError("no such text")

    monkeypatch.setattr("monitor.messages.build_card", broken)
    here.queue(first())
    here.deliver()
    here.slack.take(CRISIS, "warning: Nordtåg", "incidents show INC-12")
    here.slack.verify()


def test_a_fault_inside_a_channel_is_looked_into_and_stops_no_other(here, monkeypatch):
    slack = here.deliverer.channels["slack"]
    monkeypatch.setattr(slack, "send", lambda message: 1 // 0)
    here.queue(first(), Notification("m", Reason.FIRST, NOW, incident=12, channel="fallback"))
    here.deliver()
    assert (here.state(first().key), here.state("m")) == (State.UNKNOWN, State.SENT)
    monkeypatch.undo()
    here.deliver(after=60)
    here.slack.take(CRISIS)
    here.slack.verify()


@pytest.mark.parametrize("step", ["mark_sent", "set_root", "add_timeline"])
def test_a_store_that_fails_after_the_send_leads_to_no_second_message(here, monkeypatch, step):
    """A full disk between "Slack accepted" and "committed", in a daemon that lives on."""

    def full(*arguments, **named):
        raise OSError("disk full")

    here.queue(first())
    monkeypatch.setattr(here.store, step, full)
    with pytest.raises(OSError, match="disk full"):
        here.deliver()
    monkeypatch.undo()
    for _ in range(4):
        here.deliver(after=20)
    here.slack.take(CRISIS)
    here.slack.verify()
    assert here.state(first().key) is State.SENT


def test_a_slack_that_is_down_is_tried_once_a_pass_and_not_once_an_incident(here):
    here.slack.down = True
    for number in range(12, 17):
        note = Notification(f"INC-{number}/1", Reason.FIRST, NOW, incident=number, place="#krisgrupp", root=True)
        here.queue(note, incident=replace(WARNING, number=number))
    here.deliver()
    assert len(here.slack.calls) == 1


def test_the_fake_itself_fails_on_a_message_that_nobody_expected(here):
    here.queue(first())
    here.deliver()
    with pytest.raises(AssertionError, match="nobody expected"):
        here.slack.verify()
    here.slack.take(CRISIS)


def test_the_fake_itself_refuses_what_slack_refuses():
    slack = FakeSlack()
    arguments = {"channel": CRISIS, "text": "<!channel> hej & hå", "blocks": "[]", "metadata": "{}"}
    _, said, _ = slack.answer("chat.postMessage", arguments, "xoxb-test-0000")
    slack.stop()
    assert said == {"ok": False, "error": "invalid_arguments"}
    found = " ".join(slack.broken_rules)
    assert all(
        part in found for part in ("unescaped <", "unescaped &", "no blocks", "no idempotency key", "parse")
    )
