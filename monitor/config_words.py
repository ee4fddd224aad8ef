"""Pydantic's errors in plain words, with the line they stand on and a suggestion for misspelt keys."""

from __future__ import annotations

import difflib
import types
from collections.abc import Mapping, Sequence
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
    "missing": "a value",
    "model_attributes_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "string_too_short": "some text",
    "string_type": "text",
    "tuple_type": "a list",
}

_DETAIL: Mapping[str, str] = {
    "greater_than": "a number greater than {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number less than {lt}",
    "less_than_equal": "a number of at most {le}",
    "literal_error": "one of {expected}",
    "enum": "one of {expected}",
    "string_too_long": "at most {max_length} characters",
    "too_short": "at least {min_length} of them",
}


def problem_of(error: ErrorDetails, model: type[BaseModel], before: ConfigPath, lines: Lines) -> Problem:
    """One pydantic error as a `Problem`. `before` is where `model` stands in the file."""
    inner = _written_path(tuple(error["loc"]))
    path = (*before, *inner)
    if error["type"] == "extra_forbidden":
        known = keys_at(model, inner[:-1])
        return Problem(
            path, lines.of(path), "a key that is known here", f'"{inner[-1]}"', suggest(str(inner[-1]), known)
        )
    found = "nothing" if error["type"] == "missing" else show_value(error["input"], inner)
    return Problem(path, lines.of(path), _expected(error), found)


def _written_path(loc: tuple[str | int, ...]) -> ConfigPath:
    """Drop what pydantic adds for unions and function validators: those names stand in no file."""
    return tuple(part for part in loc if isinstance(part, int) or not part.endswith(("]", ")")))


def _expected(error: ErrorDetails) -> str:
    kind = error["type"]
    if kind in _DETAIL:
        return _DETAIL[kind].format(**error.get("ctx", {}))
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    return error["msg"].removeprefix("Value error, ").removeprefix("expected ")


_SECRET_WORDS = ("token", "secret", "password", "key", "url", "fallback")


def show_value(value: object, path: Sequence[str | int] = ()) -> str:
    """A value as it may stand in an error: short, and never one that may be a secret."""
    if any(word in str(part).lower() for part in path for word in _SECRET_WORDS):
        return "a value that is not shown here"
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
