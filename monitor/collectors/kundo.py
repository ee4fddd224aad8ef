"""Kundo's public forums: questions, problems, suggestions and praise to Swedish companies and municipalities.

Dialogs come newest first; their comments only by a call of their own, so those of watched threads are read. Times
without a zone are taken as Swedish.

Cursor: a target a forum (`since`, `walk`), one for threads (`read_at` by root) and one for re-reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import quote, urljoin, urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from monitor.collectors.answers import objects
from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceOptions, WatchedThread
from monitor.collectors.html_text import html_to_text
from monitor.collectors.http import Answer, Budget, HttpSession
from monitor.collectors.targets import State, read_lists
from monitor.collectors.threads import read_due_threads
from monitor.collectors.times import dated, parse_time
from monitor.collectors.urls import WebAddress
from monitor.collectors.walks import Page, walk_newest_first
from monitor.durations import Duration
from monitor.mention import Mention, MentionKind, Refusal, Removal

PLATFORM = "kundo"
OVERLAP = timedelta(minutes=70)
PER_PAGE = 50
PAGES_A_POLL = 10
THREADS_A_POLL = 10
_SWEDISH = ZoneInfo("Europe/Stockholm")


class KundoOptions(SourceOptions):
    """Public forums by the name in their address."""

    type: Literal["kundo"] = "kundo"
    forums: tuple[str, ...] = Field(min_length=1, description="the forums' names, as in kundo.se/org/NAME")
    api_url: WebAddress = Field("https://kundo.se", description="where the forums are")
    every: Duration = Field(timedelta(minutes=5), ge=timedelta(minutes=1), description="how often they are asked")
    comments: bool = Field(True, description="follow the comments of dialogs that concern a brand")
    look_back: Duration = Field(timedelta(days=1), description="how far back the first poll goes")

    @field_validator("forums")
    @classmethod
    def _plain_names(cls, forums: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(forum.rstrip("/").rpartition("/")[2] for forum in forums)
        if not all(name and name.replace("-", "").replace("_", "").isalnum() for name in names):
            raise ValueError("forums by the last part of their addresses: of kundo.se/org/nordtag it is nordtag")
        return names

    def default_name(self) -> str:
        """`kundo` and the first forum."""
        return f"kundo {self.forums[0]}"


@dataclass(frozen=True, slots=True)
class _Forum:
    """A forum: the ids of its dialogs and comments."""

    host: str
    name: str

    def dialog_id(self, number: object) -> str:
        return f"{self.host}/{self.name}/{_number(number)}"

    def number_of(self, global_id: str) -> str | None:
        """The number of one of its dialogs; None for anything else."""
        head, _, number = global_id.rpartition("/")
        return number if head == f"{self.host}/{self.name}" and number.isdigit() else None


class KundoCollector(BaseCollector):
    """Walks each forum's dialogs; reads comments of watched ones."""

    type_name = "kundo"
    Options = KundoOptions
    verified = False
    rechecks_a_poll = 10
    budget: ClassVar[Budget] = Budget(20, timedelta(minutes=1))  # none is published
    fastest: ClassVar[timedelta] = timedelta(minutes=1)

    def __init__(self, options: KundoOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        host = urlsplit(options.api_url).netloc
        self._forums = {name: _Forum(host, name) for name in options.forums}

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New dialogs of every forum, comments of due threads, rechecks. Raises SourceError."""

        def read(key: str, state: State) -> Iterator[Batch]:
            return walk_newest_first(
                state,
                lambda token: self._page(self._forums[key.removeprefix("forum ")], token, context.now),
                context,
                overlap=OVERLAP,
                look_back=self.options.look_back,
                max_pages=PAGES_A_POLL,
            )

        threads = self._read_threads if self.options.comments else None
        return read_lists(
            cursor,
            (f"forum {name}" for name in self._forums),
            context,
            read,
            threads=threads,
            again=self.read_again,
        )

    def check(self) -> str:
        """Whether each forum is there and public. Raises SourceError."""
        for name in self._forums:
            _objects(self._get(f"/api/{name}.json", {}))
        return f"{urlsplit(self.options.api_url).netloc} shows {len(self._forums)} public forum(s)."

    def _page(self, forum: _Forum, token: str | None, now: datetime) -> Page:
        start = int(token) if token and token.isdigit() else 0
        answer = self._get(f"/api/{forum.name}.json", {"sort": "-pub_date", **({"start": start} if start else {})})
        dialogs = _objects(answer)
        mentions, refusals = self._read(dialogs, forum, None, now)
        older = str(start + len(dialogs)) if dialogs else None
        return Page(tuple(mentions), older, refusals=tuple(refusals))

    def _read(
        self, items: list[Mapping[str, Any]], forum: _Forum, dialog: str | None, now: datetime
    ) -> tuple[list[Mention], list[Refusal]]:
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        for item in items:
            try:
                mentions.append(self._mention(item, forum, dialog, now))
            except (ValueError, TypeError, AttributeError) as exc:
                where = f"{forum.name} {'comment' if dialog else 'dialog'} {str(item.get('id'))[:30]}"
                refusals.append(Refusal(where, f"cannot be understood: {str(exc)[:100]}"))
        return mentions, refusals

    def _mention(self, item: Mapping[str, Any], forum: _Forum, dialog: str | None, now: datetime) -> Mention:
        """A dialog, or (`dialog` is its global id) one of its comments. Raises ValueError."""
        user = item.get("user")
        person = user.get("id") if isinstance(user, Mapping) else None  # a first name is no identity
        link = item.get("absolute_url")
        return Mention(
            platform=PLATFORM,
            global_id=f"{dialog}/comments/{_number(item.get('id'))}"
            if dialog
            else forum.dialog_id(item.get("id")),
            source=self.source,
            text=_text(item),
            created_at=dated(_time(item.get("pub_date")), now),
            kind=MentionKind.COMMENT if dialog else MentionKind.POST,
            url=urljoin(self.options.api_url, link) if isinstance(link, str) and link else None,
            author=f"{forum.host}/users/{person}" if isinstance(person, int | str) else None,
            parent_id=dialog,
            thread_id=dialog or forum.dialog_id(item.get("id")),
            language=self.options.language or "sv",
        )

    def _read_threads(self, state: State, context: CollectContext) -> Iterator[Batch]:
        def read(thread: WatchedThread) -> Batch:
            place = next(iter(self._places((thread.root_id,))), None)
            if place is None:
                return Batch()
            forum, number = place
            answer = self._get(f"/api/comment/{forum.name}/{number}.json", {}, also_ok=(404,))
            found = _objects(answer) if answer.status == 200 else []
            mentions, refusals = self._read(found, forum, thread.root_id, context.now)
            return Batch(tuple(mentions), refusals=tuple(refusals))

        return read_due_threads(state, context, PLATFORM, self.options.every, THREADS_A_POLL, read)

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        for forum, number in self._places(context.recheck)[: self.rechecks_a_poll]:
            if context.stopping():
                return
            answer = self._get(f"/api/dialog/{forum.name}/{number}.json", {}, also_ok=(404, 410))
            if answer.status != 200:
                yield Batch(removals=(Removal(PLATFORM, forum.dialog_id(number)),))
                continue
            found = answer.json()
            dialogs = [found] if isinstance(found, Mapping) else _objects(answer)
            mentions, refusals = self._read(dialogs, forum, None, context.now)
            yield Batch(tuple(mentions), refusals=tuple(refusals))

    def _places(self, ids: tuple[str, ...]) -> list[tuple[_Forum, str]]:
        """The dialogs among ids that are in one of our forums."""
        return [(f, number) for i in ids for f in self._forums.values() if (number := f.number_of(i)) is not None]

    def _get(self, path: str, params: Mapping[str, Any], also_ok: tuple[int, ...] = ()) -> Answer:
        return self.http.get(f"{self.options.api_url}{quote(path)}", params=params, also_ok=also_ok)


def _objects(answer: Answer) -> list[Mapping[str, Any]]:
    found = answer.json()
    if not isinstance(found, list):
        raise answer.error("answered something else than a list.", remedy="Check the forum's name in `forums`.")
    return objects(found)


def _number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isdigit():
        raise ValueError("an entry without a number")
    return str(value)


def _text(item: Mapping[str, Any]) -> str:
    parts = [item.get("title") or "", item.get("text") or ""]
    if not all(isinstance(part, str) for part in parts):
        raise ValueError("an entry whose text is no text")
    title, text = (html_to_text(part).text for part in parts)
    whole = text if text.startswith(title) else f"{title}\n{text}".strip()
    if not whole:
        raise ValueError("an entry without text")
    return whole


def _time(value: object) -> datetime | None:
    """A time as the forum writes it: without a zone it is Swedish."""
    try:
        plain = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        plain = None
    if plain is not None and plain.tzinfo is None:
        return parse_time(plain.replace(tzinfo=_SWEDISH))
    return parse_time(value)
