"""A small map from somebody else's JSON to our columns: `{id: $.post.id, text: $.message, author: $.from["id"]}`.

A path starts with `$` (the item itself) and goes down by `.name`, `["any name"]` and `[0]`. What does not start
with `$` stands for itself: `{kind: review}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_STEP = re.compile(r"""\.([\w@-]+)|\[\s*(\d+)\s*\]|\[\s*"([^"]*)"\s*\]|\[\s*'([^']*)'\s*\]""")


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path: names and positions, one after the other."""

    steps: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: str) -> Path:
        """`$.a[0]["b c"]` as a Path. Raises ValueError.

        >>> Path.parse('$.a[0]["b c"]').steps
        ('a', 0, 'b c')
        """
        if not text.startswith("$"):
            raise ValueError(f"expected a path that starts with $, found {text!r}")
        steps: list[str | int] = []
        at = 1
        while at < len(text):
            found = _STEP.match(text, at)
            if found is None:
                raise ValueError(
                    f"expected a path such as $.a[0].b, found {text!r}, unreadable from {text[at:]!r} on"
                )
            name, index, double, single = found.groups()
            steps.append(
                int(index) if index is not None else next(s for s in (name, double, single) if s is not None)
            )
            at = found.end()
        return cls(tuple(steps))

    def read(self, item: object) -> object:
        """What stands there in `item`; None where there is nothing."""
        for step in self.steps:
            if isinstance(step, int) and isinstance(item, list) and step < len(item):
                item = item[step]
            elif isinstance(item, Mapping) and str(step) in item:
                item = item[str(step)]
            else:
                return None
        return item


def apply(fields: Mapping[str, str], item: object) -> object:
    """The item under our names. What the map does not mention keeps its own name; without a map it is as it is."""
    if not fields or not isinstance(item, Mapping):
        return item
    mapped = {name: Path.parse(text).read(item) if text.startswith("$") else text for name, text in fields.items()}
    return {**{name: value for name, value in item.items() if name not in mapped}, **mapped}
