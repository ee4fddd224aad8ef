"""`check`: is the config right, who would be told, and (with --connect) does every source and channel answer?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alerts.channels.base import ChannelError
from alerts.channels.registry import build_channels
from monitor.clock import SystemClock
from monitor.collectors.base import SourceError, SourceOptions
from monitor.collectors.http import Network
from monitor.collectors.registry import build, collector_types
from monitor.config import Config, Loaded
from monitor.config_loader import ConfigError, load_config
from monitor.output import FAILED, FINE, WRONG_USE, Output, amount


@dataclass(frozen=True, slots=True)
class Answer:
    """What one source or channel said when it was asked."""

    what: str
    works: bool
    sentence: str
    remedy: str = ""


def check_config(config_file: Path, output: Output, *, connect: bool) -> int:
    """The command `check`. Exit 2 for a wrong config, 1 when something that was asked does not work."""
    try:
        loaded = load_config(config_file)
    except ConfigError as error:
        output.answer({"valid": False, "problems": list(_problems(error))}, str(error))
        return WRONG_USE
    answers = list(ask_everything(loaded.config)) if connect else []
    data = {
        "valid": True,
        "problems": [],
        "off": [str(part) for part in loaded.off],
        "unverified": unverified(loaded.sources),
        "connections": [
            {"what": a.what, "works": a.works, "sentence": a.sentence, "remedy": a.remedy} for a in answers
        ],
    }
    output.answer(data, "\n".join([*_summary(config_file, loaded), *map(_line, answers)]))
    return FINE if all(answer.works for answer in answers) else FAILED


def _problems(error: ConfigError) -> Iterator[dict[str, object]]:
    for problem in error.problems:
        yield {
            "file": error.file,
            "line": problem.line,
            "path": list(problem.path),
            "expected": problem.expected,
            "found": problem.found,
            "suggestion": problem.suggestion,
        }


def ask_everything(config: Config) -> Iterator[Answer]:
    """Ask each source and each channel whether it works; nothing is collected or sent."""
    network = Network(SystemClock(), contact=config.contact)
    for source in config.sources:
        what = f'source "{source.name}"'
        try:
            yield Answer(what, True, build(source, network).check())
        except SourceError as error:
            yield Answer(what, False, str(error), error.remedy)
    for name, channel in build_channels(config.alerts).items():
        try:
            yield Answer(f'channel "{name}"', True, channel.check())
        except ChannelError as error:
            yield Answer(f'channel "{name}"', False, str(error), error.remedy)


def unverified(sources: tuple[SourceOptions, ...]) -> list[str]:
    """Configured sources whose collector was never held against a recorded or documented answer."""
    types = collector_types()
    return [source.name for source in sources if not types[source.type].verified]


def _summary(file: Path, loaded: Loaded) -> Iterator[str]:
    config = loaded.config
    brands = ", ".join(brand.name for brand in config.brands) or "no brand yet"
    yield f"{file} is valid: {brands}; {amount(len(loaded.sources), 'source')}."
    for part in loaded.off:
        yield f"  off: {part}"
    for name in unverified(loaded.sources):
        yield f'  unverified: source "{name}" was never held against a real answer; see docs/sources'
    if config.alerts.slack is None:
        yield "  alerts go to the console: Slack is not set up"


def _line(answer: Answer) -> str:
    mark = "works" if answer.works else "FAILS"
    remedy = f" {answer.remedy}" if answer.remedy else ""
    return f"  {mark}: {answer.what}: {answer.sentence}{remedy}"
