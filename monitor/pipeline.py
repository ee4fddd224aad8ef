"""From stored mentions to decisions: the one path that the daemon, replay and backtest share.

`arrived` runs after each stored batch (own posts, rules on single mentions), `detect` judges every closed 5-minute
bucket, `tick` lets deadlines pass, `act` takes what people do. Nothing here reads the clock.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from alerts.actions import Action, Event, OwnPost, Signals, Tick
from alerts.incident import Decision
from detectors.direct import judge_arrival
from detectors.evidence import background_ids, ids_to_read, signal_from
from detectors.frame import MentionRow
from detectors.held import selected
from detectors.observation import BrandObservation
from detectors.signal import Finding, Onset, Scope, ScopeKind, Signal
from monitor.brand_state import BrandState
from monitor.config import Config
from monitor.coverage import Coverage, load_coverage
from monitor.deciding import decide_stored
from monitor.onset_search import onset_of
from monitor.recent_texts import RecentTexts
from monitor.restoring import HISTORY, judge_version, learn_mentions, measured, restore_brand, save_hour
from monitor.store.store import Store

SNAPSHOT_HOURS = 6
"""Every so many hours (UTC) what a judge has learnt is kept, so that a start need not learn it again."""

BACKGROUND = timedelta(hours=30)
"""Mentions of this long before a finding's window say which words are ordinary."""

ONSET_KEPT = timedelta(minutes=30)
"""How long a found onset is taken for the same scope before it is searched again."""

HEARD = 0.5
"""The share of a bucket from which a source counts as heard in it."""

TICK_ALWAYS = timedelta(minutes=5)
"""How often incidents are looked at although none of their deadlines has passed."""

log = structlog.get_logger(__name__)


class Pipeline:
    """Holds the brands' states. Thread-safe: one thing at a time is judged or decided."""

    def __init__(self, store: Store, config: Config, scorer_version: str = "") -> None:
        self._store = store
        self.config = config
        self._scorer_version = scorer_version
        self._brands: dict[str, BrandState] = {}
        self._texts = RecentTexts(store)
        self._lock = threading.RLock()
        self._ticked_at = datetime.min.replace(tzinfo=UTC)

    def start(self, now: datetime) -> None:
        """Rebuild the state of every brand, and make up for what a crash left undone."""
        with self._lock:
            for brand in {*(brand.name for brand in self.config.brands), *self._store.brands()}:
                self._arrive(self._state(brand, now), now)

    def arrived(self, brand: str, changed: Sequence[int], now: datetime) -> None:
        """A brand has new mentions in the store, and those with the ids `changed` read otherwise now."""
        with self._lock:
            state = self._state(brand, now)
            self._take(state, self._store.rows_by_id(changed, brand))
            self._arrive(state, now)

    def detect(self, now: datetime) -> None:
        """Judge every closed bucket that was not judged yet, of every brand."""
        with self._lock:
            coverage = load_coverage(self._store, self.config.sources, now)
            judged: dict[str, str] = {}
            for state in list(self._brands.values()):
                self._detect(state, coverage, now)
                judged[f"judged:{state.brand}"] = state.judged_until.isoformat()
            with self._store.transaction():
                for key, until in judged.items():
                    self._store.set_fact(key, until, now)

    def tick(self, now: datetime) -> None:
        """Let time pass: deadlines, waits, calm."""
        with self._lock:
            due = self._store.next_due_at()
            if (due is not None and due <= now) or now - self._ticked_at >= TICK_ALWAYS:
                self._ticked_at = now
                if self._store.has_open_incidents():
                    self.decide(Tick(), now)

    def act(self, action: Action) -> Decision:
        """What a person did; the answer holds a refusal when the mandate does not allow it."""
        return self.decide(action, action.at)

    def decide(self, event: Event, now: datetime) -> Decision:
        """Decide and store the decision in one transaction."""
        with self._lock:
            return decide_stored(self._store, self.config.mandate, event, now)

    def save_snapshots(self, now: datetime) -> None:
        """Keep what the judges have learnt (on a stop, and every few hours)."""
        with self._lock:
            for state in self._brands.values():
                self._snapshot(state, now)

    @property
    def brands(self) -> dict[str, BrandState]:
        """The states by brand, for `status` and the pages."""
        return dict(self._brands)

    def _state(self, brand: str, now: datetime) -> BrandState:
        if brand not in self._brands:
            self._brands[brand] = restore_brand(self._store, self.config, brand, now, self._scorer_version)
        return self._brands[brand]

    def _arrive(self, state: BrandState, now: datetime) -> None:
        rows = self._store.rows_after(state.brand, state.last_mention_id)
        if not rows:
            return
        self._take(state, rows)
        with self._store.transaction():
            for row in rows:
                self._arrive_one(state, row, now)
            self._store.set_fact(f"arrived:{state.brand}", rows[-1].mention_id, now)
        state.last_mention_id = max(row.mention_id for row in rows)

    def _take(self, state: BrandState, rows: Sequence[MentionRow]) -> None:
        state.add(rows)
        self._texts.keep(state.brand, rows)

    def _arrive_one(self, state: BrandState, row: MentionRow, now: datetime) -> None:
        if row.backfill:
            return
        if row.own:
            thread = None if row.is_root else row.thread
            self.decide(OwnPost(state.brand, row.event_time, row.text, thread, row.url, row.themes), now)
            return
        finding = judge_arrival(row, state.judge.context())
        if finding is not None:
            signal = signal_from(finding, selected([row]), [row], options=self.config.detection_for(state.brand))
            self.decide(Signals(state.brand, max(now, finding.at), (signal,)), now)

    def _detect(self, state: BrandState, coverage: Coverage, now: datetime) -> None:
        self._learn_late_history(state, now)
        for at in state.buckets(now):
            covered = coverage.at(at, state.brand, self.config.sources)
            observation = state.window.observe(at, covered, measured(self._store, state.brand, at))
            findings = state.judge.observe(observation)
            if at.minute == 0:
                save_hour(self._store, observation)
            if state.fed(at):
                self._decide_bucket(state, observation, findings, now)
                if at.minute == 0 and at.hour % SNAPSHOT_HOURS == 0:
                    self._snapshot(state, at)

    def _learn_late_history(self, state: BrandState, now: datetime) -> None:
        """Mentions from before the oldest checkpoint (a back-fill): learn the history again, at most hourly."""
        since = state.history_changed
        if since is None or (state.relearnt_at and now - state.relearnt_at < timedelta(hours=1)):
            return
        log.info("learning history again", brand=state.brand, since=since.isoformat())
        span = self._store.counted_span(state.brand)
        first = max(min(since, span[0]) if span else since, state.judged_until - HISTORY)
        judge = learn_mentions(self._store, self.config, state.brand, first, state.judged_until)
        state.relearnt(judge, now)

    def _decide_bucket(
        self, state: BrandState, observation: BrandObservation, findings: Sequence[Finding], now: datetime
    ) -> None:
        """Decide on a bucket that is judged for the first time, and remember that it was."""
        if not findings and not self._store.has_open_incidents(state.brand):
            return
        signals = tuple(self._signals(state, findings))
        covered, blind = brand_coverage(observation), blind_sources(observation)
        event = Signals(state.brand, observation.at, signals, covered, blind)
        with self._store.transaction():
            self.decide(event, max(now, observation.at))
            self._store.set_fact(f"judged:{state.brand}", observation.at.isoformat(), now)

    def _signals(self, state: BrandState, findings: Iterable[Finding]) -> list[Signal]:
        options = self.config.detection_for(state.brand)
        signals = []
        for finding in findings:
            since = finding.at - timedelta(seconds=finding.window_seconds)
            found = state.window.mentions(since, finding.at, finding.scope)
            texts = self._texts.read(state.brand, ids_to_read(found))
            usual = background_ids(state.window.mentions(finding.at - BACKGROUND, since))
            background = self._texts.read(state.brand, usual)
            signals.append(signal_from(finding, found, texts, self._onset(state, finding), options, background))
        return signals

    def _onset(self, state: BrandState, finding: Finding) -> Onset | None:
        """The onset, searched anew every half hour: it moves little, and an alarm may last for days."""
        known = state.onsets.get(finding.scope)
        if known is None or not timedelta(0) <= finding.at - known[0] < ONSET_KEPT:
            fresh = {s: at_onset for s, at_onset in state.onsets.items() if finding.at - at_onset[0] < ONSET_KEPT}
            known = (finding.at, onset_of(state, finding))
            state.onsets = fresh | {finding.scope: known}
        return known[1]

    def _snapshot(self, state: BrandState, at: datetime) -> None:
        if state.fed_until != state.judged_until:
            return
        version = judge_version(self.config, state.brand, self._scorer_version)
        self._store.save_detector_state(state.brand, min(at, state.fed_until), version, state.judge.to_state())


def brand_coverage(observation: BrandObservation) -> float:
    """The share of the brand's sources that were heard in the observed bucket."""
    seen = observation.scopes.get(Scope(observation.brand))
    return 1.0 if seen is None else seen.covered


def blind_sources(observation: BrandObservation) -> tuple[str, ...]:
    """The sources that were not heard for most of the bucket: what they carried is not calm (invariant 9)."""
    return tuple(
        scope.name
        for scope, seen in observation.scopes.items()
        if scope.kind is ScopeKind.SOURCE and seen.covered < HEARD
    )
