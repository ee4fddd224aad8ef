"""Finds the collectors: one file each in `monitor/collectors`, recognised by its `type_name = "…"` line.

Nothing is imported until a type is used: the line is read from the source text, so `crisis-monitor --help` and a
config with one feed do not load twenty platforms.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, SecretStr

from monitor.collectors.base import BaseCollector, Collector, SourceOptions
from monitor.collectors.http import HttpSession, Network

_CLAIM = re.compile(r'^    type_name(?:: ClassVar\[str\])? = "([a-z][a-z0-9_]*)"$', re.MULTILINE)
_VERIFIED = re.compile(r"^    verified(?:: ClassVar\[bool\])? = True$", re.MULTILINE)


class RegistryError(Exception):
    """Two files claim one type, or a file claims a type that it does not hold: a programmer's mistake."""


@dataclass(frozen=True, slots=True)
class CollectorType:
    """A type of source that can be configured: where it lives and whether real answers went through it."""

    name: str
    module: str
    verified: bool


def collector_types() -> Mapping[str, CollectorType]:
    """All types by name, without importing any."""
    return discover(("monitor.collectors",))


@cache
def discover(packages: tuple[str, ...]) -> Mapping[str, CollectorType]:
    """The types that the packages' files claim. Raises RegistryError when two claim the same."""
    found: dict[str, CollectorType] = {}
    for claim in _claims(packages):
        if claim.name in found:
            raise RegistryError(f'"{claim.name}" is claimed by {found[claim.name].module} and {claim.module}')
        found[claim.name] = claim
    return dict(sorted(found.items()))


def _claims(packages: tuple[str, ...]) -> Iterator[CollectorType]:
    for package in packages:
        for file in sorted(files(package).iterdir(), key=lambda entry: entry.name):
            if file.name.endswith(".py"):
                text = file.read_text(encoding="utf-8")
                for name in _CLAIM.findall(text):
                    yield CollectorType(name, f"{package}.{file.name[:-3]}", bool(_VERIFIED.search(text)))


def collector_class(type_name: str) -> type[BaseCollector]:
    """The collector of a type, imported now. Raises KeyError (unknown type) or RegistryError (wrong file)."""
    kind = collector_types()[type_name]
    module = import_module(kind.module)
    for _, found in inspect.getmembers(module, inspect.isclass):
        if issubclass(found, BaseCollector) and getattr(found, "type_name", None) == type_name:
            return found
    raise RegistryError(f'{kind.module} holds no collector with type_name "{type_name}"')


def options_model(type_name: str) -> type[SourceOptions]:
    """The pydantic model of a type's options, for the config and the JSON Schema."""
    return collector_class(type_name).Options


def build(options: SourceOptions, network: Network) -> Collector:
    """The collector of a source, with an HTTP session of its own that knows its secrets and its limits."""
    made: Any = collector_class(options.type)
    collector: Collector = made(options, open_session(options, network))
    return collector


def open_session(options: SourceOptions, network: Network) -> HttpSession:
    """The HTTP session that `build` gives to a source."""
    kind = collector_class(options.type)
    budget = kind.budget_for(options)
    return network.session(non_get=kind.non_get, secrets=list(secrets_in(options)), budget=budget)


def secrets_in(value: object) -> Iterator[str]:
    """Every `SecretStr` in options, however deep."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from secrets_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from secrets_in(part)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from secrets_in(part)
