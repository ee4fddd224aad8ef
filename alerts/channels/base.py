"""What a channel is: it takes one rendered message to one place, and says what became of it.

Channels know nothing of incidents, deadlines or retries. Every failure is a `ChannelError` that says whether
waiting helps (`permanent`), when to come back (`retry_after`), and whether the message may have arrived all the
same (`unclear`): the outbox decides from these three what happens next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from alerts.card_parts import Card


class ChannelOptions(BaseModel):
    """Options that every channel has. A channel's own model derives from this one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """One message, ready to go: the card in the reader's language, where it belongs, and its idempotency key.

    An edit carries the key of the message that it edits, so that this one can still be found.
    `place` is a Slack channel or user id, an address, or empty for the channel's default. `thread` is the id of
    the message that it answers; `broadcast` shows a reply in the channel as well; `edits` is the id of the
    message that it replaces. `pings` are Slack ids of the people, groups or channels who are called.
    """

    key: str
    card: Card
    place: str = ""
    thread: str | None = None
    broadcast: bool = False
    edits: str | None = None
    pings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a message stands: its id there, and the place as the channel itself calls it (`C024BE91L`)."""

    message_id: str
    place: str = ""


class ChannelError(Exception):
    """A message that did not go, in words for the operator; never contains a secret.

    `permanent`: waiting does not help, a person must act (`remedy` says what). `retry_after`: when the channel
    wants to be asked again. `unclear`: it may have arrived all the same. `code` is the channel's own word.
    `place_only`: only this place is out of order, not the whole channel.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        unclear: bool = False,
        retry_after: timedelta | None = None,
        code: str = "",
        remedy: str = "",
        place_only: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.unclear = unclear
        self.retry_after = retry_after
        self.code = code
        self.remedy = remedy
        self.place_only = place_only


class Channel(Protocol):
    """A way to people. `reconciles` tells whether `find` can look for a message that may have been sent."""

    type_name: ClassVar[str]
    reconciles: ClassVar[bool]

    @property
    def landing(self) -> timedelta:
        """How long after the start of an unclear send the message may still appear."""
        ...

    def send(self, message: RenderedMessage) -> Receipt:
        """Send a new message. Raises ChannelError."""
        ...

    def edit(self, message: RenderedMessage) -> Receipt:
        """Replace the message `message.edits`. Repeating it does no harm. Raises ChannelError."""
        ...

    def find(self, key: str, place: str, since: datetime, thread: str | None = None) -> Receipt | None:
        """Look for the message with this idempotency key, sent at `since` or later; None when it is not there.

        Raises ChannelError when looking failed, or when the channel cannot look (`reconciles` is False).
        """
        ...

    def check(self) -> str:
        """One sentence that says who we are there and that it works. Sends nothing. Raises ChannelError."""
        ...
