"""Anything that can send JSON: `POST /hooks/NAME` with its token, optionally signed (HMAC-SHA256).

The body is a JSON object, an array, or NDJSON; each item is a mention or a measurement by the column names of the
mentions file, or by the source's own `fields` map.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from monitor.collectors.base import (
    BaseCollector,
    Batch,
    CollectContext,
    Cursor,
    InboundAnswer,
    InboundRequest,
    SourceOptions,
)
from monitor.collectors.field_map import Path, apply
from monitor.collectors.http import HttpSession
from monitor.collectors.records import COLUMNS, MEASURED, Defaults, read_record
from monitor.collectors.times import parse_time
from monitor.durations import Duration
from monitor.mention import Measurement, Mention, MentionKind, Refusal
from monitor.soundness import broken_characters

MAX_ITEMS = 10_000
_TOLERATED_SKEW = timedelta(minutes=5)
_NAMES = frozenset((*COLUMNS, *MEASURED))


class WebhookOptions(SourceOptions):
    """A sender. `name` is the last part of its address: `/hooks/NAME`."""

    type: Literal["webhook"] = "webhook"
    name: str = Field(
        "webhook", pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="the last part of its address"
    )
    token: SecretStr = Field(description="what it sends as `Authorization: Bearer …`", min_length=16)
    hmac_secret: SecretStr | None = Field(
        None, min_length=16, description="if set, the body must be signed with it: see the page of this source"
    )
    fields: dict[str, str] = Field(default_factory=dict, description="our column: `$.path` in its items")
    items: str = Field("$", description="where in a JSON object the list of items is, such as `$.data.posts`")
    platform: str = Field("", description="the platform of the posts (default: the name)")
    kind: MentionKind = Field(MentionKind.POST, description="what the items are, where they do not tell")
    token_in_address: bool = Field(False, description="take the token as ?token=… too, where no header can be set")
    only_200: bool = Field(False, description="answer 200 to whatever is stored, for senders that know no other")
    max_bytes: int = Field(5_000_000, gt=0, le=50_000_000, description="the largest body that is read")
    every: Duration = Field(
        timedelta(minutes=5), ge=timedelta(seconds=1), description="how often its health is judged"
    )

    @field_validator("fields")
    @classmethod
    def _known_columns(cls, fields: dict[str, str]) -> dict[str, str]:
        unknown = sorted(fields.keys() - _NAMES)
        if unknown:
            raise ValueError(f"expected columns among {', '.join(sorted(_NAMES))}, found {', '.join(unknown)}")
        for path in fields.values():
            if path.startswith("$"):
                Path.parse(path)
        return fields

    @model_validator(mode="after")
    def _readable_items(self) -> WebhookOptions:
        Path.parse(self.items)
        return self

    def default_name(self) -> str:
        """`webhook`."""
        return "webhook"


class WebhookCollector(BaseCollector):
    """Takes what it is sent. It is never polled for news."""

    type_name = "webhook"
    Options = WebhookOptions
    verified = True
    pushed = True

    def __init__(self, options: WebhookOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        self.max_bytes = options.max_bytes

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:  # noqa: ARG002  # the protocol's
        """Nothing: news come by `receive`."""
        return iter(())

    def check(self) -> str:
        """What it waits for."""
        signed = " and a signature" if self.options.hmac_secret else ""
        return f"Waits for POST /hooks/{self.source} with its bearer token{signed}."

    def receive(self, request: InboundRequest) -> InboundAnswer:
        """Check token and signature, then read the items."""
        if request.method != "POST":
            return InboundAnswer(status=405, text="send items by POST")
        denied = self._denied(request)
        if denied:
            return InboundAnswer(status=401, text=denied)
        try:
            items = self._items(_parse(request.body))
        except ValueError as exc:
            return InboundAnswer(status=400, text=str(exc))
        return InboundAnswer(self._batch(items), terse=self.options.only_200)

    def _denied(self, request: InboundRequest) -> str:
        """Why the sender is not believed; empty when it is."""
        if not _same(self._token_of(request), self.options.token.get_secret_value()):
            return "a valid bearer token is missing"
        if self.options.hmac_secret is None:
            return ""
        return _wrong_signature(request, self.options.hmac_secret.get_secret_value())

    def _token_of(self, request: InboundRequest) -> str:
        """What the sender shows: a bearer token, the password of Basic, or a part of the address."""
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return shown.strip()
        if kind.lower() == "basic":
            return _password_in(shown.strip())
        return request.query.get("token", "") if self.options.token_in_address else ""

    def _items(self, data: object) -> list[object]:
        if self.options.items != "$" and not isinstance(data, list):
            data = Path.parse(self.options.items).read(data)
            if data is None:
                raise ValueError(f"there is nothing at {self.options.items}")
        items = data if isinstance(data, list) else [data]
        if len(items) > MAX_ITEMS:
            raise ValueError(f"more than {MAX_ITEMS} items at once; send them in parts")
        return items

    def _batch(self, items: list[object]) -> Batch:
        options = self.options
        defaults = Defaults(
            options.platform or self.source, self.source, options.kind, options.brand, options.language
        )
        read = [
            item
            if isinstance(item, Refusal)
            else read_record(apply(options.fields, item), defaults, f"item {number}")
            for number, item in enumerate(items, 1)
        ]
        return Batch(
            mentions=tuple(found for found in read if isinstance(found, Mention)),
            measurements=tuple(found for found in read if isinstance(found, Measurement)),
            refusals=tuple(found for found in read if isinstance(found, Refusal)),
            notes=tuple(_notes(items, read)),
        )


def _notes(items: Sequence[object], read: Sequence[object]) -> Iterator[Refusal]:
    """What was cleaned away in items that are taken: the sender should know that it sends broken characters."""
    for number, (item, found) in enumerate(zip(items, read, strict=True), 1):
        if isinstance(found, Refusal) or not isinstance(item, dict):
            continue
        for name, value in item.items():
            broken = broken_characters(value) if isinstance(value, str) else None
            if broken:
                shown = str(name)[:40].encode("utf-8", "replace").decode()
                yield Refusal(f"item {number}", f"{shown} {broken}; taken without it")


def _wrong_signature(request: InboundRequest, secret: str) -> str:
    """Why the signature does not hold. Signed is `TIMESTAMP.BODY`, so that an old request cannot be sent again."""
    stamp = request.headers.get("x-timestamp", "")
    sent_at: datetime | None = parse_time(stamp)
    if sent_at is None or abs(request.received_at - sent_at) > _TOLERATED_SKEW:
        return "X-Timestamp is missing or more than five minutes off"
    expected = hmac.new(secret.encode(), stamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
    given = request.headers.get("x-signature", "").removeprefix("sha256=").lower()
    return "" if _same(given, expected) else "X-Signature does not match the body"


def _password_in(shown: str) -> str:
    """The password of `USER:PASSWORD` in Base64; empty where it is not of that form."""
    try:
        return b64decode(shown, validate=True).decode("utf-8").partition(":")[2]
    except ValueError:
        return ""


def _same(given: str, expected: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _parse(body: bytes) -> object:
    """A JSON value, or NDJSON as a list. Raises ValueError with a sentence for the sender."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ValueError("the body is not UTF-8") from exc
    if not text.strip():
        raise ValueError("the body is empty")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    items = [_line(number, line) for number, line in lines]
    if all(isinstance(item, Refusal) for item in items):
        raise ValueError("the body is neither JSON nor NDJSON")
    return items


def _line(number: int, line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return Refusal(f"line {number}", "not a JSON object")
