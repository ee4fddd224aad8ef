"""Recorded answers of real servers in `../shared/fixtures`, for the tests. Nothing of them is copied here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).parents[4] / "shared" / "fixtures"


def files(platform: str, pattern: str = "*") -> list[Any]:
    """The files of a platform as pytest parameters; one skipped parameter where the folder is absent."""
    found = sorted((FIXTURES / platform).glob(pattern)) if FIXTURES.is_dir() else []
    if not found:
        return [pytest.param(None, marks=pytest.mark.skip(reason="the recorded answers are not here"))]
    return [pytest.param(path, id=path.name) for path in found]


def exchanges(path: Path) -> list[dict[str, Any]]:
    """The {request, response} pairs of a recording."""
    loaded: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def objects(value: object) -> Iterator[dict[str, Any]]:
    """Every JSON object in a value, however deep."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)


def bodies(path: Path) -> Iterator[object]:
    """The JSON values of a recording's answers, those inside event streams too."""
    for exchange in exchanges(path):
        body = exchange["response"]["body"] or ""
        lines = [line[5:] for line in body.splitlines() if line.startswith("data:")]
        for text in lines or [body]:
            try:
                yield json.loads(text)
            except ValueError:
                continue
