"""The catalogues: six languages, complete, translated, with the same placeholders."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from alerts.actions import ActionKind
from alerts.incident import IncidentState, ObligationKind, Reason
from alerts.rights import POWERS
from alerts.texts.catalogue import LANGUAGES, pattern, read_catalogue, translations
from alerts.texts.reader import Reader, placeholders
from detectors.explanations import EXPLANATION_KEYS
from detectors.signal import Level

NOW = datetime(2026, 2, 18, 13, 20, tzinfo=UTC)
ENGLISH = read_catalogue("en")
KEYS = sorted(
    str(message.id if isinstance(message.id, str) else message.id[0]) for message in ENGLISH if message.id
)
SAME_IN_ALL = re.compile(r"^(\W|\{\w+\}|min|h|INC)*$")
"""Texts that are only placeholders, signs and units need no translation."""

SAME_BY_NATURE = {
    ("da", "label.next"),
    ("nb", "modal.level"),
    ("sv", "modal.text"),
    ("da", "modal.text"),
    ("da", "modal.url"),
    ("nb", "modal.status"),
    ("nn", "modal.status"),
    ("da", "modal.status"),
    ("nb", "size.people"),
    ("sv", "size.people"),
    ("nn", "size.people"),
    ("da", "size.people"),
}
"""Words that the language shares with English."""


def forms(message: Message) -> tuple[str, ...]:
    """A message's text, or its plural forms."""
    return tuple(message.string) if isinstance(message.string, list | tuple) else (str(message.string),)


def message_of(catalogue: Catalog, key: str) -> Message:
    found = catalogue.get(key)
    assert found is not None, key
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_exactly_the_keys_of_english(language):
    ours = {str(m.id if isinstance(m.id, str) else m.id[0]) for m in read_catalogue(language) if m.id}
    assert ours == set(KEYS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_missing_or_fuzzy(language):
    catalogue = read_catalogue(language)
    empty = [key for key in KEYS if not all(forms(message_of(catalogue, key)))]
    fuzzy = [key for key in KEYS if message_of(catalogue, key).fuzzy]
    assert (empty, fuzzy) == ([], [])


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_no_text_is_left_in_english(language):
    catalogue = read_catalogue(language)
    left = [
        key
        for key in KEYS
        if forms(message_of(catalogue, key)) == forms(message_of(ENGLISH, key))
        and not all(SAME_IN_ALL.match(text) for text in forms(message_of(ENGLISH, key)))
        and (language, key) not in SAME_BY_NATURE
    ]
    assert left == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_the_placeholders_of_english(language):
    """Only "one" may be written as a word: the singular needs no `{count}`."""
    catalogue = read_catalogue(language)
    other = []
    for key in KEYS:
        wanted = placeholders(forms(message_of(ENGLISH, key))[-1])
        *singular, plural = forms(message_of(catalogue, key))
        fine = placeholders(plural) == wanted
        fine &= all(placeholders(text) | {"count"} == wanted for text in singular)
        other += [] if fine else [key]
    assert other == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_alerts_stay_calm(language):
    """No exclamation marks anywhere (practice P18)."""
    catalogue = read_catalogue(language)
    assert [key for key in KEYS if any("!" in text for text in forms(message_of(catalogue, key)))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_gettext_knows_the_plural(language):
    assert translations(language).ngettext("size.people", "size.people", 1) != ""
    assert "{count}" in (pattern(language, "size.people", 2) or "")


@pytest.mark.parametrize("key", sorted(EXPLANATION_KEYS))
def test_every_explanation_of_the_detectors_has_a_sentence_with_its_numbers(key):
    known = set(EXPLANATION_KEYS[key])
    text = pattern("en", f"explain.{key}")
    assert text is not None
    assert placeholders(text) <= known, placeholders(text) - known


@pytest.mark.parametrize(
    "key",
    [
        *(f"level.{level.label}" for level in Level),
        *(f"state.{state}" for state in IncidentState),
        *(f"action.{kind}" for kind in ActionKind),
        *(f"obligation.{kind}" for kind in ObligationKind),
        *(f"may.{power}" for power in POWERS),
        *(f"reason.{reason}" for reason in Reason if reason not in (Reason.FIRST, Reason.EDIT, Reason.DRILL)),
    ],
)
def test_every_word_of_the_records_has_a_text(key):
    assert pattern("en", key) is not None


def test_every_key_that_the_code_names_exists():
    """`text("…")` and `has("…")` with a literal key: all are in the catalogues."""
    root = Path(__file__).parents[2]
    sources = [*root.glob("alerts/**/*.py"), *root.glob("monitor/**/*.py")]
    named = {
        key
        for source in sources
        for key in re.findall(r'(?:reader|\br)\.text\(\s*"([a-z_.]+)"', source.read_text(encoding="utf-8"))
    }
    assert named, "the search found nothing: has the way of writing changed?"
    assert named - set(KEYS) == set()


def test_an_unknown_language_is_refused_by_name():
    with pytest.raises(KeyError, match="no texts in 'fr'"):
        read_catalogue("fr")


def test_an_unknown_key_is_an_error_and_not_an_empty_line():
    with pytest.raises(KeyError, match=r"no\.such"):
        Reader("sv", "Europe/Stockholm", NOW).text("no.such")


@pytest.mark.parametrize(
    ("language", "number", "share", "list_"),
    [
        ("sv", "14 200", "42 %", "a, b och c"),
        ("nb", "14 200", "42 %", "a, b og c"),
        ("nn", "14 200", "42 %", "a, b og c"),
        ("da", "14.200", "42 %", "a, b og c"),
        ("fi", "14 200", "42 %", "a, b ja c"),
        ("en", "14,200", "42%", "a, b, and c"),
    ],
)
def test_numbers_shares_and_lists_are_written_as_the_language_writes_them(language, number, share, list_):
    reader = Reader(language, "Europe/Stockholm", NOW)
    plain = [text.replace("\xa0", " ") for text in (reader.number(14200), reader.percent(0.42))]
    assert [*plain, reader.list(["a", "b", "", "c"])] == [number, share, list_]


def test_a_time_is_the_readers_clock_today_and_has_its_date_on_other_days():
    reader = Reader("sv", "Europe/Stockholm", NOW)
    helsinki = Reader("fi", "Europe/Helsinki", NOW)
    assert reader.time(NOW) == "14:20"
    assert helsinki.time(NOW) == "15:20"
    assert reader.time(NOW - timedelta(days=1)) == "17 feb. 14:20"
    assert reader.time(NOW.replace(year=2025)) == "18 feb. 2025 14:20"
    assert reader.time(datetime(2026, 2, 17, 23, 30, tzinfo=UTC)) == "00:30"


def test_a_clock_change_night_shows_the_readers_own_hours():
    """28 March to 29 March 2026: 01:30 UTC is 03:30 in Stockholm, an hour after 01:30 local."""
    reader = Reader("sv", "Europe/Stockholm", datetime(2026, 3, 29, 2, tzinfo=UTC))
    assert reader.time(datetime(2026, 3, 29, 0, 30, tzinfo=UTC)) == "01:30"
    assert reader.time(datetime(2026, 3, 29, 1, 30, tzinfo=UTC)) == "03:30"


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, "0 min"), (59, "59 min"), (60, "1 h"), (95, "1 h 35 min"), (47 * 60, "47 h"), (72 * 60, "3 dygn")],
)
def test_durations_are_short(minutes, said):
    assert Reader("sv", "Europe/Stockholm", NOW).duration(timedelta(minutes=minutes)) == said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("hours", "said"), [(0, "0 min"), (1, "1 "), (36, "36 ")])
def test_how_long_was_listened_is_a_length_and_no_number_with_hours_behind(language, hours, said):
    reader = Reader(language, "Europe/Stockholm", NOW)
    told = reader.text("explain.cold_growth", people=9, times=4, hours_learnt=hours)
    length = reader.duration(timedelta(hours=hours))
    assert length.startswith(said)
    assert f" {length} " in told


def test_values_are_written_by_what_their_name_says():
    reader = Reader("sv", "Europe/Stockholm", NOW)
    assert reader.value("since", NOW.isoformat()) == "14:20"
    assert reader.value("negative_percent", 42) == reader.percent(0.42)
    assert reader.value("negative_share", 0.42) == reader.percent(0.42)
    assert reader.value("window_seconds", 3600) == "1 h"
    assert reader.value("expected", 9.44) == "9,4"
    assert reader.value("by", None) == "–"
    assert reader.value("until", "not a time") == "not a time"


def test_a_value_cannot_bring_its_own_placeholders_or_controls():
    reader = Reader("sv", "Europe/Stockholm", NOW)
    said = reader.text("lead.theme", theme="{sentence.__class__}\x1b[31m", sentence="{0}\u202e")
    assert said == "{sentence.__class__}[31m: {0}"
