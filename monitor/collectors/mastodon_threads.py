"""Who answers whom on Mastodon: ids are the server's own, so parents and roots are looked up and remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from monitor.collectors.mastodon_status import Place, order_of

ANONYMOUS_DESCENDANTS = 60  # the most that a server tells a visitor about one thread
MORE_CALLS = 5
_REMEMBERED = 20_000

Status = Mapping[str, Any]
Relation = tuple[str | None, str | None]
"""Parent's and root's uri; None where deleted or unknown."""


class Relations:
    """What polls have learnt: a status's place, parent and root. Only a saving of calls; it may be lost."""

    def __init__(self) -> None:
        self._by_place: OrderedDict[Place, Relation] = OrderedDict()
        self._by_uri: OrderedDict[str, Place] = OrderedDict()
        self._uris: OrderedDict[Place, str] = OrderedDict()

    def of(self, place: Place) -> Relation | None:
        """(parent's uri, root's uri) of a status, if known."""
        return self._by_place.get(place)

    def place_of(self, uri: str) -> Place | None:
        """A server that has the status, if known."""
        return self._by_uri.get(uri)

    def uri_of(self, place: Place) -> str | None:
        """What all servers call the status, if known."""
        return self._uris.get(place)

    def remember(self, place: Place, uri: str, parent: str | None, root: str | None) -> None:
        """Keep it, and forget the oldest."""
        self._by_place[place] = (parent, root)
        self._by_uri[uri] = place
        self._uris[place] = uri
        for kept in (self._by_place, self._by_uri, self._uris):
            while len(kept) > _REMEMBERED:
                kept.popitem(last=False)


def parents_in(statuses: Iterable[Status]) -> dict[str, str]:
    """Local id → uri of the statuses."""
    return {str(status.get("id")): str(status.get("uri")) for status in statuses if status.get("uri")}


def widened(context: object, ask: Callable[[str], object]) -> list[Status]:
    """All descendants; where the answer is as long as a visitor may see, the latest ends are asked for more."""
    found = {str(status.get("id")): status for status in _descendants(context)}
    if len(found) < ANONYMOUS_DESCENDANTS:
        return list(found.values())
    answered = {str(status.get("in_reply_to_id")) for status in found.values()}
    ends = sorted((local_id for local_id in found if local_id not in answered), key=order_of, reverse=True)
    for local_id in ends[:MORE_CALLS]:
        found |= {str(status.get("id")): status for status in _descendants(ask(local_id))}
    return list(found.values())


def _descendants(context: object) -> list[Status]:
    found = context.get("descendants") if isinstance(context, Mapping) else None
    return [status for status in found if isinstance(status, Mapping)] if isinstance(found, list) else []
