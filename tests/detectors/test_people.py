"""Different people: one loud author is one, a repeated joke is two, nobody named is somebody."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from detectors.frame import MentionRow
from tests.detectors.plain_people import count_people, plain_people

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
JOKE = "RT @air: our planes are never late"


def row(
    mention_id: int, author: str | None, text: str = "late", label: str = "negative", **more: object
) -> MentionRow:
    return MentionRow(mention_id, T0, T0, "web", author=author, label=label, text=text, **more)  # type: ignore[arg-type]


def test_one_author_with_a_dozen_posts_is_one_person_and_is_the_loudest() -> None:
    found = count_people([row(i, "loud") for i in range(12)] + [row(20, "other")])
    assert (found.negative, found.authors, found.largest_author, found.mentions) == (2, 2, 12, 13)


def test_two_who_repeat_a_joke_are_two_and_so_are_two_hundred() -> None:
    assert count_people(row(i, f"p{i}", JOKE) for i in range(2)).negative == 2
    assert count_people(row(i, f"p{i}", JOKE) for i in range(200)).negative == 2


def test_a_joke_in_three_versions_is_three_people_where_nobody_else_complains() -> None:
    versions = [f"{JOKE} since {year}" for year in ("monday", "easter", "christmas")]
    joke = [row(10 * k + n, f"p{k}.{n}", text) for k, text in enumerate(versions) for n in range(2)]
    assert count_people(joke).negative == 3
    assert count_people([*joke, *(row(100 + n, f"own{n}") for n in range(5))]).negative == 5 + 5
    assert count_people([*joke, *(row(100 + n, f"own{n}") for n in range(9))]).negative == 9 + 6


def test_who_repeats_a_joke_and_complains_in_own_words_is_a_person_of_ones_own() -> None:
    rows = [row(i, f"p{i}", JOKE) for i in range(10)] + [row(20 + i, f"p{i}", "my bag is lost") for i in range(4)]
    assert count_people(rows).negative == 4 + 2


def test_mentions_without_an_author_are_one_person_each() -> None:
    assert count_people([row(1, None), row(2, None)]).authors == 2


def test_support_is_counted_among_comments_only() -> None:
    comments = [row(i, f"p{i}", "stå på!", "neutral", thread="t", is_root=False) for i in range(3)]
    assert count_people([*comments, row(9, "z", "stå på!", "neutral")]).supportive == 3


authors = st.sampled_from(["a", "b", "c", "d", None])
texts = st.sampled_from(["late", "stå på!", JOKE, "RT @x: it is all quite terrible here", "fine"])
rows = st.lists(
    st.builds(
        row,
        st.integers(0, 10**6),
        authors,
        texts,
        st.sampled_from(["negative", "negative", "positive", "neutral"]),
        hostile=st.sampled_from([None, None, "insult"]),
        own=st.sampled_from([False, False, True]),
        thread=st.sampled_from([None, "t"]),
        is_root=st.booleans(),
    ),
    max_size=30,
    unique_by=lambda r: r.mention_id,
)


@given(rows)
def test_what_is_counted_from_numbers_is_what_a_plain_count_of_the_mentions_finds(found: list[MentionRow]) -> None:
    """Order does not matter either: what is counted is a set of mentions."""
    assert count_people(found) == count_people(reversed(found)) == plain_people(found)


@given(rows)
def test_there_are_never_more_angry_people_than_people(found: list[MentionRow]) -> None:
    people = count_people(found)
    assert people.negative <= people.authors <= people.mentions
    assert people.negative <= people.negative_mentions
    assert people.largest_author <= people.mentions
