"""Instagram accounts that you run: comments, mentions, media that tag you, hashtags.

Webhooks bring comments within seconds, and mentions in others' comments and captions, which come no other way;
polling finds everything else that a webhook did not bring.

Cursor: a target an account, with a part each for its media (`since`, `walk`, `own`), comments (`marks`, `posts`,
`read_at`, `at`, `start`), tags, hashtags (`ids`, `walks`) and its token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, InboundAnswer, InboundRequest
from monitor.collectors.http import HttpSession
from monitor.collectors.instagram_account import AccountReader
from monitor.collectors.instagram_events import Events, NotNow
from monitor.collectors.instagram_post import MEDIA_FIELDS, Account
from monitor.collectors.meta_api import Graph, GraphError, token_sentence
from monitor.collectors.meta_hook import MAX_BYTES, MetaHook
from monitor.collectors.meta_options import (
    MetaAccount,
    MetaNumber,
    MetaOptions,
    all_accounts,
    refuse_none_or_twice,
)
from monitor.collectors.meta_parts import Poll
from monitor.collectors.targets import read_targets
from monitor.collectors.urls import WebAddress
from monitor.durations import Duration

MOST_HASHTAGS = 30
"""Different ones that an account may ask for in seven days (Meta's documentation)."""

_HOSTS = {"facebook": "https://graph.facebook.com", "instagram": "https://graph.instagram.com"}
_TAG = re.compile(r"\w{1,100}")


class InstagramOptions(MetaOptions):
    """One account, or several of one app: Meta sends an app's webhooks to one address."""

    type: Literal["instagram"] = "instagram"
    user_id: MetaNumber | None = Field(None, description="the professional account's number (17841…)")
    access_token: SecretStr | None = Field(None, description="a long-lived token for that account")
    accounts: tuple[MetaAccount, ...] = Field((), description="several accounts: {id, access_token, brand}")
    login: Literal["facebook", "instagram"] = Field(
        "facebook", description="how the token was made; tags, mentions and hashtags need `facebook`"
    )
    hashtags: tuple[str, ...] = Field((), max_length=MOST_HASHTAGS, description="hashtags to read, at most 30")
    every: Duration = Field(timedelta(minutes=2), ge=timedelta(seconds=10), description="how often they are asked")
    api_url: WebAddress | None = Field(None, description="where the Graph API is (default: by `login`)")

    @field_validator("hashtags")
    @classmethod
    def _plain_tags(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        plain = tuple(dict.fromkeys(tag.strip().removeprefix("#").lower() for tag in tags))
        wrong = [tag for tag in plain if not _TAG.fullmatch(tag)]
        if wrong:
            raise ValueError(f"expected hashtags of one word of letters and digits, found {', '.join(wrong)}")
        return plain

    @model_validator(mode="after")
    def _some_account(self) -> InstagramOptions:
        if (self.user_id is None) != (self.access_token is None):
            raise ValueError("both `user_id` and `access_token`")
        refuse_none_or_twice(self.all_accounts(), "an account", "user_id", "accounts")
        if self.hashtags and self.login != "facebook":
            raise ValueError("`login: facebook` beside `hashtags`: no other login may read them")
        return self

    def all_accounts(self) -> tuple[MetaAccount, ...]:
        """Every account with its token."""
        return all_accounts(self.user_id, self.access_token, self.accounts)

    def base(self) -> str:
        """Where the API is, with its version."""
        return f"{(self.api_url or _HOSTS[self.login]).rstrip('/')}/{self.api_version}"

    def default_name(self) -> str:
        """`instagram-` and the first account's number: it can be part of a webhook's address."""
        return f"instagram-{next((account.id for account in self.all_accounts()), '')}"


class InstagramCollector(BaseCollector):
    """Reads accounts part by part, and takes webhooks."""

    type_name = "instagram"
    Options = InstagramOptions
    verified = True
    fastest: ClassVar[timedelta] = timedelta(seconds=30)
    max_bytes = MAX_BYTES

    def __init__(self, options: InstagramOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        self._hook = MetaHook("instagram", options.verify_token, options.app_secret)
        accounts = options.all_accounts()
        self._readers = {a.id: self._reader(a, hashtags=a is accounts[0]) for a in accounts}
        self._events = Events(self._readers)
        self._eager = False

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """News of every account. Raises SourceError."""
        eager, self._eager = self._eager or context.hot, False
        poll = Poll(context, eager)
        yield from read_targets(
            cursor, self._readers, context, lambda number, state: self._readers[number].read(state, poll)
        )
        poll.warnings.raise_first()

    def receive(self, request: InboundRequest) -> InboundAnswer:
        """A challenge, or changes that Meta tells of."""
        try:
            answer, more = self._hook.receive(request, self._events.read)
        except NotNow:
            return InboundAnswer(status=503, text="cannot be looked up now; send it again")
        self._eager = self._eager or more
        return answer

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        for reader in self._readers.values():
            yield from reader.again(context)

    def check(self) -> str:
        """Whether each account can be read, what of it, and until when. Raises SourceError."""
        told = [self._check_account(reader) for reader in self._readers.values()]
        return " ".join([*told, self._hook.sentence(self.source)])

    def _check_account(self, reader: AccountReader) -> str:
        number, graph = reader.account.number, reader.graph
        name = str(graph.get(f"/{number}", {"fields": "id,username"}).get("username"))[:60]
        graph.page(f"/{number}/media", {"fields": MEDIA_FIELDS, "limit": 1})
        kept = "" if reader.tagged else ", without tags, mentions and hashtags (they need `login: facebook`)"
        ends = ""
        if reader.tagged:
            kept = ", but not its tags" if _shows(reader, "tags", MEDIA_FIELDS) is None else ""
            ends = token_sentence(graph.token_ends())
        used = ""
        if reader.hashtags:
            found = _shows(reader, "recently_searched_hashtags", "id,name")
            count = f"{len(found or ())} of {MOST_HASHTAGS} hashtags of these seven days are used"
            used = f" {'Hashtags may not be read' if found is None else count}."
        return f"The account @{name} ({number}) can be read{kept}.{used}{ends}"

    def _reader(self, account: MetaAccount, *, hashtags: bool) -> AccountReader:
        options = self.options
        by_facebook = options.login == "facebook"
        secret = options.app_secret if by_facebook else None  # the proof is documented for Facebook's host only
        return AccountReader(
            Graph(self.http, options.base(), account.access_token, secret),
            Account(account.id, self.source, account.brand, options.language),
            options.look_back,
            options.every,
            options.hashtags if hashtags else (),
            tagged=by_facebook,
        )


def _shows(reader: AccountReader, name: str, fields: str) -> tuple[Mapping[str, object], ...] | None:
    """The first items of a list; None when it may not be read. Raises SourceError."""
    params = {"fields": fields, "limit": MOST_HASHTAGS}
    try:
        return reader.graph.page(f"/{reader.account.number}/{name}", params).items
    except GraphError as exc:
        if exc.concerns_all or exc.is_trouble:
            raise
        return None
