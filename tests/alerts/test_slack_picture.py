"""The picture of the Slack card in the README: drawn in a browser from the very blocks that go to Slack."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "slack-alert.png"
BLOCKS = ROOT / "tests" / "alerts" / "golden" / "warning.sv.json"

_spec = importlib.util.spec_from_file_location("picture", ROOT / "scripts" / "picture.py")
picture = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(picture)
MESSAGE = json.loads(BLOCKS.read_text(encoding="utf-8"))


def size(file: bytes) -> tuple[int, int]:
    """Width and height of a PNG."""
    assert file.startswith(b"\x89PNG")
    return int.from_bytes(file[16:20]), int.from_bytes(file[20:24])


def test_the_page_shows_every_word_of_the_blocks_and_no_markup_of_theirs():
    shown = picture.page(MESSAGE)
    assert "Varning: Nordtåg · delays" in shown
    assert "&lt; skandal &gt;" in shown
    assert "<skandal" not in shown
    assert '<a href="https://social.example/@rider/1">' in shown


def test_the_page_cannot_be_scripted_by_a_post():
    hostile = {"blocks": [{"type": "section", "text": {"type": "plain_text", "text": "<script>x</script>"}}]}
    assert "<script>" not in picture.page(hostile)


@pytest.mark.browser
@pytest.mark.skipif(picture.chromium() is None, reason="no Chromium on this machine")
def test_a_browser_draws_the_card(tmp_path):
    file = tmp_path / "alert.png"
    picture.take_picture(MESSAGE, file)
    width, height = size(file.read_bytes())
    assert (width, height > 500) == (picture.WIDTH, True)


def test_the_committed_picture_is_there_and_of_this_width():
    assert size(PICTURE.read_bytes())[0] == picture.WIDTH
