"""Trustpilot: reviews of your own company, told by its webhook and repaired by polling.

Reviews are held back, hidden and shown again, so now and then the last days are read anew.

Cursor: `units` (domain → id), a target a unit (`since`, `walk`, `deep_at`), one for re-reading.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr

from monitor.collectors.answers import HttpError
from monitor.collectors.base import (
    BaseCollector,
    Batch,
    CollectContext,
    Cursor,
    InboundAnswer,
    InboundRequest,
    SourceOptions,
)
from monitor.collectors.deeper import deepened
from monitor.collectors.http import Answer, Budget, HttpSession
from monitor.collectors.targets import State, read_lists
from monitor.collectors.trustpilot_review import PLATFORM, REVIEW, native_id, review_of
from monitor.collectors.urls import WebAddress
from monitor.collectors.walks import Page, walk_newest_first
from monitor.durations import Duration
from monitor.mention import Mention, Refusal, Removal

OVERLAP, DEEP_OVERLAP, DEEP_EVERY = timedelta(hours=2), timedelta(days=3), timedelta(hours=6)
PER_PAGE = 100
PAGES_A_POLL = 20
MAX_EVENTS = 1_000
_UNIT = re.compile(r"[0-9A-Za-z]{1,64}")


class TrustpilotOptions(SourceOptions):
    """Your business units, and the token that Trustpilot's webhook shows."""

    type: Literal["trustpilot"] = "trustpilot"
    api_key: SecretStr = Field(description="the API key of your business account")
    business_units: tuple[str, ...] = Field(
        min_length=1, description="domains (nordtag.se) or ids of business units"
    )
    webhook_token: SecretStr | None = Field(
        None, min_length=16, description="if set, Trustpilot may send to /hooks/NAME?token=…"
    )
    max_bytes: int = Field(1_000_000, gt=0, le=10_000_000, description="the largest body of its webhook")
    every: Duration = Field(timedelta(minutes=10), ge=timedelta(minutes=1), description="how often it is asked")
    look_back: Duration = Field(timedelta(days=2), description="how far back the first poll goes")
    api_url: WebAddress = Field("https://api.trustpilot.com", description="where the API is")

    def default_name(self) -> str:
        """`trustpilot`."""
        return "trustpilot"


class TrustpilotCollector(BaseCollector):
    """Polls reviews, and takes the events that it is sent."""

    type_name = "trustpilot"
    Options = TrustpilotOptions
    verified = True
    budget: ClassVar[Budget] = Budget(300, timedelta(minutes=5))
    fastest: ClassVar[timedelta] = timedelta(minutes=1)

    def __init__(self, options: TrustpilotOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        self.max_bytes = options.max_bytes

    # --- polling

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New and changed reviews of every unit, rechecks. Raises SourceError."""
        kept = cursor.get("units")
        units: dict[str, str] = dict(kept) if isinstance(kept, dict) else {}

        def read(key: str, state: State) -> Iterator[Batch]:
            return self._read_unit(key, units, state, context)

        for batch in read_lists(cursor, self.options.business_units, context, read, again=self.read_again):
            yield replace(batch, cursor={**(batch.cursor or {}), "units": dict(units)})

    def check(self) -> str:
        """Whether the key may read the units. Raises SourceError."""
        for unit in self.options.business_units:
            self._page(self._unit(unit, {}), "1", None)
        hook = f", and its webhook may send to /hooks/{self.source}" if self.options.webhook_token else ""
        return f"Trustpilot lists the reviews of {', '.join(self.options.business_units)}{hook}."

    def _read_unit(
        self, name: str, units: dict[str, str], state: State, context: CollectContext
    ) -> Iterator[Batch]:
        unit = self._unit(name, units)
        state, overlap = deepened(state, context.now, DEEP_EVERY, OVERLAP, DEEP_OVERLAP)
        try:
            yield from walk_newest_first(
                state,
                lambda token: self._page(unit, token or "1", context.now),
                context,
                overlap=overlap,
                look_back=self.options.look_back,
                max_pages=PAGES_A_POLL,
            )
        except HttpError as exc:
            if exc.status == 404:  # perhaps a company has another id now
                units.pop(name, None)
            raise

    def _unit(self, name: str, units: dict[str, str]) -> str:
        """The id of a business unit; a domain is looked up once."""
        if "." not in name:
            return name
        if name not in units:
            answer = self._get("/business-units/find", {"name": name})
            found = answer.json()
            number = found.get("id") if isinstance(found, Mapping) else None
            if not isinstance(number, str) or not _UNIT.fullmatch(number):
                raise answer.error(f"does not know the company {name}.", remedy="Check `business_units`.")
            units[name] = number
        return units[name]

    def _page(self, unit: str, page: str, now: datetime | None) -> Page:
        asked = {"orderBy": "createdat.desc", "page": page, "perPage": PER_PAGE}
        answer = self._get(f"/business-units/{unit}/reviews", asked)
        found = answer.json()
        reviews = found.get("reviews") if isinstance(found, Mapping) else None
        if not isinstance(reviews, list):
            raise answer.error(
                "answered without a list of reviews.", remedy="Check `business_units` and `api_url`."
            )
        mentions, refusals = self._read(reviews, now)
        following = str(int(page) + 1) if reviews and page.isdecimal() else None
        return Page(tuple(mentions), following, refusals=tuple(refusals))

    def _read(self, reviews: list[Any], now: datetime | None) -> tuple[list[Mention], list[Refusal]]:
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        for number, review in enumerate(reviews, 1):
            try:
                mentions.append(review_of(review, self.source, self.options.language, now))
            except (ValueError, TypeError, AttributeError) as exc:
                refusals.append(Refusal(f"Trustpilot review {number}", f"cannot be understood: {str(exc)[:100]}"))
        return mentions, refusals

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        for global_id in context.recheck:
            number = native_id(global_id)
            if number is not None and not context.stopping():
                yield self._again(global_id, number, context.now)

    def _again(self, global_id: str, number: str, now: datetime) -> Batch:
        answer = self._get(f"/reviews/{number}", {}, also_ok=(404, 410))
        if answer.status != 200:
            return Batch(removals=(Removal(PLATFORM, global_id),))
        mentions, refusals = self._read([answer.json()], now)
        return Batch(tuple(mentions), refusals=tuple(refusals))

    def _get(self, path: str, params: Mapping[str, Any], also_ok: tuple[int, ...] = ()) -> Answer:
        login = {"apikey": self.options.api_key.get_secret_value()}
        url = f"{self.options.api_url}/v1{path}"
        try:
            return self.http.get(url, params=params, credentials=login, also_ok=also_ok)
        except HttpError as exc:
            if exc.status in (401, 403):
                exc.remedy = "Check `api_key`; the API belongs to paid business accounts only."
            raise

    # --- the webhook

    def receive(self, request: InboundRequest) -> InboundAnswer:
        """Check the token in the address, then read the events."""
        if self.options.webhook_token is None:
            return InboundAnswer(status=404, text="no such hook")
        if request.method != "POST":
            return InboundAnswer(status=405, text="send events by POST")
        given, expected = request.query.get("token", ""), self.options.webhook_token.get_secret_value()
        if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
            return InboundAnswer(status=401, text="the token in the address is not right")
        try:
            events = json.loads(request.body)["events"]
        except (ValueError, TypeError, KeyError, RecursionError):
            events = None
        if not isinstance(events, list) or len(events) > MAX_EVENTS:
            return InboundAnswer(status=400, text="expected an object with a list of events")
        return InboundAnswer(self._batch(events, request.received_at))

    def _batch(self, events: list[Any], now: datetime) -> Batch:
        """Reviews that were written, changed or deleted; other events are named in the notes."""
        parts: list[Batch] = []
        for number, event in enumerate(events, 1):
            where = f"event {number}"
            try:
                parts.append(self._event(event, where, now))
            except (ValueError, TypeError, AttributeError, KeyError) as exc:
                parts.append(Batch(refusals=(Refusal(where, f"cannot be understood: {str(exc)[:100]}"),)))
        return Batch(
            tuple(mention for part in parts for mention in part.mentions),
            removals=tuple(gone for part in parts for gone in part.removals),
            refusals=tuple(refusal for part in parts for refusal in part.refusals),
            notes=tuple(note for part in parts for note in part.notes),
        )

    def _event(self, event: Mapping[str, Any], where: str, now: datetime) -> Batch:
        name, data = str(event["eventName"]), event["eventData"]
        if name in ("service-review-created", "service-review-updated"):
            review = review_of(data, self.source, self.options.language, now)
            if name.endswith("updated") and review.edited_at is None:
                review = replace(review, edited_at=now)
            return Batch((review,))
        if name == "service-review-deleted":
            gone = REVIEW + str(data["id"])
            if native_id(gone) is None:
                raise ValueError("a review without a usable id")
            return Batch(removals=(Removal(PLATFORM, gone),))
        return Batch(notes=(Refusal(where, f'events of the kind "{name[:50]}" are not read'),))
