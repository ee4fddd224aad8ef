"""Slack: posts, edits, and looks whether a message has arrived.

The client is built without retry handlers: slack_sdk's default one posts again after a dropped connection, and
only the outbox may decide that. Every message carries its idempotency key in its metadata.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.error import URLError

from alerts.channels.base import ChannelError, Receipt, RenderedMessage
from alerts.channels.options import SlackOptions
from alerts.channels.slack_errors import ABOUT_BLOCKS, PERMANENT, from_answer, from_network
from alerts.renderers.slack import Block, blocks, fallback_text, plain_blocks, reply_blocks

if TYPE_CHECKING:
    from slack_sdk import WebClient

LOG = logging.getLogger("alerts.slack")

METADATA_EVENT = "crisis_monitor_notification"
CLOCK_SKEW = timedelta(minutes=2)
"""How far Slack's clock and ours may differ when we look for a message."""

LANDING_AFTER_TIMEOUT = timedelta(seconds=20)
"""How long after our time-out a request may still be on its way: proxies and Slack's own queue."""

PAGE = 100
PAGES = 20


class SlackChannel:
    """One workspace, through one bot token."""

    type_name: ClassVar[str] = "slack"
    reconciles: ClassVar[bool] = True

    def __init__(self, options: SlackOptions, client: WebClient | None = None) -> None:
        self.options = options
        self.client = client or slack_client(options)
        self._ids: dict[str, str] = {}

    @property
    def landing(self) -> timedelta:
        """How long after the start of an unclear call the message may still appear."""
        return self.options.timeout + LANDING_AFTER_TIMEOUT

    def send(self, message: RenderedMessage) -> Receipt:
        """Post a message or a reply. Raises ChannelError."""
        reply = {"thread_ts": message.thread, "reply_broadcast": message.broadcast} if message.thread else {}
        answer = self._say(
            "chat.postMessage",
            message,
            channel=self._place(message.place),
            unfurl_links=False,
            unfurl_media=False,
            mrkdwn=False,
            **reply,
        )
        return Receipt(str(answer["ts"]), str(answer["channel"]))

    def edit(self, message: RenderedMessage) -> Receipt:
        """Replace a message in place. Raises ChannelError."""
        answer = self._say("chat.update", message, channel=self.id_of(message.place), ts=message.edits)
        return Receipt(str(answer["ts"]), str(answer["channel"]))

    def find(self, key: str, place: str, since: datetime, thread: str | None = None) -> Receipt | None:
        """Look through the channel's (or the thread's) messages since `since` for this key's metadata."""
        method = "conversations.replies" if thread else "conversations.history"
        asked: dict[str, Any] = {
            "channel": self.id_of(place),
            "oldest": f"{(since - CLOCK_SKEW).timestamp():.6f}",
            "include_all_metadata": True,
            "limit": PAGE,
            **({"ts": thread} if thread else {}),
        }
        for _ in range(PAGES):
            answer = self._call(method, **asked)
            for found in answer.get("messages", ()):
                if _key_of(found) == key:
                    return Receipt(str(found["ts"]), str(asked["channel"]))
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
            asked["cursor"] = cursor
        raise ChannelError(f"{method}: more than {PAGES * PAGE} messages to look through", code="too_many")

    def check(self) -> str:
        """Say who we are in which workspace."""
        answer = self._call("auth.test")
        return f"{answer.get('user')} in {answer.get('team')}, posts to {self.options.channel}"

    def ephemeral(self, place: str, user: str, text: str, thread: str | None = None) -> None:
        """Show a line to one person only. Raises ChannelError."""
        self._call(
            "chat.postEphemeral",
            channel=self._place(place),
            user=user,
            text=text,
            link_names=False,
            parse="none",
            **({"thread_ts": thread} if thread else {}),
        )

    def respond(self, url: str, text: str) -> None:
        """Answer a click or command through its own address, for that person alone. Raises ChannelError."""
        from slack_sdk.webhook import WebhookClient

        client = WebhookClient(url, timeout=self.client.timeout, retry_handlers=[], logger=LOG)
        self._guard("response_url", lambda: client.send_dict({"response_type": "ephemeral", "text": text}))

    def open_view(self, trigger: str, view: dict[str, Any]) -> None:
        """Open a modal for whoever clicked. Raises ChannelError (a trigger is good for three seconds)."""
        self._call("views.open", trigger_id=trigger, view=json.dumps(view))

    def members(self, group: str) -> frozenset[str]:
        """Return the user ids of a user group (`S…`) or a channel. Raises ChannelError."""
        if group.startswith("S"):
            return frozenset(self._call("usergroups.users.list", usergroup=group).get("users", ()))
        asked: dict[str, Any] = {"channel": self.id_of(group), "limit": 1000}
        found: set[str] = set()
        for _ in range(PAGES):
            answer = self._call("conversations.members", **asked)
            found.update(answer.get("members", ()))
            asked["cursor"] = (answer.get("response_metadata") or {}).get("next_cursor")
            if not asked["cursor"]:
                break
        return frozenset(found)

    def upload(self, place: str, thread: str, picture: bytes, name: str, title: str, alt: str) -> None:
        """Put a picture into a thread. Raises ChannelError; an unclear upload may be repeated."""
        self._guard(
            "files.upload",
            lambda: self.client.files_upload_v2(
                channel=self.id_of(place),
                thread_ts=thread,
                content=picture,
                filename=name,
                title=title,
                alt_txt=alt,
            ),
        )

    def id_of(self, place: str) -> str:
        """Return the conversation id of `#name`, a user's direct messages or an id; only posting takes names."""
        place = self._place(place)
        if place not in self._ids:
            self._ids[place] = self._look_up(place)
        return self._ids[place]

    def _look_up(self, place: str) -> str:
        if place.startswith("#"):
            return self._id_of_name(place.removeprefix("#"))
        if place.startswith(("U", "W")):
            return str(self._call("conversations.open", users=place)["channel"]["id"])
        return place

    def _id_of_name(self, name: str) -> str:
        asked: dict[str, Any] = {
            "types": "public_channel,private_channel",
            "exclude_archived": True,
            "limit": 1000,
        }
        for _ in range(PAGES):
            answer = self._call("conversations.list", **asked)
            found = next((c["id"] for c in answer["channels"] if c.get("name") == name), None)
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if found is not None:
                return str(found)
            if not cursor:
                break
            asked["cursor"] = cursor
        raise ChannelError(
            f"Slack: no channel #{name} that the app can see",
            permanent=True,
            code="channel_not_found",
            remedy=PERMANENT["channel_not_found"],
            place_only=True,
        )

    def _place(self, place: str) -> str:
        return place or self.options.channel

    def _say(self, method: str, message: RenderedMessage, **arguments: Any) -> Any:
        """Post or update; a message whose blocks Slack refuses goes once more as plain text."""
        draw = reply_blocks if message.thread else blocks
        try:
            return self._call(method, **arguments, **self._body(message, draw(message.card, message.pings)))
        except ChannelError as error:
            if error.code not in ABOUT_BLOCKS:
                raise
            LOG.error("Slack refused the blocks of %s (%s); it goes as plain text", message.key, error.code)
            return self._call(method, **arguments, **self._body(message, plain_blocks(message.card)))

    def _body(self, message: RenderedMessage, drawn: list[Block]) -> dict[str, Any]:
        """The parts that a new and an edited message share. Text without blocks would drop the blocks."""
        return {
            "text": fallback_text(message.card, message.pings),
            "blocks": json.dumps(drawn),
            "metadata": json.dumps({"event_type": METADATA_EVENT, "event_payload": {"key": message.key}}),
            "link_names": False,
            "parse": "none",
        }

    def _call(self, method: str, **arguments: Any) -> Any:
        return self._guard(method, lambda: self.client.api_call(method, data=arguments))

    def _guard(self, method: str, call: Any) -> Any:
        """Make one call; turn whatever goes wrong into a ChannelError that says whether it may have arrived."""
        from slack_sdk.errors import SlackApiError, SlackClientError

        try:
            return call()
        except SlackApiError as error:
            raise from_answer(method, error) from None
        except (URLError, OSError, HTTPException) as error:
            raise from_network(method, error) from None
        except (SlackClientError, ValueError) as error:
            raise ChannelError(f"Slack {method}: {type(error).__name__}", unclear=True) from None


def slack_client(options: SlackOptions) -> WebClient:
    """Build the Web API client: no retries of its own, our API address, a bounded time."""
    from slack_sdk import WebClient

    quiet = logging.getLogger("alerts.slack")
    quiet.setLevel(max(logging.INFO, quiet.level))  # at DEBUG the SDK logs message bodies
    return WebClient(
        token=options.token.get_secret_value(),
        base_url=options.api_url,
        timeout=max(1, int(options.timeout.total_seconds())),
        retry_handlers=[],
        logger=quiet,
    )


def _key_of(message: dict[str, Any]) -> str | None:
    """Return the idempotency key in a message's metadata, or None."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != METADATA_EVENT:
        return None
    key = (metadata.get("event_payload") or {}).get("key")
    return str(key) if key is not None else None
