"""Silences: what they match, and that they always end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.silences import Matcher, Silence, silence_for, silence_for_all
from alerts.silencing import SilenceDecision, ask_silence, lift_silence
from detectors.signal import Level, ScopeKind, Signal
from tests.alerts.world import BRAND, NOON, signal, staffed

HOUR = timedelta(hours=1)


def silence(number: str = "1", matcher: Matcher | None = None, hours: float = 2, **fields: object) -> Silence:
    return Silence(number, matcher or Matcher(), "works", "kim", NOON + hours * HOUR, NOON, **fields)  # type: ignore[arg-type]


THEME = signal(kind=ScopeKind.THEME, name="delays")
SOURCE = signal(kind=ScopeKind.SOURCE, name="rss", detector="volume")
THREAD = signal(kind=ScopeKind.THREAD, name="t1")
WHOLE = signal()


@pytest.mark.parametrize(
    ("matcher", "matched"),
    [
        (Matcher(), [THEME, SOURCE, THREAD, WHOLE]),
        (Matcher(brand=BRAND), [THEME, SOURCE, THREAD, WHOLE]),
        (Matcher(brand="Nordkraft"), []),
        (Matcher(theme="delays"), [THEME]),
        (Matcher(theme="payment"), []),
        (Matcher(source="rss"), [SOURCE]),
        (Matcher(thread="t1"), [THREAD]),
        (Matcher(detector="volume"), [SOURCE]),
        (Matcher(brand=BRAND, theme="delays", detector="volume"), []),
    ],
)
def test_every_field_that_is_written_must_fit(matcher: Matcher, matched: list[Signal]) -> None:
    assert [s for s in (THEME, SOURCE, THREAD, WHOLE) if matcher.matches(s)] == matched


def test_it_holds_from_its_start_to_its_end_or_until_it_is_lifted() -> None:
    whole = silence()
    assert [whole.in_force(NOON + h * HOUR) for h in (-1, 0, 1, 2)] == [False, True, True, False]
    lifted = silence(lifted_at=NOON + HOUR)
    assert not lifted.in_force(NOON + HOUR)


def test_what_is_worse_than_it_says_is_told() -> None:
    assert silence_for([silence()], signal(Level.WARNING), NOON) is not None
    assert silence_for([silence()], signal(Level.CRISIS), NOON) is None
    assert silence_for([silence(up_to=Level.CRISIS)], signal(Level.CRISIS), NOON) is not None


def test_of_several_the_one_that_lasts_longest_holds() -> None:
    found = silence_for([silence("1", hours=1), silence("2", hours=3)], signal(), NOON)
    assert found is not None
    assert found.id == "2"


def test_one_signal_that_is_not_meant_is_enough_to_tell() -> None:
    theme_only = [silence(matcher=Matcher(theme="delays"))]
    assert silence_for_all(theme_only, [THEME], NOON) is not None
    assert silence_for_all(theme_only, [THEME, THREAD], NOON) is None
    assert silence_for_all(theme_only, [], NOON) is None


def test_a_silence_without_reason_author_or_end_is_none() -> None:
    for fields in ({"reason": " "}, {"author": ""}, {"ends_at": NOON}):
        whole = {"id": "1", "matcher": Matcher(), "reason": "r", "author": "a", "ends_at": NOON + HOUR}
        with pytest.raises(ValueError, match=r"reason and an author|must end"):
            Silence(**{**whole, "starts_at": NOON, **fields})  # type: ignore[arg-type]


# --- asking for one ---

UNTIL = NOON + 3 * HOUR


def asked(by: str = "hanna", **fields: object) -> SilenceDecision:
    whole = {"matcher": Matcher(theme="delays"), "reason": "banarbete", "until": UNTIL, **fields}
    return ask_silence(staffed(), by, NOON, **whole)  # type: ignore[arg-type]


def test_a_silence_is_kept_with_its_author_and_written_down() -> None:
    decision = asked("U3HAN", channel="slack")
    assert decision.silence == Silence("", Matcher(theme="delays"), "banarbete", "hanna", UNTIL, NOON)
    (event,) = decision.timeline
    assert (event.kind, event.actor, event.channel) == ("silenced", "hanna", "slack")
    assert event.data == {"reason": "banarbete", "until": UNTIL.isoformat(), "up_to": "warning", "theme": "delays"}


@pytest.mark.parametrize(
    ("fields", "why"),
    [({"reason": " "}, "bad_data: reason"), ({"until": NOON}, "bad_data: until"), ({"by": "kim"}, "not_allowed"),
     ({"by": "U9"}, "unknown_person")],
)  # fmt: skip
def test_what_is_no_silence_is_refused(fields: dict[str, object], why: str) -> None:
    decision = asked(**fields)  # type: ignore[arg-type]
    assert decision.silence is None
    assert decision.refusal is not None
    assert decision.refusal.why == why


def test_a_refusal_says_who_may_and_is_written_down() -> None:
    decision = asked("kim")
    assert decision.refusal is not None
    assert decision.refusal.allowed == ("Hanna", "Stig")
    assert [e.kind for e in decision.timeline] == ["refused"]


def test_who_may_silence_is_a_right_like_any_other() -> None:
    mandate = staffed(may={"silence": {"warning": ["customer_service"], "crisis": ["head"]}})
    asks = {"matcher": Matcher(), "reason": "r", "until": UNTIL}
    assert ask_silence(mandate, "kim", NOON, **asks).silence is not None  # type: ignore[arg-type]
    assert ask_silence(mandate, "kim", NOON, up_to=Level.CRISIS, **asks).silence is None  # type: ignore[arg-type]


def test_a_silence_is_lifted_by_its_author_or_whoever_may_silence() -> None:
    kept = silence(hours=3)
    assert kept.author == "kim"
    for by, lifted in (("kim", True), ("hanna", True), ("dea", False)):
        decision = lift_silence(staffed(), kept, by, NOON + HOUR)
        assert (decision.silence is not None and not decision.silence.in_force(NOON + HOUR)) is lifted
