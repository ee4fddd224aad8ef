"""Reading a YAML file so that every value still knows its line.

`read_yaml` gives plain Python data and a `Lines` that answers "on which line does `sources[2].every` stand?".
Environment references (`${NAME}`) are filled in here, because only here it is known where they stood.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ConfigPath = tuple[str | int, ...]
"""Where a value stands: `("sources", 2, "every")`."""

_REFERENCE = re.compile(r"\$\{(?:(file):)?([^}]+)\}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a config, in words for the person who wrote it.

    `path` is where it stands; `line` is 1-based (0: unknown). `suggestion` may be empty.
    """

    path: ConfigPath
    line: int
    expected: str
    found: str
    suggestion: str = ""

    def __str__(self) -> str:
        """`line 12: sources[2].every: expected a duration like 5m, found "soon"`."""
        where = f"line {self.line}: " if self.line else ""
        text = f"{where}{show_path(self.path)}: expected {self.expected}, found {self.found}"
        return f"{text}. {self.suggestion}" if self.suggestion else text


@dataclass(slots=True)
class Lines:
    """The line of every key and item of one file, and the `${NAME}` references that had no value."""

    by_path: dict[ConfigPath, int] = field(default_factory=dict)
    unset: dict[ConfigPath, str] = field(default_factory=dict)

    def of(self, path: ConfigPath) -> int:
        """The line of `path`, or of its nearest ancestor that has one; 0 when none has."""
        while path:
            if path in self.by_path:
                return self.by_path[path]
            path = path[:-1]
        return 0


def show_path(path: ConfigPath) -> str:
    """`("sources", 2, "every")` as `sources[2].every`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "the file"


def read_yaml(text: str, environment: Mapping[str, str] | None = None) -> tuple[Any, Lines, list[Problem]]:
    """Parse YAML 1.2 (`no` is a word, not false) into plain data.

    Returns the data (None when it cannot be parsed), the lines, and the problems of the syntax.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    parser = YAML(typ="rt")
    try:
        tree = parser.load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        return None, Lines(), [_syntax_problem(error, text)]
    lines = Lines()
    data = _plain(tree, (), lines, os.environ if environment is None else environment)
    return data, lines, []


def _syntax_problem(error: Any, text: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = getattr(error, "position", None)
    line = mark.line + 1 if mark else text.count("\n", 0, position) + 1 if position is not None else 0
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or error
    found = " ".join(str(said).split()) or type(error).__name__
    return Problem((), line, "valid YAML", found, "Check the indentation, colons and quotes on this line.")


def _plain(node: Any, path: ConfigPath, lines: Lines, environment: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {_key(k): _child(node, k, path, lines, environment) for k in node}
    if isinstance(node, list):
        return [_child(node, i, path, lines, environment) for i in range(len(node))]
    if isinstance(node, str):
        return _fill(str(node), path, lines, environment)
    if isinstance(node, bool) or node is None:
        return node
    return int(node) if isinstance(node, int) else float(node) if isinstance(node, float) else node


def _key(key: Any) -> Any:
    return str(key) if isinstance(key, str) else key


def _child(node: Any, key: Any, path: ConfigPath, lines: Lines, environment: Mapping[str, str]) -> Any:
    here = (*path, key if isinstance(key, int) else str(key))
    place = node.lc.data.get(key) if getattr(node, "lc", None) is not None and node.lc.data else None
    if place:
        lines.by_path[here] = place[0] + 1
    return _plain(node[key], here, lines, environment)


def _fill(text: str, path: ConfigPath, lines: Lines, environment: Mapping[str, str]) -> str:
    """Replace `${NAME}` by the environment, `${file:/path}` by the file's content."""

    def value(match: re.Match[str]) -> str:
        found = _secret(match.group(1) == "file", match.group(2).strip(), environment)
        if found is None:
            lines.unset[path] = match.group(2).strip()
            return match.group(0)
        return found

    return _REFERENCE.sub(value, text)


def _secret(is_file: bool, name: str, environment: Mapping[str, str]) -> str | None:
    """The value of a reference: a file, an environment variable, or the file that `NAME_FILE` names."""
    path = name if is_file else environment.get(f"{name}_FILE") if not environment.get(name) else None
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError:
            return None
    return environment.get(name) or None
