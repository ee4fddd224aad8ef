"""A store in memory with the real one's rules: known mentions are dropped, edits and removals change them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from monitor.collecting import ItemOutcome, Report, SourceHealth
from monitor.collectors.base import Batch, Cursor
from monitor.mention import Measurement, Mention, Refusal

Identity = tuple[str, str]


@dataclass
class MemorySink:
    """Keeps everything; `fail_next` makes the next saves raise."""

    mentions: dict[Identity, Mention] = field(default_factory=dict)
    measurements: dict[tuple[str, str, object], Measurement] = field(default_factory=dict)
    removed: set[Identity] = field(default_factory=set)
    refusals: list[Refusal] = field(default_factory=list)
    cursors: dict[str, str] = field(default_factory=dict)
    healths: dict[str, SourceHealth] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    fail_next: list[Exception] = field(default_factory=list)

    def load_cursor(self, source: str) -> Cursor:
        cursor: Cursor = json.loads(self.cursors.get(source, "{}"))
        return cursor

    def save(self, source: str, batch: Batch) -> Report:
        if self.fail_next:
            raise self.fail_next.pop(0)
        items = tuple(self._save(mention) for mention in batch.mentions)
        self.removed |= {(gone.platform, gone.global_id) for gone in batch.removals}
        self.measurements |= {(found.brand, found.name, found.at): found for found in batch.measurements}
        self.refusals += batch.refusals
        self.batches.append(batch)
        if batch.cursor is not None:
            self.cursors[source] = json.dumps(batch.cursor)  # a cursor that is no JSON fails here
        taken = items.count(ItemOutcome.TAKEN)
        return Report(taken, len(items) - taken, len(batch.refusals), items)

    def _save(self, mention: Mention) -> ItemOutcome:
        key = (mention.platform, mention.global_id)
        before = self.mentions.get(key)
        if before is None:
            self.mentions[key] = mention
            return ItemOutcome.TAKEN
        if mention.text == before.text:
            return ItemOutcome.KNOWN
        newer = mention.edited_at and (before.edited_at is None or mention.edited_at > before.edited_at)
        if newer or (mention.edited_at is None and before.edited_at is None and mention.source == before.source):
            self.mentions[key] = mention
            return ItemOutcome.CHANGED
        return ItemOutcome.KNOWN

    def load_health(self, source: str) -> SourceHealth | None:
        return self.healths.get(source)

    def save_health(self, health: SourceHealth) -> None:
        self.healths[health.source] = health

    def texts(self) -> list[str]:
        """All texts, sorted, so that a doubled post shows as a doubled text."""
        return sorted(mention.text for mention in self.mentions.values())

    def of_texts(self, words: Iterable[str]) -> list[Mention]:
        """The mentions that contain any of the words."""
        return [m for m in self.mentions.values() if any(word in m.text for word in words)]
