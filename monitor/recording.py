"""A channel that keeps what it is given: replay, backtest and tests deliver into it instead of to people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from alerts.channels.base import Receipt, RenderedMessage


@dataclass
class RecordingChannel:
    """Keeps every message in order. It can look for what it has, so nothing is ever unclear."""

    type_name: ClassVar[str] = "recording"
    reconciles: ClassVar[bool] = True
    landing: timedelta = timedelta(0)
    sent: list[RenderedMessage] = field(default_factory=list)
    edits: list[RenderedMessage] = field(default_factory=list)

    def send(self, message: RenderedMessage) -> Receipt:
        """Keep a new message."""
        self.sent.append(message)
        return Receipt(str(len(self.sent)), message.place)

    def edit(self, message: RenderedMessage) -> Receipt:
        """Keep a changed message."""
        self.edits.append(message)
        return Receipt(message.edits or "", message.place)

    def find(self, key: str, place: str, since: datetime, thread: str | None = None) -> Receipt | None:  # noqa: ARG002
        """Where the message with this key stands, None when it was never sent."""
        for position, message in enumerate(self.sent, start=1):
            if message.key == key:
                return Receipt(str(position), message.place)
        return None

    def check(self) -> str:
        """It always works."""
        return "keeps messages in memory"
