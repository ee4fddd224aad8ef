"""What people do from the command line: acknowledge, flag a sign, ask who would be called."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from alerts.actions import Action, ActionKind
from alerts.incident import Decision, Refusal
from detectors.signal import Level
from monitor.clock import SystemClock
from monitor.config import Config
from monitor.config_loader import load_config
from monitor.deciding import decide_stored
from monitor.opening import opened
from monitor.output import FAILED, FINE, WRONG_USE, Output, fail


def incident_number(text: str) -> int:
    """`INC-12`, `inc-12` or `12` as 12. Raises CommandError."""
    digits = text.upper().removeprefix("INC-")
    if not digits.isdigit():
        fail(f'"{text}" is no incident number: expected INC-12 or 12', WRONG_USE)
    return int(digits)


def acknowledge(config_file: Path, number: str, by: str, output: Output) -> int:
    """The command `incidents ack`."""
    config, clock = load_config(config_file).config, SystemClock()
    action = Action(ActionKind.ACKNOWLEDGE, by, clock.now(), "cli", incident_number(number))
    with opened(config, clock) as store:
        decision = decide_stored(store, config.mandate, action, clock.now())
    done = f"INC-{action.incident} is acknowledged by {by}."
    return _answer(decision, output, done, action.incident)


def flag_sign(config_file: Path, text: str, by: str, brand: str | None, output: Output) -> int:
    """The command `flag`: opens a watch that must be answered."""
    config, clock = load_config(config_file).config, SystemClock()
    chosen = brand or (config.brands[0].name if len(config.brands) == 1 else None)
    if chosen is None:
        fail("several brands are watched: say which with --brand", WRONG_USE)
    action = Action(ActionKind.FLAG, by, clock.now(), "cli", data={"text": text, "brand": chosen})
    with opened(config, clock) as store:
        decision = decide_stored(store, config.mandate, action, clock.now())
    numbers = ", ".join(f"INC-{incident.number}" for incident in decision.incidents)
    return _answer(decision, output, f"The sign is noted as {numbers} and must be answered.")


def _answer(decision: Decision, output: Output, done: str, number: int | None = None) -> int:
    refusal = decision.refusal
    data = {
        "done": refusal is None,
        "incidents": [f"INC-{incident.number}" for incident in decision.incidents],
        "why": refusal.why if refusal else None,
        "allowed": list(refusal.allowed) if refusal else [],
    }
    if refusal is None:
        output.answer(data, done)
        return FINE
    output.answer(data, _in_words(refusal, number))
    return FAILED


def _in_words(refusal: Refusal, number: int | None) -> str:
    """Why it was not done: the incident is not there, or whoever asked may not."""
    if refusal.why == "no_such_incident":
        return f"There is no open INC-{number}. `crisis-monitor incidents list --all` shows which there are."
    allowed = f" Allowed: {', '.join(refusal.allowed)}." if refusal.allowed else ""
    return f"Refused ({refusal.why}): {refusal.by} may not {refusal.action}.{allowed}"


def show_who(
    config_file: Path, level: str, at: str | None, theme: str | None, brand: str | None, output: Output
) -> int:
    """The command `who`: a dry run of the mandate."""
    from dataclasses import asdict

    from alerts.who import who
    from alerts.who_text import who_lines

    config, clock = load_config(config_file).config, SystemClock()
    when = clock.now() if at is None else parse_local(at, config)
    chosen = brand or (config.brands[0].name if config.brands else "")
    plan = who(config.mandate, parse_level(level), theme or "", chosen, at=when)
    output.answer(asdict(plan), "\n".join(who_lines(plan, config.timezone)))
    return FINE


def parse_level(text: str) -> Level:
    """`watch`, `warning` or `crisis`. Raises CommandError."""
    found = {level.label: level for level in Level if level > Level.CALM}.get(text.lower())
    if found is None:
        fail(f'"{text}" is no level: expected watch, warning or crisis', WRONG_USE)
    return found


def parse_local(text: str, config: Config) -> datetime:
    """An ISO time; without an offset it is meant in the config's zone. Raises CommandError."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        fail(f'"{text}" is no time: expected for example "2026-12-24 03:00"', WRONG_USE)
    return (when if when.tzinfo else when.replace(tzinfo=config.zone)).astimezone(UTC)
