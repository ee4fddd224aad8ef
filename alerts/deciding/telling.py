"""From people reached to notifications: the one root message, pings in its thread, copies, other channels."""

from __future__ import annotations

from alerts.chain import Reach, Reached, reach
from alerts.deciding.draft import Draft
from alerts.incident import Reason
from detectors.signal import Level, Number

SLACK = "slack"
Said = dict[str, Number | None]


def home_of(draft: Draft, level: Level) -> str:
    """The Slack channel for a level: a watch goes to customer service, all else to the crisis group."""
    mandate, brand = draft.mandate, draft.incident.brand
    return mandate.place(SLACK, brand) if level > Level.WATCH else mandate.customer_service_place(brand)


def tell_reached(draft: Draft, found: Reach, reason: Reason, said: Said) -> None:
    """Tell everybody who is reached, in the incident's thread and wherever else the step says."""
    pings = tuple(dict.fromkeys(w.address for w in found.reached if w.channel == SLACK and _can_ping(w)))
    home = home_of(draft, Level.WARNING)
    if draft.incident.root_place is None:
        post_root(draft, reason, home, pings, said)
    elif any(w.channel == SLACK for w in found.reached):
        draft.send(reason, said, place=draft.incident.root_place, recipients=pings, broadcast=True, priority=0)
    for way in found.reached:
        _tell_elsewhere(draft, way, reason, said)
    copy_to_customer_service(draft, reason, said)


def post_root(draft: Draft, reason: Reason, place: str, pings: tuple[str, ...], said: Said) -> None:
    """Order the incident's one root message."""
    draft.change(root_place=place, card_at=draft.now)
    draft.send(reason, said, place=place, recipients=pings, root=True, priority=0)


def _can_ping(way: Reached) -> bool:
    return bool(way.address) and not is_room(way.address)


def is_room(address: str) -> bool:
    """Is a Slack address a channel (`#name`, `C…`, `G…`) rather than a user or a user group?"""
    return address.startswith(("#", "C", "G"))


def _tell_elsewhere(draft: Draft, way: Reached, reason: Reason, said: Said) -> None:
    in_slack = way.channel == SLACK
    if in_slack and (not is_room(way.address) or way.address == draft.incident.root_place):
        return
    named: Said = {"role": way.role, **({"person": way.person} if way.person else {})}
    recipients = (way.address,) if way.address and not in_slack else ()
    draft.send(
        reason, {**said, **named}, channel=way.channel, place=way.address, recipients=recipients, priority=0
    )


def copy_to_customer_service(draft: Draft, reason: Reason, said: Said) -> None:
    """Copy an escalation to customer service with what we say now and since when (practice P17)."""
    place = draft.mandate.customer_service_place(draft.incident.brand)
    if place == draft.incident.root_place:
        return
    message = draft.incident.message
    now_said: Said = {"message": message.text, "message_at": message.at.isoformat()} if message else {}
    draft.send(reason, {**said, **now_said, "copy": 1}, place=place)


def reply(
    draft: Draft,
    reason: Reason,
    said: Said | None = None,
    *,
    recipients: tuple[str, ...] = (),
    broadcast: bool = False,
    priority: int = 1,
) -> None:
    """Order a reply in the incident's thread; a watch without a root is answered where it was told."""
    place = draft.incident.root_place
    draft.send(
        reason,
        said,
        place=home_of(draft, draft.incident.level) if place is None else place,
        recipients=recipients,
        broadcast=broadcast,
        priority=priority,
    )


def pings_of(draft: Draft, who: str) -> tuple[str, ...]:
    """The Slack ids by which a person or role is called in a thread, at any hour; nothing for a whole channel."""
    if who not in draft.mandate.people and who not in draft.mandate.roles:
        return (who,) if who.startswith(("U", "W")) else ()  # a stranger's own Slack id
    found = reach(draft.mandate, (who,), (SLACK,), at=draft.now, brand=draft.incident.brand, at_any_hour=True)
    return tuple(way.address for way in found.reached if _can_ping(way))


def edit_card(draft: Draft) -> None:
    """Order the root message to be brought up to date; delivery coalesces edits."""
    if draft.incident.root_place is not None:
        draft.change(card_at=draft.now)
        draft.send(Reason.EDIT, place=draft.incident.root_place, edit=True, priority=2)
