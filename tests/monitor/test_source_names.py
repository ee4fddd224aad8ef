"""Sources that the config gives no name get one of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config_loader import ConfigError, load_config

BRANDS = "brands: [{name: Nordtåg, keywords: [nordtåg]}]\nsources:\n"


def test_unnamed_sources_are_named_by_what_they_read(tmp_path: Path) -> None:
    """Two of one type live side by side, and each is called what people know it by."""
    file = tmp_path / "config.yaml"
    sources = [
        "{type: rss, urls: ['https://a.example/x']}",
        "{type: rss, urls: ['https://b.example/x']}",
        "{type: discourse, urls: ['https://forum.example']}",
        "{type: kundo, forums: [nordtag]}",
        "{type: bluesky}",
    ]
    file.write_text(BRANDS + "".join(f"  - {source}\n" for source in sources), encoding="utf-8")
    names = [source.name for source in load_config(file).config.sources]
    assert names == ["rss a.example", "rss b.example", "discourse forum.example", "kundo nordtag", "bluesky"]


def test_two_that_would_be_called_the_same_must_be_named(tmp_path: Path) -> None:
    """Cursors and health are kept by name."""
    file = tmp_path / "config.yaml"
    file.write_text(f"{BRANDS}  - {{type: bluesky}}\n  - {{type: bluesky}}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="a name of its own"):
        load_config(file)
