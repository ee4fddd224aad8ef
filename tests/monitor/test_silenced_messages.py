"""A silence is named wherever its alerts are shown."""

from dataclasses import replace
from datetime import timedelta

from alerts.incident import Notification, Reason
from alerts.renderers.plain import plain_text
from alerts.renderers.slack import blocks, reply_blocks
from alerts.silences import Matcher, Silence
from monitor.messages import DeliveryContext, Whereabouts, render
from tests.alerts.card_stories import NOW, WARNING
from tests.monitor.delivery_world import first

SILENCE = Silence(
    "1", Matcher(brand=WARNING.brand), "planned works", "anna", NOW + timedelta(hours=2), NOW - timedelta(1)
)


def shown(*silences: Silence) -> str:
    context = DeliveryContext("sv", "Europe/Stockholm", silences=lambda now: silences)
    return plain_text(render(first(), WARNING, context, NOW, where=Whereabouts("#kris")).card)


def test_a_silence_in_force_is_named_with_its_end():
    assert shown(SILENCE) != shown()
    assert "16:20" in shown(replace(SILENCE, ends_at=NOW + timedelta(hours=2)))


def buttons(notification: Notification, *silences: Silence) -> list[tuple[str, str]]:
    context = DeliveryContext("sv", "Europe/Stockholm", silences=lambda now: silences)
    where = Whereabouts("#kris", thread=None if notification.root else "1771420800.000001")
    card = render(notification, WARNING, context, NOW, where=where).card
    drawn = blocks(card) if notification.root else reply_blocks(card)
    elements = next((b for b in drawn if b["type"] == "actions"), {"elements": []})["elements"]
    return [(e["action_id"], e["value"]) for e in elements if e["type"] == "button"]


def test_a_card_under_a_silence_has_a_button_that_lifts_it_and_no_other_card_has():
    assert ("incident:lift_silence", "12") in buttons(first(), SILENCE)
    assert not [name for name, _ in buttons(first()) if name == "incident:lift_silence"]


def test_the_reply_that_says_it_has_a_button_for_this_one_silence():
    data = {"state": "silenced", "until": SILENCE.ends_at.isoformat(), "by": "Anna", "reason": "r"}
    told = replace(first(), root=False, reason=Reason.STATE_CHANGED, data={**data, "scope": "theme:delays"})
    assert buttons(told) == [("incident:lift_silence", "12:theme:delays")]


def test_a_silence_of_another_brand_is_not():
    assert shown(replace(SILENCE, matcher=Matcher(brand="Elsewhere"))) == shown()


def test_a_silence_that_has_ended_is_not():
    assert shown(replace(SILENCE, ends_at=NOW - timedelta(hours=1))) == shown()
