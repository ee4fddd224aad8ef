"""A changed scorer, word or theme is a version: history is judged and learnt again before it takes effect.

Keywords are not: what no keyword named was not kept, and what an earlier one named was about the brand.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from monitor.config import BrandOptions, Config
from monitor.matching import Matcher
from monitor.rescore import rescore
from monitor.restoring import HISTORY, learn_mentions
from monitor.scorers import Scorers
from monitor.store.store import Store

log = structlog.get_logger(__name__)

_TO_LEARN = "to_learn:"
"""Before a brand's name, the fact that its scores were switched and its people per hour not yet learnt anew."""


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
    """Switch the scores; in the same transaction it is written down whose people are to be learnt after that."""
    since = now - HISTORY

    def owe(touched: tuple[str, ...]) -> None:
        for name in touched:
            store.set_fact(_TO_LEARN + name, True, now)

    rescore(store, scorers.for_brand(brand), brand, since, mask=scorers.mask_for(brand), before_commit=owe)
    for name in store.brands():  # those that share posts with the brand, too
        if store.fact(_TO_LEARN + name):
            _learn_again(store, config, name, since, now)
            store.set_fact(_TO_LEARN + name, False, now)


def bring_themes_up_to_date(store: Store, config: Config, now: datetime) -> tuple[str, ...]:
    """Give the history of every brand whose themes have changed its themes anew. Returns those brands.

    Only themes that are new or have other words are looked for again; the others stay as they were found.
    """
    changed = []
    for brand in config.brands:
        themes = {theme: sorted(words) for theme, words in brand.themes.items()}
        known = store.fact(f"themes:{brand.name}")
        if known == themes:
            continue
        if known is not None and brand.name in store.brands():
            _retheme(store, config, brand, known, now)
            changed.append(brand.name)
        store.set_fact(f"themes:{brand.name}", themes, now)
    return tuple(changed)


def _retheme(
    store: Store, config: Config, brand: BrandOptions, known: dict[str, list[str]], now: datetime
) -> None:
    matcher = Matcher([brand.rules])
    kept = {theme for theme, words in brand.themes.items() if known.get(theme) == sorted(words)}

    def themes_of(text: str, had: tuple[str, ...]) -> tuple[str, ...]:
        found = matcher.themes(brand.name, text)
        return tuple(theme for theme in brand.themes if theme in (had if theme in kept else found))

    since = now - HISTORY
    asked_again = {*known, *brand.themes} - kept
    log.info("themes have changed; looking through history", brand=brand.name, themes=sorted(asked_again))
    store.switch_themes(brand.name, since, asked_again, themes_of)
    _learn_again(store, config, brand.name, since, now)


def _learn_again(store: Store, config: Config, brand: str, since: datetime, now: datetime) -> None:
    """Keep the people of each hour of the history as it reads now, and let judges begin from the counters."""
    span = store.counted_span(brand)
    if span is not None:
        learn_mentions(store, config, brand, max(since, span[0]), now)
        store.drop_detector_states(brand)
