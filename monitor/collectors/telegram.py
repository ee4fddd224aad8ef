"""Telegram: what is written in the channels and groups to which a bot was added.

Updates are asked for by number; asking for the next ones lets the platform forget those before, so each page is
stored before the next one is asked for. What nobody asks for within a day is lost there.

Cursor: `offset` (the number of the next update), `at` (when the last one came).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from monitor.collectors.answers import Answer, HttpError, objects
from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceError, SourceOptions
from monitor.collectors.http import Budget, HttpSession
from monitor.collectors.telegram_post import Labels, mention_of, message_in
from monitor.collectors.times import parse_time
from monitor.collectors.urls import WebAddress
from monitor.durations import Duration
from monitor.mention import Mention, Refusal

PAGE_SIZE = 100
PAGES_A_POLL = 20
KINDS = ("message", "edited_message", "channel_post", "edited_channel_post")
NUMBERS_RESTART_AFTER = timedelta(days=6)  # after a week without any update the platform draws a new number
_WAIT = re.compile(r'"retry_after":\s*(\d{1,6})')


class TelegramOptions(SourceOptions):
    """A bot, and which of its chats count."""

    type: Literal["telegram"] = "telegram"
    token: SecretStr = Field(description="the bot's token, from @BotFather")
    chats: tuple[str, ...] = Field((), description="@names or numbers of chats; default: all the bot is in")
    api_url: WebAddress = Field("https://api.telegram.org", description="where the Bot API is")
    every: Duration = Field(timedelta(minutes=1), ge=timedelta(seconds=5), description="how often it is asked")


class TelegramCollector(BaseCollector):
    """Reads a bot's updates."""

    type_name = "telegram"
    Options = TelegramOptions
    verified = True
    budget: ClassVar[Budget] = Budget(120, timedelta(minutes=1))  # none is published for reading
    fastest: ClassVar[timedelta] = timedelta(seconds=5)

    def __init__(self, options: TelegramOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        self._labels = Labels(self.source, options.brand, options.language)
        self._chats = {chat.strip().lower().removeprefix("@") for chat in options.chats}

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New and edited messages, oldest first. Raises SourceError."""
        offset = _offset(cursor, context.now)
        for _ in range(PAGES_A_POLL):
            updates = self._updates(offset)
            numbers = [n for update in updates if isinstance(n := update.get("update_id"), int)]
            following = max(numbers, default=-1) + 1
            if not numbers or (offset is not None and following <= offset):
                yield Batch()
                return
            mentions, refusals = self._mentions(updates, context.now)
            offset = following
            kept = {"offset": offset, "at": context.now.isoformat()}
            yield Batch(tuple(mentions), refusals=tuple(refusals), cursor=kept)
            if context.stopping():
                return

    def check(self) -> str:
        """Who the bot is, and whether it may read groups. Raises SourceError."""
        me = self._call("getMe", {})
        name = str(me.get("username") or "?") if isinstance(me, Mapping) else "?"
        groups = "reads" if isinstance(me, Mapping) and me.get("can_read_all_group_messages") else "does not read"
        hint = "" if groups == "reads" else " until its privacy mode is switched off at @BotFather"
        return f"@{name} answers; it sees the channels to which it was added, and {groups} groups{hint}."

    def _updates(self, offset: int | None) -> list[Mapping[str, Any]]:
        params: dict[str, Any] = {"limit": PAGE_SIZE, "allowed_updates": json.dumps(KINDS)}
        found = self._call("getUpdates", params | ({"offset": offset} if offset is not None else {}))
        if not isinstance(found, list):
            raise SourceError("The Bot API answered without updates.", remedy="Check `api_url`.")
        return objects(found)

    def _mentions(self, updates: list[Mapping[str, Any]], now: datetime) -> tuple[list[Mention], list[Refusal]]:
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        for update in updates:
            try:
                if "update_id" not in update:
                    raise ValueError("an update without a number")
                message = message_in(update, KINDS)
                if message is not None and self._is_wanted(message):
                    made = mention_of(message, self._labels, now)
                    mentions += [made] if made.text else []
            except (ValueError, TypeError, AttributeError, KeyError) as exc:
                where = f"update {str(update.get('update_id'))[:20]}"
                refusals.append(Refusal(where, f"cannot be understood: {str(exc)[:100]}"))
        return mentions, refusals

    def _is_wanted(self, message: Mapping[str, Any]) -> bool:
        """Whether it was written in one of the chats; what people write to the bot itself is theirs alone."""
        chat = message["chat"]
        if chat.get("type") == "private":
            return False
        if chat.get("type") not in ("channel", "group", "supergroup"):
            raise ValueError("a chat of an unknown type")
        names = {str(chat.get("id")), str(chat.get("username") or "").lower()}
        return not self._chats or not self._chats.isdisjoint(names)

    def _call(self, method: str, params: Mapping[str, Any]) -> Any:
        token = quote(self.options.token.get_secret_value(), safe=":")
        try:
            answer = self.http.get(f"{self.options.api_url}/bot{token}/{method}", params=params)
        except HttpError as exc:
            raise _in_words(exc) from None
        return _result(answer)


def _result(answer: Answer) -> Any:
    found = answer.json()
    if not isinstance(found, Mapping) or found.get("ok") is not True:
        raise answer.error("did not answer as the Bot API does.", remedy="Check `api_url`.")
    return found.get("result")


def _in_words(exc: HttpError) -> SourceError:
    wait = _WAIT.search(exc.body)
    if exc.status == 409:
        return SourceError(
            "Another program reads this bot's updates, or a webhook is set for it (409).",
            remedy="Use a bot of its own for the monitor.",
            permanent=True,
        )
    if exc.status in (401, 404):
        return SourceError(
            f"Telegram does not know the bot's token ({exc.status}).",
            remedy="Copy the token anew from @BotFather.",
            permanent=True,
        )
    if exc.status == 429 and wait and exc.retry_after is None:
        exc.retry_after = timedelta(seconds=int(wait[1]))
    return exc


def _offset(cursor: Cursor, now: datetime) -> int | None:
    """The number to go on from; None where there is none, or none that can still be trusted."""
    offset, at = cursor.get("offset"), parse_time(cursor.get("at"))
    if isinstance(offset, bool) or not isinstance(offset, int) or at is None:
        return None
    return offset if now - at < NUMBERS_RESTART_AFTER else None
