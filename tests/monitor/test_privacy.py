"""Authors are stored as keyed hashes only."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.privacy import author_hash


def test_the_pseudonym_is_stable_short_and_keyed() -> None:
    one = author_hash(b"key", "mastodon", "anna@mastodon.nu")
    assert one == author_hash(b"key", "mastodon", "anna@mastodon.nu")
    assert one != author_hash(b"other key", "mastodon", "anna@mastodon.nu")
    assert one != author_hash(b"key", "bluesky", "anna@mastodon.nu")
    assert len(one) == 32
    assert "anna" not in one


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_different_authors_have_different_pseudonyms(one: tuple[str, str], other: tuple[str, str]) -> None:
    """Platform and name cannot be shifted into one another (a NUL stands between; platforms hold none)."""
    if "\0" not in one[0] + other[0]:
        assert (author_hash(b"k", *one) == author_hash(b"k", *other)) == (one == other)


def test_a_name_that_is_no_text_has_a_pseudonym_too() -> None:
    assert len(author_hash(b"k", "p", "half \ud83d")) == 32
