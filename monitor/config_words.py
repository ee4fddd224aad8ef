"""Pydantic's errors in plain words, with the line they stand on and a suggestion for misspelt keys."""

from __future__ import annotations

import difflib
import types
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from monitor.yaml_source import ConfigPath, Lines, Problem

_EXPECTED: Mapping[str, str] = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "a mapping (key: value)",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "mapping_type": "a mapping (key: value)",
    "missing": "a value",
    "model_attributes_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "string_too_short": "some text",
    "string_type": "text",
    "tuple_type": "a list",
}

_DETAIL: Mapping[str, str] = {
    "greater_than": "a number greater than {gt:g}",
    "greater_than_equal": "a number of at least {ge:g}",
    "less_than": "a number less than {lt:g}",
    "less_than_equal": "a number of at most {le:g}",
    "literal_error": "one of {expected}",
    "enum": "one of {expected}",
    "string_pattern_mismatch": "text of the form {pattern}",
    "string_too_long": "at most {max_length} characters",
    "too_long": "at most {max_length} of them",
    "too_short_text": "at least {min_length} characters",
    "too_short": "at least {min_length} of them",
}

_BY_KIND = (("datetime_", "a time such as 2026-01-31T08:00"), ("date_", "a date such as 2026-01-31"))


def problems_of(
    errors: Sequence[ErrorDetails], model: type[BaseModel], data: object, before: ConfigPath, lines: Lines
) -> list[Problem]:
    """Pydantic's errors about `data`, which stands at `before` in the file: one `Problem` a place.

    What could be one of several things is told once, with all of them; a list is not told to be too short when
    only what stands in it is wrong.
    """
    found: dict[ConfigPath, Problem] = {}
    for error in errors:
        problem = _problem_of(error, model, data, before, lines)
        earlier = found.get(problem.path)
        if earlier and problem.expected not in earlier.expected.split(", or "):
            problem = replace(earlier, expected=f"{earlier.expected}, or {problem.expected}")
        found[problem.path] = problem
    too_short = {(*before, *place_of(error["loc"], data)) for error in errors if error["type"] == "too_short"}
    inside = {path[: len(short)] for short in too_short for path in found if len(path) > len(short)}
    return [problem for path, problem in found.items() if path not in too_short & inside]


def _problem_of(
    error: ErrorDetails, model: type[BaseModel], data: object, before: ConfigPath, lines: Lines
) -> Problem:
    inner = place_of(error["loc"], data)
    missing = (error["loc"][-1],) if error["type"] == "missing" else ()
    path = (*before, *inner, *missing)
    if error["type"] == "extra_forbidden":
        known = keys_at(model, inner[:-1])
        return Problem(
            path, lines.of(path), "a key that is known here", f'"{inner[-1]}"', suggest(str(inner[-1]), known)
        )
    found = "nothing" if missing else show_value(error["input"], inner)
    return Problem(path, lines.of(path), _expected(error), found)


def place_of(loc: Sequence[str | int], data: object) -> ConfigPath:
    """As much of pydantic's `loc` as stands in `data`: names of unions and validators stand in no file."""
    path: ConfigPath = ()
    for part in loc:
        is_key = isinstance(data, Mapping) and part in data
        is_item = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if is_key or is_item:
            data = data[part]  # type: ignore[index]  # one of the two, as just seen
            path = (*path, part)
    return path


def _expected(error: ErrorDetails) -> str:
    kind = error["type"]
    if kind == "too_short" and not isinstance(error["input"], list | tuple | Mapping):
        kind = "too_short_text"
    if kind in _DETAIL:
        return _DETAIL[kind].format(**error.get("ctx", {}))
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    by_kind = next((words for start, words in _BY_KIND if kind.startswith(start)), None)
    return by_kind or _wanted(error["msg"])


def _wanted(message: str) -> str:
    """What a validator of ours wants: of "expected hours such as 08:00-16:30, found 'x'" the middle."""
    return message.removeprefix("Value error, ").removeprefix("expected ").partition(", found ")[0]


_SECRET_WORDS = ("token", "secret", "password", "key", "url", "fallback", "heartbeat")
_SECRET_PLACE = ("alerts", "channels")
"""Addresses of Apprise stand there: they hold passwords."""


def show_value(value: object, path: Sequence[str | int] = ()) -> str:
    """A value as it may stand in an error: short, never one that may be a secret, of a mapping the keys only."""
    is_secret = any(word in str(part).lower() for part in path for word in _SECRET_WORDS)
    if is_secret or tuple(path[:2]) == _SECRET_PLACE:
        return "a value that is not shown here"
    if isinstance(value, Mapping):
        text = f"a mapping of {', '.join(map(str, value)) or 'nothing'}"
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping | list) for item in value):
        text = f"a list of {len(value)}"
    else:
        text = f'"{value}"' if isinstance(value, str) else "nothing" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def suggest(word: str, known: Sequence[str]) -> str:
    """`Did you mean "keywords"?`, or the list of what is known when nothing is near."""
    near = difflib.get_close_matches(word.lower(), [name.lower() for name in known], n=1, cutoff=0.6)
    if near:
        return f'Did you mean "{next(name for name in known if name.lower() == near[0])}"?'
    return f"Known: {', '.join(sorted(known))}" if known else ""


def keys_at(model: type[BaseModel], path: ConfigPath) -> list[str]:
    """The keys that the model accepts at `path`, as they are written in the file."""
    here: Any = model
    for part in path:
        here = _step(here, part)
    return sorted({field.alias or name for m in _models(here) for name, field in m.model_fields.items()})


def _step(annotation: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return next(iter(get_args(annotation) or (Any,)))
    for model in _models(annotation):
        for name, field in model.model_fields.items():
            if part in (name, field.alias):
                return field.annotation
    arguments = get_args(annotation)
    return arguments[-1] if arguments else Any


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The pydantic models that an annotation stands for (through Optional and unions)."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, types.UnionType):
        return [model for part in get_args(annotation) for model in _models(part)]
    return []
