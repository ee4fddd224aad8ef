"""What always holds, whatever happens in whatever order, over clock changes and restarts (design, section 4)."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alerts.actions import ActionKind, Tick
from alerts.decide import decide
from alerts.incident import Decision, Incident, IncidentState, ObligationKind
from alerts.obligations import CLIMBING, active
from alerts.silences import Matcher, Silence
from detectors.signal import Level, ScopeKind, Signal
from tests.alerts.world import STAFFED, World, signal, staffed

NIGHTS = (
    datetime(2026, 3, 28, 20, tzinfo=UTC),  # the clocks go forward in the night
    datetime(2026, 10, 24, 20, tzinfo=UTC),  # and back
    datetime(2026, 6, 18, 20, tzinfo=UTC),  # Midsummer's Eve
)
QUIET_NIGHTS = {
    **STAFFED["roles"],
    "customer_service": {"people": ["kim"], "hours": {"mon-fri": "08:00-17:00"}, "holidays": ["SE"]},
    "head": {"people": ["hanna"], "quiet": "22:00-06:00", "customer_service": True},
    "deputy": {
        "rotation": {"people": ["dea", "kim"], "start": "2026-01-05", "handover": "02:30", "days": 1},
    },
}
MANDATES = (
    staffed(),
    staffed(roles=QUIET_NIGHTS, quiet="23:00-05:00"),
    staffed(
        people={},
        roles={"crisis_group": {"alert_channel": True, "customer_service": True}},
        levels={},
        safety_contact=[],
        safety_by=[],
    ),
)

PEOPLE = ("kim", "hanna", "stig", "agent", "U9STRANGER")
SCOPES = ((ScopeKind.BRAND, ""), (ScopeKind.THEME, "delays"), (ScopeKind.THEME, "payment"),
          (ScopeKind.THREAD, "t1"), (ScopeKind.SOURCE, "mastodon"))  # fmt: skip


class Seen(NamedTuple):
    """A signal in few words, so that a failing story can be read."""

    level: str
    scope: int
    detector: str
    observed: int
    first_id: int
    ids: int
    delays: int
    payment: int

    def signal(self) -> Signal:
        kind, name = SCOPES[self.scope]
        return signal(
            Level[self.level],
            detector=self.detector,
            kind=kind,
            name=name,
            observed=self.observed,
            ids=range(self.first_id, self.first_id + self.ids),
            themes={"delays": self.delays, "payment": self.payment},
        )


SEEN = st.builds(
    Seen,
    st.sampled_from(("WATCH", "WARNING", "CRISIS")),
    st.integers(0, len(SCOPES) - 1),
    st.sampled_from(("negative_people", "volume", "threat", "news")),
    st.integers(1, 200),
    st.integers(0, 60),
    st.integers(1, 20),
    st.integers(0, 40),
    st.integers(0, 40),
)


class Story(RuleBasedStateMachine):
    """Signals, people and time in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.last = Decision()

    @initialize(night=st.sampled_from(NIGHTS), mandate=st.sampled_from(range(len(MANDATES))))
    def begin(self, night: datetime, mandate: int) -> None:
        self.world = World(mandate=MANDATES[mandate], now=night)

    @rule(seen=st.lists(SEEN, min_size=1, max_size=4), covered=st.sampled_from((1.0, 0.5)))
    def trouble(self, seen: list[Seen], covered: float) -> None:
        found = [each.signal() for each in seen]
        self.last = self.world.signals(*found, covered=covered)
        for each in found:
            self._level_went_up(each)

    def _level_went_up(self, found: Signal) -> None:
        """At once, unless a person judged lower, a silence keeps it, or it lies in aftercare's tail."""
        holders = [i for i in self.world.incidents.values() if found.scope in i.scopes and _running(i)]
        assert all(i.level >= found.level or i.held_down or i.silenced for i in holders)

    @rule(minutes=st.integers(1, 12))
    def calm(self, minutes: int) -> None:
        self.world.calm(minutes=5 * minutes)

    @rule(minutes=st.integers(1, 40))
    def time_passes(self, minutes: int) -> None:
        self.world.later(minutes=minutes, step=timedelta(minutes=7))

    @rule(hours=st.integers(1, 30))
    def asleep(self, hours: int) -> None:
        """The daemon is dead for hours, and then ticks once."""
        self.world.now += timedelta(hours=hours)
        self.last = self.world.happen(Tick())

    @rule(days=st.integers(1, 4))
    def long_calm(self, days: int) -> None:
        self.world.calm(days=days, step=timedelta(minutes=50))

    @precondition(lambda self: self.world.incidents)
    @rule(
        kind=st.sampled_from([k for k in ActionKind if k is not ActionKind.FLAG]),
        by=st.sampled_from(PEOPLE),
        pick=st.integers(0, 10),
        other=st.integers(1, 4),
        level=st.sampled_from(("watch", "warning", "crisis", "")),
        minutes=st.integers(-5, 300),
    )
    def act(self, kind: ActionKind, by: str, pick: int, other: int, level: str, minutes: int) -> None:
        number = sorted(self.world.incidents)[pick % len(self.world.incidents)]
        before = dict(self.world.incidents)
        until = (self.world.now + timedelta(minutes=minutes)).isoformat()
        decision = self.world.act(
            kind, by, number, until=until, next_update=until, reason="why", text="text", status="confirmed",
            level=level, to="hanna", other=other, scope="theme:payment", url="https://x.se/1",
        )  # fmt: skip
        if decision.refusal is not None and decision.refusal.why == "not_allowed":
            assert before == self.world.incidents or self._only_ticked(before)

    def _only_ticked(self, before: dict[int, Incident]) -> bool:
        ticked = decide(list(before.values()), Tick(), self.world.mandate, self.world.now, next_number=99,
                        silences=self.world.silences)  # fmt: skip
        return {**before, **{i.number: i for i in ticked.incidents}} == self.world.incidents

    @rule(by=st.sampled_from(PEOPLE), theme=st.sampled_from(("", "delays", "payment")))
    def flag(self, by: str, theme: str) -> None:
        self.world.act(ActionKind.FLAG, by, None, brand="Nordtåg", text="Kunder gråter i kassan", theme=theme)

    @rule(thread=st.sampled_from((None, "t1", "t9")))
    def own_post(self, thread: str | None) -> None:
        self.world.own_post("Vi återkommer inom en timme", thread=thread)

    @rule(minutes=st.integers(5, 200), up_to=st.sampled_from((Level.WARNING, Level.CRISIS)))
    def silence(self, minutes: int, up_to: Level) -> None:
        ends = self.world.now + timedelta(minutes=minutes)
        number = str(len(self.world.silences) + 1)
        self.world.silences.append(Silence(number, Matcher(), "planned work", "kim", ends, self.world.now, up_to))

    @invariant()
    def nobody_is_forgotten(self) -> None:
        """No open, unacknowledged incident above watch without a future deadline or an explicit end of chain."""
        for incident in self.world.incidents.values():
            if incident.state is IncidentState.OPEN and incident.level > Level.WATCH:
                live = [o for o in active(incident, *CLIMBING) if o.due_at > self.world.now]
                assert live or any(o.ended == "chain_ended" for o in incident.obligations)

    @invariant()
    def nothing_is_overdue_and_a_second_tick_is_idle(self) -> None:
        assert self._idle_tick() == Decision()

    def _idle_tick(self) -> Decision:
        incidents = list(self.world.incidents.values())
        again = decide(incidents, Tick(), self.world.mandate, self.world.now, next_number=99,
                       silences=self.world.silences)  # fmt: skip
        if again == Decision():  # `silence` only changes what the next tick finds
            return again
        self.world.happen(Tick())
        incidents = list(self.world.incidents.values())
        return decide(incidents, Tick(), self.world.mandate, self.world.now, next_number=99,
                      silences=self.world.silences)  # fmt: skip

    @invariant()
    def one_root_message_and_every_key_once(self) -> None:
        roots = [n.incident for n in self.world.said if n.root]
        assert len(roots) == len(set(roots))
        keys = [n.key for n in self.world.said if n.incident is not None]
        assert len(keys) == len(set(keys))

    @invariant()
    def a_scope_is_in_one_open_incident_at_most(self) -> None:
        held = [s for i in self.world.incidents.values() if i.state is not IncidentState.CLOSED for s in i.scopes]
        assert len(held) == len(set(held))

    @invariant()
    def states_agree_with_what_they_say(self) -> None:
        for incident in self.world.incidents.values():
            taken = incident.acknowledgement
            if incident.state is IncidentState.ACKNOWLEDGED:
                assert taken is not None
                assert taken.level >= incident.level
            if incident.state is IncidentState.WAITING:
                assert incident.wait is not None
                assert active(incident, ObligationKind.WAIT_ENDS)
            else:
                assert incident.wait is None
            if incident.state is IncidentState.CLOSED:
                assert not active(incident)
            assert incident.level <= incident.peak_level

    @invariant()
    def levels_are_a_history_without_repeats(self) -> None:
        for incident in self.world.incidents.values():
            levels = [level for level, _ in incident.levels]
            assert levels[-1] is incident.level or incident.state is IncidentState.CLOSED
            assert all(one is not other for one, other in pairwise(levels))


def _running(incident: Incident) -> bool:
    return incident.state not in (IncidentState.CLOSED, IncidentState.AFTERCARE)


Story.TestCase.settings = settings(
    max_examples=int(os.environ.get("STORIES", "25")),
    stateful_step_count=20,
    deadline=None,
    derandomize="STORIES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,) if os.environ.get("NOSHRINK") else tuple(Phase),
    report_multiple_bugs=False,
)
TestStory = Story.TestCase
