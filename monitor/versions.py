"""A changed scorer or word is a version: history is scored and learnt again before it takes effect."""

from __future__ import annotations

from datetime import datetime

import structlog

from monitor.config import Config
from monitor.rescore import rescore
from monitor.restoring import HISTORY, learn_mentions
from monitor.scorers import Scorers
from monitor.store.store import Store

log = structlog.get_logger(__name__)


def bring_scores_up_to_date(store: Store, config: Config, now: datetime) -> tuple[str, ...]:
    """Score and count again the history of every brand whose scorer has changed. Returns those brands.

    Texts older than the retention time are gone; their scores stay as they are.
    """
    scorers = Scorers(config)
    changed = []
    for brand in store.brands():
        version = scorers.for_brand(brand).version
        known = store.fact(f"scorer:{brand}")
        if known == version:
            continue
        if known is not None:
            log.info("the scorer has changed; scoring history again", brand=brand, version=version)
        _rescore(store, config, scorers, brand, now)
        store.set_fact(f"scorer:{brand}", version, now)
        changed.append(brand)
    return tuple(changed)


def _rescore(store: Store, config: Config, scorers: Scorers, brand: str, now: datetime) -> None:
    since = now - HISTORY
    done = rescore(store, scorers.for_brand(brand), brand, since, mask=scorers.mask_for(brand))
    span = store.counted_span(brand)
    if done and span is not None:
        learn_mentions(store, config, brand, max(since, span[0]), now)
        store.drop_detector_states(brand)
