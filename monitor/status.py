"""`status`: is everything heard, does everything move, what is open, and how much is learnt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alerts.incident import NotificationState
from monitor.clock import SystemClock
from monitor.config import Loaded
from monitor.config_loader import load_config
from monitor.coverage import GRACE
from monitor.incident_views import headline, overview
from monitor.opening import opened
from monitor.output import FAILED, FINE, Output, amount, show_time
from monitor.store.state import SourceState
from monitor.store.store import Store

STILL_FOR = timedelta(minutes=2)
"""A daemon writes down every half minute how its jobs do: one that did not for so long has ended or hangs."""

WAITING = (NotificationState.PENDING, NotificationState.SENDING, NotificationState.UNKNOWN, NotificationState.HELD)


def show_status(config_file: Path, output: Output) -> int:
    """The command `status`. Exit 1 when the daemon or a source does not move, a job or a message failed."""
    loaded, clock = load_config(config_file), SystemClock()
    with opened(loaded.config, clock) as store:
        data = gather_status(store, loaded, clock.now())
        lines = list(_lines(store, loaded, data))
    output.answer(data, "\n".join(lines))
    return FINE if data["healthy"] else FAILED


def gather_status(store: Store, loaded: Loaded, now: datetime) -> dict[str, Any]:
    """Everything that `status --json` answers."""
    states = store.source_states()
    sources = [source_status(source.name, source.every, states.get(source.name), now) for source in loaded.sources]
    jobs = [
        {"job": run.job, "ok_at": show_time(run.ok_at), "error": run.error, "missed": run.missed}
        for run in store.job_runs().values()
    ]
    waiting = store.notifications(states=WAITING)
    failed = store.notifications(states=(NotificationState.FAILED,))
    open_incidents = store.open_incidents()
    daemon = daemon_status(store, now)
    moves = daemon["works"] and not any(job["error"] for job in jobs)
    return {
        "at": show_time(now),
        "healthy": moves and all(s["works"] for s in sources) and not failed,
        "database": store.name,
        "daemon": daemon,
        "sources": sources,
        "off": [str(part) for part in loaded.off],
        "jobs": jobs,
        "outbox": {
            "waiting": len(waiting),
            "oldest": show_time(min((n.created_at for n in waiting), default=None)),
            "failed": [{"reason": n.reason.value, "channel": n.channel, "error": n.error} for n in failed],
        },
        "incidents": [overview(incident) for incident in open_incidents],
        "brands": [brand_status(store, name) for name in brand_names(store, loaded)],
    }


def daemon_status(store: Store, now: datetime) -> dict[str, Any]:
    """When the daemon (or `run --once`) last did anything; None, and well, where it never ran."""
    jobs = [run.ok_at for run in store.job_runs().values()]
    polls = [state.last_ok_at for state in store.source_states().values()]
    seen = max((at for at in (*jobs, *polls) if at is not None), default=None)
    return {"works": seen is None or now - seen <= STILL_FOR, "seen_at": show_time(seen)}


def brand_names(store: Store, loaded: Loaded) -> list[str]:
    """Configured brands and those that only files have brought."""
    return list(dict.fromkeys([*(brand.name for brand in loaded.config.brands), *store.brands()]))


def brand_status(store: Store, brand: str) -> dict[str, Any]:
    """How many mentions of a brand there are, since when, and until when they are judged."""
    span = store.span(brand)
    return {
        "brand": brand,
        "mentions": store.count_mentions(brand),
        "first": show_time(span[0] if span else None),
        "last": show_time(span[1] if span else None),
        "judged_until": store.fact(f"judged:{brand}"),
    }


def source_status(name: str, every: Any, state: SourceState | None, now: datetime) -> dict[str, Any]:
    """How one source does. A source that was never polled works as far as anybody knows."""
    if state is None:
        return {"source": name, "works": True, "sentence": "not asked yet"}
    overdue = state.next_due_at is not None and now - state.next_due_at > GRACE * every
    sentence = "works"
    if state.failing_since is not None:
        sentence = f"fails since {show_time(state.failing_since)}: {state.error} {state.remedy or ''}".strip()
    elif overdue:
        sentence = f"was due at {show_time(state.next_due_at)}: is the daemon running?"
    return {
        "source": name,
        "works": state.failing_since is None and not overdue,
        "sentence": sentence,
        "last_ok_at": show_time(state.last_ok_at),
        "last_mention_at": show_time(state.last_mention_at),
        "next_due_at": show_time(state.next_due_at),
    }


def _lines(store: Store, loaded: Loaded, data: dict[str, Any]) -> Iterator[str]:
    seen = data["daemon"]["seen_at"]
    well = "All well." if seen else "Nothing has run yet: `crisis-monitor run` begins."
    yield f"{well if data['healthy'] else 'Something needs you.'}  {data['at']}  {data['database']}"
    if not data["daemon"]["works"]:
        yield f"  nothing has moved since {seen}: is the daemon running?"
    for source in data["sources"]:
        yield f"  source {source['source']}: {source['sentence']}"
    for part in data["off"]:
        yield f"  off: {part}"
    for job in data["jobs"]:
        if job["error"] or job["missed"]:
            error = job["error"] or "no error"
            yield f"  job {job['job']}: last fine {job['ok_at']}, missed {job['missed']}, {error}"
    box = data["outbox"]
    yield f"  outbox: {box['waiting']} waiting" + (f" since {box['oldest']}" if box["oldest"] else "")
    for failed in box["failed"]:
        yield f"  NOT SENT: {failed['reason']} to {failed['channel']}: {failed['error']}"
    for brand in data["brands"]:
        span = f", {brand['first']} to {brand['last']}" if brand["first"] else ""
        yield f"  {brand['brand']}: {amount(brand['mentions'], 'mention') if span else 'no mention yet'}{span}"
    for incident in store.open_incidents():
        yield "  " + headline(incident, loaded.config)
