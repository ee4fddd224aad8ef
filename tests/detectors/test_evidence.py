"""Evidence: what the mentions behind a signal say, and who says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from detectors.evidence import (
    background_ids,
    build_evidence,
    estimate_reach,
    ids_to_read,
    leading_words,
    pick_examples,
    signal_from,
)
from detectors.frame import COLUMNS, MentionRow, to_frame
from detectors.held import selected
from detectors.signal import Evidence, Explanation, Finding, Level, Scope
from detectors.themes import source_counts, theme_counts

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)


def row(mention_id: int, text: str, **more: object) -> MentionRow:
    more = {"author": f"p{mention_id}", "label": "negative", "source": "web", **more}
    at = more.pop("at", T0 + timedelta(minutes=mention_id))
    return MentionRow(mention_id, at, at, text=text, **more)  # type: ignore[arg-type]


CARD = [
    row(i, f"kortet mitt ble belastet {w} ganger, fiks dette") for i, w in enumerate(("to", "tre", "fem", "mange"))
]
PRAISE = [
    row(20 + i, f"takk for god hjelp {w}", label="positive") for i, w in enumerate(("i dag", "igjen", "folkens"))
]


def evidence_of(rows: list[MentionRow]) -> Evidence:
    """Evidence from rows that are all at hand."""
    return build_evidence(selected(rows), rows)


def test_leading_words_are_those_of_the_trouble_in_any_language() -> None:
    words = [word for word, _ in leading_words(CARD + PRAISE)]
    assert {"kortet", "belastet"} <= set(words)
    assert "hjelp" not in words


def test_leading_words_count_people_not_repetitions() -> None:
    loud = [row(50 + i, "skandale skandale skandale", author="loud") for i in range(9)]
    assert dict(leading_words(CARD + loud)).get("kortet") == 4
    assert "skandale" not in dict(leading_words(CARD + loud))


def test_words_that_are_always_there_do_not_lead() -> None:
    background = [row(100 + i, "toget mitt er forsinket") for i in range(30)]
    now = [*CARD, row(60, "toget er forsinket")]
    words = dict(leading_words(now, background))
    assert "kortet" in words
    assert "toget" not in words


def test_evidence_counts_people_and_leaves_own_posts_out() -> None:
    own = row(90, "Vi beklager", own=True, label="neutral")
    found = evidence_of([*CARD, *PRAISE, own, row(4, "og enda en gang", author="p1", themes=("pay",))])
    assert (found.mentions, found.people, found.negative_people) == (8, 7, 4)
    assert found.themes == (("pay", 1),)
    assert found.first is not None
    assert found.first.mention_id == 0
    assert all(q.mention_id != 90 for q in found.examples)


def test_deleted_posts_are_counted_and_never_quoted() -> None:
    gone = [row(i, "", followers=10**6, author=None) for i in range(3)]
    found = evidence_of([*gone, *CARD[3:]])
    assert found.mentions == 4
    assert {quote.text for quote in (found.first, found.loudest, *found.examples) if quote} == {CARD[3].text}


def test_no_mentions_make_empty_evidence() -> None:
    found = evidence_of([])
    assert (found.mentions, found.first, found.loudest, found.examples) == (0, None, None, ())


def test_evidence_needs_the_texts_of_few_however_many_there_are() -> None:
    first = row(0, "det begynte her", at=T0)
    loud = row(1, "alle leser meg", followers=10**6, label="neutral", at=T0)
    rows = [first, loud, *(row(n, f"kortet igjen {n}", at=T0 + timedelta(seconds=n)) for n in range(2, 4000))]
    wanted = ids_to_read(selected(rows))
    assert len(wanted) == 1502
    few = {number: rows[number] for number in wanted}
    found = build_evidence(selected(rows), few.values())
    assert found == evidence_of(rows)
    assert [quote.mention_id for quote in (found.first, found.loudest) if quote] == [0, 1]
    assert found.mentions == 4000
    assert background_ids(selected(rows)) == list(range(2500, 4000))


def test_a_text_that_is_gone_from_the_store_is_counted_and_not_quoted() -> None:
    found = build_evidence(selected(CARD), CARD[1:])
    assert (found.mentions, found.first) == (4, None)
    assert CARD[0].mention_id not in {quote.mention_id for quote in found.examples}


def test_sources_are_counted_largest_first_and_of_equals_the_first_met() -> None:
    rows = [row(n, "x", source=source) for n, source in enumerate("bcaac")]
    assert source_counts(selected(rows)).most_common() == [("c", 2), ("a", 2), ("b", 1)]
    assert evidence_of(rows).sources == (("c", 2), ("a", 2), ("b", 1))


def test_reach_counts_each_person_once_and_guesses_only_what_is_unknown() -> None:
    rows = [
        row(1, "a", author="x", followers=1000),
        row(2, "b", author="x", followers=1200),
        row(3, "c", author="y"),
    ]
    assert estimate_reach(selected(rows).rows, 400) == 1600


def test_examples_are_different_people_and_texts_and_mostly_not_hostile() -> None:
    hostile = [
        row(70 + i, f"dere er idioter alle sammen der {w}", hostile="insult") for i, w in enumerate("abcdef")
    ]
    copies = [row(80 + i, "kortet mitt ble belastet to ganger, fiks dette!") for i in range(5)]
    picked = pick_examples(CARD + hostile + copies)
    assert sum(r.hostile is not None for r in picked) <= 1
    assert len({r.person for r in picked}) == len(picked)


def test_a_signal_holds_the_ids_that_show_it() -> None:
    finding = Finding(Scope("b"), "d", Level.WATCH, T0, 4, 1, 2, Explanation("negative_people_hour"))
    assert signal_from(finding, selected(CARD), CARD).mention_ids == (0, 1, 2, 3)


@given(st.lists(st.text(max_size=40), max_size=12))
def test_any_text_is_borne(texts: list[str]) -> None:
    rows = [row(i, text) for i, text in enumerate(texts)]
    assert evidence_of(rows).mentions == len(rows)


def test_a_mention_counts_once_for_each_of_its_themes() -> None:
    rows = [
        row(1, "x", themes=("delay", "refund", "delay")),
        row(2, "x", themes=("delay",)),
        row(3, "x", own=True),
    ]
    assert theme_counts(selected(rows)) == {"delay": 2, "refund": 1}


def test_the_frame_has_the_declared_columns() -> None:
    frame = to_frame(CARD)
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == 4
