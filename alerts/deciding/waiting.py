"""Wait and watch is a decision (practice P21): until a time or a tripwire; then people are asked again."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.deciding.draft import Draft
from alerts.deciding.escalation import start_chain
from alerts.deciding.findings import NEWS, THREAT, doubled, is_kind
from alerts.deciding.telling import edit_card, pings_of, reply
from alerts.incident import IncidentState, Obligation, ObligationKind, Reason
from alerts.obligations import end_kinds, met
from detectors.signal import Level, Signal


def break_wait_on(draft: Draft, signals: Sequence[Signal], news: Sequence[Signal]) -> None:
    """Break a wait when a tripwire is touched: twice the volume, news, a threat, a raised level.

    `news` are the news and threat findings that show something new.
    """
    wait = draft.incident.wait
    if wait is None:
        return
    if draft.incident.state is not IncidentState.WAITING:
        _broken(draft, "level_raised")
        return
    touched = {
        "twice_the_volume": doubled(signals, wait.observed) is not None,
        "news": any(is_kind(s, NEWS) for s in news),
        "threat": any(is_kind(s, THREAT) for s in news),
    }
    tripped = next((name for name in wait.tripwires if touched.get(name)), None)
    if tripped is not None:
        _broken(draft, tripped)
        ask_again(draft, Reason.ESCALATED, tripped, pings_of(draft, wait.by))


def _broken(draft: Draft, tripwire: str) -> None:
    wait = draft.incident.wait
    assert wait is not None
    draft.write("wait_broken", tripwire=tripwire, by=wait.by, until=wait.until.isoformat())
    draft.change(
        wait=None, obligations=end_kinds(draft.incident, (ObligationKind.WAIT_ENDS,), f"broken: {tripwire}")
    )


def wait_over(draft: Draft, obligation: Obligation) -> None:
    """The time of a wait has come: whoever waits decides again, and the chain asks for it."""
    wait = draft.incident.wait
    done = tuple(met(o, draft.now, "time") if o == obligation else o for o in draft.incident.obligations)
    asked = pings_of(draft, wait.by) if wait else ()
    draft.change(wait=None, obligations=done)
    draft.write("wait_over", by=wait.by if wait else "", reason=wait.reason if wait else "")
    ask_again(draft, Reason.REMINDER, "wait_over", asked)


def ask_again(draft: Draft, reason: Reason, why: str, asked: tuple[str, ...]) -> None:
    """Open the incident again and ask: by the chain above watch, at watch whoever waited (`asked`, Slack ids)."""
    draft.enter(IncidentState.OPEN)
    draft.change(acknowledgement=None)
    if draft.incident.level > Level.WATCH:
        start_chain(draft, ObligationKind.ACKNOWLEDGE, reason)
        edit_card(draft)
    else:
        reply(draft, reason, {"obligation": str(ObligationKind.WAIT_ENDS), "why": why}, recipients=asked)
