"""`crisis-monitor init`: what it writes loads, whatever is answered, and nothing is ever overwritten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config_loader import ConfigError, load_config, parse_config
from monitor.init_config import Answers, first_config, init_config
from monitor.output import WRONG_USE, CommandError

PRINTABLE = st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.just(" ")
ANSWER = st.text(PRINTABLE, min_size=1, max_size=40).map(str.strip).filter(lambda text: text and "${" not in text)
NOBODY: dict[str, str] = {}


def answers_in_order(*answers: str) -> Callable[[str, str], str]:
    left = list(answers)
    return lambda _question, otherwise: left.pop(0) or otherwise


@settings(max_examples=25, deadline=None)
@given(brand=ANSWER, words=st.lists(ANSWER, max_size=4), channel=ANSWER)
def test_every_answer_arrives_in_the_config_as_it_was_typed(brand: str, words: list[str], channel: str) -> None:
    text = first_config(Answers(brand, tuple(words), ("https://news.example/rss",), channel, "nb"))
    secrets = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SUPPORT_DESK_TOKEN": "t" * 32}
    config = parse_config(text, environment=secrets).config
    assert config.brands[0].name == brand
    assert config.brands[0].keywords == tuple(words)
    assert config.alerts.slack is not None
    assert config.alerts.slack.channel == channel


@pytest.mark.parametrize("language", ["sv", "nb", "nn", "da", "fi", "en"])
@pytest.mark.parametrize("feeds", [(), ("https://a.example/rss", "https://b.example/atom")])
@pytest.mark.parametrize("channel", ["", "#kris"])
def test_it_loads_in_every_language_with_and_without_feeds_and_slack(
    language: str, feeds: tuple[str, ...], channel: str
) -> None:
    loaded = parse_config(first_config(Answers("Nordtåg", (), feeds, channel, language)), environment=NOBODY)
    assert loaded.config.language == language
    assert any(source.type == "rss" for source in loaded.sources) is bool(feeds)
    off = {str(one) for one in loaded.off}
    assert any("SUPPORT_DESK_TOKEN" in one for one in off)
    assert any("SLACK_BOT_TOKEN" in one for one in off) is bool(channel)


def test_what_stands_commented_out_loads_when_the_marks_are_taken_away() -> None:
    text = first_config(Answers("Nordtåg"))
    lines = [
        line.replace("# ", "", 1) if line.lstrip().startswith("# ") and _is_setting(line) else line
        for line in text.splitlines()
    ]
    config = parse_config("\n".join(lines), environment={"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"})
    assert config.config.alerts.slack is not None
    assert config.config.alerts.slack.channel == "#crisis"
    assert "rss" in [source.type for source in config.sources]


def _is_setting(line: str) -> bool:
    bare = line.lstrip().removeprefix("# ").lstrip()
    head = bare.removeprefix("- ").split(":")[0]
    return head in {"type", "name", "urls", "every", "kind", "alerts", "slack", "token", "app_token", "channel"}


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(CommandError, match="already there") as failed:
        init_config(file, brand="Nordtåg")
    assert failed.value.code == WRONG_USE
    assert file.read_text(encoding="utf-8") == "mine"


def test_it_asks_for_what_is_not_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.yaml"
    ask = answers_in_order("Nordtåg", "nordtåg, nordtag,,nordtåg", "", "#krisgrupp", "sv")
    init_config(file, ask=ask)
    config = load_config(file, {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}).config
    assert config.brands[0].keywords == ("nordtåg", "nordtag")
    assert config.language == "sv"
    assert (tmp_path / "drop").is_dir()
    assert "crisis-monitor check" in capsys.readouterr().out


def test_what_is_given_is_not_asked_for(tmp_path: Path) -> None:
    def refuse(question: str, _otherwise: str) -> str:
        raise AssertionError(f"asked: {question}")

    file = tmp_path / "config.yaml"
    init_config(file, brand="Nordtåg", words=[], feeds=[], slack_channel="", language="da", ask=refuse)
    assert load_config(file, NOBODY).config.timezone == "Europe/Copenhagen"


def test_without_a_terminal_the_brand_must_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(CommandError, match="--brand"):
        init_config(tmp_path / "config.yaml")
    assert not (tmp_path / "config.yaml").exists()


@pytest.mark.parametrize("brand", ["${HOME}", "two\nlines", "bell\a", "half\ud800"])
def test_answers_that_cannot_stand_in_a_config_are_refused(tmp_path: Path, brand: str) -> None:
    with pytest.raises(CommandError):
        init_config(tmp_path / "config.yaml", brand=brand)
    assert not (tmp_path / "config.yaml").exists()


def test_an_unknown_language_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"sv, nb, nn, da, fi, en"):
        init_config(tmp_path / "config.yaml", brand="Nordtåg", language="xx")


def test_a_feed_that_is_no_address_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="urls"):
        init_config(tmp_path / "config.yaml", brand="Nordtåg", feeds=["not an address"])
    assert not (tmp_path / "config.yaml").exists()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file or directory"):
        init_config(tmp_path / "nowhere" / "config.yaml", brand="Nordtåg")
