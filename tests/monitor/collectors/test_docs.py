"""Every collector has its page, and every option is on it."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest

from monitor.collectors.base import SourceOptions
from monitor.collectors.field_map import Path as FieldPath
from monitor.collectors.field_map import apply
from monitor.collectors.registry import collector_types, options_model

DOCS = Path(__file__).parents[3] / "docs" / "sources"
TYPES = sorted(collector_types())
SECTIONS = ("Sees", "Cannot see", "Key and cost", "Limits", "Terms")


@pytest.mark.parametrize("name", TYPES)
def test_each_type_has_a_page_that_names_its_options(name: str) -> None:
    """A setting that is not documented fails here; so does a page that nobody can find."""
    page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    own = options_model(name).model_fields.keys() - SourceOptions.model_fields.keys()
    assert [option for option in sorted(own) if f"| `{option}` |" not in page] == []
    assert f"]({name}.md)" in (DOCS / "index.md").read_text(encoding="utf-8")
    assert f"type: {name}" in page, "no example"


@pytest.mark.parametrize("name", TYPES)
def test_each_page_says_what_people_ask(name: str) -> None:
    """What it sees and cannot see, key and cost, limits, terms; and whether it is unverified."""
    page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    assert [part for part in SECTIONS if not re.search(rf"\*\*{part}|\*\*Reads", page)] == []
    if not collector_types()[name].verified:
        assert "nverified" in page


def test_the_options_of_every_source_are_on_the_first_page() -> None:
    """Those that all share."""
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert [option for option in SourceOptions.model_fields if f"| `{option}` |" not in index] == []


def test_a_field_map_as_documented() -> None:
    """Paths, quoted names, positions and fixed words; what is not there is nothing."""
    item = {"post": {"id": 7}, "from": {"the id": "x"}, "links": [{"href": "https://a.example"}], "likes": 3}
    fields = {
        "id": "$.post.id",
        "author": '$.from["the id"]',
        "url": "$.links[0].href",
        "kind": "comment",
        "text": "$.nothing.there",
        "parent_id": "$.links[5]",
    }
    assert apply(fields, item) == {
        **item,
        "id": 7,
        "author": "x",
        "url": "https://a.example",
        "kind": "comment",
        "text": None,
        "parent_id": None,
    }
    assert apply({}, item) is item
    assert apply(fields, "no object") == "no object"
    for wrong in ("a.b", "$a", "$.", "$[x]", "$.a[-1]", "$..a"):
        with pytest.raises(ValueError, match="path"):
            FieldPath.parse(wrong)


@pytest.mark.parametrize("module", ["backoff", "field_map", "html_text", "times", "urls"])
def test_examples_in_docstrings_hold(module: str) -> None:
    """They are run."""
    done = doctest.testmod(import_module(f"monitor.collectors.{module}"))
    assert done.attempted > 0
    assert done.failed == 0
