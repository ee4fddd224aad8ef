"""Freshdesk: tickets by their last change, oldest first, and what customers add to them.

Pages move while tickets change, so only the first page is asked for, again and again from the last change that was
read; further pages only where a whole page changed in one second.

Cursor: `since` (the last change of the last complete walk), `walk` ({since, page} of one that broke off),
`comments` (numbers of tickets whose conversation is still to be read), `seen` ({number: last change} within the
overlap).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from monitor.collectors.answers import objects
from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceOptions
from monitor.collectors.desk import Desk
from monitor.collectors.freshdesk_ticket import FRESHDESK, PLATFORM, comment_of, number_in, ticket_of
from monitor.collectors.http import Answer, Budget, HttpSession
from monitor.collectors.times import parse_time
from monitor.collectors.urls import WebAddress
from monitor.durations import Duration
from monitor.mention import Mention, Refusal, Removal

OVERLAP = timedelta(minutes=2)
PAGES_A_POLL = 8
PER_PAGE = 100
COMMENTS_A_POLL = 15
_LIST_COST = 2  # a list with `include` counts twice


class FreshdeskOptions(SourceOptions):
    """A desk's tickets. `brand` is best set: customers of a desk seldom name the company."""

    type: Literal["freshdesk"] = "freshdesk"
    url: WebAddress = Field(description="the desk's address, https://NAME.freshdesk.com")
    api_key: SecretStr = Field(description="the API key of an agent who sees all tickets")
    every: Duration = Field(timedelta(minutes=1), ge=timedelta(seconds=10), description="how often it is asked")
    comments: bool = Field(True, description="read what customers add to their tickets")
    look_back: Duration = Field(timedelta(days=1), description="how far back the first poll goes")

    def default_name(self) -> str:
        """`freshdesk` and the desk's host."""
        return f"freshdesk {urlsplit(self.url).hostname}"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a walk stands: changes since when, and which page of them."""

    since: datetime
    page: int = 1

    def after(self, newest: datetime | None) -> _Place:
        """The next call: from the newest change, or one page on where a whole page has the same time."""
        if newest is None or newest <= self.since:
            return _Place(self.since, self.page + 1)
        return _Place(newest)


class FreshdeskCollector(BaseCollector):
    """Walks tickets by change, then conversations of those that changed, then single tickets again."""

    type_name = "freshdesk"
    Options = FreshdeskOptions
    verified = True
    rechecks_a_poll = 10
    budget: ClassVar[Budget] = Budget(50, timedelta(minutes=1))  # the smallest plan's

    def __init__(self, options: FreshdeskOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        self._desk = Desk(FRESHDESK, options.url, self.source, options.language)

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New and changed tickets, customers' comments, removals of those gone. Raises SourceError."""
        state = dict(cursor)
        yield from self._walk(state, context)
        yield from self._read_comments(state, context)
        yield from self.read_again(context)

    def check(self) -> str:
        """Whether the key may list tickets. Raises SourceError."""
        tickets = _objects(self._get("/tickets", {"per_page": 1}))
        return f"{self._desk.host} lists its tickets" + (
            "." if tickets else "; there is none of the last 30 days."
        )

    # --- tickets

    def _walk(self, state: Cursor, context: CollectContext) -> Iterator[Batch]:
        place = self._place(state, context.now)
        for _ in range(PAGES_A_POLL):
            if context.stopping():
                return
            answer = self._get("/tickets", _listing(place), cost=_LIST_COST)
            tickets = _objects(answer)
            changes = [at for ticket in tickets if (at := parse_time(ticket.get("updated_at"))) is not None]
            newest = max(changes, default=None)
            more = bool(tickets) and ('rel="next"' in answer.headers.get("link", "") or len(tickets) >= PER_PAGE)
            batch = self._read(tickets, state)
            place = place.after(newest)
            _remember(state, place, more)
            yield Batch(batch.mentions, removals=batch.removals, refusals=batch.refusals, cursor=dict(state))
            if not more:
                return

    def _place(self, state: Cursor, now: datetime) -> _Place:
        walk = state.get("walk")
        if isinstance(walk, dict):
            since, page = parse_time(walk.get("since")), walk.get("page")
            if since is not None and isinstance(page, int):
                return _Place(since, page)
        kept = state.get("since")
        since = parse_time(kept) if isinstance(kept, str) else None
        return _Place(min(since, now) - OVERLAP if since else now - self.options.look_back)

    def _read(self, tickets: list[Mapping[str, Any]], state: Cursor) -> Batch:
        mentions: list[Mention] = []
        removals: list[Removal] = []
        refusals: list[Refusal] = []
        for ticket in tickets:
            try:
                if ticket.get("deleted") is True or ticket.get("spam") is True:
                    removals.append(Removal(PLATFORM, self._desk.ticket_id(ticket.get("id"))))
                    continue
                mention = ticket_of(ticket, self._desk)
            except (ValueError, TypeError, AttributeError, KeyError) as exc:
                where = f"{self._desk.host} ticket {str(ticket.get('id'))[:30]}"
                refusals.append(Refusal(where, f"cannot be understood: {str(exc)[:100]}"))
                continue
            mentions.append(mention)
            if self.options.comments and mention.edited_at is not None:
                _note_change(state, str(ticket["id"]), mention.edited_at.isoformat())
        return Batch(tuple(mentions), removals=tuple(removals), refusals=tuple(refusals))

    # --- comments

    def _read_comments(self, state: Cursor, context: CollectContext) -> Iterator[Batch]:
        for number in _waiting(state)[:COMMENTS_A_POLL]:
            if context.stopping():
                return
            mentions, refusals = self._comments(number)
            state["comments"] = [other for other in _waiting(state) if other != number]
            yield Batch(tuple(mentions), refusals=tuple(refusals), cursor=dict(state))

    def _comments(self, number: str, pages: int = 3) -> tuple[list[Mention], list[Refusal]]:
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        for page in range(1, pages + 1):
            params = {"page": page, "per_page": PER_PAGE}
            answer = self._get(f"/tickets/{number}/conversations", params, also_ok=(404,))
            found = _objects(answer) if answer.status == 200 else []
            for entry in found:
                try:
                    mention = comment_of(entry, number, self._desk)
                except (ValueError, TypeError, AttributeError, KeyError) as exc:
                    where = f"{self._desk.host} ticket {number}, an entry"
                    refusals.append(Refusal(where, f"cannot be understood: {str(exc)[:100]}"))
                    continue
                mentions += [mention] if mention is not None else []
            if len(found) < PER_PAGE:
                break
        return mentions, refusals

    # --- deletions

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        numbers = [number for found in context.recheck if (number := number_in(found, self._desk)) is not None]
        for number in numbers[: self.rechecks_a_poll]:
            if context.stopping():
                return
            answer = self._get(f"/tickets/{number}", {}, also_ok=(404,))
            ticket = answer.json() if answer.status == 200 else None
            if ticket is None:
                yield Batch(removals=(Removal(PLATFORM, self._desk.ticket_id(number)),))
            elif isinstance(ticket, Mapping):
                yield self._read([ticket], {})

    def _get(
        self, path: str, params: Mapping[str, Any], *, cost: float = 1, also_ok: tuple[int, ...] = ()
    ) -> Answer:
        encoded = b64encode(f"{self.options.api_key.get_secret_value()}:X".encode()).decode("ascii")
        self.http.hide(encoded)
        url = f"{self.options.url}/api/v2{path}"
        login = {"Authorization": f"Basic {encoded}"}
        return self.http.get(url, params=params, credentials=login, cost=cost, also_ok=also_ok)


def _listing(place: _Place) -> dict[str, Any]:
    since = place.since.strftime("%Y-%m-%dT%H:%M:%SZ")
    order = {"order_by": "updated_at", "order_type": "asc"}
    return {"updated_since": since, **order, "include": "description", "per_page": PER_PAGE, "page": place.page}


def _objects(answer: Answer) -> list[Mapping[str, Any]]:
    """The objects of a list. Raises HttpError where it is none."""
    found = answer.json()
    if not isinstance(found, list):
        raise answer.error("answered something else than a list.", remedy="Check `url`: is it the desk's address?")
    return objects(found)


def _remember(state: Cursor, place: _Place, more: bool) -> None:
    if more:
        state["walk"] = {"since": place.since.isoformat(), "page": place.page}
        return
    state.pop("walk", None)
    state["since"] = place.since.isoformat()
    oldest = (place.since - OVERLAP).isoformat()
    state["seen"] = {number: at for number, at in _seen(state).items() if at >= oldest}


def _note_change(state: Cursor, number: str, changed_at: str) -> None:
    """A ticket that changed since its conversation was read last waits for another reading."""
    seen = _seen(state)
    if seen.get(number) == changed_at:
        return
    state["seen"] = {**seen, number: changed_at}
    state["comments"] = [*(other for other in _waiting(state) if other != number), number]


def _seen(state: Cursor) -> dict[str, str]:
    kept = state.get("seen")
    return {str(number): str(at) for number, at in kept.items()} if isinstance(kept, dict) else {}


def _waiting(state: Cursor) -> list[str]:
    kept = state.get("comments")
    return [str(number) for number in kept if str(number).isdigit()] if isinstance(kept, list) else []
