"""The synthetic year is what it says it is, and the driver measures what it says it measures."""

from __future__ import annotations

import ast
import inspect
from dataclasses import fields, replace
from datetime import UTC, datetime
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import long_year, synthetic_parts, synthetic_year
from benchmarks.long_year import CALM_SECONDS, Found, delay_of, episodes, lead_through
from benchmarks.synthetic_parts import NEGATIVE, SLOT, SLOTS_A_DAY, START, Posts, local_time
from benchmarks.synthetic_rows import mention_rows, wording
from benchmarks.synthetic_year import DEVELOPMENT, RESERVED, SIZES, SOURCES, SPEEDS, Crisis, Outage, Trap, Year

_APART = 10_000_000  # posts of traps and crises are numbered from here on
_DAY = 86_400.0


@pytest.fixture(scope="module")
def year() -> Year:
    return synthetic_year.synthetic_year(3, 200, 365)


def of_background(year: Year) -> Posts:
    return year.posts.take(year.posts.ident < _APART)


def of_crisis(year: Year, number: int) -> Posts:
    return year.posts.take(year.posts.ident // _APART == number)


def of_trap(year: Year, kind: str) -> list[tuple[Trap, Posts]]:
    return [
        (trap, year.posts.take(year.posts.ident // _APART == number))
        for number, trap in enumerate(year.traps, 101)
        if trap.kind == kind
    ]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 99), st.sampled_from([5.0, 80.0]), st.integers(8, 40))
def test_the_same_arguments_give_the_same_year(seed: int, per_day: float, days: int) -> None:
    one, two = (synthetic_year.synthetic_year(seed, per_day, days) for _ in range(2))
    assert (one.crises, one.traps, one.outages) == (two.crises, two.traps, two.outages)
    for field in fields(Posts):
        assert np.array_equal(getattr(one.posts, field.name), getattr(two.posts, field.name))


def test_another_seed_is_another_year() -> None:
    one, two = (synthetic_year.synthetic_year(seed, 50, 14) for seed in (1, 2))
    assert one.crises != two.crises
    assert len(one.posts) != len(two.posts) or not np.array_equal(one.posts.at, two.posts.at)


def test_development_and_reserved_seeds_are_as_many_and_do_not_meet() -> None:
    assert len(DEVELOPMENT) == len(RESERVED)
    assert not set(DEVELOPMENT) & set(RESERVED)


@pytest.mark.parametrize("module", [synthetic_year, synthetic_parts])
def test_the_generator_knows_nothing_of_the_detectors(module: ModuleType) -> None:
    tree = ast.parse(inspect.getsource(module))
    imported = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    imported += [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
    assert not [name for name in imported if name.split(".")[0] in ("detectors", "alerts", "monitor")]


@pytest.mark.parametrize("per_day", [5, 500, 5000])
def test_a_brand_has_about_as_many_posts_a_day_as_asked_for(per_day: int) -> None:
    year = synthetic_year.synthetic_year(7, per_day, 60)
    assert len(of_background(year)) / 60 == pytest.approx(per_day, rel=0.3)


def test_nights_are_quiet_and_counts_scatter_more_than_chance_alone(year: Year) -> None:
    slot = ((of_background(year).at - START) // SLOT).astype(int)
    hour = local_time(year.days).hour[slot]
    assert np.mean((hour >= 1) & (hour < 5)) < 0.5 * 4 / 24
    days = np.bincount(slot // SLOTS_A_DAY, minlength=year.days)
    weeks = days[: 52 * 7].reshape(-1, 7)
    assert np.var(weeks.sum(axis=1)) > 1.5 * weeks.sum(axis=1).mean()


def test_a_year_has_both_clock_changes_and_its_holidays() -> None:
    when = local_time(365)
    jumps = np.diff(when.hour)
    assert np.sum(np.isclose(jumps, 1 + SLOT / 3600)) == 1  # 01:55 is followed by 03:00
    assert np.sum(np.isclose(jumps, -1 + SLOT / 3600)) == 1  # 02:55 is followed by 02:00
    assert when.weekday[0] == 0
    assert when.hour[0] == 0
    assert np.sum(when.holiday) == 13 * SLOTS_A_DAY


def test_a_few_authors_write_much_and_most_write_little(year: Year) -> None:
    written = np.sort(np.unique(of_background(year).author, return_counts=True)[1])
    assert np.median(written) <= 10
    assert written[-1] > 50 * np.median(written)


def test_comments_answer_an_earlier_root_and_some_threads_grow_far_beyond_the_others(year: Year) -> None:
    found = of_background(synthetic_year.synthetic_year(3, 200, 30))
    comments = found.take(~found.root)
    assert len(comments) > 0.1 * len(found)
    assert np.all(comments.thread < comments.ident)
    sizes = np.unique(comments.thread, return_counts=True)[1]
    assert sizes.max() > 10 * np.median(sizes)


def test_posts_come_in_the_order_in_which_they_were_collected_and_never_before_they_were_written(
    year: Year,
) -> None:
    assert np.all(np.diff(year.posts.seen) >= 0)
    assert np.all(year.posts.seen >= year.posts.at)


def test_a_deaf_collector_sees_nothing_and_says_so(year: Year) -> None:
    assert {outage.caught_up for outage in year.outages} == {True, False}
    for outage in year.outages:
        here = year.posts.source == outage.source
        assert not np.any(here & (year.posts.seen >= outage.begins) & (year.posts.seen < outage.ends))
        late = here & (year.posts.at >= outage.begins) & (year.posts.at < outage.ends)
        assert np.all(year.posts.seen[late] > outage.ends)
        if not outage.caught_up:
            assert not np.any(late)


@pytest.mark.parametrize(("begins", "heard"), [(0, 1.0), (300, 0.5), (600, 0.0), (900, 0.75), (1200, 1.0)])
def test_coverage_is_the_share_of_the_slot_that_was_heard(year: Year, begins: int, heard: float) -> None:
    deaf = replace(year, outages=(Outage(0, START + 450, START + 975, False),))
    assert deaf.covered(START + begins) == {SOURCES[0]: pytest.approx(heard), SOURCES[1]: 1.0}


def test_a_year_has_each_size_at_each_speed_once(year: Year) -> None:
    kinds = {(size, speed) for size in SIZES for speed in SPEEDS}
    assert {(crisis.size, crisis.speed) for crisis in year.crises} == kinds
    assert len(year.crises) == len(kinds)


def test_short_years_go_on_through_the_kinds_from_seed_to_seed() -> None:
    years = [synthetic_year.synthetic_year(seed, 5, 19) for seed in range(3)]
    assert len({(c.size, c.speed) for year in years for c in year.crises}) == 9


def test_a_crisis_begins_at_its_onset_and_is_as_large_as_it_says(year: Year) -> None:
    for number, crisis in enumerate(year.crises, 1):
        found = of_crisis(year, number)
        rise, half = SPEEDS[crisis.speed]
        assert crisis.onset <= found.at.min() <= crisis.onset + 3600 * max(0.5 * rise, 0.5)
        assert found.at.max() <= crisis.ends + SLOT
        hours = rise / 2 + half / np.log(2)  # at the peak's pace, were nobody asleep
        assert 0.4 * crisis.peak * hours < len(found) < 1.5 * crisis.peak * hours
        assert np.mean(found.mood == NEGATIVE) > 0.6
        assert len(np.unique(found.author)) > 0.75 * len(found)


def test_larger_crises_are_larger_and_a_small_brand_has_crises_of_people_too() -> None:
    peaks = {c.size: c.peak for c in synthetic_year.synthetic_year(1, 5, 365).crises}
    assert 10 <= peaks["small"] < peaks["medium"] < peaks["large"]
    assert peaks["small"] > 40 * 5 / 24


def test_crises_keep_clear_of_traps_outages_and_one_another(year: Year) -> None:
    spans = sorted([(c.onset, c.ends) for c in year.crises])
    assert all(ended + _DAY < onset for (_, ended), (onset, _) in pairwise(spans))
    others = [(t.begins, t.ends) for t in year.traps] + [(o.begins, o.ends) for o in year.outages]
    for begins, ended in others:
        assert not any(begins < ends and ended > onset for onset, ends in spans)


def test_traps_are_what_they_are_called(year: Year) -> None:
    for trap, found in of_trap(year, "bots") + of_trap(year, "joke"):
        assert len(np.unique(found.template)) <= 3, trap
    for trap, found in of_trap(year, "loud"):
        assert len(np.unique(found.author)) <= 1, trap
    praise = of_trap(year, "praise")
    assert praise
    assert all(np.mean(found.mood > 0) > 0.6 for _, found in praise if len(found))


def test_topics_bring_more_posts_but_not_more_unhappy_ones_among_them(year: Year) -> None:
    found = of_background(year)
    inside = np.zeros(len(found), dtype=bool)
    usual = 0.0
    for topic in year.topics:
        span = topic.ends - topic.begins
        inside |= (found.at >= topic.begins) & (found.at < topic.ends)
        usual += float(np.sum((found.at >= topic.begins - 7 * _DAY) & (found.at < topic.begins - 7 * _DAY + span)))
    assert len(year.topics) == pytest.approx(52, abs=20)
    assert np.sum(inside) > 1.15 * usual
    sour = found.mood == NEGATIVE
    assert np.mean(sour[inside]) == pytest.approx(np.mean(sour[~inside]), abs=0.05)


@given(st.sets(st.integers(0, 10**12), min_size=2, max_size=2))
def test_no_two_posts_have_the_same_words(two: set[int]) -> None:
    assert len({wording(number) for number in two}) == 2


def test_posts_become_mentions_without_a_change(year: Year) -> None:
    few = synthetic_year.synthetic_year(4, 20, 10)
    rows = list(mention_rows(few, chunk=17))
    assert [row.mention_id for row in rows] == few.posts.ident.tolist()
    assert [row.is_root for row in rows] == few.posts.root.tolist()
    assert [row.negative for row in rows] == (few.posts.mood == NEGATIVE).tolist()
    assert rows[5].event_time == datetime.fromtimestamp(float(few.posts.at[5]), UTC)


def test_what_is_found_within_six_hours_is_one_episode(year: Year) -> None:
    gap = CALM_SECONDS
    seen = [(0, 1, "a"), (300, 2, "b"), (gap, 2, "c"), (3 * gap, 1, "d"), (4 * gap, 3, "e")]
    joined = episodes(year, [Found(START + at, level, why) for at, level, why in seen])
    spans = [(e.begins - START, e.worst_at - START, e.ends - START) for e in joined]
    assert spans == [(0, 300, gap), (3 * gap, 3 * gap, 3 * gap), (4 * gap, 4 * gap, 4 * gap)]
    assert [(e.level, e.why) for e in joined] == [("warning", "b"), ("watch", "d"), ("crisis", "e")]


def made_up(crisis: Crisis) -> Year:
    empty = synthetic_year.synthetic_year(0, 5, 8)
    return replace(empty, days=100, crises=(crisis,), traps=(), outages=())


def test_a_delay_is_counted_from_the_onset_and_only_while_the_crisis_lasts() -> None:
    crisis = Crisis("small", "fast", START + 1000.0, START + 8000.0, 9.0)
    seen = [Found(START + at, level, "") for at, level in ((900, 2), (1600, 1), (2200, 3), (9000, 2))]
    assert delay_of(made_up(crisis), crisis, seen) == long_year.Delay("small", "fast", 0, 10.0, 20.0)
    assert delay_of(made_up(crisis), crisis, seen[:1] + seen[3:]).warning is None


def test_a_warning_that_no_crisis_explains_is_false_and_what_was_going_on_is_named() -> None:
    year = made_up(Crisis("small", "fast", START + 10 * _DAY, START + 10.5 * _DAY, 9.0))
    year = replace(year, traps=(Trap("joke", START + 5 * _DAY, START + 5.1 * _DAY),))
    days = (5.05, 10.2, 10.6, 11.2, 50.0)
    found = [Found(START + day * _DAY, 2, "x") for day in days]
    false = long_year.quiet_episodes(year, found)
    assert [round((e.begins - START) / _DAY, 2) for e in false] == [5.05, 11.2, 50.0]
    assert [e.because for e in false] == ["joke", long_year.ECHO, "nothing planted"]


@pytest.mark.parametrize(("per_day", "seed"), [(5, 2), (500, 2)])
def test_three_weeks_of_a_small_and_a_middling_brand_find_a_large_planted_crisis(
    per_day: float, seed: int
) -> None:
    result = lead_through(seed, per_day, 21)
    large = [delay for delay in result.delays if delay.size == "large"]
    assert large
    assert all(delay.warning is not None and delay.warning <= 12 * 60 for delay in large)
    assert all(delay.watch is not None and delay.watch <= (delay.warning or 0) for delay in large)
    assert len(result.false_warnings) <= 1


def test_the_summary_names_each_size_and_the_seeds(capsys: pytest.CaptureFixture[str]) -> None:
    assert long_year.main(["--days", "8", "--brands", "5", "--seeds", "2", "3"]) == 0
    printed = capsys.readouterr().out
    assert "5 a day: 8 days, seeds [2]" in printed
    assert all(f"| {size} |" in printed for size in SIZES)
