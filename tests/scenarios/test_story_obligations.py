"""One story for each kind of deadline: told once, kept over a restart, cancelled when met; and calm, silences."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.actions import ActionKind
from alerts.incident import IncidentState, Notification, ObligationKind, Reason
from alerts.silences import Matcher, Silence
from detectors.signal import Direction, Level, ScopeKind
from tests.alerts.world import BRAND, NOON, STAFFED, World, by_reason, signal, staffed

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def crisis(**changes: object) -> World:
    """A crisis that Hanna has taken on."""
    world = World(mandate=staffed(**changes))
    world.signals(signal(Level.CRISIS, themes={"delays": 30}))
    world.act(ActionKind.ACKNOWLEDGE, "hanna")
    return world


def about(said: list[Notification], kind: ObligationKind) -> list[Notification]:
    """Messages about one kind of deadline."""
    return [n for n in said if n.data.get("obligation") == str(kind)]


def due(world: World, kind: ObligationKind) -> list[float]:
    """Minutes after noon at which deadlines of a kind are due."""
    return [(o.due_at - NOON) / MINUTE for o in world.owed(kind)]


# --- confirm publicly ---


def test_a_crisis_must_be_confirmed_publicly_and_is_reminded_of_once() -> None:
    world = crisis()
    assert due(world, ObligationKind.CONFIRM_PUBLICLY) == [45]
    (told,) = about(world.later(hours=5, step=5 * MINUTE), ObligationKind.CONFIRM_PUBLICLY)
    assert (told.created_at - NOON) / MINUTE == 45
    assert told.recipients == ("U3HAN",)
    assert [e.kind for e in world.written if e.data.get("obligation") == "confirm_publicly"] == ["deadline_missed"]


def test_the_clock_for_confirming_runs_from_the_opening_even_when_the_onset_was_long_ago() -> None:
    world = World()
    world.signals(signal(Level.CRISIS, onset=NOON - timedelta(hours=9)))
    assert due(world, ObligationKind.CONFIRM_PUBLICLY) == [45]


def test_an_own_post_confirms() -> None:
    world = crisis()
    world.now += 20 * MINUTE
    world.own_post("Vi ser att tågen är försenade.", url="https://x.se/p")
    assert not world.owed(ObligationKind.CONFIRM_PUBLICLY)
    assert world.one.first_own_post_at == world.now
    assert world.one.own_story_url == "https://x.se/p"
    assert not about(world.later(hours=2, step=5 * MINUTE), ObligationKind.CONFIRM_PUBLICLY)


@pytest.mark.parametrize(
    ("fields", "confirms"),
    [
        ({}, True),
        ({"thread": "somebody's"}, False),
        ({"themes": ("delays",)}, True),
        ({"themes": ("recipes",)}, False),
        ({"brand": "Nordkraft"}, False),
    ],
)
def test_only_a_post_about_the_matter_confirms(fields: dict[str, object], confirms: bool) -> None:
    world = crisis()
    world.own_post("Hej!", **fields)
    assert (world.one.first_own_post_at is not None) is confirms


def test_an_answer_in_one_of_the_incidents_threads_confirms() -> None:
    world = World()
    world.signals(signal(Level.CRISIS, kind=ScopeKind.THREAD, name="t1"))
    world.own_post("Vi hör er.", thread="t1")
    assert world.one.first_own_post_at is not None


def test_telling_the_monitor_that_we_posted_confirms() -> None:
    world = crisis()
    world.act(ActionKind.POSTED, "hanna", url="https://x.se/p")
    assert not world.owed(ObligationKind.CONFIRM_PUBLICLY)


# --- the current message ---


def test_a_missing_message_is_reminded_of_once() -> None:
    world = crisis()
    told = about(world.later(hours=6, step=5 * MINUTE), ObligationKind.REFRESH_MESSAGE)
    assert [(n.created_at - NOON) / MINUTE for n in told] == [30]


def test_a_message_is_refreshed_in_time_or_reminded_of_once() -> None:
    world = crisis()
    world.act(ActionKind.MESSAGE, "hanna", text="Vi felsöker")
    assert due(world, ObligationKind.REFRESH_MESSAGE) == [120]
    world.later(minutes=90, step=5 * MINUTE)
    world.act(ActionKind.MESSAGE, "hanna", text="Tågen går igen kl. 16")
    assert due(world, ObligationKind.REFRESH_MESSAGE) == [210]
    told = about(world.later(hours=6, step=5 * MINUTE), ObligationKind.REFRESH_MESSAGE)
    assert [(n.created_at - NOON) / MINUTE for n in told] == [210]
    assert world.one.message is not None
    assert world.one.message.text == "Tågen går igen kl. 16"


# --- the next public update ---


def test_a_public_time_is_reminded_of_before_it_passes_and_noted_when_it_has() -> None:
    world = crisis()
    world.act(ActionKind.POSTED, "hanna", next_update=(NOON + HOUR).isoformat())
    told = about(world.later(hours=3, step=5 * MINUTE), ObligationKind.NEXT_PUBLIC_UPDATE)
    assert [(n.created_at - NOON) / MINUTE for n in told] == [50]
    missed = [e for e in world.written if e.data.get("obligation") == "next_public_update"]
    assert [(e.kind, (e.at - NOON) / MINUTE) for e in missed] == [("reminded", 50), ("deadline_missed", 60)]
    assert not world.owed(ObligationKind.NEXT_PUBLIC_UPDATE)


def test_a_public_update_in_time_is_not_reminded_of() -> None:
    world = crisis()
    world.act(ActionKind.POSTED, "hanna", next_update=(NOON + HOUR).isoformat())
    world.later(minutes=40)
    world.own_post("Nu går tågen igen.")
    assert not about(world.later(hours=3, step=5 * MINUTE), ObligationKind.NEXT_PUBLIC_UPDATE)


# --- promises ---


def test_a_promise_in_an_own_post_is_kept_an_eye_on() -> None:
    world = crisis()
    world.own_post("Vi återkommer senast kl. 14.30 med besked.")
    assert due(world, ObligationKind.PROMISE) == [150]
    (told,) = about(world.later(hours=4, step=5 * MINUTE), ObligationKind.PROMISE)
    assert told.data["text"] == "Vi återkommer senast kl. 14.30 med besked."


def test_two_promises_are_two_deadlines_and_the_same_one_told_again_is_one() -> None:
    world = crisis()
    for text in ("Ring kl. 15", "Ersättning utreds", "Ring kl. 15"):
        world.act(ActionKind.PROMISE, "hanna", text=text, until=(NOON + 3 * HOUR).isoformat())
    assert [o.note for o in world.owed(ObligationKind.PROMISE)] == ["Ring kl. 15", "Ersättning utreds"]


# --- wait and watch ---


def waiting(level: Level = Level.WARNING, minutes: int = 60) -> World:
    world = World()
    world.signals(signal(level, observed=30))
    until = (NOON + minutes * MINUTE).isoformat()
    assert world.act(ActionKind.WAIT, "kim", reason="SJ har samma fel", until=until).refusal is None
    return world


def test_to_wait_is_a_decision_that_stops_the_chain_until_its_time_and_then_asks_again() -> None:
    world = waiting()
    assert world.one.state is IncidentState.WAITING
    assert not [n for n in world.later(minutes=59) if n.recipients]
    asked = world.later(minutes=1)
    assert [n.recipients for n in asked if n.recipients] == [("U1KIM",)]
    assert world.one.state is IncidentState.OPEN
    assert world.one.acknowledgement is None
    assert [n.recipients for n in world.later(minutes=10) if n.recipients] == [("U2DEA",)]


@pytest.mark.parametrize("missing", ["reason", "until"])
def test_a_wait_without_reason_or_end_is_no_wait(missing: str) -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    said = {"reason": "why", "until": (NOON + HOUR).isoformat()}
    refusal = world.act(ActionKind.WAIT, "kim", **{**said, missing: ""}).refusal
    assert refusal is not None
    assert refusal.why == f"bad_data: {missing}"
    assert world.one.state is IncidentState.OPEN


@pytest.mark.parametrize(
    ("again", "tripwire"),
    [
        (signal(Level.WARNING, observed=61), "twice_the_volume"),
        (signal(Level.WATCH, detector="news", ids=[99]), "news"),
        (signal(Level.WATCH, detector="threat", ids=[99]), "threat"),
        (signal(Level.CRISIS, observed=40), "level_raised"),
    ],
)
def test_a_tripwire_breaks_a_wait_at_once(again: object, tripwire: str) -> None:
    world = waiting()
    world.now += 5 * MINUTE
    world.signals(again)  # type: ignore[arg-type]
    assert [e.data["tripwire"] for e in world.written if e.kind == "wait_broken"] == [tripwire]
    assert world.one.state is IncidentState.OPEN
    assert world.owed(ObligationKind.ACKNOWLEDGE)
    assert not world.owed(ObligationKind.WAIT_ENDS)


def test_more_of_the_same_does_not_break_a_wait() -> None:
    world = waiting()
    for observed in (35, 45, 59):
        world.now += 5 * MINUTE
        world.signals(signal(Level.WARNING, observed=observed))
    assert world.one.state is IncidentState.WAITING


def test_the_same_news_again_does_not_break_a_wait() -> None:
    world = World()
    news = signal(Level.WATCH, detector="news", ids=[5])
    world.signals(signal(Level.WARNING), news)
    world.act(ActionKind.WAIT, "kim", reason="känt", until=(NOON + HOUR).isoformat())
    world.signals(signal(Level.WARNING), news)
    assert world.one.state is IncidentState.WAITING


# --- down, aftercare, closed, relapse ---


def test_the_level_goes_down_only_after_the_configured_quiet() -> None:
    world = crisis()
    for _ in range(12 * 8):
        world.now += 5 * MINUTE
        world.signals(signal(Level.WARNING))
    lowered = [(e.at - NOON) / HOUR for e in world.written if e.kind == "level_lowered"]
    assert lowered == [6]
    assert world.one.level is Level.WARNING


def test_silence_of_a_blind_source_is_not_calm() -> None:
    world = crisis()
    world.calm(hours=12, covered=0.0, step=30 * MINUTE)
    assert world.one.level is Level.CRISIS
    world.calm(hours=5, step=30 * MINUTE)
    assert world.one.state is IncidentState.ACKNOWLEDGED
    world.calm(hours=1, step=30 * MINUTE)
    assert world.one.state is IncidentState.AFTERCARE


def test_a_gap_in_which_nothing_was_judged_is_not_calm() -> None:
    world = crisis()
    world.now += 12 * HOUR
    world.signals()
    assert world.one.state is IncidentState.ACKNOWLEDGED


def test_the_source_that_carried_the_story_must_be_heard_although_most_others_are() -> None:
    world = World()
    world.signals(signal(Level.CRISIS, sources=(("mastodon", 30),)))
    for _ in range(24):
        world.now += 30 * MINUTE
        world.signals(covered=0.9, blind=("mastodon",))
    assert world.one.level is Level.CRISIS
    for _ in range(24):
        world.now += 30 * MINUTE
        world.signals(covered=0.9, blind=("rss",))
    assert world.one.state is IncidentState.AFTERCARE


def test_aftercare_has_a_daily_digest_and_an_end() -> None:
    world = crisis()
    world.calm(hours=6, step=30 * MINUTE)
    assert world.one.state is IncidentState.AFTERCARE
    said = world.calm(hours=49, step=30 * MINUTE)
    assert len(by_reason(said, Reason.DIGEST)) == 2
    assert world.one.state is IncidentState.CLOSED
    assert world.kinds(1)[-2:] == ["digest", "closed"] or world.kinds(1)[-1] == "closed"


def test_a_tail_at_watch_level_and_thanks_do_not_re_escalate() -> None:
    world = crisis()
    world.calm(hours=6, step=30 * MINUTE)
    said = len(world.said)
    world.signals(signal(Level.WATCH), signal(Level.CRISIS, direction=Direction.PRAISE))
    assert world.one.state is IncidentState.AFTERCARE
    assert len(world.incidents) == 1
    assert not [n for n in world.said[said:] if n.priority == 0]


@pytest.mark.parametrize("hours", [7, 60])
def test_a_relapse_reopens_the_same_incident_and_asks_anew(hours: int) -> None:
    world = crisis()
    world.calm(hours=hours, step=30 * MINUTE)
    assert world.one.state is (IncidentState.AFTERCARE if hours == 7 else IncidentState.CLOSED)
    world.signals(signal(Level.WARNING))
    assert len(world.incidents) == 1
    assert world.one.state is IncidentState.OPEN
    assert world.one.level is Level.WARNING
    assert world.owed(ObligationKind.ACKNOWLEDGE)
    assert world.one.closed_at is None


def test_a_watch_that_passes_is_closed_without_a_word() -> None:
    world = World()
    world.signals(signal(Level.WATCH))
    assert not world.calm(hours=4)
    assert world.one.state is IncidentState.CLOSED


def test_what_a_person_judged_lower_is_not_raised_by_the_same_signals() -> None:
    world = crisis()
    world.act(ActionKind.LOWER, "hanna", level="watch", reason="ett skämt")
    for _ in range(6):
        world.now += 5 * MINUTE
        world.signals(signal(Level.CRISIS, observed=40))
    assert world.one.level is Level.WATCH
    world.signals(signal(Level.CRISIS, observed=60))
    assert world.one.level is Level.CRISIS


def test_a_false_alarm_stays_closed_while_the_same_signals_go_on() -> None:
    world = crisis()
    world.act(ActionKind.FALSE_ALARM, "hanna")
    world.now += 5 * MINUTE
    world.signals(signal(Level.CRISIS, observed=40))
    assert world.one.state is IncidentState.CLOSED
    assert world.one.false_alarm
    assert len(world.incidents) == 1


def test_a_stand_down_begins_aftercare_and_the_dying_wave_does_not_end_it() -> None:
    world = crisis()
    world.act(ActionKind.STAND_DOWN, "hanna", reason="löst")
    world.now += 5 * MINUTE
    world.signals(signal(Level.CRISIS, observed=25))
    assert world.one.state is IncidentState.AFTERCARE


# --- silences ---


def silenced(up_to: Level = Level.WARNING, hours: int = 2) -> World:
    world = World()
    matcher = Matcher(brand=BRAND)
    world.silences.append(Silence("S1", matcher, "Planerat banarbete", "kim", NOON + hours * HOUR, NOON, up_to))
    return world


def test_a_silenced_warning_is_kept_but_not_told_until_the_silence_ends() -> None:
    world = silenced()
    world.signals(signal(Level.WARNING))
    assert world.said == []
    assert world.one.level is Level.WARNING
    assert world.one.silenced == "S1"
    assert "suppressed" in world.kinds(1)
    assert not world.later(minutes=119)
    said = world.later(minutes=1)
    assert [n.root for n in said if n.place == "#kris"] == [True]
    assert world.owed(ObligationKind.ACKNOWLEDGE)


def test_a_lifted_silence_lets_the_incident_be_told_at_once() -> None:
    world = silenced()
    world.signals(signal(Level.WARNING))
    world.silences.clear()
    assert [n.root for n in world.later(minutes=1) if n.place == "#kris"] == [True]


def test_a_crisis_is_told_in_spite_of_a_silence_that_does_not_say_so() -> None:
    world = silenced()
    world.signals(signal(Level.WARNING))
    world.signals(signal(Level.CRISIS))
    assert [n.root for n in world.said if n.place == "#kris"] == [True]
    assert world.one.silenced is None


def test_a_silence_that_means_the_crisis_keeps_it_quiet_too() -> None:
    world = silenced(Level.CRISIS)
    world.signals(signal(Level.CRISIS))
    assert world.said == []


# --- stories that turn, praise, many at once ---


def test_a_theme_that_was_small_and_is_large_is_a_new_turn_once() -> None:
    world = World()
    world.signals(signal(themes={"delays": 36, "payment": 1}))
    said = []
    for payment in (1, 4, 9, 15, 20):
        world.now += 5 * MINUTE
        before = len(world.said)
        world.signals(signal(themes={"delays": 36 - payment, "payment": payment}))
        said += by_reason(world.said[before:], Reason.NEW_TURN)
    assert [n.data["theme"] for n in said] == ["payment"]
    assert len(world.incidents) == 1


def test_a_theme_that_was_always_large_is_no_turn() -> None:
    world = World()
    for _ in range(5):
        world.signals(signal(themes={"delays": 20, "payment": 15}))
        world.now += 5 * MINUTE
    assert not by_reason(world.said, Reason.NEW_TURN)


def test_praise_goes_to_its_own_channel_once_a_day_and_opens_nothing() -> None:
    world = World(mandate=staffed(praise_channel="#beröm"))
    for _ in range(3):
        world.signals(signal(Level.CRISIS, direction=Direction.PRAISE))
        world.now += 5 * MINUTE
    assert world.incidents == {}
    assert {n.key for n in world.said} == {f"praise/{BRAND}/2026-02-03"}
    assert {n.place for n in world.said} == {"#beröm"}


def test_praise_without_a_channel_is_nobodys_business() -> None:
    world = World()
    world.signals(signal(Level.CRISIS, direction=Direction.PRAISE))
    assert world.said == []


def test_the_same_theme_on_three_sources_is_one_incident() -> None:
    world = World()
    ids = range(1, 31)
    sources = [
        signal(kind=ScopeKind.SOURCE, name=n, ids=list(ids)[i::3]) for i, n in enumerate(("rss", "bsky", "desk"))
    ]
    world.signals(signal(kind=ScopeKind.THEME, name="delays", ids=ids), *sources)
    assert len(world.incidents) == 1
    assert dict(world.one.stages).keys() == {"social", "customer_service"}


def test_a_crisis_says_how_it_goes_at_its_beat_and_not_oftener() -> None:
    levels = {**STAFFED["levels"], "crisis": {**STAFFED["levels"]["crisis"], "update_every": "1h"}}
    world = crisis(levels=levels)
    said = []
    for _ in range(36):
        world.now += 5 * MINUTE
        before = len(world.said)
        world.signals(signal(Level.CRISIS))
        said += by_reason(world.said[before:], Reason.UPDATE)
    assert [(n.created_at - NOON) / HOUR for n in said] == [1, 2, 3]


def test_merging_two_incidents_keeps_one_story_and_every_promise() -> None:
    world = World()
    world.signals(signal(Level.WARNING, kind=ScopeKind.THEME, name="delays", ids=range(20)))
    world.signals(signal(Level.CRISIS, kind=ScopeKind.THEME, name="payment", ids=range(100, 120)))
    first, second = sorted(world.incidents.values(), key=lambda i: i.level)
    world.act(ActionKind.PROMISE, "hanna", second.number, text="Pengar tillbaka")
    world.act(ActionKind.MERGE, "hanna", first.number, other=second.number)
    kept, gone = world.incidents[first.number], world.incidents[second.number]
    assert gone.state is IncidentState.CLOSED
    assert gone.merged_into == kept.number
    assert kept.level is Level.CRISIS
    assert {s.name for s in kept.scopes} == {"delays", "payment"}
    assert [o.note for o in world.owed(ObligationKind.PROMISE, kept.number)] == ["Pengar tillbaka"]


def test_splitting_gives_the_theme_a_story_of_its_own() -> None:
    world = World()
    world.signals(
        signal(Level.CRISIS, ids=range(40)),
        signal(Level.WARNING, kind=ScopeKind.THEME, name="payment", ids=range(20)),
    )
    world.act(ActionKind.SPLIT, "hanna", scope="theme:payment")
    part = world.incidents[2]
    assert part.level is Level.WARNING
    assert part.themes == ("payment",)
    assert [n.root for n in world.said if n.incident == 2 and n.place == "#kris"] == [True]
    world.signals(signal(Level.WARNING, kind=ScopeKind.THEME, name="payment", ids=range(20)))
    assert sorted(world.incidents) == [1, 2]
