"""A silence is named wherever its alerts are shown."""

from dataclasses import replace
from datetime import timedelta

from alerts.renderers.plain import plain_text
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


def test_a_silence_of_another_brand_is_not():
    assert shown(replace(SILENCE, matcher=Matcher(brand="Elsewhere"))) == shown()


def test_a_silence_that_has_ended_is_not():
    assert shown(replace(SILENCE, ends_at=NOW - timedelta(hours=1))) == shown()
