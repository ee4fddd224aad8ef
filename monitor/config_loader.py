"""Loading config.yaml: every error at once, each with its line, or a whole new Config.

A config that does not load changes nothing: `load_config` raises `ConfigError` and the caller keeps what it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monitor.clock import SystemClock
from monitor.collectors.base import SourceOptions
from monitor.config import Config, Loaded, SwitchedOff
from monitor.config_partial import read_partly
from monitor.config_references import SourceEntry, names_written, wrong_references
from monitor.config_words import show_value, suggest
from monitor.output import amount
from monitor.yaml_source import ConfigPath, Lines, Problem, read_yaml


class ConfigError(Exception):
    """A config that cannot be used. `problems` lists all that is wrong with it, in the file's order."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = sorted(problems, key=lambda problem: (problem.line, str(problem.path)))
        heading = f"{file}: {amount(len(problems), 'error')}"
        super().__init__("\n".join([heading, *(f"  {problem}" for problem in self.problems)]))


def load_config(file: Path, environment: Mapping[str, str] | None = None, *, year: int | None = None) -> Loaded:
    """Read and validate a config file. `year` is the one whose hours the mandate must cover (default: this).

    Raises ConfigError with every problem, FileNotFoundError when there is no such file.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        found = f"byte {error.start} that is not"
        raise ConfigError(str(file), [Problem((), 0, "a text in UTF-8", found)]) from None
    return parse_config(text, str(file), environment, year=year)


def parse_config(
    text: str,
    file: str = "config",
    environment: Mapping[str, str] | None = None,
    *,
    year: int | None = None,
) -> Loaded:
    """Validate the text of a config. `environment` replaces the process's own (for tests). Raises ConfigError."""
    data, lines, problems = read_yaml(text, environment)
    if not problems and not isinstance(data, dict):
        problems = [Problem((), 1, "a mapping (key: value)", show_value(data))]
    if problems:
        raise ConfigError(file, problems)
    written = names_written(data)
    sources, off, problems = _read_sources(data.pop("sources", None) or [], lines)
    off += _switch_off_channels(data, lines)
    problems += _unset_elsewhere(lines)
    rest = read_partly(Config, {**data, "sources": ()}, (), lines)
    problems += rest.problems
    problems += wrong_references(rest, sources, written, lines, year or SystemClock().now().year)
    if problems or rest.value is None:
        raise ConfigError(file, problems)
    on = tuple(source.options for source in sources.values())
    return Loaded(rest.value.model_copy(update={"sources": on}), tuple(off), text)


def _read_sources(
    entries: object, lines: Lines
) -> tuple[dict[int, SourceEntry], list[SwitchedOff], list[Problem]]:
    """Each source by its collector's own model, by its place in the file; without a secret it is left out."""
    if not isinstance(entries, list):
        return {}, [], [Problem(("sources",), lines.of(("sources",)), "a list", show_value(entries))]
    sources: dict[int, SourceEntry] = {}
    off: list[SwitchedOff] = []
    problems: list[Problem] = []
    for index, entry in enumerate(entries):
        path = ("sources", index)
        found = _read_source(entry, path, lines, problems)
        variable = next((name for where, name in lines.unset.items() if where[:2] == path), None)
        if variable and isinstance(entry, dict):
            off.append(SwitchedOff(f'source "{entry.get("name") or entry.get("type")}"', variable))
        elif isinstance(entry, dict):
            sources[index] = SourceEntry.of(entry, found)
    return sources, off, problems


def _read_source(entry: object, path: ConfigPath, lines: Lines, problems: list[Problem]) -> SourceOptions | None:
    """The options of one source, or None with what is wrong with it added to `problems`."""
    from monitor.collectors.registry import collector_types, options_model

    if not isinstance(entry, dict):
        problems.append(Problem(path, lines.of(path), "a mapping with `type:`", show_value(entry)))
        return None
    kind = entry.get("type")
    if kind not in collector_types():
        where = (*path, "type")
        hint = suggest(str(kind), sorted(collector_types()))
        problems.append(Problem(where, lines.of(where), "a known type of source", show_value(kind), hint))
        return None
    read = read_partly(options_model(str(kind)), entry, path, lines)
    problems += read.problems
    return None if read.problems else read.value


def _switch_off_channels(data: dict[str, Any], lines: Lines) -> list[SwitchedOff]:
    """Take channels out whose secret is not set: they are off, not wrong."""
    alerts = data.get("alerts")
    off: list[SwitchedOff] = []
    if not isinstance(alerts, dict):
        return off
    further = alerts.get("channels")
    off += _switch_off(further, ("alerts", "channels"), lines) if isinstance(further, dict) else []
    off += _switch_off(alerts, ("alerts",), lines, leave="channels")
    watchdog = lines.unset.get(("watchdog", "heartbeat"))
    if watchdog:
        data["watchdog"].pop("heartbeat")
        off.append(SwitchedOff("watchdog.heartbeat", watchdog))
    return off


def _switch_off(channels: dict[str, Any], path: ConfigPath, lines: Lines, leave: str = "") -> list[SwitchedOff]:
    """Take out each channel under `path`, or the addresses of it, whose secret is not set."""
    off: list[SwitchedOff] = []
    for name in [name for name in channels if name != leave]:
        here = (*path, name)
        variable = next((v for where, v in lines.unset.items() if where[: len(here)] == here), None)
        if variable is None:
            continue
        off.append(SwitchedOff(".".join(map(str, here)), variable))
        kept = _without_unset(channels[name], here, lines)
        if kept:
            channels[name] = kept
        else:
            del channels[name]
    return off


def _without_unset(value: object, path: ConfigPath, lines: Lines) -> list[object] | None:
    """A list without the items whose secret is missing; a mapping is off as a whole (None)."""
    if not isinstance(value, list):
        return None
    unset = {where[: len(path) + 1] for where in lines.unset}
    return [item for i, item in enumerate(value) if (*path, i) not in unset]


def _unset_elsewhere(lines: Lines) -> list[Problem]:
    """References without a value where nothing can be switched off."""
    return [
        Problem(path, lines.of(path), f"the environment variable {name}", "that it is not set")
        for path, name in lines.unset.items()
        if path[0] not in ("sources", "alerts") and path != ("watchdog", "heartbeat")
    ]
