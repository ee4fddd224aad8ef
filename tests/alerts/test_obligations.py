"""Obligations as records: what counts, when it is looked at, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.deciding.stories import blank
from alerts.incident import Incident, Obligation, ObligationKind
from alerts.mandate import default_mandate
from alerts.obligations import (
    CHAIN_ENDED,
    active,
    answered,
    end_kinds,
    ended,
    is_active,
    meet_kinds,
    met,
    next_deadline,
    next_look,
    unanswered,
)
from tests.alerts.world import BRAND, NOON

HOUR = timedelta(hours=1)
TEN = timedelta(minutes=10)
Kind = ObligationKind


def owed(kind: ObligationKind = Kind.PROMISE, **fields: object) -> Obligation:
    return Obligation(**{"kind": kind, "due_at": NOON + HOUR, "created_at": NOON, **fields})  # type: ignore[arg-type]


def holding(*obligations: Obligation, **fields: object) -> Incident:
    return replace(blank(1, BRAND, default_mandate(), NOON), obligations=obligations, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", list(Kind))
def test_met_or_ended_it_counts_no_more(kind: ObligationKind) -> None:
    assert is_active(owed(kind))
    assert not is_active(met(owed(kind), NOON, "kim"))
    assert not is_active(ended(owed(kind), "closed"))
    assert next_look(met(owed(kind), NOON, "kim"), TEN) is None


@pytest.mark.parametrize(
    ("kind", "told", "look"),
    [
        (Kind.ACKNOWLEDGE, False, HOUR),
        (Kind.ACKNOWLEDGE, True, HOUR),  # a chain that was told goes on
        (Kind.ANSWER_FLAG, True, HOUR),
        (Kind.PROMISE, False, HOUR),
        (Kind.PROMISE, True, None),  # told once
        (Kind.CONFIRM_PUBLICLY, True, None),
        (Kind.NEXT_PUBLIC_UPDATE, False, HOUR - TEN),  # before the time that was promised passes
        (Kind.NEXT_PUBLIC_UPDATE, True, HOUR),
    ],
)
def test_when_it_is_looked_at(kind: ObligationKind, told: bool, look: timedelta | None) -> None:
    obligation = owed(kind, told_at=NOON if told else None)
    assert next_look(obligation, TEN) == (None if look is None else NOON + look)


def test_the_next_deadline_of_an_incident_is_the_earliest_of_all() -> None:
    assert next_deadline(holding()) is None
    two = holding(owed(), owed(Kind.WAIT_ENDS, due_at=NOON + 2 * HOUR))
    assert next_deadline(two) == NOON + HOUR
    assert next_deadline(replace(two, digest_due_at=NOON)) == NOON
    assert next_deadline(replace(two, aftercare_until=NOON + 9 * HOUR)) == NOON + HOUR


def test_only_the_kinds_named_are_met_or_ended() -> None:
    both = holding(owed(), owed(Kind.WAIT_ENDS))
    assert [o.met_by for o in meet_kinds(both, [Kind.PROMISE], NOON, "kim")] == ["kim", None]
    assert [o.ended for o in end_kinds(both, [Kind.WAIT_ENDS], "broken")] == [None, "broken"]
    assert active(both, Kind.PROMISE) == (both.obligations[0],)
    assert active(both) == both.obligations


def test_what_is_over_is_not_met_again() -> None:
    past = met(owed(), NOON, "kim")
    assert meet_kinds(holding(past), [Kind.PROMISE], NOON + HOUR, "dea") == (past,)
    assert end_kinds(holding(past), [Kind.PROMISE], "closed") == (past,)


def test_an_answer_also_answers_what_the_chain_gave_up_on_but_not_what_was_superseded() -> None:
    given_up = ended(owed(Kind.ANSWER_FLAG), CHAIN_ENDED)
    superseded = ended(owed(Kind.ACKNOWLEDGE), "superseded")
    incident = holding(given_up, superseded, owed())
    assert unanswered(incident, Kind.ANSWER_FLAG, Kind.ACKNOWLEDGE) == (given_up,)
    assert [o.met_by for o in answered(incident, NOON, "kim")] == ["kim", None, None]
