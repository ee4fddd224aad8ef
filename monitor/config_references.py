"""What no single section of the config can see: names used twice, and names that stand for nothing.

References are looked at also when other parts of the file are wrong, as far as it can be known: a name counts as
known when it is written, even where what is said about it cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alerts.channels.registry import AlertsOptions
from detectors.options import DetectionOptions
from monitor.collectors.base import SourceOptions
from monitor.config import BrandOptions, Config
from monitor.config_partial import Partial
from monitor.config_words import suggest
from monitor.yaml_source import ConfigPath, Lines, Problem

InFile = Callable[[ConfigPath], ConfigPath]
"""From a place in what could be read to the place in the file."""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One source that is on: its options (None: they cannot be read), the name and the brand written for it."""

    options: SourceOptions | None
    name: str | None
    brand: str | None

    @classmethod
    def of(cls, entry: Mapping[str, Any], options: SourceOptions | None) -> SourceEntry:
        """The entry as it stands in the file, with its options; these get the name that is made up for them."""
        if options is not None:
            options = options.model_copy(update={"name": options.name or options.default_name()})
            return cls(options, options.name, options.brand)
        return cls(None, _text(entry.get("name")), _text(entry.get("brand")))


@dataclass(frozen=True, slots=True)
class NamesWritten:
    """Names that stand in the file, whether or not what is said of them is right.

    `brands` is by place in the list. `themes` by brand; `channels` are the further ones, also switched-off ones.
    None where it cannot be known what was meant to stand there.
    """

    brands: Mapping[int, str] | None
    themes: Mapping[str, Collection[str] | None]
    channels: frozenset[str] | None


def names_written(data: Mapping[str, Any]) -> NamesWritten:
    """The names in a whole file."""
    brands = data.get("brands") or []
    entries = brands if isinstance(brands, list) else [None]
    named = {i: name for i, brand in enumerate(entries) if (name := _name(brand)) is not None}
    themes = {name: _themes(entries[i]) for i, name in reversed(named.items())}  # of a doubled name, the first
    return NamesWritten(named if len(named) == len(entries) else None, themes, _channels(data.get("alerts")))


def _name(brand: object) -> str | None:
    return _text(brand.get("name")) if isinstance(brand, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _themes(brand: Any) -> Collection[str] | None:
    """The themes of a brand; None when they are no mapping, or may hide behind a misspelt key."""
    themes = brand.get("themes") or {}
    return list(themes) if isinstance(themes, dict) and set(brand) <= set(BrandOptions.model_fields) else None


def _channels(alerts: object) -> frozenset[str] | None:
    if not isinstance(alerts, dict):
        return frozenset() if alerts is None else None
    further = alerts.get("channels") or {}
    readable = isinstance(further, dict) and set(alerts) <= set(AlertsOptions.model_fields)
    return frozenset(map(str, further)) | {"slack", "console", "fallback"} if readable else None


def wrong_references(
    config: Partial, sources: Mapping[int, SourceEntry], written: NamesWritten, lines: Lines, year: int
) -> Iterator[Problem]:
    """All of them. `config` is the file without its sources, as far as it could be read."""
    yield from _duplicates("brands", written.brands or {}, lines)
    yield from _duplicates("sources", {i: source.name for i, source in sources.items() if source.name}, lines)
    if written.brands is not None:
        yield from _unknown_brands(list(written.brands.values()), sources, lines)
    if config.value is None:
        return
    if written.brands is not None:
        yield from _unknown_themes(config.value, config.in_file, written, lines)
    if ("mandate",) not in config.unread:
        yield from _in_mandate(config, written, lines, year)


def _duplicates(section: str, names: Mapping[int, str], lines: Lines) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, name in names.items():
        if name in seen:
            path = (section, index, "name")
            first = lines.of((section, seen[name]))
            yield Problem(path, lines.of(path), "a name of its own", f'"{name}", as on line {first}')
        seen.setdefault(name, index)


def _unknown_brands(known: list[str], sources: Mapping[int, SourceEntry], lines: Lines) -> Iterator[Problem]:
    for index, source in sources.items():
        if source.brand is not None and source.brand not in known:
            path = ("sources", index, "brand")
            hint = suggest(source.brand, known)
            yield Problem(path, lines.of(path), "the name of a brand above", f'"{source.brand}"', hint)


def _unknown_themes(config: Config, in_file: InFile, written: NamesWritten, lines: Lines) -> Iterator[Problem]:
    """Themes of planned events that no brand has, or not the brand whose events they are."""
    everywhere = [theme for themes in written.themes.values() for theme in themes or ()]
    sections: list[tuple[ConfigPath, DetectionOptions | None, Collection[str] | None]] = [
        (("detection",), config.detection, None if None in written.themes.values() else everywhere),
        *(
            (("brands", i, "detection"), b.detection, written.themes.get(b.name))
            for i, b in enumerate(config.brands)
        ),
    ]
    for section, detection, known in sections:
        for number, event in enumerate(detection.planned_events if detection and known is not None else ()):
            for place, theme in enumerate(event.themes):
                if theme not in (known or ()):
                    path = in_file((*section, "planned_events", number, "themes", place))
                    hint = suggest(theme, list(known or ()))
                    yield Problem(path, lines.of(path), "the name of a theme above", f'"{theme}"', hint)


def _in_mandate(config: Partial, written: NamesWritten, lines: Lines, year: int) -> Iterator[Problem]:
    """What `alerts` says of the mandate, with lines. What only follows from a part left out is not told."""
    from alerts.mandate_check import validate_mandate

    assert config.value is not None
    unread = config.unread_below("mandate")
    brands = None if written.brands is None else written.themes
    for problem in validate_mandate(config.value.mandate, written.channels, year, brands, unread):
        path = config.in_file(problem.path)
        if not unread or _is_written(path, lines):
            said = problem.message[:1].upper() + problem.message[1:]
            yield Problem(path, lines.of(path), problem.expected, problem.found, said)


def _is_written(path: ConfigPath, lines: Lines) -> bool:
    """Does this, or what it stands in, stand in the file? (Else it is a default: of a key that was misspelt?)"""
    return path in lines.by_path or path[:-1] in lines.by_path
