"""`silences`: keep alerts quiet on purpose, see which are, and end one before its time."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from alerts.silences import Matcher, Silence
from alerts.silencing import SilenceDecision, ask_silence, lift_silence
from monitor.acting import parse_level
from monitor.clock import SystemClock
from monitor.config import Config
from monitor.config_loader import load_config
from monitor.deciding import silences_in_force
from monitor.durations import parse_duration
from monitor.opening import opened
from monitor.output import FAILED, FINE, WRONG_USE, Output, fail, show_time


def list_silences(config_file: Path, output: Output) -> int:
    """The command `silences list`."""
    config, clock = load_config(config_file).config, SystemClock()
    with opened(config, clock) as store:
        found = silences_in_force(store, clock.now())
    lines = [_line(silence, config) for silence in found] or ["Nothing is silenced."]
    output.answer({"silences": [_row(silence) for silence in found]}, "\n".join(lines))
    return FINE


def add_silence(
    config_file: Path, output: Output, *, by: str, reason: str, lasts: str, matcher: Matcher, up_to: str
) -> int:
    """The command `silences add`: checked against the mandate, with a reason and an end."""
    config, clock = load_config(config_file).config, SystemClock()
    now = clock.now()
    asked = ask_silence(
        config.mandate,
        by,
        now,
        matcher=matcher,
        reason=reason,
        until=now + _duration(lasts),
        up_to=parse_level(up_to),
    )
    with opened(config, clock) as store, store.transaction():
        store.add_timeline(asked.timeline)
        silence = asked.silence
        if silence is not None:
            kept = {**asdict(matcher), "up_to": up_to}
            number = store.add_silence(
                kept, reason=reason, author=silence.author, starts_at=now, ends_at=silence.ends_at
            )
            output.answer(
                {"done": True, "id": number}, f"Silence {number} holds until {show_time(silence.ends_at)}."
            )
            return FINE
    return _refused(asked, output)


def end_silence(config_file: Path, output: Output, *, number: int, by: str) -> int:
    """The command `silences end`."""
    config, clock = load_config(config_file).config, SystemClock()
    now = clock.now()
    with opened(config, clock) as store, store.transaction():
        silence = next((s for s in silences_in_force(store, now) if s.id == str(number)), None)
        if silence is None:
            fail(f"There is no silence {number} in force.")
        asked = lift_silence(config.mandate, silence, by, now)
        store.add_timeline(asked.timeline)
        if asked.silence is not None:
            store.end_silence(number, now)
            output.answer({"done": True, "id": number}, f"Silence {number} has ended.")
            return FINE
    return _refused(asked, output)


def _refused(asked: SilenceDecision, output: Output) -> int:
    refusal = asked.refusal
    assert refusal is not None
    allowed = f" Allowed: {', '.join(refusal.allowed)}." if refusal.allowed else ""
    data = {"done": False, "why": refusal.why, "allowed": list(refusal.allowed)}
    output.answer(data, f"Refused ({refusal.why}): {refusal.by} may not silence this.{allowed}")
    return FAILED


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        fail(f"--for: {error}", WRONG_USE)


def _row(silence: Silence) -> dict[str, object]:
    return {
        "id": silence.id,
        "matcher": {name: value for name, value in asdict(silence.matcher).items() if value},
        "up_to": silence.up_to.label,
        "reason": silence.reason,
        "author": silence.author,
        "ends_at": silence.ends_at,
    }


def _line(silence: Silence, config: Config) -> str:
    what = ", ".join(f"{name} {value}" for name, value in asdict(silence.matcher).items() if value) or "everything"
    ends = silence.ends_at.astimezone(config.zone)
    return (
        f"{silence.id}: {what} up to {silence.up_to.label}, until {ends:%Y-%m-%d %H:%M}, "
        f"by {silence.author}: {silence.reason}"
    )
