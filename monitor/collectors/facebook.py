"""Facebook pages that you run: posts by you and by visitors, posts that tag you, comments, recommendations.

Webhooks bring them within seconds; polling finds whatever a webhook did not bring, and works without any.

Cursor: a target a page, with a part for each of its lists (`since`, `walk`, `at`), one for its comments (`marks`,
`posts`, `read_at`, `at`) and one for its token.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, model_validator

from monitor.collectors.base import (
    BaseCollector,
    Batch,
    CollectContext,
    Cursor,
    InboundAnswer,
    InboundRequest,
)
from monitor.collectors.facebook_events import Events
from monitor.collectors.facebook_page import EDGES, PageReader
from monitor.collectors.facebook_post import Page
from monitor.collectors.http import HttpSession
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
from monitor.collectors.targets import State, read_targets
from monitor.collectors.urls import WebAddress
from monitor.durations import Duration


class FacebookOptions(MetaOptions):
    """One page, or several of one app: Meta sends an app's webhooks to one address."""

    type: Literal["facebook"] = "facebook"
    page_id: MetaNumber | None = Field(None, description="the page's number")
    access_token: SecretStr | None = Field(None, description="a long-lived page token of that page")
    pages: tuple[MetaAccount, ...] = Field((), description="several pages: {id, access_token, brand}")
    every: Duration = Field(timedelta(minutes=2), ge=timedelta(seconds=10), description="how often they are asked")
    ratings: bool = Field(True, description="read recommendations, as long as Meta gives them")
    api_url: WebAddress = Field("https://graph.facebook.com", description="where the Graph API is")

    @model_validator(mode="after")
    def _some_page(self) -> FacebookOptions:
        if (self.page_id is None) != (self.access_token is None):
            raise ValueError("both `page_id` and `access_token`")
        refuse_none_or_twice(self.all_pages(), "a page", "page_id", "pages")
        return self

    def all_pages(self) -> tuple[MetaAccount, ...]:
        """Every page with its token."""
        return all_accounts(self.page_id, self.access_token, self.pages)

    def default_name(self) -> str:
        """`facebook-` and the first page's number: it can be part of a webhook's address."""
        return f"facebook-{next((page.id for page in self.all_pages()), '')}"


class FacebookCollector(BaseCollector):
    """Walks the pages' lists, reads comments where some came, and takes webhooks."""

    type_name = "facebook"
    Options = FacebookOptions
    verified = True
    fastest: ClassVar[timedelta] = timedelta(seconds=30)
    max_bytes = MAX_BYTES

    def __init__(self, options: FacebookOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        self._hook = MetaHook("page", options.verify_token, options.app_secret)
        self._readers = {page.id: self._reader(page) for page in options.all_pages()}
        self._events = Events({number: reader.page for number, reader in self._readers.items()})
        self._eager = False

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """News of every page, comments, rechecks. Raises SourceError."""
        eager, self._eager = self._eager or context.hot, False
        poll = Poll(context, eager)
        edges = [edge for edge in EDGES if edge != "ratings" or self.options.ratings]

        def read(number: str, state: State) -> Iterator[Batch]:
            return self._readers[number].read(edges, state, poll)

        yield from read_targets(cursor, self._readers, context, read)
        poll.warnings.raise_first()

    def receive(self, request: InboundRequest) -> InboundAnswer:
        """A challenge, or changes that Meta tells of."""
        answer, more = self._hook.receive(request, self._events.read)
        self._eager = self._eager or more
        return answer

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        for reader in self._readers.values():
            yield from reader.again(context)

    def check(self) -> str:
        """Whether each page can be read, what of it, and until when. Raises SourceError."""
        told = [self._check_page(reader) for reader in self._readers.values()]
        return " ".join([*told, self._hook.sentence(self.source)])

    def _check_page(self, reader: PageReader) -> str:
        number = reader.page.number
        name = reader.graph.get(f"/{number}", {"fields": "id,name"}).get("name")
        missing = [edge for edge in EDGES if not self._shows(reader, edge)]
        if "feed" in missing:
            reader.graph.page(f"/{number}/feed", {"fields": "id", "limit": 1})  # raises with Meta's own words
        kept = f", but not its {', '.join(missing)}" if missing else ""
        ends = token_sentence(reader.graph.token_ends())
        return f'The page "{str(name)[:60]}" ({number}) can be read{kept}.{ends}'

    def _shows(self, reader: PageReader, edge: str) -> bool:
        if edge == "ratings" and not self.options.ratings:
            return True
        try:
            reader.graph.page(f"/{reader.page.number}/{edge}", {"fields": EDGES[edge].fields, "limit": 1})
        except GraphError as exc:
            if exc.concerns_all or exc.is_trouble:
                raise
            return False
        return True

    def _reader(self, page: MetaAccount) -> PageReader:
        options = self.options
        base = f"{options.api_url.rstrip('/')}/{options.api_version}"
        graph = Graph(self.http, base, page.access_token, options.app_secret)
        named = Page(page.id, self.source, page.brand, options.language)
        return PageReader(graph, named, options.look_back, options.every)
