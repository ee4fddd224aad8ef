"""A folder into which other programs put CSV or NDJSON files of mentions.

A file is claimed by renaming it into `working/`, read, and moved to `done/` or, if nothing in it could be used, to
`failed/`; lines that were refused are listed beside it in `NAME.refused.txt`. Half-written files (`.part`, hidden,
or changed a moment ago) are left alone.

Cursor: `done` holds the marks (size, hash, name) of the last files, `at` the place in the file that is being read,
`waiting` the files that were not yet settled. So nothing doubles and nothing is lost, whenever we are killed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceError, SourceOptions
from monitor.collectors.http import HttpSession
from monitor.durations import Duration
from monitor.mention import Mention, Refusal
from monitor.mention_files import read_mentions

BATCH_SIZE = 500
REMEMBERED_FILES = 300  # their marks go into every batch's transaction
LISTED_REFUSALS = 1_000
_SUFFIXES = (".csv", ".ndjson", ".jsonl")


class FileDropOptions(SourceOptions):
    """A folder that is watched."""

    type: Literal["file_drop"] = "file_drop"
    folder: Path = Field(description="the folder that is watched; made if its parent exists")
    platform: str = Field("file", description="the platform of mentions whose file does not name one")
    every: Duration = Field(
        timedelta(seconds=15), ge=timedelta(seconds=1), description="how often it is looked into"
    )
    settle: Duration = Field(
        timedelta(seconds=5), description="a file that changed less than this ago is left alone for now"
    )

    def default_name(self) -> str:
        """`files` and the folder's name."""
        return f"files {self.folder.name}"


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A file in `working/`, its mark, and how many of its items are stored already."""

    path: Path
    mark: str
    start: int


class FileDropCollector(BaseCollector):
    """Reads the files of a folder, oldest first."""

    type_name = "file_drop"
    Options = FileDropOptions
    verified = True

    def __init__(self, options: FileDropOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        self._folder = options.folder
        self._working, self._done, self._failed = (options.folder / n for n in ("working", "done", "failed"))

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """Every settled file, in batches. Raises SourceError when the folder cannot be used."""
        state = _State(cursor)
        self._prepare()
        for path in _files(self._working):
            yield from self._read(path, state, context)
        for path in self._settled(state, context.now):
            if context.stopping():
                return
            claimed = self._claim(path)
            if claimed is not None:
                yield from self._read(claimed, state, context)
        yield Batch(cursor=state.cursor())

    def check(self) -> str:
        """Whether the folder can be used, and what waits in it. Raises SourceError."""
        self._prepare()
        return f"{self._folder} can be used; {len(_files(self._folder))} file(s) wait in it."

    def _prepare(self) -> None:
        try:
            for folder in (self._folder, self._working, self._done, self._failed):
                folder.mkdir(exist_ok=True)
            problem = "" if os.access(self._folder, os.W_OK | os.X_OK) else "it may not be written"
        except OSError as exc:
            problem = exc.strerror or str(exc)
        if problem:
            raise SourceError(
                f"The folder {self._folder} cannot be used: {problem}.",
                remedy="Create it and give it to the user that runs crisis-monitor.",
                permanent=True,
            )

    def _settled(self, state: _State, now: datetime) -> list[Path]:
        """The files that nobody writes any more, oldest first."""
        found = [(path.stat(), path) for path in _files(self._folder)]
        found.sort(key=lambda pair: (pair[0].st_mtime_ns, pair[1].name))
        settled = [p for stat, p in found if state.is_settled(p.name, stat, now, self.options.settle)]
        state.forget_all_but(path.name for _, path in found if path not in settled)
        return settled

    def _claim(self, path: Path) -> Path | None:
        """The file in `working/`, or None when someone else was faster."""
        target = _free(self._working / path.name)
        try:
            path.rename(target)
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise self._stuck(path, exc) from exc
        return target

    def _read(self, path: Path, state: _State, context: CollectContext) -> Iterator[Batch]:
        try:
            mark = _mark(path)
        except OSError as exc:
            raise self._stuck(path, exc) from exc
        if mark in state.done:
            self._put_away(path, self._done, ())
            return
        claimed = _Claimed(path, mark, state.stored_of(mark))
        yield from self._batches(claimed, state, context)

    def _batches(self, claimed: _Claimed, state: _State, context: CollectContext) -> Iterator[Batch]:
        found = read_mentions(claimed.path, platform=self.options.platform, source=self.source, now=context.now)
        items = islice(found, claimed.start, None)
        refused: list[Refusal] = []
        used = claimed.start  # what an earlier run stored counts as used
        stored = claimed.start
        while chunk := list(islice(items, BATCH_SIZE)):
            mentions = tuple(self._labelled(item) for item in chunk if isinstance(item, Mention))
            refusals = tuple(item for item in chunk if isinstance(item, Refusal))
            refused.extend(refusals[: LISTED_REFUSALS - len(refused)])
            used += len(mentions)
            stored += len(chunk)
            state.stored(claimed.mark, stored)
            yield Batch(mentions, refusals=refusals, cursor=state.cursor())
            if context.stopping():
                return
        state.finished(claimed.mark)
        folder = self._done if used or not refused else self._failed
        yield Batch(cursor=state.cursor(), on_stored=lambda: self._put_away(claimed.path, folder, tuple(refused)))

    def _labelled(self, mention: Mention) -> Mention:
        brands = mention.brands or ((self.options.brand,) if self.options.brand else ())
        return replace(mention, brands=brands, language=mention.language or self.options.language)

    def _put_away(self, path: Path, folder: Path, refused: Sequence[Refusal]) -> None:
        target = _free(folder / path.name)
        try:
            path.rename(target)
            if refused:
                lines = [f"{refusal.where}: {refusal.why}\n" for refusal in refused]
                target.with_name(f"{target.name}.refused.txt").write_text("".join(lines), encoding="utf-8")
        except OSError as exc:
            raise self._stuck(path, exc) from exc

    def _stuck(self, path: Path, exc: OSError) -> SourceError:
        return SourceError(
            f"The file {path.name} in {self._folder} cannot be read or moved: {exc.strerror or exc}.",
            remedy="Give the folder and its files to the user that runs crisis-monitor.",
        )


class _State:
    """The cursor while a poll works on it."""

    def __init__(self, cursor: Cursor) -> None:
        done, at, waiting = cursor.get("done"), cursor.get("at"), cursor.get("waiting")
        self.done: dict[str, None] = dict.fromkeys(str(mark) for mark in done) if isinstance(done, list) else {}
        self._at: dict[str, Any] = dict(at) if isinstance(at, dict) else {}
        self._waiting: dict[str, list[Any]] = dict(waiting) if isinstance(waiting, dict) else {}

    def cursor(self) -> Cursor:
        """As it is stored."""
        return {"done": list(self.done)[-REMEMBERED_FILES:], "at": dict(self._at), "waiting": dict(self._waiting)}

    def stored_of(self, mark: str) -> int:
        """How many items of a file are stored already."""
        return int(self._at.get("stored", 0)) if self._at.get("mark") == mark else 0

    def stored(self, mark: str, count: int) -> None:
        """`count` items of the file will be stored with the next batch."""
        self._at = {"mark": mark, "stored": count}

    def finished(self, mark: str) -> None:
        """The file has been read to its end."""
        self._at = {}
        self.done[mark] = None

    def is_settled(self, name: str, stat: os.stat_result, now: datetime, settle: timedelta) -> bool:
        """Unchanged for `settle`, by its own time, or, where that lies ahead of our clock, by two looks at it."""
        if now - datetime.fromtimestamp(stat.st_mtime, UTC) >= settle or not settle:
            return True
        seen = [stat.st_size, stat.st_mtime_ns]
        before = self._waiting.get(name)
        if not before or before[:2] != seen:
            self._waiting[name] = [*seen, now.isoformat()]
            return False
        return now - datetime.fromisoformat(before[2]) >= settle

    def forget_all_but(self, names: Iterator[str]) -> None:
        """Drop what is no longer waiting."""
        kept = set(names)
        self._waiting = {name: seen for name, seen in self._waiting.items() if name in kept}


def _files(folder: Path) -> list[Path]:
    """The plain, visible files of a folder that have one of our endings (so no `.part`), by name."""
    found = [
        path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and not path.name.startswith(".")
    ]
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def _mark(path: Path) -> str:
    """Size, hash and name: what makes a file the same file."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return f"{path.stat().st_size}-{digest[:32]}-{path.name}"


def _free(path: Path) -> Path:
    """`path`, or the next `name.2.csv` that is not taken."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}.{number}{path.suffix}")
    return free
