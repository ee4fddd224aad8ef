"""The contract suite's adapter for the webhook: the sender is the platform, and it knocks at our door."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import Any, ClassVar

from pydantic import SecretStr

from monitor.collectors.base import Batch, CollectContext, Collector, Cursor, InboundRequest
from monitor.collectors.webhook import WebhookCollector, WebhookOptions
from tests.fakes.platform_server import FakePlatform
from tests.monitor.collectors.contract import SECRET, Adapter

_PUSHED = "nobody is asked: senders come to us, and send again what was not answered with 2xx"


class WebhookAdapter(Adapter):
    type_name = "webhook"
    not_applicable: ClassVar = {
        "not_modified": _PUSHED,
        "failing_server": _PUSHED,
        "failing_in_the_middle_of_a_walk": _PUSHED,
        "rate_limited": _PUSHED,
        "endless_paging": _PUSHED,
        "duplicate_pages": _PUSHED,
        "calls_are_declared": _PUSHED,
        "deletion": "a sender tells what is, not what is gone",
    }

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.numbers = count(1)
        self.queue: list[str] = []

    def make_platform(self) -> FakePlatform:
        return FakePlatform(self.clock)

    def options(self) -> WebhookOptions:
        return WebhookOptions(name="support-desk", token=SecretStr(SECRET))

    def build(self) -> Collector:
        """The suite polls, so a poll stands for the sender's requests until each is answered with 2xx."""
        collector = super().build()
        assert isinstance(collector, WebhookCollector)
        deliver = self._deliver

        def collect(cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
            return deliver(collector)

        collector.collect = collect  # type: ignore[method-assign]
        return collector

    def _deliver(self, collector: WebhookCollector) -> Iterator[Batch]:
        while self.queue:
            body = self.queue[0].encode()
            headers = {"authorization": f"Bearer {SECRET}"}
            answer = collector.receive(InboundRequest("POST", headers, {}, body, self.clock.now()))
            assert answer.batch is not None, answer.text
            yield answer.batch
            self.queue.pop(0)

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        global_id = f"ticket-{next(self.numbers)}"
        self.queue.append(json.dumps({"id": global_id, "text": text, "created_at": at.isoformat()}))
        return global_id

    def edit(self, global_id: str, text: str) -> None:
        record = {"id": global_id, "text": text, "created_at": self.clock.now().isoformat()}
        self.queue.append(json.dumps([record]))

    def delete(self, global_id: str) -> None:
        """Nothing is sent."""

    def add_malformed(self) -> None:
        self.queue.append('[{"id": "x", "text": ""}, 7, {"created_at": "igår"}]')
