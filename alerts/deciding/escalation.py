"""The chain: told, not answered, told again, the next one, until somebody answers or it ends and says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from alerts.chain import Next, Reach, reach, steps_of, what_next
from alerts.deciding.draft import Draft
from alerts.deciding.telling import Said, home_of, post_root, tell_reached
from alerts.incident import Obligation, ObligationKind, Reason
from alerts.mandate import Step
from alerts.obligations import CHAIN_ENDED, CLIMBING, changed_where, end_kinds, ended
from detectors.signal import Level

SILENCED_STEP = -1
"""The step of an acknowledgement that waits for a silence to end before the chain begins."""


def start_chain(draft: Draft, kind: ObligationKind, reason: Reason) -> None:
    """Begin the chain of the incident's level (or of a flag) anew; what climbed before is superseded."""
    replaced = CLIMBING if kind is ObligationKind.ACKNOWLEDGE else (kind,)
    draft.change(obligations=end_kinds(draft.incident, replaced, "superseded"))
    level = max(draft.incident.level, Level.WATCH)
    _enter_step(draft, Obligation(kind, draft.now, draft.now, level=level), 0, reason)


def climb(draft: Draft, obligation: Obligation) -> None:
    """Act on a climbing obligation that is due: tell again, go to the next step, or end the chain."""
    steps = _steps(draft, obligation)
    if obligation.step == SILENCED_STEP or obligation.note == "deferred":
        _drop(draft, obligation)
        _enter_step(draft, replace(obligation, note=""), max(obligation.step, 0), _first_reason(obligation))
        return
    if obligation.step >= len(steps):
        _end_chain(draft, obligation)
        return
    coming = what_next(steps, obligation.step, obligation.created_at, obligation.repeats)
    _TURNS[coming.kind](draft, obligation)


def _first_reason(obligation: Obligation) -> Reason:
    return Reason.FLAG if obligation.kind is ObligationKind.ANSWER_FLAG else Reason.FIRST


def _repeat(draft: Draft, obligation: Obligation) -> None:
    step = _steps(draft, obligation)[obligation.step]
    again = replace(obligation, repeats=obligation.repeats + 1, told_at=draft.now)
    coming = _coming(draft, again)
    if coming.at <= draft.now:  # the daemon slept through the time left: go on from here
        coming = coming._replace(at=draft.now + (step.repeat_every or step.acknowledge_within))
    _put(draft, obligation, replace(again, due_at=coming.at))
    found = _reach(draft, obligation, step)
    if not found.reached:
        draft.write("nobody_on_call", step=obligation.step, who=obligation.target, why=_why(found))
        return
    _tell(draft, again, step, found, Reason.REMINDER, coming)
    draft.write("told_again", step=obligation.step, times=again.repeats, who=_names(found))


def _next_step(draft: Draft, obligation: Obligation) -> None:
    draft.write("not_acknowledged", step=obligation.step, who=obligation.target, obligation=str(obligation.kind))
    _drop(draft, obligation)
    _enter_step(draft, obligation, obligation.step + 1, Reason.ESCALATED)


def _end_chain(draft: Draft, obligation: Obligation) -> None:
    _put(draft, obligation, ended(obligation, CHAIN_ENDED))
    draft.write("chain_ended", step=obligation.step, who=obligation.target, obligation=str(obligation.kind))
    said: Said = {"chain_ended": 1, "obligation": str(obligation.kind), "told": obligation.target}
    home = home_of(draft, Level.WARNING)
    if draft.incident.root_place is None:
        post_root(draft, Reason.ESCALATED, home, (), said)
    else:
        draft.send(Reason.ESCALATED, said, place=draft.incident.root_place, broadcast=True, priority=0)


_TURNS = {"repeat": _repeat, "step": _next_step, "end": _end_chain}


def _enter_step(draft: Draft, obligation: Obligation, index: int, reason: Reason) -> None:
    """Tell the first step from `index` on that reaches somebody; wait for one who is off until a known time."""
    steps = _steps(draft, obligation)
    chances = []
    for number in range(index, len(steps)):
        reached = _reach(draft, obligation, steps[number])
        if reached.reached:
            _begin(draft, obligation, number, reached, reason)
            return
        draft.write("nobody_on_call", step=number, who=", ".join(steps[number].tell), why=_why(reached))
        chances.append((reached.next_chance, number))
    _defer_or_end(draft, obligation, [(at, number) for at, number in chances if at is not None], reason)


def _begin(draft: Draft, obligation: Obligation, number: int, reached: Reach, reason: Reason) -> None:
    step = _steps(draft, obligation)[number]
    begun = replace(
        obligation,
        created_at=draft.now,
        step=number,
        repeats=0,
        told_at=draft.now,
        target=_names(reached),
        note="",
    )
    coming = _coming(draft, begun)
    draft.change(obligations=(*draft.incident.obligations, replace(begun, due_at=coming.at)))
    _tell(draft, begun, step, reached, reason, coming)
    draft.write("told", step=number, who=begun.target, reason=str(reason), due=coming.at.isoformat())


def _defer_or_end(
    draft: Draft, obligation: Obligation, chances: list[tuple[datetime, int]], reason: Reason
) -> None:
    """Nobody can be told now: the root stands in the channel, and the chain goes on when the first is back."""
    if draft.incident.root_place is None:
        post_root(draft, reason, home_of(draft, Level.WARNING), (), {"nobody_on_call": 1})
    if not chances:
        draft.change(obligations=(*draft.incident.obligations, obligation))
        _end_chain(draft, obligation)
        return
    at, number = min(chances)
    at = max(at, draft.now + timedelta(minutes=1))
    waiting = replace(obligation, due_at=at, created_at=draft.now, step=number, repeats=0, note="deferred")
    draft.change(obligations=(*draft.incident.obligations, waiting))


def _tell(draft: Draft, obligation: Obligation, step: Step, reached: Reach, reason: Reason, coming: Next) -> None:
    steps = _steps(draft, obligation)
    following = steps[obligation.step + 1].tell if coming.kind == "step" else step.tell
    said: Said = {
        "obligation": str(obligation.kind),
        "step": obligation.step,
        "times": obligation.repeats,
        "told": ", ".join(draft.mandate.name_of(way.who) for way in reached.reached),
        "due": coming.at.isoformat(),
        "next": coming.kind,
        "next_who": ", ".join(draft.mandate.name_of(who) for who in following),
    }
    tell_reached(draft, reached, reason, said)


def _steps(draft: Draft, obligation: Obligation) -> tuple[Step, ...]:
    return steps_of(draft.mandate, obligation.level, draft.incident.brand, obligation.kind)


def _coming(draft: Draft, obligation: Obligation) -> Next:
    return what_next(_steps(draft, obligation), obligation.step, obligation.created_at, obligation.repeats)


def _reach(draft: Draft, obligation: Obligation, step: Step) -> Reach:
    level = max(obligation.level, Level.WARNING)
    return reach(draft.mandate, step.tell, step.by, at=draft.now, brand=draft.incident.brand, level=level)


def _names(reached: Reach) -> str:
    return ", ".join(dict.fromkeys(way.who for way in reached.reached))


def _why(reached: Reach) -> str:
    return ", ".join(f"{m.who}: {m.why}" for m in reached.missed)


def _put(draft: Draft, old: Obligation, new: Obligation) -> None:
    draft.change(obligations=changed_where(draft.incident.obligations, lambda o: o == old, lambda _: new))


def _drop(draft: Draft, old: Obligation) -> None:
    """Take out an obligation that goes on under a new step (its history is on the timeline)."""
    draft.change(obligations=tuple(o for o in draft.incident.obligations if o != old))
