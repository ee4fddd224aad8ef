"""What Slack's failures mean: does waiting help, what to do, and may the message stand all the same."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

from alerts.channels.base import ChannelError

if TYPE_CHECKING:
    from slack_sdk.errors import SlackApiError

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

ABOUT_A_PLACE = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "restricted_action",
        "user_not_found",
        "cannot_dm_bot",
        "thread_not_found",
        "message_not_found",
    }
)
"""Errors that say nothing of other channels in the same workspace."""

ABOUT_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_arguments"})
"""Errors after which the same message goes as plain text: an ugly alert is better than none."""

UNCLEAR = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)
"""Slack's errors after which the message may stand there all the same."""


def from_answer(method: str, error: SlackApiError) -> ChannelError:
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
    about_place = code in ABOUT_A_PLACE
    return ChannelError(
        f"Slack {method}: {code}", permanent=bool(remedy), code=code, remedy=remedy, place_only=about_place
    )


def from_network(method: str, error: Exception) -> ChannelError:
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
