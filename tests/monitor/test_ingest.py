"""From what a platform said to what is stored: nothing raises, and nothing sound is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.sentiment import Scorer as ShippedScorer
from monitor.collectors.base import Batch
from monitor.ingest import Ingestor
from monitor.matching import BrandRules, Matcher
from monitor.mention import Measurement, Mention, MentionKind, Refusal, Removal
from monitor.privacy import author_hash
from monitor.rescore import rescore
from monitor.soundness import defect
from monitor.store import KnownPost, Link, PreparedBatch, Store, open_store
from tests.monitor.store.making import ALWAYS, brand_sums

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MATCHER = Matcher(
    [
        BrandRules("Nordtåg", ("nordtåg",), accounts=("@nordtag@mastodon.nu",), themes={"delays": ("försen",)}),
        BrandRules("Sydbuss", ("sydbuss",)),
    ]
)


@dataclass(frozen=True)
class Scored:
    label: str
    compound: float = -0.5
    p_negative: float = 0.9
    language: str = "sv"
    hostile_kind: str | None = None
    is_question: bool = False


class Scorer:
    """Angry where it says so; remembers how it was asked."""

    version = "test-1"

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], list[str | None], tuple[str, ...]]] = []

    def score(self, texts: Sequence[str], language: Any = None, mask: Sequence[str] = ()) -> list[Scored]:
        self.calls.append((list(texts), list(language or []), tuple(mask)))
        return [Scored("negative" if "arg" in text else "neutral", is_question="?" in text) for text in texts]


def prepare(*mentions: Mention, scorer: Scorer | None = None, **options: Any) -> PreparedBatch:
    chosen = scorer or Scorer()
    ingestor = Ingestor(MATCHER, lambda brand: chosen, secret=b"k", mask_for_brand=lambda brand: (brand, "x"))
    batch = options.pop("batch", Batch(mentions=mentions))
    return ingestor.prepare(batch, now=NOW, **options)


def post(gid: str, text: str = "Nordtåg", **changes: Any) -> Mention:
    return Mention("mastodon", gid, "tags", text, **({"created_at": NOW - HOUR} | changes))


def known(**posts: KnownPost) -> Callable[[str, Iterable[str]], Mapping[str, KnownPost]]:
    """What a store would say that holds `posts`."""
    return lambda platform, ids: {name: posts[name] for name in ids if name in posts}


def test_a_post_is_matched_scored_and_pseudonymised() -> None:
    [found] = prepare(post("1", "arg på Nordtåg, försenat?", author="anna", language="sv", likes=3)).mentions
    assert found.links == (Link("Nordtåg", ("delays",)),)
    assert (found.judgement.label, found.judgement.question, found.judgement.version) == (
        "negative",
        True,
        "test-1",
    )
    assert found.author == author_hash(b"k", "mastodon", "anna")
    assert (found.told_language, found.likes, found.kind) == ("sv", 3, "post")
    assert "anna" not in repr(found)


def test_the_earlier_of_both_times_counts() -> None:
    seen = NOW - 2 * HOUR
    late, undated, early, future = prepare(
        post("late"),
        post("undated", created_at=None),
        post("file", created_at=NOW - 3 * HOUR, first_seen_at=seen),
        post("wrong clock", created_at=NOW + HOUR),
    ).mentions
    assert (late.event_time, late.first_seen_at) == (NOW - HOUR, NOW)
    assert (undated.event_time, undated.created_at) == (NOW, None)
    assert (early.event_time, early.first_seen_at) == (NOW - 3 * HOUR, seen)
    assert future.event_time == NOW


def test_a_first_sight_in_the_future_is_now() -> None:
    assert prepare(post("1", first_seen_at=NOW + HOUR)).mentions[0].first_seen_at == NOW


def test_posts_of_no_brand_are_counted_and_kept_without_links() -> None:
    prepared = prepare(post("1", "unrelated"), post("2"))
    assert prepared.unmatched == 1
    assert [bool(found.links) for found in prepared.mentions] == [False, True]


def test_a_comment_has_the_brand_of_its_thread_in_the_batch_and_in_the_store() -> None:
    prepared = prepare(
        post("root"),
        post("child", "håller med", parent_id="root"),
        post("grandchild", "jag också", parent_id="child"),
        post("elsewhere", "instämmer", thread_id="stored root"),
        known_posts=known(**{"stored root": KnownPost(("Sydbuss",))}),
    )
    assert [found.links[0].brand for found in prepared.mentions] == ["Nordtåg", "Nordtåg", "Nordtåg", "Sydbuss"]
    assert prepared.unmatched == 0


def test_a_filled_brand_column_is_not_added_to_by_the_thread() -> None:
    prepared = prepare(post("root"), post("child", "Nordtåg", parent_id="root", brands=("Sydbuss",)))
    assert [link.brand for link in prepared.mentions[1].links] == ["Sydbuss"]


def test_the_source_can_be_about_a_brand_as_a_whole() -> None:
    [found] = prepare(post("1", "trasigt"), source_brand="sydbuss").mentions
    assert [link.brand for link in found.links] == ["Sydbuss"]


def test_our_own_answer_is_ours_and_what_it_answers_concerns_us() -> None:
    question, answer = prepare(
        post("q", "var är min väska?"),
        post("a", "Vi letar!", parent_id="q", author_handles=("nordtag@mastodon.nu",)),
    ).mentions
    assert (question.links, answer.links) == ((Link("Nordtåg"),), (Link("Nordtåg", own=True),))
    assert answer.parent_id == "q"


def test_each_text_is_scored_once_by_the_scorer_of_its_first_brand() -> None:
    scorer = Scorer()
    prepare(
        post("1", "Nordtåg"), post("2", "Sydbuss"), post("3", "Nordtåg och Sydbuss"), scorer=scorer, language="sv"
    )
    assert sorted(call[2] for call in scorer.calls) == [("Nordtåg", "x"), ("Sydbuss", "x")]
    assert sum(len(call[0]) for call in scorer.calls) == 3
    assert all(hint == "sv" for call in scorer.calls for hint in call[1])


NORWEGIAN = "Hvor er toget mitt, Nordtåg? Jeg har ventet i to timer nå, og ingen svarer"
SHORT = "Hvor er det?"
"""Norwegian and Danish alike; Danish to a scorer that hears nothing else."""


def languages(*mentions: Mention, **options: Any) -> list[tuple[str | None, str | None]]:
    """What the shipped scorer was told and what it found, of each mention."""
    prepared = prepare(*mentions, scorer=ShippedScorer(), **options)  # type: ignore[arg-type]
    return [(found.told_language, found.judgement.language) for found in prepared.mentions]


def test_a_short_text_alone_is_guessed_and_its_source_is_heard() -> None:
    assert languages(post("1", SHORT)) == [(None, "da")]
    assert languages(post("1", SHORT), language="nb") == [("nb", "nb")]


def test_a_short_comment_follows_the_thread_of_its_batch_whatever_the_order() -> None:
    found = languages(
        post("grandchild", SHORT, parent_id="child"),
        post("child", SHORT, thread_id="root"),
        post("root", NORWEGIAN),
        language="sv",
    )
    assert found == [("nb", "nb"), ("nb", "nb"), ("sv", "nb")]


def test_a_short_comment_follows_its_stored_root_before_its_parent_and_before_its_source() -> None:
    stored = known(root=KnownPost((), "nb"), parent=KnownPost((), "da"))
    assert languages(
        post("of the root", SHORT, thread_id="root", parent_id="parent"),
        post("of the parent", SHORT, thread_id="never seen", parent_id="parent"),
        post("of an answer in the batch", SHORT, thread_id="root", parent_id="of the parent"),
        post("of nobody", SHORT, parent_id="never seen"),
        known_posts=stored,
        language="nn",
    ) == [("nb", "nb"), ("da", "da"), ("nb", "nb"), ("nn", "da")]


def test_the_store_is_asked_once_a_batch_for_brands_and_language() -> None:
    asked: list[tuple[str, set[str]]] = []

    def ask(platform: str, ids: Iterable[str]) -> dict[str, KnownPost]:
        asked.append((platform, set(ids)))
        return {"root": KnownPost(("Sydbuss",), "nb")}

    comment = post("1", SHORT, thread_id="root", parent_id="2")
    [found, _] = prepare(comment, post("2", SHORT, parent_id="2"), known_posts=ask).mentions
    assert ([link.brand for link in found.links], found.told_language) == (["Sydbuss"], "nb")
    assert asked == [("mastodon", {"root"})]


def test_what_the_platform_says_goes_before_the_thread_and_a_clear_text_before_both() -> None:
    clear = "Jag har väntat i två timmar och ingen svarar, det är för dåligt"
    found = languages(
        post("root", NORWEGIAN),
        post("tagged", SHORT, parent_id="root", language="da"),
        post("clear", clear, parent_id="root"),
    )
    assert found[1:] == [("da", "da"), ("nb", "sv")]


@pytest.mark.parametrize(
    ("text", "language", "told"), [("", None, None), ("", "nb", "nb"), (NORWEGIAN, "en", "nb")]
)
def test_a_root_says_what_was_found_for_it_unless_it_has_neither_words_nor_tag(
    text: str, language: str | None, told: str | None
) -> None:
    """The same as it would say once it is stored: a tag that the text speaks against is not handed on."""
    root = post("root", text, language=language)
    [_, found] = languages(root, post("1", SHORT, parent_id="root"))
    assert found == (told, told or "da")


def test_a_ring_of_comments_and_its_tail_follow_the_one_of_them_that_came_first() -> None:
    ring = [post(f"{n}", SHORT, parent_id=f"{(n + 1) % 3}") for n in range(3)]
    found = languages(*ring, post("tail", SHORT, parent_id="2"), language="nn")
    assert found == [("nn", "da"), ("da", "da"), ("da", "da"), ("da", "da")]


@given(st.lists(st.sampled_from([None, "0", "1", "2", "3", "4", "stored"]), min_size=5, max_size=5))
def test_in_any_tangle_of_comments_each_is_scored_once_with_a_hint(parents: list[str | None]) -> None:
    scorer = Scorer()
    tangle = [post(f"{n}", f"Nordtåg {n}", parent_id=parent) for n, parent in enumerate(parents)]
    found = prepare(*tangle, scorer=scorer, language="fi", known_posts=known(stored=KnownPost((), "nb"))).mentions
    assert sorted(text for call in scorer.calls for text in call[0]) == [f"Nordtåg {n}" for n in range(5)]
    for mention, parent in zip(found, parents, strict=True):
        if parent in {None, mention.global_id}:
            assert mention.told_language == "fi"
        elif parent == "stored":
            assert mention.told_language == "nb"
        assert mention.told_language in {"fi", "nb", "sv"}


def test_rescoring_hears_the_thread_as_the_first_scoring_did(store: Store) -> None:
    """The root came before, in a batch of its own; the hint is stored with the comment."""
    for mention in (post("root", NORWEGIAN), post("1", SHORT, parent_id="root")):
        prepared = prepare(mention, scorer=ShippedScorer(), known_posts=store.known_posts)  # type: ignore[arg-type]
        store.save_batch(prepared, source="tags", now=NOW)
    before = [row.language for row in store.rows("Nordtåg", *ALWAYS)]
    changed = ShippedScorer(own_words={"*": {"wifi": -4.0}})
    assert rescore(store, changed, "Nordtåg", ALWAYS[0], mask=("Nordtåg", "x")) == 2
    assert [row.language for row in store.rows("Nordtåg", *ALWAYS)] == before == ["nb", "nb"]


def test_an_edited_comment_is_rescored_with_what_was_told_at_its_edit(store: Store) -> None:
    """Its root was not known at first; the new text was scored with it, and so it stays."""
    comment = post("1", f"Nordtåg, {SHORT}", parent_id="root")
    edited = replace(comment, text=SHORT, edited_at=NOW)
    for mention in (comment, post("root", NORWEGIAN), edited):
        prepared = prepare(mention, scorer=ShippedScorer(), known_posts=store.known_posts)  # type: ignore[arg-type]
        store.save_batch(prepared, source="tags", now=NOW)
    stored = store.mention("mastodon", "1")
    assert stored is not None
    assert (stored["text"], stored["told_language"], stored["language"]) == (SHORT, "nb", "nb")


def test_long_texts_are_cut_before_they_are_scored_and_stored() -> None:
    scorer = Scorer()
    [found] = prepare(post("1", "Nordtåg " + "ä" * 100_000), scorer=scorer).mentions
    assert len(found.text) == len(scorer.calls[0][0][0]) == 20_000


def test_what_else_a_batch_brings_goes_through() -> None:
    batch = Batch(
        measurements=(Measurement("Nordtåg", "calls", NOW, 3.0),),
        removals=(Removal("mastodon", "1"),),
        refusals=(Refusal("line 1", "cut"),),
    )
    prepared = prepare(batch=batch)
    assert (prepared.measurements, prepared.removals) == (batch.measurements, batch.removals)
    assert prepared.refusals == batch.refusals


MALFORMED = {
    "no id": {"global_id": ""},
    "id is a number": {"global_id": 7},
    "no platform": {"platform": None},
    "text is missing": {"text": None},
    "text is a list": {"text": ["Nordtåg"]},
    "text of 10 MB": {"text": "Nordtåg " * 1_300_000},
    "text holds NUL": {"text": "Nordtåg \0"},
    "lone surrogate": {"text": "Nordtåg \ud83d"},
    "surrogate in the id": {"global_id": "1\udc00"},
    "date of 1970": {"created_at": datetime(1970, 1, 1, tzinfo=UTC)},
    "date of 2099": {"created_at": datetime(2099, 1, 1, tzinfo=UTC)},
    "date without a zone": {"created_at": datetime(2026, 11, 22)},  # noqa: DTZ001 - that is the defect
    "date as text": {"created_at": "2026-11-22"},
    "likes as text": {"likes": "many"},
    "likes as a truth": {"likes": True},
    "likes beyond any count": {"likes": 2**70},
    "brand is nothing": {"brands": (None,)},
    "brands is a number": {"brands": 7},
    "author is a dict": {"author": {"name": "anna"}},
    "url without end": {"url": "https://x.example/" + "a" * 10_000},
}


@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_posts_are_refused_with_a_reason_and_the_rest_goes_on(changes: dict[str, Any]) -> None:
    bad = replace(post("bad"), **changes)
    prepared = prepare(post("1"), bad, post("2"))
    assert [found.global_id for found in prepared.mentions] == ["1", "2"]
    [refusal] = prepared.refusals
    assert refusal.why
    refusal.where.encode()


def test_something_that_is_no_mention_at_all_is_refused() -> None:
    prepared = prepare(batch=Batch(mentions=("rubbish", None, post("1"))))  # type: ignore[arg-type]
    assert (len(prepared.mentions), len(prepared.refusals)) == (1, 2)


@pytest.mark.parametrize(
    "bad",
    [
        Measurement("Nordtåg", "calls", NOW, float("nan")),
        Measurement("Nordtåg", "calls", NOW, "3"),  # type: ignore[arg-type]
        Measurement("Nord\0tåg", "calls", NOW, 3.0),
        Measurement("Nordtåg", "calls", datetime(2099, 1, 1, tzinfo=UTC), 3.0),
        Measurement("Nordtåg", "calls", None, 3.0),  # type: ignore[arg-type]
    ],
)
def test_malformed_measurements_are_refused(bad: Measurement) -> None:
    good = Measurement("Nordtåg", "calls", NOW, 3.0)
    prepared = prepare(batch=Batch(measurements=(bad, good)))
    assert (prepared.measurements, len(prepared.refusals)) == ((good,), 1)


def test_malformed_removals_are_refused() -> None:
    bad = (Removal("mastodon", "1\0"), Removal("", "1"), Removal("mastodon", "half \ud83d"))
    prepared = prepare(batch=Batch(removals=(*bad, Removal("mastodon", "1"))))
    assert (prepared.removals, len(prepared.refusals)) == ((Removal("mastodon", "1"),), 3)


def test_hidden_counts_are_unknown_counts() -> None:
    assert prepare(post("1", followers=-1)).mentions[0].followers is None


def test_cyclic_parents_are_stored_and_end() -> None:
    store = open_store("sqlite://", secret=b"k")
    store.migrate(NOW)
    prepared = prepare(post("a", parent_id="b"), post("b", parent_id="c"), post("c", parent_id="a"))
    saved = store.save_batch(prepared, source="tags", now=NOW)
    assert len(saved.taken) == 3
    assert {row.thread for row in store.rows("Nordtåg", *ALWAYS)} == {"a"}
    assert brand_sums(store)[0][1] == (3, 0, 0)
    store.close()


@given(
    st.builds(
        Mention,
        platform=st.sampled_from(["p", "", None]),
        global_id=st.one_of(st.text(max_size=5), st.none(), st.integers()),
        source=st.just("s"),
        text=st.one_of(st.text(alphabet=st.characters(), max_size=30), st.none(), st.binary(max_size=3)),
        created_at=st.one_of(
            st.none(), st.datetimes(timezones=st.sampled_from([UTC, None])), st.just("yesterday")
        ),
        kind=st.sampled_from(MentionKind),
        likes=st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=2)),
        brands=st.lists(st.one_of(st.text(max_size=4), st.none()), max_size=2).map(tuple),
        parent_id=st.one_of(st.none(), st.text(max_size=3)),
    )
)
def test_whatever_a_collector_hands_over_is_prepared_or_refused(mention: Mention) -> None:
    prepared = prepare(mention)
    assert len(prepared.mentions) + len(prepared.refusals) == 1
    assert bool(prepared.refusals) == (defect(mention, NOW) is not None)
