"""Meta's webhooks: the challenge by which Meta asks whether the address is ours, the signature, the envelope.

Signed is the raw body (`X-Hub-Signature-256: sha256=` and its HMAC-SHA256 with the app's secret); nothing of it is
read before that is checked. Deliveries come in batches, repeated and in no order.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from monitor.collectors.base import Batch, InboundAnswer, InboundRequest
from monitor.collectors.times import parse_time

MAX_BYTES = 3_000_000
POLL_PAUSE = timedelta(seconds=30)
"""Between two polls that hints asked for: a storm of hints is no reason to use up the limits."""
_LONGEST_CHALLENGE = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One change that Meta tells of: of which account, when it was told, which field, and what it says."""

    account: str
    at: datetime | None
    field: str
    value: Mapping[str, Any]


ReadChanges = Callable[[list[Change | str], datetime], tuple[Batch, bool]]
"""What a platform makes of changes, told at a time: a batch, and whether more is to be fetched."""


class MetaHook:
    """The door of one source. `topic` is the object that it hears of: `page` or `instagram`."""

    def __init__(self, topic: str, verify_token: SecretStr | None, app_secret: SecretStr | None) -> None:
        self._topic = topic
        self._verify_token = verify_token
        self._app_secret = app_secret
        self._polled_at: datetime | None = None

    def sentence(self, source: str) -> str:
        """For `check`: whether the source takes webhooks."""
        if self._verify_token is None or self._app_secret is None:
            return "Takes no webhooks."
        return f"Waits for Meta's webhooks at /hooks/{source}."

    def judge(self, request: InboundRequest) -> InboundAnswer | None:
        """The answer to a challenge or to somebody who is not believed; None for a delivery to be read."""
        if self._verify_token is None or self._app_secret is None:
            return InboundAnswer(status=403, text="this source takes no webhooks: it has no verify_token")
        if request.method == "GET":
            return _challenged(request.query, self._verify_token)
        if request.method != "POST":
            return InboundAnswer(status=405, text="deliveries come by POST")
        if not _is_signed(request, self._app_secret):
            return InboundAnswer(status=401, text="X-Hub-Signature-256 does not match the body")
        return None

    def receive(self, request: InboundRequest, read: ReadChanges) -> tuple[InboundAnswer, bool]:
        """The answer to a request, and whether more is to be fetched than it says. Raises what `read` does."""
        answer = self.judge(request)
        if answer is not None:
            return answer, False
        try:
            changes = self.changes(request.body)
        except ValueError as exc:
            return InboundAnswer(status=400, text=str(exc)), False
        batch, more = read(changes, request.received_at)
        return InboundAnswer(batch, terse=True, poll=more and self.may_poll(request.received_at)), more

    def changes(self, body: bytes) -> list[Change | str]:
        """What a believed body tells, in its order; a word for what cannot be read. Raises ValueError."""
        try:
            data = json.loads(body)
        except (ValueError, RecursionError) as exc:
            raise ValueError("the body is no JSON") from exc
        if not isinstance(data, Mapping) or not isinstance(data.get("entry"), list):
            raise ValueError("the body has no list of entries")
        if data.get("object") != self._topic:
            raise ValueError(f"this address takes changes of the object {self._topic}")
        return [change for number, entry in enumerate(data["entry"], 1) for change in _changes(entry, number)]

    def may_poll(self, now: datetime) -> bool:
        """Whether a hint may have the source polled now; True once in `POLL_PAUSE`."""
        if self._polled_at is not None and now - self._polled_at < POLL_PAUSE:
            return False
        self._polled_at = now
        return True


def _challenged(query: Mapping[str, str], verify_token: SecretStr) -> InboundAnswer:
    challenge = query.get("hub.challenge", "")
    if not _same(query.get("hub.verify_token", ""), verify_token.get_secret_value()):
        return InboundAnswer(status=403, text="hub.verify_token is not ours")
    if query.get("hub.mode") != "subscribe" or not 0 < len(challenge) <= _LONGEST_CHALLENGE:
        return InboundAnswer(status=400, text="hub.mode or hub.challenge is missing")
    return InboundAnswer(text=challenge)


def _is_signed(request: InboundRequest, app_secret: SecretStr) -> bool:
    kind, _, given = request.headers.get("x-hub-signature-256", "").partition("=")
    expected = hmac.new(app_secret.get_secret_value().encode(), request.body, hashlib.sha256).hexdigest()
    return kind == "sha256" and _same(given.strip().lower(), expected)


def _same(given: str, expected: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _changes(entry: object, number: int) -> Iterator[Change | str]:
    account = entry.get("id") if isinstance(entry, Mapping) else None
    if not isinstance(entry, Mapping) or not isinstance(account, str | int):
        yield f"entry {number} names no account"
        return
    told_at = parse_time(entry.get("time"))
    found = entry.get("changes")
    if found is None and ("field" in entry or "messaging" in entry):  # Instagram's login sends one change bare
        found = [entry] if "field" in entry else []
    for change in found if isinstance(found, list) else [None]:
        value = change.get("value") if isinstance(change, Mapping) else None
        field = change.get("field") if isinstance(change, Mapping) else None
        if isinstance(value, Mapping) and isinstance(field, str):
            yield Change(str(account), told_at, field, value)
        else:
            yield f"entry {number} holds a change without field or value"
