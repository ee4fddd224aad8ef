"""The lines of a card, one function each: from the incident and its plan to a labelled sentence, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from alerts.card_parts import Line, NextStep, Plan, called
from alerts.card_quotes import anger_leads
from alerts.card_sentences import about, by_strength, lead_sentence
from alerts.incident import Incident, IncidentState, ObligationKind, Reason
from alerts.leading import leading_theme
from alerts.obligations import CLIMBING, active
from alerts.safe_text import one_line, quote, shorten
from detectors.signal import Level

if TYPE_CHECKING:
    from alerts.texts.reader import Reader, Value

__all__ = ["Case", "card_lines", "lead_sentence", "notice_lines", "reply_lines"]

VERY_RARE = 4.0
RARE = 2.0
"""Surprise (−log10 of chance) from which a finding is called very unlikely, unlikely to be chance."""

SOURCES = 3
OTHER_THEMES = 3
STEPS = 2
DUE = 3


@dataclass(frozen=True, slots=True)
class Case:
    """What every line is made from."""

    incident: Incident
    plan: Plan
    reader: Reader


LineMaker = Callable[[Case], str]


def card_lines(incident: Incident, plan: Plan, reader: Reader) -> tuple[Line, ...]:
    """Return the labelled lines of a whole card, in reading order, without empty ones."""
    return _lines(_WHOLE, Case(incident, plan, reader))


def reply_lines(
    incident: Incident, plan: Plan, reader: Reader, reason: Reason, *, copied: bool = False
) -> tuple[Line, ...]:
    """Return the lines of a reply: all that changed for a raised level or a new turn, else only what is next.

    A copy (for customer service) also has what we say now: its readers do not see the card.
    """
    chosen = _CHANGED if reason in (Reason.LEVEL_RAISED, Reason.NEW_TURN, Reason.UPDATE) else _SHORT
    chosen = (("message", _message), *chosen) if copied else chosen
    return _lines(chosen, Case(incident, plan, reader))


def notice_lines(values: Mapping[str, object], reader: Reader) -> tuple[Line, ...]:
    """Return the lines of the daemon's own messages: since when, why, what to do."""
    names = ("since", "why", "remedy")
    return tuple(
        Line(reader.text(f"label.{name}"), reader.value(name, cast("Value", values[name])))
        for name in names
        if values.get(name)
    )


def _lines(makers: tuple[tuple[str, LineMaker], ...], case: Case) -> tuple[Line, ...]:
    made = ((label, make(case)) for label, make in makers)
    return tuple(Line(case.reader.text(f"label.{label}"), text) for label, text in made if text)


def _sure(case: Case) -> str:
    """How sure and why: a word for it, and what a second, different measure says."""
    ranked = by_strength(case.incident)
    if not ranked:
        return case.reader.text("sure.person") if case.incident.flag is not None else ""
    surprise = ranked[0].finding.surprise
    degree = "high" if surprise >= VERY_RARE else "medium" if surprise >= RARE else "low"
    said = [case.reader.text(f"sure.{degree}")]
    second = next((s for s in ranked[1:] if s.finding.detector != ranked[0].finding.detector), None)
    if second is not None:
        said.append(about(second, case.reader, case.plan.themes))
    return " ".join(said)


def _since(case: Case) -> str:
    """Since when: the onset and the span in which it may lie, when that is wider than a few minutes."""
    onset = case.incident.onset
    if onset is None:
        key = "card.noticed" if case.incident.signals else "card.since"
        return case.reader.text(key, at=case.incident.opened_at)
    if (onset.latest - onset.earliest).total_seconds() <= 600:
        return case.reader.text("card.since", at=onset.at)
    return case.reader.text("card.since_between", at=onset.at, earliest=onset.earliest, latest=onset.latest)


def _size(case: Case) -> str:
    """How big: posts, people, how many of them negative, and the estimated reach."""
    evidence = case.incident.evidence
    if evidence is None or not evidence.mentions:
        return ""
    parts = [
        case.reader.text("size.mentions", evidence.mentions),
        case.reader.text("size.people", evidence.people) if evidence.people else "",
        case.reader.text("size.negative_people", evidence.negative_people) if evidence.negative_people else "",
        case.reader.text("size.hostile", evidence.hostile) if evidence.hostile else "",
        case.reader.text("size.supportive", evidence.supportive) if evidence.supportive else "",
    ]
    reach = case.reader.text("size.reach", reach=_roughly(evidence.reach)) if evidence.reach else ""
    return "; ".join(part for part in (", ".join(filter(None, parts)), reach) if part)


def _roughly(estimate: int) -> int:
    """Return an estimate with two digits that count: 25,548 would look as if we knew."""
    return round(estimate, 2 - len(str(estimate)))


def _where(case: Case) -> str:
    """Where: the largest sources with their counts, and the other themes."""
    evidence = case.incident.evidence
    if evidence is None:
        return ""
    sources = [f"{quote(name, 40)} ({case.reader.number(n)})" for name, n in evidence.sources[:SOURCES]]
    leads = leading_theme(case.incident)
    others = [called(theme, case.plan.themes, 40) for theme in case.incident.themes if theme != leads]
    also = case.reader.text("card.also_themes", themes=case.reader.list(others[:OTHER_THEMES])) if others else ""
    return "; ".join(part for part in (", ".join(sources), also) if part)


def _owner(case: Case) -> str:
    """Who owns it: who took it on or got it, the theme's owner, who owns the final message, whom to ask."""
    acknowledged = case.incident.acknowledgement
    parts = [
        case.reader.text("owner.acknowledged", by=case.plan.name_of(acknowledged.by), at=acknowledged.at)
        if acknowledged
        else "",
        case.reader.text("owner.handed", owner=case.plan.in_charge) if case.plan.in_charge else "",
        case.reader.text("owner.theme", owner=case.plan.owner) if case.plan.owner else "",
        case.reader.text("owner.final_message", who=case.plan.final_message) if case.plan.final_message else "",
        case.reader.text("owner.ask", who=case.reader.list(case.plan.departments))
        if case.plan.departments
        else "",
    ]
    return " ".join(part for part in parts if part)


def _may(case: Case) -> str:
    """What the people addressed may do themselves, and whether a first confirmation needs nobody's leave."""
    if case.incident.state is IncidentState.CLOSED:
        return ""
    allowed = [case.reader.text(f"may.{kind}") for kind in case.plan.may if case.reader.has(f"may.{kind}")]
    parts = [case.reader.text("may.list", actions=case.reader.list(allowed)) if allowed else ""]
    if case.plan.confirm_at_once is not None:
        parts.append(case.reader.text("may.confirm_at_once" if case.plan.confirm_at_once else "may.ask_first"))
    return " ".join(part for part in parts if part)


def _first(case: Case) -> str:
    """A short checklist: the two or three things that come first in this state."""
    if case.incident.state is not IncidentState.OPEN or case.incident.level < Level.WARNING:
        return ""
    steps = [case.reader.text("checklist.acknowledge")]
    if case.incident.first_own_post_at is None:
        steps.append(_confirm_step(case))
    steps.append(case.reader.text("checklist.facts"))
    return " ".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _confirm_step(case: Case) -> str:
    """Confirm openly, after asking inside where the plan says so."""
    if case.plan.confirm_at_once is False and case.plan.departments:
        return case.reader.text("checklist.ask", who=case.reader.list(case.plan.departments))
    return case.reader.text("checklist.confirm")


def _draft(case: Case) -> str:
    """The leading theme's holding statement to copy, while nothing of ours has been posted.

    At watch only when people are unhappy: a joke that is passed around must not be answered with an apology.
    """
    told_already = case.incident.first_own_post_at is not None or case.incident.state is IncidentState.CLOSED
    called_for = case.incident.level > Level.WATCH or anger_leads(case.incident)
    if not case.plan.holding_statement or told_already or not called_for:
        return ""
    return case.reader.text("card.draft", text=quote(case.plan.holding_statement, 300))


def _message(case: Case) -> str:
    """What we say now (budskap) and since when."""
    message = case.incident.message
    if message is None:
        return ""
    return case.reader.text(
        "card.message", text=quote(message.text, 300), by=case.plan.name_of(message.by), at=message.at
    )


def _facts(case: Case) -> str:
    """The newest facts with their standing: confirmed, disputed, unknown."""
    newest = case.incident.facts[-3:]
    return " ".join(
        case.reader.text(f"fact.{fact.status}", text=quote(fact.text, 150))
        for fact in newest
        if case.reader.has(f"fact.{fact.status}")
    )


def _next(case: Case) -> str:
    """What happens next and when: the end of a wait, the coming steps of the chain, or that the chain ends."""
    if case.incident.state is IncidentState.CLOSED:
        return case.reader.text("next.closed")
    if case.incident.state is IncidentState.WAITING and case.incident.wait is not None:
        wait = case.incident.wait
        return case.reader.text(
            "next.waiting",
            until=wait.until,
            by=case.plan.name_of(wait.by),
            reason=quote(wait.reason, 150),
        )
    steps = [
        case.reader.text(f"next.{kind}", at=step.at, who=case.reader.list(map(one_line, step.who)))
        for kind, step in _in_turn(case.plan.next_steps)[:STEPS]
    ]
    steps += [
        case.reader.text("next.due", due_at=owed.due_at, obligation=obligation_words(owed.kind, case))
        for owed in sorted(active(case.incident), key=lambda o: o.due_at)[:DUE]
        if owed.kind not in CLIMBING and owed.kind is not ObligationKind.WAIT_ENDS
    ]
    if steps:
        return " ".join(steps)
    if case.incident.state is IncidentState.OPEN and case.incident.level > Level.WATCH:
        return case.reader.text("next.chain_ended")
    return case.reader.text("next.watching")


def obligation_words(kind: ObligationKind, case: Case) -> str:
    """What is owed, in words; a current message that was never written cannot be refreshed."""
    first = kind is ObligationKind.REFRESH_MESSAGE and case.incident.message is None
    return case.reader.text("obligation.first_message" if first else f"obligation.{kind}")


def _in_turn(steps: tuple[NextStep, ...]) -> list[tuple[str, NextStep]]:
    """The steps with the text that says them: of the same people told again and again, only the first time."""
    said: list[tuple[str, NextStep]] = []
    for step in steps:
        before = said[-1][1] if said else None
        if before is not None and step.kind == before.kind == "repeat" and step.who == before.who:
            continue
        follows = before is not None and step.kind == before.kind == "step"
        said.append(("then" if follows else step.kind, step))
    return said


_WHOLE: tuple[tuple[str, LineMaker], ...] = (
    ("sure", _sure),
    ("since", _since),
    ("size", _size),
    ("where", _where),
    ("owner", _owner),
    ("manager", lambda case: shorten(one_line(case.plan.call_manager_when), 200)),
    ("staff", lambda case: shorten(one_line(case.plan.extra_staff), 200)),
    ("may", _may),
    ("first", _first),
    ("draft", _draft),
    ("message", _message),
    ("facts", _facts),
    ("next", _next),
)
_CHANGED: tuple[tuple[str, LineMaker], ...] = (("sure", _sure), ("size", _size), ("next", _next))
_SHORT: tuple[tuple[str, LineMaker], ...] = (("next", _next),)
