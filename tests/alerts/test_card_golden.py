"""Every card in every language, as it is read: golden files in `golden/`.

After a wanted change: `UPDATE_GOLDEN=1 pytest tests/alerts/test_card_golden.py`, and read the difference.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from alerts.card import Card, build_card, build_notice, build_reply
from alerts.incident import Notification, Reason
from alerts.renderers.mail import html_mail
from alerts.renderers.plain import plain_text
from alerts.renderers.slack import blocks, fallback_text, reply_blocks
from alerts.texts.catalogue import LANGUAGES
from alerts.texts.reader import Reader
from tests.alerts.card_stories import NOW, PLAN, STOCKHOLM, STORIES, WARNING, at
from tests.fakes.slack_rules import blocks_faults

GOLDEN = Path(__file__).parent / "golden"
ESCALATED = Notification(
    "k", Reason.ESCALATED, NOW, incident=12, data={"told": "Anna Berg"}, recipients=("U0ANNA001",)
)
BLIND = Notification(
    "b", Reason.BLIND, NOW, data={"source": "news", "since": at(11).isoformat(), "remedy": "check the address"}
)


def compare(name: str, made: str) -> None:
    """Hold `made` against the golden file; write it when asked to."""
    file = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(made, encoding="utf-8")
    assert file.exists(), f"{name} is missing: run with UPDATE_GOLDEN=1"
    assert made == file.read_text(encoding="utf-8")


def drawn(card: Card, made: list[dict], pings: tuple[str, ...] = ()) -> str:
    """Slack's view of a card: the text that phones show, and the blocks."""
    said = {"text": fallback_text(card, pings), "blocks": made}
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("story", sorted(STORIES))
def test_the_card_reads_as_agreed(story, language):
    card = build_card(STORIES[story], PLAN, Reader(language, STOCKHOLM, NOW))
    assert list(blocks_faults(blocks(card))) == []
    compare(f"{story}.{language}.txt", plain_text(card) + "\n")
    compare(f"{story}.{language}.json", drawn(card, blocks(card)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_mail_reads_as_agreed(language):
    card = build_card(WARNING, PLAN, Reader(language, STOCKHOLM, NOW))
    compare(f"warning.{language}.html", html_mail(card).replace("</", "\n</") + "\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_escalation_and_a_silent_source_read_as_agreed(language):
    reader = Reader(language, STOCKHOLM, NOW)
    reply = build_reply(WARNING, PLAN, reader, ESCALATED)
    compare(f"escalated.{language}.txt", plain_text(reply) + "\n")
    compare(f"escalated.{language}.json", drawn(reply, reply_blocks(reply, ("U0ANNA001",)), ("U0ANNA001",)))
    compare(f"blind.{language}.txt", plain_text(build_notice(BLIND, reader)) + "\n")


def test_no_golden_file_is_left_over():
    known = {
        f"{story}.{language}.{form}" for story in STORIES for language in LANGUAGES for form in ("txt", "json")
    }
    known |= {f"warning.{language}.html" for language in LANGUAGES}
    known |= {f"escalated.{language}.{form}" for language in LANGUAGES for form in ("txt", "json")}
    known |= {f"blind.{language}.txt" for language in LANGUAGES}
    assert {file.name for file in GOLDEN.iterdir()} == known
