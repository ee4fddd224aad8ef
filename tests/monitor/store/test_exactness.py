"""The law of the counters: whatever arrives, in whatever order, they equal a recount of the mentions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from detectors.signal import Scope
from monitor.mention import Removal
from monitor.store import Judgement, Link, PreparedBatch, PreparedMention, Store
from monitor.store.tables import links, mentions
from tests.monitor.store.making import ALWAYS, NOW, empty

IDS = "abcdef"
BRANDS = ("A", "B")

brand_links = st.lists(
    st.builds(
        Link,
        brand=st.sampled_from(BRANDS),
        themes=st.sampled_from([(), ("delays",), ("delays", "payment")]),
        own=st.booleans(),
    ),
    unique_by=lambda link: link.brand,
    max_size=2,
).map(tuple)

judgements = st.builds(
    Judgement,
    label=st.sampled_from(["negative", "neutral", "positive"]),
    hostile=st.sampled_from([None, "insult"]),
    question=st.booleans(),
    version=st.just("1"),
)

prepared = st.builds(
    PreparedMention,
    platform=st.sampled_from(["p", "q"]),
    global_id=st.sampled_from(IDS),
    source=st.sampled_from(["s1", "s2"]),
    kind=st.just("post"),
    text=st.sampled_from(["one", "two", "three"]),
    first_seen_at=st.just(NOW),
    event_time=st.integers(0, 30).map(lambda minutes: NOW - timedelta(minutes=minutes)),
    links=brand_links,
    judgement=judgements,
    author=st.sampled_from(["x", "y", None]),
    likes=st.sampled_from([None, 1, 2]),
    parent_id=st.sampled_from([None, *IDS]),
    thread_id=st.sampled_from([None, None, *IDS]),
    edited_at=st.sampled_from([None, NOW, NOW + timedelta(minutes=1)]),
)
removals = st.builds(Removal, platform=st.sampled_from(["p", "q"]), global_id=st.sampled_from(IDS))
batches = st.builds(
    PreparedBatch,
    mentions=st.lists(prepared, max_size=6).map(tuple),
    removals=st.lists(removals, max_size=2).map(tuple),
)

examples = settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking over a database takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@given(arrivals=st.lists(batches, min_size=1, max_size=6))
@examples
def test_counters_equal_a_recount_after_every_batch(store: Store, arrivals: list[PreparedBatch]) -> None:
    """Late arrivals, duplicates, edits, removals, moved threads: the sums stay exact."""
    empty(store)
    for batch in arrivals:
        store.save_batch(batch, source="s1", now=NOW)
        for brand in BRANDS:
            assert store.counters(brand, *ALWAYS) == store.recount(brand, *ALWAYS)


@given(arrivals=st.lists(batches, min_size=1, max_size=6))
@examples
def test_roots_know_their_comments(store: Store, arrivals: list[PreparedBatch]) -> None:
    """`comments` and `last_comment_at` of every root equal what its thread holds, and a comment has none."""
    empty(store)
    for batch in arrivals:
        store.save_batch(batch, source="s1", now=NOW)
    with store._db.reading() as connection:
        rows = connection.execute(select(mentions)).all()
    for row in rows:
        comments = [c.event_time for c in rows if (c.platform, c.thread_id) == (row.platform, row.global_id)]
        if row.thread_id is None:
            assert (row.comments, row.last_comment_at) == (len(comments), max(comments, default=None))
        else:
            assert (row.comments, row.active_at) == (0, None)
            assert row.thread_id != row.global_id


@given(arrivals=st.lists(batches, min_size=1, max_size=6))
@examples
@example(arrivals=[PreparedBatch(mentions=())])
def test_a_plain_model_counts_the_same(store: Store, arrivals: list[PreparedBatch]) -> None:
    """A model in a few lines, which stores nothing in parts, agrees on brands, sources and themes."""
    empty(store)
    model = Model()
    for batch in arrivals:
        store.save_batch(batch, source="s1", now=NOW)
        model.save(batch)
    for brand in BRANDS:
        assert _totals(store, brand) == model.totals(brand)


@given(
    arrivals=st.lists(batches, min_size=1, max_size=5),
    parents=st.dictionaries(st.sampled_from(IDS), st.sampled_from(IDS)),
)
@examples
def test_saving_the_same_batches_again_changes_nothing(
    store: Store, arrivals: list[PreparedBatch], parents: dict[str, str]
) -> None:
    """What a crash between commit and confirmation repeats is known: nothing is stored or counted twice.

    A post names the same parent every time; contradicting sights settle only after some repeats.
    """
    empty(store)
    for batch in (_with_parents(batch, parents) for batch in arrivals):
        store.save_batch(batch, source="s1", now=NOW)
        before = _everything(store)
        again = store.save_batch(batch, source="s1", now=NOW)
        assert again.taken == ()
        if len({(m.platform, m.global_id) for m in batch.mentions}) == len(batch.mentions):
            assert _everything(store) == before


def _with_parents(batch: PreparedBatch, parents: dict[str, str]) -> PreparedBatch:
    told = (replace(m, parent_id=parents.get(m.global_id), thread_id=None) for m in batch.mentions)
    return replace(batch, mentions=tuple(told))


@dataclass
class Model:
    """The rules of a second sight, told plainly: one dict of posts, counted from scratch every time."""

    posts: dict[tuple[str, str], PreparedMention] = field(default_factory=dict)
    blanked: set[tuple[str, str]] = field(default_factory=set)

    def save(self, batch: PreparedBatch) -> None:
        for key, seen in self._collapsed(batch).items():
            known = self.posts.get(key)
            if known is None:
                if seen.links:
                    self.posts[key] = seen
            else:
                self.posts[key] = self._second_sight(key, known, seen)
        self.blanked |= {(r.platform, r.global_id) for r in batch.removals} & set(self.posts)

    def totals(self, brand: str) -> dict[Scope, Counter[str]]:
        found: dict[Scope, Counter[str]] = {}
        for post in self.posts.values():
            for link in (link for link in post.links if link.brand == brand):
                names = [("brand", ""), ("source", post.source), *(("theme", theme) for theme in link.themes)]
                for kind, name in names:
                    counted = found.setdefault(Scope(brand, kind, name), Counter())  # type: ignore[arg-type]
                    counted.update(["own"] if link.own else self._public(post))
        return found

    @staticmethod
    def _public(post: PreparedMention) -> list[str]:
        judged = post.judgement
        return [
            "mentions",
            *([judged.label] if judged.label != "neutral" else []),
            *(["hostile"] if judged.hostile else []),
            *(["questions"] if judged.question else []),
        ]

    @staticmethod
    def _collapsed(batch: PreparedBatch) -> dict[tuple[str, str], PreparedMention]:
        found: dict[tuple[str, str], PreparedMention] = {}
        for seen in batch.mentions:
            other = found.get((seen.platform, seen.global_id))
            if other is None or _is_newer(seen, other):
                found[seen.platform, seen.global_id] = seen
        return found

    def _second_sight(
        self, key: tuple[str, str], known: PreparedMention, seen: PreparedMention
    ) -> PreparedMention:
        added = tuple(link for link in seen.links if link.brand not in {old.brand for old in known.links})
        if key in self.blanked or seen.text == known.text:
            return replace(known, links=known.links + added)
        if seen.edited_at is None:
            is_edit = known.edited_at is None and seen.source == known.source
        else:
            is_edit = known.edited_at is None or seen.edited_at > known.edited_at
        if not is_edit:
            return replace(known, links=known.links + added)
        return replace(
            known,
            text=seen.text,
            judgement=seen.judgement,
            edited_at=seen.edited_at,
            links=seen.links or known.links,
        )


def _is_newer(seen: PreparedMention, other: PreparedMention) -> bool:
    if bool(seen.links) != bool(other.links):
        return bool(seen.links)
    return not (other.edited_at and (seen.edited_at is None or seen.edited_at < other.edited_at))


def _totals(store: Store, brand: str) -> dict[Scope, Counter[str]]:
    found: dict[Scope, Counter[str]] = {}
    for scope, series in store.counters(brand, *ALWAYS).items():
        if scope.kind != "thread":
            counted = found.setdefault(scope, Counter())
            for _, sums in series:
                for name in ("mentions", "negative", "positive", "hostile", "questions", "own"):
                    counted[name] += getattr(sums, name)
    return {scope: +counted for scope, counted in found.items()}


def _everything(store: Store) -> object:
    with store._db.reading() as connection:
        return (
            connection.execute(select(mentions).order_by(mentions.c.id)).all(),
            connection.execute(select(links).order_by(links.c.mention_id, links.c.brand)).all(),
            [store.counters(brand, *ALWAYS) for brand in BRANDS],
        )
