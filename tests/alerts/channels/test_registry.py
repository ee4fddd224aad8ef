"""Which channels there are, their typed options, and the config's `alerts:` section."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import SecretStr, ValidationError

from alerts.channels.base import RenderedMessage
from alerts.channels.console import ConsoleChannel
from alerts.channels.options import AppriseOptions, ConsoleOptions, SlackOptions
from alerts.channels.registry import OPTIONS, AlertsOptions, ChannelTypes, build_channel, build_channels
from tests.alerts.channels.test_apprise import MESSAGE


def test_a_type_that_is_registered_twice_is_refused_by_both_names():
    types = ChannelTypes()
    types.register("pigeon", ConsoleOptions, "a:First")
    with pytest.raises(ValueError, match="'pigeon' is registered twice: a:First and b:Second"):
        types.register("pigeon", ConsoleOptions, "b:Second")


def test_every_type_has_its_options_model():
    assert {"slack": SlackOptions, "apprise": AppriseOptions, "console": ConsoleOptions} == OPTIONS


def test_an_unknown_type_names_the_known_ones():
    with pytest.raises(KeyError, match="there are apprise, console, slack"):
        build_channel("pigeon", {})


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_every_channel_refuses_options_it_does_not_know(name):
    with pytest.raises(ValidationError, match="colour"):
        build_channel(name, {"colour": "red"})


def test_channels_are_built_by_name_and_the_console_is_always_there():
    options = AlertsOptions.model_validate(
        {
            "slack": {"token": "xoxb-1", "channel": "#kris"},
            "fallback": ["mailto://a:b@mail.example"],
            "channels": {"sms": ["json://gateway.example/{place}"]},
        }
    )
    assert sorted(build_channels(options)) == ["console", "fallback", "slack", "sms"]
    assert sorted(build_channels(AlertsOptions())) == ["console"]


def test_a_name_of_ours_cannot_be_given_to_another_channel():
    with pytest.raises(ValidationError, match="other names than slack"):
        AlertsOptions.model_validate({"channels": {"slack": ["json://x"]}})


def test_secrets_do_not_show():
    options = AlertsOptions.model_validate(
        {"slack": {"token": "xoxb-secret", "channel": "#kris"}, "fallback": ["mailto://a:secret@mail.example"]}
    )
    assert "secret" not in repr(options)
    assert "secret" not in options.model_dump_json()


@pytest.mark.parametrize("url", ["ftp://slack.example", "slack.com/api"])
def test_an_api_address_is_a_web_address(url):
    with pytest.raises(ValidationError, match="http"):
        SlackOptions(token=SecretStr("x"), channel="#a", api_url=url)


def test_the_config_loads_without_the_channels_libraries():
    heavy = ("slack_sdk", "apprise", "matplotlib", "babel", "requests")
    code = f"import sys, alerts.channels.registry; sys.exit(any(m in sys.modules for m in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_console_prints_the_card_as_it_would_read(capsys):
    ConsoleChannel().send(MESSAGE)
    printed = capsys.readouterr().out
    assert "Varning: Nordtåg · delays\n─────" in printed
    assert "INC-12 · inte kvitterad" in printed


def test_the_console_does_not_print_an_edited_card_again(capsys):
    receipt = ConsoleChannel().edit(RenderedMessage("k", MESSAGE.card, edits="1"))
    assert (receipt.message_id, capsys.readouterr().out) == ("1", "")


def test_the_console_can_print_to_the_other_stream(capsys):
    ConsoleChannel(ConsoleOptions(stream="stderr")).send(MESSAGE)
    assert "Varning" in capsys.readouterr().err


def test_a_terminal_that_lacks_letters_gets_question_marks_and_no_crash(monkeypatch):
    import io

    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", narrow)
    ConsoleChannel().send(MESSAGE)
    narrow.flush()
    assert b"Nordt?g" in narrow.buffer.getvalue()
