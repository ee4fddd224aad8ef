"""What can be known of a part of the config in which something is wrong: the rest, as if the wrong were not there.

One run tells every error, also those that show only between sections (a rule that names a role nobody has
written). So what cannot be read is left out, and what is left is looked at like a whole config.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from monitor.config_words import place_of, problems_of
from monitor.yaml_source import ConfigPath, Lines, Problem


@dataclass(frozen=True, slots=True)
class Partial:
    """`value` is the model of all that could be read (None: of nothing), `unread` the places left out of it."""

    value: Any | None
    problems: tuple[Problem, ...] = ()
    unread: frozenset[ConfigPath] = frozenset()

    def in_file(self, path: ConfigPath) -> ConfigPath:
        """Where the place `path` of `value` stands in the file: items of lists that were left out count there."""
        return _in_file(path, self.unread)

    def unread_below(self, key: str) -> frozenset[ConfigPath]:
        """The places left out in the section `key`, seen from there; the empty path when it is all left out."""
        return frozenset(place[1:] for place in self.unread if place[0] == key)


def read_partly(model: type[BaseModel], data: Any, before: ConfigPath, lines: Lines) -> Partial:
    """Validate `data`, which stands at `before` in the file. The problems are those of the whole of it."""
    problems: tuple[Problem, ...] = ()
    unread: frozenset[ConfigPath] = frozenset()
    while True:
        try:
            return Partial(model.model_validate(data), problems, unread)
        except ValidationError as error:
            errors = error.errors()
        problems = problems or tuple(problems_of(errors, model, data, before, lines))
        wrong = {place_of(details["loc"], data) for details in errors}  # of a missing key: what it is missing in
        if () in wrong:
            return Partial(None, problems, unread)
        unread |= {_in_file(place, unread) for place in wrong}
        data = _without(data, wrong)


def _without(node: Any, wrong: Iterable[ConfigPath], path: ConfigPath = ()) -> Any:
    if isinstance(node, Mapping):
        return {k: _without(v, wrong, (*path, k)) for k, v in node.items() if (*path, k) not in wrong}
    if isinstance(node, list):
        return [_without(v, wrong, (*path, i)) for i, v in enumerate(node) if (*path, i) not in wrong]
    return node


def _in_file(path: ConfigPath, unread: Iterable[ConfigPath]) -> ConfigPath:
    there: ConfigPath = ()
    for part in path:
        if isinstance(part, int):
            gone = sorted(place[-1] for place in unread if place[:-1] == there and isinstance(place[-1], int))
            for index in gone:
                part += index <= part
        there = (*there, part)
    return there
