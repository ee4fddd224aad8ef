"""The dry run of the mandate as lines for the command line (English, like all of the command line)."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.calendar import local
from alerts.who import Moment, Told, WhoPlan


def who_lines(plan: WhoPlan, timezone: str) -> Iterator[str]:
    """Who would be told, when (on the clock of `timezone`), through what, who is next, and who may do what."""
    theme = f", theme {plan.theme}" if plan.theme else ""
    when = f"{local(plan.at, timezone):%Y-%m-%d %H:%M} ({timezone})"
    yield f"{plan.level.label} of {plan.brand or 'any brand'}{theme} at {when}:"
    for moment in plan.moments:
        yield from _moment_lines(moment, timezone)
    if not plan.moments:
        yield "  nobody is called; it goes to the page and customer service's channel"
    for told in plan.safety:
        yield f"  for a threat, at any hour: {_told(told)}"
    if plan.copied:
        yield f"  customer service reads along in {plan.copied}"
    yield from (
        f"  GAP at {local(gap.at, timezone):%Y-%m-%d %H:%M}: step {gap.step + 1} reaches nobody"
        for gap in plan.gaps
    )
    yield "Who may:"
    for action, names in plan.may:
        yield f"  {action}: {', '.join(names) or 'nobody'}"


def _moment_lines(moment: Moment, timezone: str) -> Iterator[str]:
    when = f"{local(moment.at, timezone):%H:%M}"
    if moment.kind == "end":
        yield f"  {when}  the chain ends"
    for told in moment.told:
        yield f"  {when}  {'again: ' if moment.kind == 'repeat' else ''}{_told(told)}"
    for missed in moment.missed:
        yield f"  {when}  not reached: {missed.who} ({missed.why})"


def _told(told: Told) -> str:
    may = f"; may {', '.join(told.may)}" if told.may else ""
    return f"{told.name} ({told.role}) by {', '.join(told.channels) or 'no channel'}{may}"
