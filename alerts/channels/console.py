"""The console: the card as it would read, for a daemon without Slack, for the demo and for tests."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import ClassVar

from alerts.channels.base import ChannelError, Receipt, RenderedMessage
from alerts.channels.options import ConsoleOptions
from alerts.renderers.plain import plain_text


class ConsoleChannel:
    """Prints. An edited card is not printed again, since the reader has the earlier one above."""

    type_name: ClassVar[str] = "console"
    reconciles: ClassVar[bool] = False

    def __init__(self, options: ConsoleOptions | None = None) -> None:
        self.options = options or ConsoleOptions()

    @property
    def landing(self) -> timedelta:
        """Printing is over at once."""
        return timedelta()

    def send(self, message: RenderedMessage) -> Receipt:
        """Print the card. Raises ChannelError when the stream is closed."""
        return self._print(plain_text(message.card), message)

    def edit(self, message: RenderedMessage) -> Receipt:
        """Do nothing: paper cannot be edited."""
        return Receipt(message.edits or message.key, message.place)

    def find(self, key: str, place: str, since: datetime, thread: str | None = None) -> Receipt | None:  # noqa: ARG002 - the protocol
        """Refuse: what was printed cannot be looked up. Raises ChannelError always."""
        raise ChannelError("a console cannot tell what it printed", permanent=True)

    def check(self) -> str:
        """Say where it prints."""
        return f"prints to {self.options.stream}"

    def _print(self, text: str, message: RenderedMessage) -> Receipt:
        stream = sys.stderr if self.options.stream == "stderr" else sys.stdout
        try:
            stream.write(f"\n{_encodable(text, stream.encoding)}\n")
            stream.flush()
        except (OSError, ValueError) as error:
            raise ChannelError(f"cannot print: {error}", permanent=True) from error
        return Receipt(message.key, message.place)


def _encodable(text: str, encoding: str | None) -> str:
    """Return `text` with what the terminal's encoding lacks as "?", so that printing never fails."""
    return text.encode(encoding or "utf-8", errors="replace").decode(encoding or "utf-8")
