"""Zendesk: every ticket that is created or changed, by the incremental export, and what customers add to them.

The export is a stream by itself: its cursor never expires, repeats nothing and leaves out the last minute, so
there is no overlap. Internal notes and agents' answers are never taken as customers' voice.

Cursor: `after` (the export's own), `since` (when it was last read to its end, should `after` be refused),
`comments` ({ticket id: [requester and copied people], …}: tickets whose comments are still to be read).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from monitor.collectors.answers import HttpError, objects
from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceError, SourceOptions
from monitor.collectors.desk import Desk
from monitor.collectors.http import Budget, HttpSession
from monitor.collectors.urls import WebAddress
from monitor.collectors.zendesk_ticket import PLATFORM, ZENDESK, comment_of, people_of, ticket_of
from monitor.durations import Duration
from monitor.mention import Mention, Refusal, Removal

PAGES_A_POLL = 5
COMMENTS_A_POLL = 40
PER_PAGE = 200
LEFT_OUT = timedelta(minutes=2)  # the export leaves out the last minute and refuses to start within it
_EXPORT_COST = 20  # ten exports a minute of two hundred calls
_OVERLAP = timedelta(hours=1)
_CURSOR_REFUSED = (400, 404, 422)


class ZendeskOptions(SourceOptions):
    """An account's tickets. `brand` is best set: customers of a desk seldom name the company."""

    type: Literal["zendesk"] = "zendesk"
    url: WebAddress = Field(description="the account's address, https://NAME.zendesk.com")
    email: str | None = Field(None, description="the admin whose API token it is")
    token: SecretStr | None = Field(None, description="an API token (with `email`)")
    oauth_token: SecretStr | None = Field(
        None, description="an OAuth access token with `read`, instead of the two"
    )
    every: Duration = Field(timedelta(minutes=1), ge=timedelta(seconds=10), description="how often it is asked")
    comments: bool = Field(True, description="read what customers add to their tickets")
    look_back: Duration = Field(timedelta(days=1), description="how far back the first poll goes")

    @model_validator(mode="after")
    def _one_login(self) -> ZendeskOptions:
        by_token = self.email is not None and self.token is not None
        if by_token == (self.oauth_token is not None) or (self.email is None) != (self.token is None):
            raise ValueError("either `email` and `token`, or `oauth_token`")
        return self

    def default_name(self) -> str:
        """`zendesk` and the account's host."""
        return f"zendesk {urlsplit(self.url).hostname}"


class ZendeskCollector(BaseCollector):
    """Reads the export, then the comments of tickets that changed."""

    type_name = "zendesk"
    Options = ZendeskOptions
    verified = True
    budget: ClassVar[Budget] = Budget(200, timedelta(minutes=1))

    def __init__(self, options: ZendeskOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        self._desk = Desk(ZENDESK, options.url, self.source, options.language)

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New and changed tickets, deleted ones as removals, then customers' comments. Raises SourceError."""
        state = dict(cursor)
        for _ in range(PAGES_A_POLL):
            if context.stopping():
                return
            page = self._page(state, context.now)
            tickets = objects(page.get("tickets") or ())
            batch = self._read(tickets, state)
            at_end = page.get("end_of_stream") is True or not tickets
            self._move(state, page, at_end, context.now)
            yield Batch(batch.mentions, removals=batch.removals, refusals=batch.refusals, cursor=dict(state))
            if at_end:
                break
        yield from self._read_comments(state, context)

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """Tickets as they are now, before an alert quotes them; polls are told of changes by the export itself."""
        place = f"{self._desk.host}/tickets/"
        numbers = [found.removeprefix(place) for found in context.recheck if found.startswith(place)]
        asked = [number for number in numbers if number.isdigit()][: self.rechecks_a_poll]
        if not asked:
            return
        answer = self.http.get(
            f"{self.options.url}/api/v2/tickets/show_many.json",
            params={"ids": ",".join(asked)},
            credentials=self._login(),
        )
        found = answer.json()
        tickets = found.get("tickets") if isinstance(found, Mapping) else None
        if not isinstance(tickets, list):
            raise answer.error("answered without tickets.", remedy="Check `url`: is it the account's address?")
        shown = objects(tickets)
        gone = set(asked) - {str(ticket.get("id")) for ticket in shown}
        batch = self._read(shown, {})
        removals = (*batch.removals, *(Removal(PLATFORM, f"{place}{number}") for number in sorted(gone)))
        yield Batch(batch.mentions, removals=removals, refusals=batch.refusals)

    def check(self) -> str:
        """Whether the export answers; it is open to admins only. Raises SourceError."""
        page = self._export({"start_time": 0, "per_page": 1})
        return f"{self._desk.host} exports its tickets" + ("." if page.get("tickets") else "; there is none yet.")

    # --- tickets

    def _page(self, state: Cursor, now: datetime) -> Mapping[str, Any]:
        after = state.get("after")
        if isinstance(after, str):
            try:
                return self._export({"cursor": after, "per_page": PER_PAGE})
            except HttpError as exc:
                if exc.status not in _CURSOR_REFUSED:
                    raise
        return self._export({"start_time": int(self._start(state, now).timestamp()), "per_page": PER_PAGE})

    def _start(self, state: Cursor, now: datetime) -> datetime:
        try:
            start = datetime.fromisoformat(state["since"]) - _OVERLAP
        except (KeyError, TypeError, ValueError):
            start = now - self.options.look_back
            state["since"] = (start + _OVERLAP).isoformat()
        return min(start, now - LEFT_OUT)

    def _export(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = self.http.get(
            f"{self.options.url}/api/v2/incremental/tickets/cursor.json",
            params=params,
            credentials=self._login(),
            cost=_EXPORT_COST,
        )
        page = answer.json()
        if not isinstance(page, Mapping) or not isinstance(page.get("tickets"), list):
            raise answer.error("answered without tickets.", remedy="Check `url`: is it the account's address?")
        return page

    def _move(self, state: Cursor, page: Mapping[str, Any], at_end: bool, now: datetime) -> None:
        after = page.get("after_cursor")
        if isinstance(after, str) and after:
            state["after"] = after
        if at_end:
            state["since"] = now.isoformat()

    def _read(self, tickets: list[Mapping[str, Any]], state: Cursor) -> Batch:
        mentions: list[Mention] = []
        removals: list[Removal] = []
        refusals: list[Refusal] = []
        waiting = _waiting(state)
        for ticket in tickets:
            try:
                if ticket.get("status") == "deleted":
                    removals.append(Removal(PLATFORM, self._desk.ticket_id(ticket["id"])))
                    waiting.pop(str(ticket["id"]), None)
                    continue
                mention = ticket_of(ticket, self._desk)
                mentions.append(mention)
                if self.options.comments and mention.edited_at is not None:
                    waiting[str(ticket["id"])] = people_of(ticket)
            except (ValueError, TypeError, AttributeError, KeyError) as exc:
                where = f"{self._desk.host} ticket {str(ticket.get('id'))[:30]}"
                refusals.append(Refusal(where, f"cannot be understood: {str(exc)[:100]}"))
        state["comments"] = waiting
        return Batch(tuple(mentions), removals=tuple(removals), refusals=tuple(refusals))

    # --- comments

    def _read_comments(self, state: Cursor, context: CollectContext) -> Iterator[Batch]:
        for number, people in list(_waiting(state).items())[:COMMENTS_A_POLL]:
            if context.stopping():
                return
            mentions: list[Mention] = []
            refusals: list[Refusal] = []
            try:
                mentions, refusals = self._comments(number, people)
            except HttpError as exc:
                if exc.status not in (403, 404):  # merged, or not for this account: nothing to wait for
                    raise
            waiting = _waiting(state)
            waiting.pop(number, None)
            state["comments"] = waiting
            yield Batch(tuple(mentions), refusals=tuple(refusals), cursor=dict(state))

    def _comments(self, number: str, people: list[str]) -> tuple[list[Mention], list[Refusal]]:
        """What customers added, from the last hundred comments of a ticket (the first is the ticket itself)."""
        params = {"page[size]": 100, "sort": "-created_at", "include_inline_images": "false"}
        url = f"{self.options.url}/api/v2/tickets/{number}/comments.json"
        found = self.http.get(url, params=params, credentials=self._login()).json()
        comments = found.get("comments") if isinstance(found, Mapping) else None
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        for comment in comments if isinstance(comments, list) else ():
            try:
                mention = comment_of(comment, number, people, self._desk)
            except (ValueError, TypeError, AttributeError, KeyError) as exc:
                where = f"{self._desk.host} ticket {number}, a comment"
                refusals.append(Refusal(where, f"cannot be understood: {str(exc)[:100]}"))
                continue
            if mention is not None:
                mentions.append(mention)
        return _without_first(mentions, comments), refusals

    def _login(self) -> dict[str, str]:
        if self.options.oauth_token is not None:
            return {"Authorization": f"Bearer {self.options.oauth_token.get_secret_value()}"}
        if self.options.token is None:
            raise SourceError("Zendesk needs a login.", remedy="Set `email` and `token`.", permanent=True)
        pair = f"{self.options.email}/token:{self.options.token.get_secret_value()}"
        encoded = b64encode(pair.encode()).decode("ascii")
        self.http.hide(encoded)
        return {"Authorization": f"Basic {encoded}"}


def _waiting(state: Cursor) -> dict[str, list[str]]:
    kept = state.get("comments")
    if not isinstance(kept, dict):
        return {}
    return {str(key): list(people) for key, people in kept.items() if isinstance(people, list)}


def _without_first(mentions: list[Mention], comments: object) -> list[Mention]:
    """The first comment of a ticket is its description, which is the ticket's own mention.

    A ticket with more than a hundred comments does not show its first one here.
    """
    found = [c for c in comments if isinstance(c, Mapping)] if isinstance(comments, list) else []
    if not found or len(found) >= 100:
        return mentions
    first = min(found, key=lambda comment: str(comment.get("created_at")))
    return [mention for mention in mentions if not mention.global_id.endswith(f"/comments/{first.get('id')}")]
