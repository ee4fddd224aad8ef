"""Rebuilding what the pipeline holds in memory of a brand: from a snapshot, the counters, or the mentions.

The judge learns from the 5-minute sums and from the people of whole hours, both of which the store keeps, so that
a restart leaves it as it was. Threads are learnt only from mentions; a snapshot carries them over a restart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

import structlog

from detectors.judge import BrandJudge
from detectors.observation import BUCKET, HORIZONS, BrandObservation, Observation, People, Sums
from detectors.signal import Scope, ScopeKind
from detectors.window import BrandWindow, overall_coverage, scope_coverage
from monitor.brand_state import WINDOW, BrandState, floor_bucket, whole_hour
from monitor.config import Config
from monitor.coverage import Coverage, load_coverage
from monitor.store.store import Store

HISTORY = timedelta(days=84)
"""How much history a judge without a snapshot learns from."""

CATCH_UP = timedelta(hours=5)
"""After a longer stop the earlier buckets are learnt, not judged: their alarms would be old news."""

WARM_UP = timedelta(hours=1)
"""What is judged again, without deciding, so that rules over several ticks stand as they stood."""

_HOUR = timedelta(hours=1)
_KEPT_HORIZONS = HORIZONS[1:]


log = structlog.get_logger(__name__)


def judge_version(config: Config, brand: str, scorer_version: str) -> str:
    """What a snapshot depends on: options, zone, holidays, scorer. Another version is not used."""
    options = config.detection_for(brand).model_dump_json()
    return f"{scorer_version}|{config.timezone}|{config.country_for(brand)}|{hash_of(options)}"


def hash_of(text: str) -> str:
    """A short, stable fingerprint."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:16]


def new_window(config: Config, brand: str) -> BrandWindow:
    """An empty window with the brand's configured sources and themes."""
    options = config.brand(brand)
    sources = [source.name for source in config.sources if source.brand in (None, brand)]
    return BrandWindow(brand, sources, options.themes, keep=WINDOW)


def new_judge(config: Config, brand: str) -> BrandJudge:
    """A judge that has learnt nothing."""
    return BrandJudge(brand, config.detection_for(brand), timezone=config.zone, country=config.country_for(brand))


def restore_brand(store: Store, config: Config, brand: str, now: datetime, scorer_version: str) -> BrandState:
    """A brand's state as it stands in the store: judged as far as it was, or from now on."""
    judged = store.fact(f"judged:{brand}")
    until = datetime.fromisoformat(judged) if judged else floor_bucket(now)
    until = max(min(until, floor_bucket(now)), floor_bucket(now - CATCH_UP))
    judge, since = _learnt_judge(store, config, brand, until - WARM_UP, scorer_version)
    coverage = load_coverage(store, config.sources, now)
    for observation in counted_observations(store, config, brand, coverage, since, until - WARM_UP):
        judge.learn(observation)
    window = new_window(config, brand)
    _fill(window, store, until - WARM_UP - WINDOW + CATCH_UP, now + BUCKET)
    _warm_up(store, config, window, judge, coverage, max(since, until - WARM_UP), until)
    state = BrandState(brand, window, judge, until)
    state.last_mention_id = store.fact(f"arrived:{brand}") or (store.last_mention_id() if judged else 0)
    return state


def _learnt_judge(
    store: Store, config: Config, brand: str, until: datetime, scorer_version: str
) -> tuple[BrandJudge, datetime]:
    """The newest snapshot that fits and the end of what it learnt; else an empty judge and the first count."""
    found = store.detector_state(brand, judge_version(config, brand, scorer_version), before=until)
    if found is not None:
        at, state = found
        try:
            judge = BrandJudge.from_state(
                state, config.detection_for(brand), timezone=config.zone, country=config.country_for(brand)
            )
        except (ValueError, KeyError, TypeError) as error:  # of another release: learn from the counters again
            log.info("a snapshot cannot be used; learning again", brand=brand, why=str(error))
        else:
            return judge, at
    span = store.counted_span(brand)
    first = until + WARM_UP if span is None else max(whole_hour(span[0]), until - HISTORY)
    return new_judge(config, brand), first


def _fill(window: BrandWindow, store: Store, since: datetime, until: datetime) -> None:
    """Let the window hold what is stored, read an hour at a time: a busy day's texts would fill the memory."""
    while since < until:
        window.add(store.rows(window.brand, since, min(since + _HOUR, until)))
        since += _HOUR


def _warm_up(
    store: Store,
    config: Config,
    window: BrandWindow,
    judge: BrandJudge,
    coverage: Coverage,
    since: datetime,
    until: datetime,
) -> None:
    """Observe the last buckets again without deciding; never an hour from before there was any history."""
    at = since + BUCKET
    while at <= until:
        covered = coverage.at(at, judge.brand, config.sources)
        judge.observe(window.observe(at, covered, measured(store, judge.brand, at)))
        at += BUCKET


def measured(store: Store, brand: str, at: datetime) -> dict[str, float]:
    """The newest value of each measurement in the bucket that ends at `at`."""
    found = store.measurements(brand, at - BUCKET, at)
    return {name: values[-1][1] for name, values in found.items()}


def counted_observations(
    store: Store, config: Config, brand: str, coverage: Coverage, since: datetime, until: datetime
) -> Iterator[BrandObservation]:
    """What the counters know of every bucket that ends after `since`, up to `until`."""
    sums = _by_bucket(store, brand, since - HORIZONS[-1], until)
    people = _by_hour_end(store, brand, since, until)
    values = _measurements_by_bucket(store, brand, since, until)
    scopes = {Scope(brand), *new_window(config, brand).scopes}
    of_day = _mentions_of_day(sums, since)
    at = since + BUCKET
    while at <= until:
        now_sums, now_people = sums.get(at, {}), people.get(at, {})
        scopes.update(now_sums)
        covered = coverage.at(at, brand, config.sources)
        overall = overall_coverage(covered, of_day(at))
        seen = {
            scope: Observation(
                at, now_sums.get(scope, Sums()), now_people.get(scope, {}), scope_coverage(scope, covered, overall)
            )
            for scope in scopes
        }
        for name, value in values.get(at, {}).items():
            seen[Scope(brand, ScopeKind.MEASUREMENT, name)] = Observation(at, value=value)
        yield BrandObservation(brand, at, seen)
        at += BUCKET


def _mentions_of_day(
    sums: Mapping[datetime, Mapping[Scope, Sums]], since: datetime
) -> Callable[[datetime], Mapping[str, int]]:
    """Return what says, bucket after bucket from `since` on, how many mentions each source had in 24 hours."""
    found: Counter[str] = Counter()

    def count(at: datetime, sign: int) -> None:
        for scope, counted in sums.get(at, {}).items():
            if scope.kind is ScopeKind.SOURCE:
                found[scope.name] += sign * counted.mentions

    def slide(at: datetime) -> Mapping[str, int]:
        count(at, 1)
        count(at - HORIZONS[-1], -1)
        return found

    for step in range(HORIZONS[-1] // BUCKET):
        count(since - step * BUCKET, 1)
    return slide


def _by_bucket(store: Store, brand: str, since: datetime, until: datetime) -> dict[datetime, dict[Scope, Sums]]:
    kinds = (ScopeKind.BRAND, ScopeKind.SOURCE, ScopeKind.THEME)
    found: dict[datetime, dict[Scope, Sums]] = {}
    for scope, series in store.counters(brand, since, until, kinds=kinds).items():
        for start, sums in series:
            found.setdefault(start + BUCKET, {})[scope] = sums
    return found


def _by_hour_end(
    store: Store, brand: str, since: datetime, until: datetime
) -> dict[datetime, dict[Scope, Mapping[timedelta, People]]]:
    found: dict[datetime, dict[Scope, Mapping[timedelta, People]]] = {}
    for scope, series in store.people_hours(brand, since - _HOUR, until).items():
        for start, horizons in series:
            found.setdefault(start + _HOUR, {})[scope] = horizons
    return found


def _measurements_by_bucket(
    store: Store, brand: str, since: datetime, until: datetime
) -> dict[datetime, dict[str, float]]:
    found: dict[datetime, dict[str, float]] = {}
    for name, values in store.measurements(brand, since, until).items():
        for when, value in values:
            found.setdefault(floor_bucket(when) + BUCKET, {})[name] = value
    return found


def save_hour(store: Store, observation: BrandObservation) -> None:
    """Keep the people of the hour that ends with an observation on a whole hour."""
    people = {
        scope: {horizon: seen.people[horizon] for horizon in _KEPT_HORIZONS if horizon in seen.people}
        for scope, seen in observation.scopes.items()
        if any(found != People() for found in seen.people.values())
    }
    store.save_people_hours(observation.brand, observation.at - _HOUR, people)


def count_people(store: Store, config: Config, brand: str, since: datetime, until: datetime) -> None:
    """Count the people of every whole hour that has mentions behind it: what imported history lacks."""
    window = new_window(config, brand)
    at = since.replace(minute=0, second=0, microsecond=0)
    while at < until:
        day_end = min(at + timedelta(days=1), until)
        _fill(window, store, at, day_end)
        while at < day_end:
            at += _HOUR
            if len(window.mentions(at - HORIZONS[-1], at).rows):
                save_hour(store, window.observe(at))


def learn_mentions(store: Store, config: Config, brand: str, since: datetime, until: datetime) -> BrandJudge:
    """Go through stored mentions bucket by bucket, keep the people of each hour, and return the judge that learnt.

    This is how imported history, and history under a new scorer, becomes a baseline.
    """
    coverage = load_coverage(store, config.sources, until)
    judge, window = new_judge(config, brand), new_window(config, brand)
    _fill(window, store, since - WINDOW, since)
    at = since.replace(minute=0, second=0, microsecond=0)
    while at < until:
        day_end = min(at + timedelta(days=1), until)
        _fill(window, store, at, day_end)
        while at < day_end:
            at += BUCKET
            covered = coverage.at(at, brand, config.sources)
            observation = window.observe(at, covered, measured(store, brand, at))
            judge.learn(observation)
            if at.minute == 0:
                save_hour(store, observation)
    return judge
