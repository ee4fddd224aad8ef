"""A changed scorer is a version: history is scored again and counted again before it takes effect.

Otherwise the baseline would have been learnt from another scorer than the one that is compared with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from monitor.ingest import TextScorer, judgement_of
from monitor.store.records import Judgement
from monitor.store.rescoring import Unscored
from monitor.store.store import Store


def rescore(
    store: Store,
    scorer: TextScorer,
    brand: str,
    since: datetime,
    *,
    mask: Sequence[str] = (),
    before_commit: Callable[[tuple[str, ...]], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Score a brand's mentions from `since` on again, then switch them and the counters over in one transaction.

    Can be stopped at any time and begun again: nothing has changed before the switch. `before_commit(brands)` runs
    inside the switch, `progress(done)` after each part. Returns how many mentions were scored.
    """

    done = 0

    def judge(found: Sequence[Unscored]) -> Mapping[int, Judgement]:
        nonlocal done
        scores = scorer.score([text for _, text, _ in found], [told for _, _, told in found], mask)
        done += len(found)
        return {found[number][0]: judgement_of(score, scorer.version) for number, score in enumerate(scores)}

    while left := store.unscored(brand, since, scorer.version):
        store.set_scores_aside(judge(left))
        if progress is not None:
            progress(done)
    store.switch_scores(brand, since, scorer.version, judge=judge, before_commit=before_commit)
    return done
