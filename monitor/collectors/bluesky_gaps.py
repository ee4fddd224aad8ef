"""What the stream could not replay any more, to be searched with a login."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from monitor.collectors.answers import HttpError
from monitor.collectors.base import CollectContext
from monitor.collectors.bluesky_api import BlueskyApi, View
from monitor.collectors.times import parse_time
from monitor.mention import Refusal

GAP_FROM = timedelta(minutes=2)  # the network posts several times a second, so this is no pause
PAGES_A_POLL = 20
_PAGES_A_WORD = 50
_TOKEN_REFUSED = (400, 500)  # what a cursor that is not understood brings


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time; `term` words of it are done, the next one's next page is at `token`."""

    since: datetime
    until: datetime
    term: int = 0
    token: str | None = None
    pages: int = 0

    def state(self) -> dict[str, Any]:
        """As it is kept in the cursor."""
        return {
            "from": self.since.isoformat(),
            "to": self.until.isoformat(),
            "term": self.term,
            "token": self.token,
            "pages": self.pages,
        }

    def lost(self) -> Refusal:
        """What the operator is told where there is no login."""
        since, until = (at.strftime("%Y-%m-%d %H:%M") for at in (self.since, self.until))
        why = "the stream no longer has it; an account (`identifier`, `password`) would let it be searched for"
        return Refusal(f"posts between {since} and {until} UTC", why)


def read_gaps(state: Mapping[str, Any]) -> list[Gap]:
    """The gaps of a cursor; what makes no sense is none."""
    kept = state.get("gaps")
    return [gap for found in (kept if isinstance(kept, list) else ()) if (gap := _read(found)) is not None]


def search_gap(
    api: BlueskyApi, gap: Gap, words: Sequence[str], context: CollectContext
) -> Iterator[tuple[list[View], list[dict[str, Any]]]]:
    """Pages of a gap, each with what is left of it ([] at the end). Raises SourceError."""
    for _ in range(PAGES_A_POLL):
        if context.stopping():
            return
        if gap.term >= len(words):
            yield [], []
            return
        views, token = _page(api, gap, words[gap.term])
        circling = token == gap.token or gap.pages >= _PAGES_A_WORD
        gap = (
            replace(gap, term=gap.term + 1, token=None, pages=0)
            if token is None or circling
            else replace(gap, token=token, pages=gap.pages + 1)
        )
        yield views, [gap.state()]


def _page(api: BlueskyApi, gap: Gap, word: str) -> tuple[list[View], str | None]:
    try:
        return api.search(word, gap.since, gap.until, gap.token)
    except HttpError as exc:
        if gap.token is None or exc.status not in _TOKEN_REFUSED:
            raise
    return api.search(word, gap.since, gap.until, None)  # an old token: this word from its start


def _read(found: object) -> Gap | None:
    if not isinstance(found, Mapping):
        return None
    since, until = parse_time(found.get("from")), parse_time(found.get("to"))
    term, token, pages = found.get("term"), found.get("token"), found.get("pages")
    if since is None or until is None:
        return None
    return Gap(
        since,
        until,
        term if isinstance(term, int) else 0,
        token if isinstance(token, str) else None,
        pages if isinstance(pages, int) else 0,
    )
