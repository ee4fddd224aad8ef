"""Meta's lists as pages of a walk: items read one by one, and kept places that have died."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from monitor.collectors.answers import HttpError
from monitor.collectors.walks import Page, State
from monitor.mention import Mention, Refusal


def refuse_dead_end(items: tuple[Any, ...], following: str | None, place: str | None, state: State) -> None:
    """A kept cursor that leads to nothing is dead, not the end of the list: the walk is to begin anew."""
    walk = state.get("walk")
    kept = walk.get("token") if isinstance(walk, dict) else None
    if place is not None and place == kept and not items and following is None:
        error = HttpError("A kept place in a list leads nowhere.", remedy="It is read anew.")
        error.status = 400
        raise error


def walk_page(
    items: tuple[Any, ...], following: str | None, make: Callable[[Mapping[str, Any]], Mention], where: str
) -> Page:
    """A page of a walk: what `make` makes of each item (it raises ValueError), and a refusal for what is none.

    `where` names the list for the operator. Items without words give their time only.
    """
    mentions: list[Mention] = []
    refusals: list[Refusal] = []
    times: list[datetime] = []
    for item in items:
        try:
            made = make(item)
        except (ValueError, TypeError, AttributeError, KeyError) as exc:
            number = item.get("id") if isinstance(item, Mapping) else item
            refusals.append(Refusal(f"{where}: {str(number)[:60]}", f"cannot be understood: {str(exc)[:100]}"))
            continue
        times += [made.created_at] if made.created_at else []
        mentions += [made] if made.text else []  # a picture alone: nothing to read
    return Page(tuple(mentions), following, max(times, default=None), refusals=tuple(refusals))
