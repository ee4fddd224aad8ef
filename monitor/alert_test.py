"""`crisis-monitor alert-test`: a marked test through every channel to all a level would call; what arrived.

Nothing is stored: a test is no incident. A channel that can look is asked whether the message really stands there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from alerts.card import Card, build_notice
from alerts.chain import reach
from alerts.channels.base import Channel, ChannelError, RenderedMessage
from alerts.channels.console import ConsoleChannel
from alerts.channels.options import ConsoleOptions
from alerts.channels.registry import build_channels
from alerts.incident import Notification, Reason
from alerts.mandate import Mandate
from alerts.renderers.slack import is_user_group
from alerts.texts.reader import Reader
from detectors.signal import Level
from monitor.clock import Clock, SystemClock
from monitor.config import Config
from monitor.config_loader import load_config
from monitor.output import FAILED, FINE, Output

CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one test message. `arrived` is None where the channel took it but cannot tell."""

    channel: str
    place: str
    arrived: bool | None
    said: str
    remedy: str = ""


def run_alert_test(config_file: Path, level: str, output: Output) -> int:
    """Send the test and report. Returns FINE when every message was taken, else FAILED."""
    from monitor.acting import parse_level

    config, clock = load_config(config_file).config, SystemClock()
    channels = build_channels(config.alerts)
    if output.as_json:  # nothing but the answer on stdout
        channels[CONSOLE] = ConsoleChannel(ConsoleOptions(stream="stderr"))
    outcomes = list(send_tests(config, channels, parse_level(level), clock))
    data = {"level": level, "messages": [asdict(outcome) for outcome in outcomes]}
    output.answer(data, "\n".join(map(_line, outcomes)))
    return FINE if all(outcome.arrived is not False for outcome in outcomes) else FAILED


def send_tests(config: Config, channels: Mapping[str, Channel], level: Level, clock: Clock) -> Iterator[Outcome]:
    """Send one test message to each place of each channel and yield what became of it."""
    now = clock.now()
    reader = Reader(config.alerts.language or config.language, config.timezone, now)
    brand = config.brands[0].name if config.brands else ""
    addresses = places(config.mandate, level, brand, now)
    for name, channel in channels.items():
        if name == CONSOLE and len(channels) > 1:
            continue
        for place in addresses.get(name) or ("",):
            yield _send_one(name, channel, place, now, reader)


def places(mandate: Mandate, level: Level, brand: str, now: datetime) -> dict[str, tuple[str, ...]]:
    """Return, per channel, every address that the chain of `level` would use, whatever the hour."""
    found: dict[str, dict[str, None]] = {"slack": {mandate.place("slack", brand): None}}
    for step in mandate.policy(level, brand).steps:
        told = reach(mandate, step.tell, step.by, at=now, brand=brand, level=level, at_any_hour=True)
        for way in told.reached:
            found.setdefault(way.channel, {})[way.address] = None
    return {
        channel: tuple(address for address in addresses if channel != "slack" or not is_user_group(address))
        for channel, addresses in found.items()
    }


def _send_one(name: str, channel: Channel, place: str, now: datetime, reader: Reader) -> Outcome:
    key = f"alert-test/{now.isoformat()}/{name}/{place}"
    message = RenderedMessage(key, _card(now, reader), place=place)
    try:
        receipt = channel.send(message)
        if not channel.reconciles:
            return Outcome(name, place, None, "taken; only the reader can tell whether it arrived")
        stands = channel.find(key, receipt.place, now) is not None
    except ChannelError as error:
        return Outcome(name, place, False, str(error), error.remedy)
    return Outcome(name, place, stands, "arrived" if stands else "taken, but it does not stand there")


def _card(now: datetime, reader: Reader) -> Card:
    return build_notice(Notification("alert-test", Reason.TEST, now), reader)


def _line(outcome: Outcome) -> str:
    sign = {True: "ok  ", None: "sent", False: "FAIL"}[outcome.arrived]
    where = f"{outcome.channel} {outcome.place}".strip()
    return f"{sign}  {where}: {outcome.said}" + (f" ({outcome.remedy})" if outcome.remedy else "")
