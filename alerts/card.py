"""The alert as a reader meets it, before any channel: one card, ten seconds to grasp.

What happens (theme first), how sure and why, since when, how big and where, who owns it, what you may do
yourself, what happens next and when, two actions. Pure: `build_card` takes the incident, the plan that the
mandate gives for it and the reader, and returns plain strings. Every string in a card is still untrusted; each
renderer in `alerts/renderers` escapes for its own medium.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.actions import ActionKind
from alerts.card_lines import card_lines, notice_lines, reply_lines
from alerts.card_parts import (
    Card,
    CardAction,
    CardQuote,
    Circumstances,
    Line,
    NextStep,
    Plan,
    called,
)
from alerts.card_quotes import chosen_quotes
from alerts.card_sentences import lead_sentence, reason_values, worded
from alerts.incident import Incident, IncidentState, Notification, ObligationKind, Reason
from alerts.leading import leading_theme
from alerts.safe_text import quote, web_url

if TYPE_CHECKING:
    from alerts.texts.reader import Reader

__all__ = [
    "Card",
    "CardAction",
    "CardQuote",
    "Circumstances",
    "Line",
    "NextStep",
    "Plan",
    "build_card",
    "build_notice",
    "build_reply",
    "notes",
    "title_of",
]

QUOTE_LENGTH = 280
QUOTES = 2

MENU = (
    ActionKind.RAISE,
    ActionKind.LOWER,
    ActionKind.HAND_OVER,
    ActionKind.STAND_DOWN,
    ActionKind.FALSE_ALARM,
    ActionKind.NOTE,
    ActionKind.FACT,
    ActionKind.MESSAGE,
    ActionKind.POSTED,
    ActionKind.SILENCE,
)
"""What the menu offers, in this order."""


def build_card(
    incident: Incident,
    plan: Plan,
    reader: Reader,
    notification: Notification | None = None,
    circumstances: Circumstances | None = None,
) -> Card:
    """Return the whole card of an incident, for a root message or a channel without threads."""
    quotes = _quotes(incident, reader)
    return Card(
        title=title_of(incident, reader, plan.themes),
        language=reader.language,
        number=incident.number,
        level=incident.level,
        version=incident.card_version,
        mark=_mark(incident, notification, reader),
        opening=_opening(incident, plan, notification, reader),
        lead=lead_sentence(incident, reader, plan.themes),
        notes=notes(reader, circumstances),
        lines=card_lines(incident, plan, reader),
        quotes_label=reader.text("label.quotes") if quotes else "",
        quotes=quotes,
        link_label=reader.text("label.link"),
        buttons=_buttons(incident, reader) + (_lifting(reader) if _is_silenced(circumstances) else ()),
        menu_label=reader.text("label.menu"),
        menu=_menu(incident, reader),
        footer=_footer(incident, reader),
    )


def build_reply(
    incident: Incident,
    plan: Plan,
    reader: Reader,
    notification: Notification,
    circumstances: Circumstances | None = None,
) -> Card:
    """Return the short card of a reply in the incident's thread: why it is sent, and what happens next."""
    whole = build_card(incident, plan, reader, notification, circumstances)
    opening = whole.opening or whole.lead
    lines = reply_lines(incident, plan, reader, notification.reason, copied=bool(notification.data.get("copy")))
    buttons = _lifting(reader, str(notification.data.get("scope") or "")) if _silences(notification) else ()
    return replace(
        whole, opening=opening, lead="", lines=lines, quotes=(), quotes_label="", buttons=buttons, menu=()
    )


def build_notice(notification: Notification, reader: Reader, circumstances: Circumstances | None = None) -> Card:
    """Return the card of a message that belongs to no incident: health, blindness, digest, test."""
    reason = notification.reason
    values = dict(notification.data)
    drill = bool(values.get("drill")) or reason is Reason.DRILL
    return Card(
        title=reader.text(f"notice.{reason}" if reader.has(f"notice.{reason}") else "notice.other"),
        language=reader.language,
        mark=reader.text("mark.test" if reason is Reason.TEST else "mark.drill")
        if drill or reason is Reason.TEST
        else "",
        opening=_reason_sentence(reason, reader, values),
        notes=notes(reader, circumstances),
        lines=notice_lines(values, reader),
        footer=reader.text("card.footer_notice", at=notification.created_at),
    )


def notes(reader: Reader, circumstances: Circumstances | None) -> tuple[str, ...]:
    """Return what must be said of this delivery before anything else."""
    if circumstances is None:
        return ()
    said = list(circumstances.notes)
    if circumstances.instead_of:
        said.append(reader.text("note.fallback", channel=circumstances.instead_of, trouble=circumstances.trouble))
    if circumstances.late_since is not None:
        delay = max(timedelta(), reader.now - circumstances.late_since)
        said.append(reader.text("note.late", decided_at=circumstances.late_since, delay=delay))
    if circumstances.may_be_repeated:
        said.append(reader.text("note.repeated"))
    if circumstances.blind:
        said.append(reader.text("note.blind", names=reader.list(circumstances.blind)))
    if circumstances.silenced_until is not None:
        said.append(reader.text("note.silenced", until=circumstances.silenced_until))
    return tuple(said)


def title_of(incident: Incident, reader: Reader, labels: Mapping[str, str] | None = None) -> str:
    """Return "Warning: Nordtåg · delays"; `labels` are the names of themes in the reader's language."""
    theme = called(leading_theme(incident), labels or {}, 50)
    level = reader.text(f"level.{incident.level.label}")
    brand = quote(incident.brand, 60)
    if theme:
        return reader.text("card.title_theme", level=level, brand=brand, theme=theme)
    return reader.text("card.title", level=level, brand=brand)


def _mark(incident: Incident, notification: Notification | None, reader: Reader) -> str:
    """Return the drill or test mark, or ""."""
    if notification is not None and notification.reason is Reason.TEST:
        return reader.text("mark.test")
    drill = incident.drill or (notification is not None and notification.reason is Reason.DRILL)
    return reader.text("mark.drill") if drill else ""


_SAYS_NOTHING = (Reason.FIRST, Reason.EDIT, Reason.DRILL)
"""Reasons of messages whose lead says everything."""


def _opening(incident: Incident, plan: Plan, notification: Notification | None, reader: Reader) -> str:
    """Return why this is sent now; "" for the first alert, whose lead says it."""
    if notification is None or (
        notification.reason in _SAYS_NOTHING and not notification.data.get("nobody_on_call")
    ):
        return ""
    values = {**reason_values(incident, plan, reader), **notification.data}
    if notification.data.get("theme"):
        values["theme"] = called(str(notification.data["theme"]), plan.themes)
    if values.get("obligation") == ObligationKind.REFRESH_MESSAGE and incident.message is None:
        values["obligation"] = "first_message"
    return _reason_sentence(notification.reason, reader, values)


_CASES = ("chain_ended", "nobody_on_call", "threat", "message", "own_post", "recovered")
"""Entries of a notification's data that make a case of its own."""


def _reason_sentence(reason: Reason, reader: Reader, values: Mapping[str, object]) -> str:
    """Return the catalogue's sentence for a reason: the special one where the data names a case."""
    cases = [name for name in _CASES if values.get(name)]
    cases += [str(values[name]) for name in ("why", "obligation", "state") if values.get(name)]
    cases += ["lowered"] if values.get("was") else []
    keys = [*(f"reason.{reason}.{case}" for case in cases), f"reason.{reason}", "reason.other"]
    return reader.text(next(key for key in keys if reader.has(key)), **worded(values, reader))


def _quotes(incident: Incident, reader: Reader) -> tuple[CardQuote, ...]:
    """Return the posts worth seeing, each with where it stands, when it came and who could read it."""
    shown = []
    for post in chosen_quotes(incident, QUOTES):
        about = [quote(post.source, 40), reader.time(post.at)]
        if post.followers:
            about.append(reader.text("card.followers", post.followers))
        text = quote(post.text, QUOTE_LENGTH) or reader.text("card.no_words")
        shown.append(CardQuote(text, " · ".join(part for part in about if part), web_url(post.url)))
    return tuple(shown)


def _buttons(incident: Incident, reader: Reader) -> tuple[CardAction, ...]:
    """Return the two visible actions of the incident's state; everybody in the channel sees the same."""
    if incident.state is IncidentState.CLOSED:
        return ()
    acknowledged = incident.acknowledgement is not None and incident.acknowledgement.level >= incident.level
    wanted = (ActionKind.POSTED, ActionKind.WAIT) if acknowledged else (ActionKind.ACKNOWLEDGE, ActionKind.WAIT)
    if incident.flag is not None and not acknowledged:
        wanted = (ActionKind.ANSWER_FLAG, ActionKind.WAIT)
    return tuple(CardAction(kind, reader.text(f"action.{kind}")) for kind in wanted)


def _silences(notification: Notification) -> bool:
    """Does the message say that a silence begins?"""
    return notification.data.get("state") == "silenced"


def _is_silenced(circumstances: Circumstances | None) -> bool:
    return circumstances is not None and circumstances.silenced_until is not None


def _lifting(reader: Reader, scope: str = "") -> tuple[CardAction, ...]:
    """Return the button that ends the silence of `scope`, or all that keep the incident quiet."""
    kind = ActionKind.LIFT_SILENCE
    return (CardAction(kind, reader.text(f"action.{kind}"), scope),)


def _menu(incident: Incident, reader: Reader) -> tuple[CardAction, ...]:
    """Return the rest of the actions; a closed incident can only be reopened or noted on."""
    kinds = (ActionKind.REOPEN, ActionKind.NOTE) if incident.state is IncidentState.CLOSED else MENU
    return tuple(CardAction(kind, reader.text(f"action.{kind}")) for kind in kinds)


def _footer(incident: Incident, reader: Reader) -> str:
    """Return "INC-12 · open · updated 14:12"."""
    state = reader.text(f"state.{incident.state}")
    return reader.text("card.footer", number=f"INC-{incident.number}", state=state, now_at=reader.now)
