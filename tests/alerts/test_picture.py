"""The picture in the thread: drawn in a child process, from numbers and harmless words."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.picture import Mark, PictureData, PictureError, draw_picture, drawing
from alerts.texts.reader import Reader
from tests.alerts.card_stories import NOW, STOCKHOLM, at
from tests.alerts.injection_corpus import CORPUS

READER = Reader("sv", STOCKHOLM, NOW)
DATA = PictureData(
    brand="Nordtåg",
    hours=tuple(at(6) + timedelta(hours=n) for n in range(8)),
    mentions=(3, 2, 4, 3, 5, 4, 30, 52),
    negative=(1, 0, 1, 1, 1, 1, 20, 41),
    usual=(3, 3, 4, 4, 4, 4, 5, 5),
    marks=(Mark(at(12, 30), "Började"), Mark(at(13, 15), "Varning")),
)


def test_it_is_a_png_of_a_size_that_slack_shows_well():
    picture = draw_picture(DATA, READER)
    assert picture.startswith(b"\x89PNG")
    assert (int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])) == (1000, 500)


def test_numbers_words_and_hours_are_the_readers():
    made = drawing(DATA, READER)
    assert made["title"] == "Inlägg per timme om Nordtåg jämfört med det normala"
    assert made["hours"][0] == "07:00"
    assert made["share"][-1] == pytest.approx(41 / 52)
    assert made["marks"] == [[6.5, "Började"], [7.25, "Varning"]]


def test_an_hour_without_posts_has_no_unhappy_share():
    assert drawing(replace(DATA, mentions=(0,) * 8, negative=(0,) * 8), READER)["share"] == [0.0] * 8


def test_matplotlib_stays_out_of_the_daemon():
    code = "import sys, alerts.picture; sys.exit(any(m.startswith('matplotlib') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_hostile_names_are_drawn_as_text():
    """`$` would start a formula of Matplotlib's; a broken one would end the drawing."""
    words = "$\\frac{$ " + CORPUS["zalgo"][:10] + CORPUS["emoji only"][:5] + CORPUS["right to left"]
    hostile = replace(DATA, brand=words, marks=(Mark(at(13), words),))
    assert draw_picture(hostile, READER).startswith(b"\x89PNG")


def test_a_child_that_fails_is_an_error_in_words(monkeypatch):
    monkeypatch.setattr("alerts.picture.drawing", lambda data, reader: {"title": "no more"})
    with pytest.raises(PictureError, match="KeyError"):
        draw_picture(DATA, READER)


def test_series_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="one length"):
        replace(DATA, usual=(1.0,))
