"""The demo's story: always the same, made of texts that people could have written, and about the brand."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.demo.people import People
from monitor.demo.story import CAPTIONS, SCENES, ZONE, build_story, moment
from monitor.demo.texts import Line, decorated, fill, pool, roughened

TEXTS = sorted(path.stem for path in (Path(__file__).parents[2] / "monitor" / "demo" / "texts").iterdir())
NO_BRAND_NEEDED = {"tails", "angry_tails", "angry_openings", "everyday_reply", "thread", "own_quiet", "own_crisis"}
Row = dict[str, Any]


@cache
def story() -> Sequence[Row]:
    return build_story()


def hour_of(row: Row) -> tuple[int, int]:
    at = datetime.fromisoformat(row["created_at"]).astimezone(ZONE)
    return at.day, at.hour


def test_the_story_is_the_same_whenever_it_is_told() -> None:
    assert build_story() == story()


def test_another_seed_tells_it_with_other_people_but_the_same_plot() -> None:
    other = build_story(seed=7)
    assert other != story()
    ours, theirs = (Counter(row["kind"] for row in rows) for rows in (story(), other))
    assert ours["news"] == theirs["news"]


def test_rows_are_in_order_and_have_ids_of_their_own() -> None:
    times = [row["created_at"] for row in story()]
    assert times == sorted(times)
    assert len({row["id"] for row in story()}) == len(story())


def test_an_ordinary_day_has_its_rhythm_and_its_size() -> None:
    days = Counter(hour_of(row)[0] for row in story())
    assert 150 <= days[2] <= 320
    assert 150 <= days[3] <= 320
    hours = Counter(hour_of(row)[1] for row in story() if hour_of(row)[0] == 2)
    assert max(hours[7], hours[17]) > 3 * max(hours[hour] for hour in (1, 2, 3))


def test_thursday_afternoon_is_no_ordinary_afternoon() -> None:
    hours = Counter(hour_of(row) for row in story())
    assert hours[5, 18] > 5 * hours[2, 18]


def test_texts_are_many_and_hardly_any_is_told_three_times_in_a_crisis_hour() -> None:
    assert len({row["text"] for row in story()}) > 1200
    evening = Counter(row["text"] for row in story() if hour_of(row) == (5, 18) and row["kind"] == "post")
    assert max(evening.values()) <= 2


def test_one_man_wrote_all_about_the_coffee() -> None:
    rolf = [row for row in story() if row["author"] == "@kaffe_rolf"]
    assert len(rolf) == len(pool("loud_author"))
    assert {hour_of(row)[0] for row in rolf} == {3}


def test_comments_stand_under_a_post_of_the_same_platform_that_came_before_them() -> None:
    by_id = {row["id"]: row for row in story()}
    comments = [row for row in story() if row["kind"] == "comment"]
    assert len(comments) > 300
    for row in comments:
        root = by_id[row["thread_id"]]
        assert root["created_at"] <= row["created_at"]
        assert root["source"] == row["source"]


def test_our_own_account_answers_late() -> None:
    own = [row for row in story() if row["author"] == "@nordtag@togprat.example" and hour_of(row)[0] == 5]
    first_in_the_evening = next(row for row in own if hour_of(row)[1] > 12)
    assert hour_of(first_in_the_evening) == (5, 20)


def test_captions_are_in_the_order_in_which_they_happen() -> None:
    times = [moment(day, clock) for day, clock, _ in CAPTIONS]
    assert times == sorted(times)


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_can_be_filled_and_is_written_once(name: str) -> None:
    lines = pool(name)
    assert len(set(lines)) == len(lines)
    for line in lines:
        assert line.language in {"sv", "nb", "da", "en"}
        filled = fill(line, random.Random(1))
        assert filled == filled.strip()
        assert "{" not in filled


@pytest.mark.parametrize("name", sorted(set(TEXTS) - NO_BRAND_NEEDED))
def test_every_post_names_the_brand(name: str) -> None:
    without = [line.text for line in pool(name) if not re.search(r"nordt[åa]g", line.text, re.IGNORECASE)]
    assert not without


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: f"{scene.texts} day {scene.day} {scene.start}")
def test_every_scene_has_texts_and_ends_after_it_starts(scene: Any) -> None:
    assert pool(scene.texts)
    assert moment(scene.day, scene.start) < moment(scene.day, scene.end)


@given(st.integers(0, 2**32))
def test_roughening_never_loses_the_brand(seed: int) -> None:
    chance = random.Random(seed)
    text = roughened(
        decorated(chance.choice(pool("double_charge")), chance, "angry_openings", "angry_tails"), chance
    )
    assert re.search(r"nordt[åa]g", text, re.IGNORECASE)


@given(st.integers(0, 2**32), st.text(alphabet="abc defåäö.#@", min_size=1, max_size=60))
def test_roughening_only_moves_or_lowers_letters(seed: int, text: str) -> None:
    def letters(words: str) -> Counter[str]:
        return Counter(letter for letter in words.lower() if letter.isalpha())

    assert letters(roughened(text, random.Random(seed))) == letters(text)


def test_people_are_the_same_for_the_same_seed_and_speak_their_language() -> None:
    first, second = (People(random.Random(3)) for _ in range(2))
    assert [first.regular("da") for _ in range(20)] == [second.regular("da") for _ in range(20)]
    swedes = {first.passer_by("sv") for _ in range(200)}
    assert len(swedes) > 100
    assert not swedes & {first.passer_by("nb") for _ in range(200)}


def test_somebody_has_the_same_followers_each_time() -> None:
    people = People(random.Random(3))
    assert people.followers("@ola_tog") == people.followers("@ola_tog")
    assert people.followers("@kvickekalle") == 48_000


def test_a_tail_that_is_a_sentence_gets_a_full_stop_before_it() -> None:
    line = Line("sv", "Nordtåg är sent")
    told = {decorated(line, random.Random(seed), tails="angry_tails", share=1.0) for seed in range(40)}
    assert "Nordtåg är sent. Svara!" in told
    assert "Nordtåg är sent #dubbeldraget" in told


def test_the_module_writes_a_mentions_file() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitor.demo.story"], capture_output=True, check=True, timeout=60
    )
    rows = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]
    assert rows == list(story())
