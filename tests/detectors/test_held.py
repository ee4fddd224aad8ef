"""Mentions as numbers stay in order, each once, whatever comes and goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.frame import MentionRow
from detectors.held import (
    CHEERS,
    COMMENT,
    DEFENDS,
    DTYPE,
    HOSTILE,
    NAMED,
    NEGATIVE,
    OWN,
    POSITIVE,
    QUESTION,
    QUOTABLE,
    ROOT,
    HeldMentions,
    Numbering,
    fingerprint,
    page_of,
    selected,
)  # fmt: skip

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)


def row(mention_id: int, seconds: float = 0, **more: object) -> MentionRow:
    at = T0 + timedelta(seconds=seconds)
    return MentionRow(mention_id, at, at, **{"source": "web", **more})  # type: ignore[arg-type]


rows = st.lists(st.builds(row, st.integers(1, 30), st.integers(0, 500)), max_size=12)
todo = st.lists(
    st.one_of(
        st.tuples(st.just("add"), rows),
        st.tuples(st.just("remove"), st.lists(st.integers(1, 30), max_size=5)),
        st.tuples(st.just("drop"), st.integers(0, 300)),
    ),
    max_size=12,
)


@given(todo)
def test_what_is_held_is_what_came_last_and_did_not_go_in_order_of_time_and_id(steps) -> None:
    held, model = HeldMentions(), {}
    for what, data in steps:
        if what == "add":
            held.add(selected(data).rows)
            model |= {r.mention_id: r.event_time.timestamp() for r in data}
        elif what == "remove":
            held.remove(data)
            model = {k: at for k, at in model.items() if k not in data}
        else:
            cut = T0.timestamp() + data
            gone = held.drop_before(cut)
            assert sorted(gone["id"].tolist()) == sorted(k for k, at in model.items() if at < cut)
            model = {k: at for k, at in model.items() if at >= cut}
        assert list(zip(held.rows["at"], held.rows["id"], strict=True)) == sorted(
            (at, k) for k, at in model.items()
        )
        middle = held.between(T0.timestamp() + 100, T0.timestamp() + 200)
        assert middle["id"].tolist() == [
            k for at, k in sorted((at, k) for k, at in model.items()) if 100 <= at - T0.timestamp() < 200
        ]


def test_memory_is_given_back_when_most_is_forgotten() -> None:
    held = HeldMentions()
    held.add(selected(row(n, n) for n in range(5000)).rows)
    much = held.rows.base.nbytes
    held.drop_before(T0.timestamp() + 4900)
    assert len(held.rows) == 100
    assert held.rows.base.nbytes < much / 10


def test_the_flags_tell_what_counting_asks() -> None:
    said = [
        (row(1, label="negative", hostile="insult", question=True, text="idiot?", author="a"),
         NEGATIVE | HOSTILE | QUESTION | QUOTABLE | NAMED),
        (row(2, label="positive", own=True, thread="t"), POSITIVE | OWN | ROOT),
        (row(3, thread="t", is_root=False, text="stå på dig!"), COMMENT | CHEERS | QUOTABLE),
        (row(4, text="stå på dig! inte deras fel"), DEFENDS | QUOTABLE),
    ]  # fmt: skip
    assert selected(r for r, _ in said).rows["flags"].tolist() == [flags for _, flags in said]


def test_copies_share_a_number_where_they_are_negative_and_long_enough() -> None:
    texts = ["RT @a: our planes are never late", "“@a: our planes are never late” lol", "late", "mine is lost"]
    numbers = selected(row(n, label="negative", text=text) for n, text in enumerate(texts)).rows["copy"].tolist()
    assert numbers[0] == numbers[1] != 0
    assert numbers[2:] == [0, 0]
    assert selected([row(1, text=texts[0])]).rows["copy"].tolist() == [0]


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_a_number_beyond_all_measure_is_borne(followers: int, shares: int) -> None:
    (found,) = selected([row(1, followers=followers, shares=shares)]).rows
    assert found["followers"] == min(followers, 2**62)
    assert found["loudness"] == min(followers + 400 * shares, 2**62)


def test_who_is_not_named_has_no_followers_told_and_is_somebody() -> None:
    found = selected([row(1), row(2)]).rows
    assert found["followers"].tolist() == [-1, -1]
    assert len(np.unique(found["person"])) == 2


@given(st.lists(st.text(st.characters(exclude_categories=[])), unique=True, max_size=20))
def test_fingerprints_tell_any_names_apart_and_fit(names: list[str]) -> None:
    numbers = [fingerprint(name) for name in names]
    assert len(set(numbers)) == len(names)
    assert 0 not in numbers
    assert {len(page_of(number)) for number in numbers} <= {16}
    assert np.array(numbers, DTYPE["person"]).tolist() == numbers


def test_fingerprints_are_the_same_in_every_process() -> None:
    """Snapshots hold pages by them."""
    assert page_of(fingerprint("anna")) == "d04474cc4b844a8c"


def test_names_keep_their_numbers() -> None:
    numbering = Numbering(["web", "desk"])
    assert [numbering.number(name) for name in ("desk", "feed", "web", "feed")] == [1, 2, 0, 2]
    assert numbering.names == ["web", "desk", "feed"]
