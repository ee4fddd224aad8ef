"""Slack: posts, edits, and looks whether a message has arrived.

The client is built without retry handlers: slack_sdk's default one posts again after a dropped connection, and
only the outbox may decide that. Every message carries its idempotency key in its metadata.
"""

from __future__ import annotations

import json
import logging
import socket
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.error import URLError

from alerts.channels.base import ChannelError, Receipt, RenderedMessage
from alerts.channels.options import SlackOptions
from alerts.renderers.slack import blocks, fallback_text, reply_blocks

if TYPE_CHECKING:
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError

METADATA_EVENT = "crisis_monitor_notification"
CLOCK_SKEW = timedelta(minutes=2)
"""How far Slack's clock and ours may differ when we look for a message."""

LANDING_AFTER_TIMEOUT = timedelta(seconds=20)
"""How long after our time-out a request may still be on its way: proxies and Slack's own queue."""

PAGE = 100
PAGES = 20

PERMANENT = {
    "invalid_auth": "renew alerts.slack.token (api.slack.com/apps, Install App)",
    "not_authed": "set alerts.slack.token",
    "account_inactive": "the app was uninstalled: install it again and renew the token",
    "token_revoked": "renew alerts.slack.token (api.slack.com/apps, Install App)",
    "token_expired": "renew alerts.slack.token",
    "missing_scope": "give the app the scopes of docs/slack-app.md and install it again",
    "channel_not_found": "check the channel's name; for a private channel invite the app first",
    "not_in_channel": "invite the app to the channel: /invite @crisis-monitor",
    "is_archived": "unarchive the channel or choose another one",
    "restricted_action": "let the app post in that channel (channel settings, posting permissions)",
    "user_not_found": "check the person's Slack id in the config",
    "cannot_dm_bot": "the person's Slack id belongs to a bot",
    "org_login_required": "the workspace is being migrated; ask its owner",
    "team_access_not_granted": "grant the app access to this workspace",
    "ekm_access_denied": "the workspace's owner has suspended access",
    "msg_blocks_too_long": "this is a fault of crisis-monitor: please report it",
    "invalid_blocks": "this is a fault of crisis-monitor: please report it",
    "invalid_arguments": "this is a fault of crisis-monitor: please report it",
    "no_text": "this is a fault of crisis-monitor: please report it",
}
"""Slack's errors that last until someone acts, and what to do."""

UNCLEAR = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)
"""Slack's errors after which the message may stand there all the same."""


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
        answer = self._call(
            "chat.postMessage",
            channel=self._place(message.place),
            unfurl_links=False,
            unfurl_media=False,
            mrkdwn=False,
            **self._body(message),
            **reply,
        )
        return Receipt(str(answer["ts"]), str(answer["channel"]))

    def edit(self, message: RenderedMessage) -> Receipt:
        """Replace a message in place. Raises ChannelError."""
        answer = self._call(
            "chat.update", channel=self.id_of(message.place), ts=message.edits, **self._body(message)
        )
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
        )

    def _place(self, place: str) -> str:
        return place or self.options.channel

    def _body(self, message: RenderedMessage) -> dict[str, Any]:
        """The parts that a new and an edited message share. Text without blocks would drop the blocks."""
        draw = reply_blocks if message.thread else blocks
        return {
            "text": fallback_text(message.card, message.pings),
            "blocks": json.dumps(draw(message.card, message.pings)),
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
            raise _from_answer(method, error) from None
        except (URLError, OSError, HTTPException) as error:
            raise _from_network(method, error) from None
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


def _from_answer(method: str, error: SlackApiError) -> ChannelError:
    """Read Slack's own answer: rate limit, permanent, unclear, or something that may pass."""
    response = error.response
    status = int(getattr(response, "status_code", 200) or 200)
    code = str(response.get("error", "")) if hasattr(response, "get") else ""
    if status == 429 or code in ("ratelimited", "rate_limited"):
        wait = timedelta(seconds=_seconds(getattr(response, "headers", {}) or {}))
        return ChannelError(f"Slack {method}: rate limited", retry_after=wait, code="ratelimited")
    if status >= 500 or code in UNCLEAR or code.startswith("Received a response"):
        return ChannelError(f"Slack {method}: answer {status}", unclear=True, code=f"http_{status}")
    remedy = PERMANENT.get(code, "")
    return ChannelError(f"Slack {method}: {code}", permanent=bool(remedy), code=code, remedy=remedy)


def _from_network(method: str, error: Exception) -> ChannelError:
    """Tell a connection that was never made (surely not sent) from one that broke (unclear)."""
    cause = error.reason if isinstance(error, URLError) else error
    never_sent = isinstance(cause, ConnectionRefusedError | socket.gaierror)
    word = "cannot be reached" if never_sent else "the connection broke"
    return ChannelError(f"Slack {method}: {word} ({type(cause).__name__})", unclear=not never_sent, code="network")


def _seconds(headers: Any) -> float:
    """Return Retry-After in seconds; 30 when Slack does not say."""
    found = next((value for name, value in dict(headers).items() if name.lower() == "retry-after"), None)
    found = found[0] if isinstance(found, list) else found
    try:
        return max(1.0, float(found)) if found is not None else 30.0
    except ValueError:
        return 30.0
