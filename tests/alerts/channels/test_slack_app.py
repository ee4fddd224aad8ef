"""`docs/slack-app.md`: the manifest covers every call that we make, and every scope has its reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from alerts.channels.slack_errors import PERMANENT

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "slack-app.md").read_text(encoding="utf-8")
SCOPES = {
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "chat.postEphemeral": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history", "im:history"},
    "conversations.replies": {"channels:history", "groups:history", "im:history"},
    "conversations.list": {"channels:read", "groups:read"},
    "conversations.members": {"channels:read", "groups:read"},
    "conversations.open": {"im:write"},
    "usergroups.users.list": {"usergroups:read"},
    "files.upload": {"files:write"},
    "views.open": set(),
    "auth.test": set(),
}
"""Slack's method → the bot scopes that it needs (api.slack.com/methods)."""


def manifest() -> dict[str, Any]:
    """The manifest on the page."""
    text = re.findall(r"```yaml\n(display_information:.*?)```", PAGE, re.DOTALL)[0]
    return YAML(typ="safe").load(text)


def methods_in_use() -> set[str]:
    """Every Web API method that the channel's source names."""
    source = (ROOT / "alerts" / "channels" / "slack.py").read_text(encoding="utf-8")
    return set(re.findall(r'"((?:chat|conversations|usergroups|files|views|auth)\.[\w.]+)"', source))


def test_we_know_the_scopes_of_every_method_that_we_call():
    assert methods_in_use() == set(SCOPES)


def test_the_manifest_asks_for_what_is_needed_and_nothing_more():
    needed = set().union(*SCOPES.values()) | {"commands"}
    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == needed


def test_every_scope_has_its_reason_and_what_is_lost_without_it():
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    explained = {scope for row in rows for scope in re.findall(r"`(\w+:\w+|commands)`", row.split("|")[1])}
    assert set(manifest()["oauth_config"]["scopes"]["bot"]) <= explained
    assert "connections:write" in explained


def test_the_manifest_has_the_commands_and_the_shortcut_that_we_answer():
    features = manifest()["features"]
    assert [command["command"] for command in features["slash_commands"]] == ["/now", "/flag"]
    assert features["shortcuts"][0]["callback_id"] == "flag"
    assert manifest()["settings"]["socket_mode_enabled"] is True
    assert len(manifest()["features"]["shortcuts"][0]["name"]) <= 24


@pytest.mark.parametrize("code", ["invalid_auth", "missing_scope", "channel_not_found", "is_archived"])
def test_the_page_says_what_happens_when_slack_fails(code):
    assert code in PERMANENT
    assert f"`{code}`" in PAGE
