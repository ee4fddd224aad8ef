"""`crisis-monitor init`: a newcomer's first config, commented, from a handful of answers.

Nothing is written that would not load: the text is validated before it reaches the disk, and a file that is
there is never overwritten.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import get_args

from monitor.output import WRONG_USE, fail

Ask = Callable[[str, str], str]
"""Asks a question (text, answer when nothing is typed) and returns the answer."""

_MARK = re.compile(r"«(\w+)»")
_PLACES = {
    "sv": ("Europe/Stockholm", "SE"),
    "nb": ("Europe/Oslo", "NO"),
    "nn": ("Europe/Oslo", "NO"),
    "da": ("Europe/Copenhagen", "DK"),
    "fi": ("Europe/Helsinki", "FI"),
    "en": ("Europe/Stockholm", "SE"),
}
"""Time zone and country that go with a language; both stand in the file and can be changed there."""

_FEEDS = """
  # Newspapers, blogs, status pages: anything with an RSS or Atom feed.
  - type: rss
    name: news
    urls: {urls}
    every: 5m
    kind: news
"""
_NO_FEEDS = """
  # Newspapers, blogs, status pages: take away the # in front and put the addresses of their feeds in.
  # - type: rss
  #   name: news
  #   urls: ["https://newspaper.example/rss.xml"]
  #   every: 5m
  #   kind: news
"""
_SLACK = """# Without the two tokens alerts are printed where the monitor runs. How to get them: docs/slack-app.md
alerts:
  slack:
    token: ${{SLACK_BOT_TOKEN}}
    app_token: ${{SLACK_APP_TOKEN}}
    channel: {channel}
"""
_NO_SLACK = """# Alerts are printed where the monitor runs. For Slack take away the # in front (docs/slack-app.md).
# alerts:
#   slack:
#     token: ${SLACK_BOT_TOKEN}
#     app_token: ${SLACK_APP_TOKEN}
#     channel: "#crisis"
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a first config needs to know. `words` and `feeds` may be empty, `slack_channel` too."""

    brand: str
    words: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    slack_channel: str = ""
    language: str = "en"


def init_config(
    file: Path,
    *,
    brand: str | None = None,
    words: Sequence[str] | None = None,
    feeds: Sequence[str] | None = None,
    slack_channel: str | None = None,
    language: str | None = None,
    ask: Ask | None = None,
) -> None:
    """Write `file` from the answers given, and ask for the rest when there is somebody to ask.

    Raises CommandError when the file exists, when the brand is missing and nobody can be asked, and for answers
    that cannot stand in a config; ConfigError when the result would not load (a feed that is no address).
    """
    if file.exists():
        fail(f"{file} is already there and stays as it is. Choose another name with --config.", WRONG_USE)
    ask = ask or (_ask_on_terminal if sys.stdin.isatty() else None)
    answers = Answers(
        brand=_brand(brand, ask),
        words=_several(words, "Other words for it, with commas between", ask),
        feeds=_several(feeds, "Addresses of news feeds (RSS or Atom), with commas between", ask),
        slack_channel=_one(slack_channel, "Slack channel of the crisis group, such as #crisis (empty: none)", ask),
        language=_language(language, ask),
    )
    _write(file, first_config(answers))
    _say_what_next(file, answers)


def first_config(answers: Answers) -> str:
    """The text of the config. Every answer is quoted, whatever it holds. Raises CommandError, ConfigError."""
    from monitor.config_loader import parse_config

    timezone, country = _PLACES[answers.language]
    text = (files(__package__) / "first_config.yaml").read_text(encoding="utf-8")
    values = {
        "language": answers.language,
        "timezone": timezone,
        "country": country,
        "words": _quoted_list(answers.words),
        "feeds": _FEEDS.format(urls=_quoted_list(answers.feeds)) if answers.feeds else _NO_FEEDS,
        "alerts": _SLACK.format(channel=_quoted(answers.slack_channel)) if answers.slack_channel else _NO_SLACK,
        "brand": _quoted(answers.brand),
    }
    text = _MARK.sub(lambda mark: values[mark.group(1)], text)
    parse_config(text, "the new config", environment={})
    return text


def _quoted(answer: str) -> str:
    """An answer as a YAML string on one line. JSON's quoting is YAML's, once nothing unprintable is in it."""
    if "${" in answer:
        fail(f"{answer!r} cannot be used: ${{…}} stands for a secret in the config.", WRONG_USE)
    if not answer.isprintable():
        fail(f"{answer!r} holds characters that cannot be printed.", WRONG_USE)
    return json.dumps(answer, ensure_ascii=False)


def _quoted_list(answers: Sequence[str]) -> str:
    return f"[{', '.join(_quoted(answer) for answer in answers)}]"


def _brand(given: str | None, ask: Ask | None) -> str:
    brand = _one(given, "Which brand is watched?", ask)
    if not brand:
        fail("Which brand is watched? Give it with --brand.", WRONG_USE)
    return brand


def _language(given: str | None, ask: Ask | None) -> str:
    from monitor.config import Language

    language = _one(given, f"Language of alerts ({', '.join(get_args(Language))})", ask, otherwise="en")
    if language not in _PLACES:
        fail(f"There are no alerts in {language!r}. Choose one of {', '.join(_PLACES)}.", WRONG_USE)
    return language


def _one(given: str | None, question: str, ask: Ask | None, otherwise: str = "") -> str:
    if given is None:
        given = ask(question, otherwise) if ask else otherwise
    return given.strip()


def _several(given: Sequence[str] | None, question: str, ask: Ask | None) -> tuple[str, ...]:
    parts = (ask(question, "").split(",") if ask else ()) if given is None else given
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _ask_on_terminal(question: str, otherwise: str) -> str:
    import typer

    answer: str = typer.prompt(question, default=otherwise, show_default=bool(otherwise))
    return answer


def _write(file: Path, text: str) -> None:
    """The config, and the folder that its file drop watches."""
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
        (file.parent / "drop").mkdir(exist_ok=True)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.", WRONG_USE)


def _say_what_next(file: Path, answers: Answers) -> None:
    which = "" if file == Path("config.yaml") else f" --config {file}"
    steps = (("check", "is it right?"), ("run", "watch"))
    lines = [f"Wrote {file}. Next:", *(f"  crisis-monitor {f'{do}{which}':8} {why}" for do, why in steps)]
    if answers.slack_channel:
        lines.append("For Slack set SLACK_BOT_TOKEN and SLACK_APP_TOKEN first: docs/slack-app.md")
    sys.stdout.write("\n".join(lines) + "\n")
