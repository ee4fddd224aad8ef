"""Every setting stands in docs/config.md, and nothing stands there that is no setting."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from collections.abc import Mapping as MappingType
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from detectors.options import Thresholds
from monitor.collectors.base import SourceOptions
from monitor.collectors.registry import collector_types, options_model
from monitor.config import Config

DOCS = Path(__file__).parents[2] / "docs"
TOP = "Top level"
_ROW = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """Heading and model of every part of the config, each model once, in the order of the file."""
    seen: set[type[BaseModel]] = set()
    yield from _walk(Config, "", seen)
    yield "sources[]", SourceOptions


def _walk(model: type[BaseModel], path: str, seen: set[type[BaseModel]]) -> Iterator[tuple[str, type[BaseModel]]]:
    if model in seen:
        return
    seen.add(model)
    yield path or TOP, model
    for name, field in model.model_fields.items():
        inner = f"{path}.{field.alias or name}" if path else field.alias or name
        for suffix, found in _models_in(field.annotation):
            yield from _walk(found, inner + suffix, seen)


def _models_in(annotation: Any) -> Iterator[tuple[str, type[BaseModel]]]:
    """The models inside an annotation, with `[]` for each list and a placeholder for each mapping around them."""
    origin = get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield "", annotation
    elif origin is Annotated or origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _models_in(part)
    elif origin is tuple:
        yield from ((f"[]{rest}", found) for rest, found in _models_in(get_args(annotation)[0]))
    elif origin in (MappingType, dict):
        yield from ((f".NAME{rest}", found) for rest, found in _models_in(get_args(annotation)[1]))


def _heading(path: str) -> str:
    """The heading under which a model is documented: the three levels share one, `may` names its key, and what a
    brand sets otherwise in `detection` stands under the common one.
    """
    path = path.removeprefix("brands[].") if path.startswith("brands[].detection") else path
    path = re.sub(r"\.levels\.(watch|warning|crisis)", ".levels.LEVEL", path)
    return path.replace("mandate.may.NAME[]", "mandate.may.ACTION[]")


@cache
def _documented(file: Path = DOCS / "config.md") -> Mapping[str, frozenset[str]]:
    """The keys in the first column of the tables, by heading."""
    parts = re.split(r"^#+ (.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {parts[i]: frozenset(_ROW.findall(parts[i + 1])) for i in range(1, len(parts), 2)}


def _keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


SECTIONS = [(_heading(path), model) for path, model in sections()]


@pytest.mark.parametrize(("heading", "model"), SECTIONS, ids=[heading for heading, _ in SECTIONS])
def test_every_setting_of_a_section_is_documented(heading: str, model: type[BaseModel]) -> None:
    assert heading in _documented(), f'docs/config.md has no heading "{heading}" for {model.__name__}'
    missing = _keys(model) - _documented()[heading]
    assert not missing, f'not documented in docs/config.md under "{heading}": {", ".join(sorted(missing))}'


def test_nothing_is_documented_that_is_no_setting() -> None:
    known: dict[str, set[str]] = {}
    for heading, model in SECTIONS:
        known.setdefault(heading, set()).update(_keys(model))
    stray = {
        f"{heading}: {key}" for heading, keys in _documented().items() for key in keys - known.get(heading, set())
    }
    assert not stray


def test_the_documented_thresholds_are_those_in_force() -> None:
    text = (DOCS / "config.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^\| `(\w+)` \|.*\| `([\d.]+)` \|$", text, flags=re.MULTILINE))
    wrong = {
        name: f"{shown.get(name)} is documented, {field.default} is in force"
        for name, field in Thresholds.model_fields.items()
        if float(shown.get(name, "nan")) != field.default
    }
    assert not wrong


@pytest.mark.parametrize("kind", sorted(collector_types()))
def test_every_option_of_a_source_is_documented_on_its_page(kind: str) -> None:
    page = DOCS / "sources" / f"{kind.replace('_', '-')}.md"
    page = page if page.exists() else DOCS / "sources" / f"{kind}.md"
    assert page.exists(), f"{page} is missing"
    text = page.read_text(encoding="utf-8")
    own = set(options_model(kind).model_fields) - set(SourceOptions.model_fields)
    missing = {name for name in own if f"`{name}`" not in text and not re.search(rf"\b{name}:", text)}
    assert not missing, f"not documented in {page.name}: {', '.join(sorted(missing))}"


def test_the_walk_reaches_every_floor_of_the_config() -> None:
    """Guards the test above: a walk that finds nothing would find nothing undocumented."""
    headings = {heading for heading, _ in SECTIONS}
    assert {"mandate.roles.NAME.rotation.overrides[]", "detection.thresholds", "alerts.slack", TOP} <= headings


PAGES = sorted([*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS.parent)))
def test_every_link_within_the_docs_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    dead = [link for link in links if not (page.parent / link).exists()]
    assert not dead


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS.parent)))
def test_every_command_in_the_docs_is_a_command(page: Path) -> None:
    from monitor.cli import app

    known = {_command_name(command) for command in app.registered_commands} | {"incidents"}
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"^(?:.*\| )?crisis-monitor ([a-z][a-z-]*)", text, flags=re.MULTILINE))
    named |= set(re.findall(r"`crisis-monitor ([a-z][a-z-]*)", text))
    assert named <= known


def _command_name(command: Any) -> str:
    return command.name or command.callback.__name__.replace("_", "-")
