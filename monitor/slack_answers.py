"""What people in Slack are answered, in their language: refusals, confirmations, "how is it?". Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from alerts.actions import ActionKind
from alerts.card import title_of
from alerts.card_parts import called
from alerts.incident import Decision, Incident, Refusal
from alerts.leading import leading_theme
from alerts.plan import mandate_of, theme_labels
from alerts.safe_text import shorten, web_url
from alerts.texts.reader import Reader
from detectors.signal import ScopeKind
from monitor.slack_payloads import Wish

QUIET_ACTIONS = (ActionKind.NOTE, ActionKind.FACT, ActionKind.POSTED, ActionKind.PROMISE)
"""Actions whose success shows nowhere in the thread at once: the person is told."""


def refusal_text(refusal: Refusal, user: str, incident: Incident | None, reader: Reader) -> str:
    """Say why something was not done, and who may do it."""
    allowed = reader.list(refusal.allowed) or "–"
    if refusal.why == "unknown_person":
        return reader.text("inbound.unknown_person", id=user, allowed=allowed)
    why, _, field = refusal.why.partition(": ")
    if why == "bad_data":
        name = reader.text(f"modal.{field}") if reader.has(f"modal.{field}") else field
        return reader.text("why.bad_data", field=name)
    if why == "wrong_state" and incident is not None:
        return reader.text("why.wrong_state", state=reader.text(f"state.{incident.state}"))
    if why == "no_such_incident":
        return reader.text("why.no_such_incident")
    if why == "no_silence":
        return reader.text("why.no_silence")
    action = reader.text(f"action.{refusal.action}")
    return reader.text("inbound.refused", action=action, allowed=allowed)


def done_text(kind: ActionKind, decision: Decision, reader: Reader) -> str:
    """Confirm what shows nowhere else; "" for the rest, whose reply in the thread is answer enough."""
    if kind is ActionKind.FLAG:
        numbers = [f"INC-{incident.number}" for incident in decision.incidents if incident.flag is not None]
        return reader.text("inbound.flagged", number=reader.list(numbers)) if numbers else ""
    return reader.text("inbound.done", action=reader.text(f"action.{kind}")) if kind in QUIET_ACTIONS else ""


def how_is_it(incidents: Sequence[Incident], sources: Mapping[str, bool], reader: Reader) -> str:
    """One line an open incident, worst first (or that all is quiet), and how many sources are heard.

    `sources` says of each source whether it is heard: quiet is only calm when they are.
    """
    lines = _incident_lines(incidents, reader) if incidents else [reader.text("inbound.now_quiet")]
    silent = sorted(name for name, is_heard in sources.items() if not is_heard)
    if sources:
        lines.append(reader.text("inbound.now_sources", heard=len(sources) - len(silent), sources=len(sources)))
    if silent:
        lines.append(reader.text("inbound.now_silent", names=reader.list(silent)))
    return "\n".join(lines)


def silence_scopes(incident: Incident, reader: Reader) -> tuple[tuple[str, str], ...]:
    """What a silence from this incident can mean, with the words to read: its themes, its threads, the brand."""
    labels = theme_labels(mandate_of(incident), reader.language)
    leads = leading_theme(incident)
    themes = dict.fromkeys((*([leads] if leads else []), *incident.themes))
    threads = sorted(scope.name for scope in incident.scopes if scope.kind is ScopeKind.THREAD)
    return (
        *((f"theme:{name}", reader.text("scope.theme", theme=called(name, labels, 50))) for name in themes),
        *((f"thread:{name}", reader.text("scope.thread", text=shorten(name, 40))) for name in threads),
        ("brand", reader.text("scope.brand", brand=incident.brand)),
    )


def _incident_lines(incidents: Sequence[Incident], reader: Reader) -> list[str]:
    ranked = sorted(incidents, key=lambda i: (-i.level, i.number))
    return [
        reader.text(
            "inbound.now_line",
            number=f"INC-{incident.number}",
            title=title_of(incident, reader, theme_labels(mandate_of(incident), reader.language)),
            state=reader.text(f"state.{incident.state}"),
            since=incident.opened_at,
        )
        for incident in ranked
    ]


def form_errors(wish: Wish | None, reader: Reader) -> dict[str, str]:
    """What is wrong in a modal, by input: shown there at once, and the modal stays open."""
    errors: dict[str, str] = {}
    if wish is None or wish.trigger:
        return errors
    for name in ("until", "next_update"):
        when = wish.data.get(name)
        if when is not None and datetime.fromisoformat(when) <= reader.now:
            errors[name] = reader.text("modal.until_past")
    url = wish.data.get("url")
    if url is not None and web_url(url) is None:
        errors["url"] = reader.text("modal.url_wrong")
    return errors
