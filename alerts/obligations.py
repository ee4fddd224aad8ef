"""Deadlines as records: making, meeting and ending obligations, and when each is looked at next. Pure.

An obligation is *active* until it is met or ended. `next_look` is the time at which a tick must act on it; the
store keeps the earliest of an incident as a column (`next_deadline`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.incident import Incident, Obligation, ObligationKind

CLIMBING = frozenset({ObligationKind.ACKNOWLEDGE, ObligationKind.ANSWER_FLAG})
"""These climb the chain of the mandate until somebody answers; the others are told once."""


CHAIN_ENDED = "chain_ended"
"""Why an obligation ended that nobody met although everybody was told."""


def is_active(obligation: Obligation) -> bool:
    """Does it still count?"""
    return obligation.met_at is None and obligation.ended is None


def active(incident: Incident, *kinds: ObligationKind) -> tuple[Obligation, ...]:
    """The incident's obligations that still count, of these kinds (of all when none is named)."""
    return tuple(o for o in incident.obligations if is_active(o) and (not kinds or o.kind in kinds))


def next_look(obligation: Obligation, remind_before: timedelta = timedelta()) -> datetime | None:
    """When a tick must act on it: at its due time, or `remind_before` it for a public time (practice P29).

    None when it no longer counts or was told of and only waits to be met.
    """
    if not is_active(obligation):
        return None
    if obligation.kind is ObligationKind.NEXT_PUBLIC_UPDATE and obligation.told_at is None:
        return obligation.due_at - remind_before
    if obligation.told_at is not None and obligation.kind not in (
        *CLIMBING,
        ObligationKind.NEXT_PUBLIC_UPDATE,
    ):
        return None
    return obligation.due_at


def next_deadline(incident: Incident, remind_before: timedelta = timedelta()) -> datetime | None:
    """The earliest time at which a tick has something to do for this incident (a column in the store)."""
    looks = [look for o in incident.obligations if (look := next_look(o, remind_before)) is not None]
    others = (incident.aftercare_until, incident.digest_due_at)
    return min((*looks, *(when for when in others if when is not None)), default=None)


def met(obligation: Obligation, at: datetime, by: str) -> Obligation:
    """The obligation, met."""
    return replace(obligation, met_at=at, met_by=by)


def ended(obligation: Obligation, why: str) -> Obligation:
    """The obligation, ended for another reason than being met (superseded, calmed, closed, chain_ended …)."""
    return replace(obligation, ended=why)


def changed_where(
    obligations: Iterable[Obligation],
    chosen: Callable[[Obligation], bool],
    change: Callable[[Obligation], Obligation],
) -> tuple[Obligation, ...]:
    """The obligations with `change` applied to the active ones that are `chosen`."""
    return tuple(change(o) if is_active(o) and chosen(o) else o for o in obligations)


def meet_kinds(
    incident: Incident, kinds: Iterable[ObligationKind], at: datetime, by: str
) -> tuple[Obligation, ...]:
    """The incident's obligations with the active ones of these kinds met."""
    wanted = frozenset(kinds)
    return changed_where(incident.obligations, lambda o: o.kind in wanted, lambda o: met(o, at, by))


def unanswered(incident: Incident, *kinds: ObligationKind) -> tuple[Obligation, ...]:
    """Those of the climbing kinds that nobody met: still active, or given up at the end of the chain."""
    return tuple(
        o for o in incident.obligations if o.kind in kinds and o.met_at is None and o.ended in (None, CHAIN_ENDED)
    )


def answered(incident: Incident, at: datetime, by: str) -> tuple[Obligation, ...]:
    """The incident's obligations with everything that was asked of people answered."""
    open_ones = unanswered(incident, *CLIMBING)
    return tuple(met(o, at, by) if o in open_ones else o for o in incident.obligations)


def end_kinds(incident: Incident, kinds: Iterable[ObligationKind], why: str) -> tuple[Obligation, ...]:
    """The incident's obligations with the active ones of these kinds ended."""
    wanted = frozenset(kinds)
    return changed_where(incident.obligations, lambda o: o.kind in wanted, lambda o: ended(o, why))
