"""The mentions that evidence was last written from, kept at hand; all others are read from the store again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from detectors.frame import MentionRow
from monitor.store.store import Store

MOST = 8192
"""How many mentions are kept, of all brands together: some 8 MB. A finding is written from 3,000 at most."""


class RecentTexts:
    """Mentions with their texts by id, as a brand sees them: those that came or were read last."""

    def __init__(self, store: Store, most: int = MOST) -> None:
        self._store = store
        self._most = most
        self._kept: OrderedDict[tuple[str, int], MentionRow] = OrderedDict()

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)

    def keep(self, brand: str, rows: Iterable[MentionRow]) -> None:
        """Keep rows as they are now, in place of what was kept of them, and let the longest unused go."""
        for row in rows:
            self._kept[brand, row.mention_id] = row
            self._kept.move_to_end((brand, row.mention_id))
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def read(self, brand: str, ids: Sequence[int]) -> list[MentionRow]:
        """The mentions with these ids, in their order; those that are nowhere any more are left out."""
        found = {number: row for number in ids if (row := self._kept.get((brand, number))) is not None}
        missing = [number for number in ids if number not in found]
        found |= {row.mention_id: row for row in self._store.rows_by_id(missing, brand)}
        rows = [found[number] for number in ids if number in found]
        self.keep(brand, rows)
        return rows

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
