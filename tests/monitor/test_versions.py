"""A changed scorer or theme takes effect on history first, so that no baseline jumps."""

from __future__ import annotations

import os
import shutil
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from detectors.signal import Scope, ScopeKind
from monitor.clock import SimulatedClock
from monitor.config_loader import parse_config
from monitor.importing import import_mentions
from monitor.mention import Mention
from monitor.store import open_store
from monitor.versions import bring_scores_up_to_date, bring_themes_up_to_date
from tests.monitor.kill_steps import in_child

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DELAYS = "delays: [försen]"
TEXTS = ("nordtåg är försenade", "nordtåg drog pengarna två gånger", "nordtåg har wifi")


def config(themes: str = DELAYS, words: str = ""):
    brand = f"name: Nordtåg, keywords: [nordtåg], themes: {{{themes}}}, words: {{{words}}}"
    text = f"timezone: UTC\nbrands: [{{{brand}}}]"
    return parse_config(text, environment={}, year=2026).config


def filled(folder: Path, hours: int):
    """A store with a post of each text every hour, under the first config."""
    made = open_store(f"sqlite:///{folder / 'monitor.db'}", secret=b"any")
    made.migrate(NOW)
    posts = [
        Mention("web", f"{hour}-{n}", "file", text, created_at=NOW - hour * HOUR, author=f"a{hour}-{n}")
        for hour in range(1, hours + 1)
        for n, text in enumerate(TEXTS)
    ]
    bring_up(made, config())
    import_mentions(made, config(), posts, SimulatedClock(NOW))
    bring_up(made, config())
    return made


@pytest.fixture
def store(tmp_path):
    """Two days."""
    made = filled(tmp_path, 48)
    yield made
    made.close()


def bring_up(store, changed):
    scores = bring_scores_up_to_date(store, changed, NOW)
    return scores, bring_themes_up_to_date(store, changed, NOW)


def theme_sums(store) -> dict[str, int]:
    since = NOW - 60 * HOUR
    counted = store.counters("Nordtåg", since, NOW)
    assert counted == store.recount("Nordtåg", since, NOW)
    return {
        scope.name: sum(sums.mentions for _, sums in series)
        for scope, series in counted.items()
        if scope.kind is ScopeKind.THEME
    }


def theme_people(store) -> set[str]:
    found = store.people_hours("Nordtåg", NOW - 60 * HOUR, NOW)
    return {scope.name for scope in found if scope.kind is ScopeKind.THEME}


def test_nothing_changed_nothing_is_done(store):
    assert bring_up(store, config()) == ((), ())
    assert theme_sums(store) == {"delays": 48}


def test_a_new_theme_has_a_past_in_sums_and_people(store):
    assert bring_up(store, config(f"{DELAYS}, payment: [pengar]"))[1] == ("Nordtåg",)
    assert theme_sums(store) == {"delays": 48, "payment": 48}
    assert theme_people(store) == {"delays", "payment"}


def test_a_theme_that_is_gone_leaves_no_trace(store):
    bring_up(store, config("payment: [pengar]"))
    assert theme_sums(store) == {"payment": 48}
    assert theme_people(store) == {"payment"}


def test_other_words_for_a_theme_count_for_the_past_too(store):
    bring_up(store, config("delays: [försen, wifi]"))
    assert theme_sums(store) == {"delays": 96}


def test_an_unchanged_theme_stays_as_it_was_found(store):
    """What a link or a title said is not in the text that was kept."""
    store.switch_themes("Nordtåg", NOW - 60 * HOUR, ["delays"], lambda _text, _had: ("delays",))
    bring_up(store, config(f"{DELAYS}, payment: [pengar]"))
    assert theme_sums(store) == {"delays": 144, "payment": 48}


def test_changed_words_score_history_again(store):
    def negative() -> int:
        counted = store.counters("Nordtåg", NOW - 60 * HOUR, NOW)
        assert counted == store.recount("Nordtåg", NOW - 60 * HOUR, NOW)
        return sum(sums.negative for _, sums in counted[Scope("Nordtåg")])

    before = negative()
    assert bring_up(store, config(words="wifi: -4"))[0] == ("Nordtåg",)
    assert negative() == before + 48


STEPS = ("set_scores_aside", "switch_scores", "save_people_hours", "drop_detector_states", "set_fact")
"""What a rescoring does to the store, in this order; each step can be the last, before it or after it."""


WORDS = "wifi: -4"


def people(store):
    return store.people_hours("Nordtåg", NOW - 60 * HOUR, NOW)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Six hours in a file, and the people of each hour when nothing interrupts their being scored again."""
    kept, other = tmp_path_factory.mktemp("kept"), tmp_path_factory.mktemp("other")
    filled(kept, 6).close()
    shutil.copy(kept / "monitor.db", other)
    store = opened(other)
    old = people(store)
    bring_scores_up_to_date(store, config(words=WORDS), NOW)
    found = people(store)
    store.close()
    assert found != old
    return kept, found


def opened(folder: Path):
    return open_store(f"sqlite:///{folder / 'monitor.db'}", secret=b"any")


def killed_at(folder: Path, step: str, *, before: bool) -> int:
    """Bring the scores up to date in a child that is killed at this step; returns its exit code."""

    def work() -> None:
        store = opened(folder)
        found = getattr(store, step)

        def last(*arguments, **named):
            if not before:
                found(*arguments, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(store, step, last)
        bring_scores_up_to_date(store, config(words=WORDS), NOW)

    return in_child(work)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_rescoring_that_was_killed_anywhere_learns_the_people_of_each_hour_on_the_next_start(
    undisturbed, tmp_path, step, before
):
    kept, expected = undisturbed
    shutil.copy(kept / "monitor.db", tmp_path)
    assert killed_at(tmp_path, step, before=before) == -signal.SIGKILL
    again = opened(tmp_path)
    bring_scores_up_to_date(again, config(words=WORDS), NOW)
    assert people(again) == expected
    assert bring_scores_up_to_date(again, config(words=WORDS), NOW) == ()
    again.close()
