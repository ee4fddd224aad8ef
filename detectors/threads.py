"""A single post's comments: what is usual for the brand and for each page.

What is usual is learnt from the busiest hour of each past thread, for the brand and each page (an own account's
page, or an author). Only 5-minute sums are learnt from, so that the memory can be rebuilt from them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from detectors.observation import ThreadObservation
from detectors.own_days import tail_surprise

_HOUR_SECONDS = 3600.0
_OVER_SECONDS = 24 * 3600.0  # a thread without comments for so long is over
_PRIOR_MEAN, _PRIOR_SD, _PRIOR_THREADS = math.log1p(4.0), 0.6, 5.0  # busiest hour of a thread: 4 comments, in logs
_PAGE_PRIOR_THREADS = 3.0
_MEMORY_THREADS = 400.0
_MOST_PAGES = 2000  # one thread says little of its author's next one; the pages that matter come again
_CUT_SD = 3.0
_LEAST_SD = 0.3
_DAILY_KEEP = 0.5 ** (1 / 14)


class ThreadMemory:
    """The busiest hours of past threads, and the hour that runs in each open one."""

    def __init__(self) -> None:
        self._mean, self._weight = _PRIOR_MEAN, _PRIOR_THREADS
        self._spread = _PRIOR_SD**2 * _PRIOR_THREADS
        self._pages: dict[str, list[float]] = {}  # page → [sum of logs, threads]
        self._open: dict[str, list[Any]] = {}  # thread → [page, busiest hour, last heard, [[end, comments], …]]
        self._rate = [0.0, 0.0]  # threads and days, both forgetting
        self._at = 0.0

    @property
    def threads_a_day(self) -> float:
        """How many threads of some size the brand has on a usual day (at least one a week is assumed)."""
        return max((self._rate[0] + 1.0) / (self._rate[1] + 1.0), 1 / 7)

    def usual(self, page: str) -> float:
        """Comments in the busiest hour of an ordinary thread on this page."""
        return math.expm1(self._page_mean(page))

    def surprise(self, comments: float, page: str) -> float:
        """Return −log10 of the chance of a day on which some thread has so many comments in an hour."""
        sd = max(_LEAST_SD, math.sqrt(self._spread / self._weight * (1.0 + 1.0 / self._weight)))
        alone = tail_surprise((math.log1p(comments) - self._page_mean(page)) / sd)
        return max(0.0, alone - math.log10(max(self.threads_a_day, 1.0)))

    def learn(self, threads: Iterable[ThreadObservation], at: float) -> None:
        """Learn the closed bucket that ends at the epoch second `at`."""
        self._pass_time(at)
        for thread in threads:
            known = self._open.get(thread.scope.name)
            if known is None:
                known = self._open[thread.scope.name] = [thread.page, 0.0, at, []]
                self._rate[0] += 1.0
            known[0] = thread.page or known[0]
            if thread.sums.mentions:
                known[2] = at
                known[3].append([at, float(thread.sums.mentions)])
                known[3] = [bucket for bucket in known[3] if bucket[0] > at - _HOUR_SECONDS]
                known[1] = max(known[1], sum(n for _, n in known[3]))
        for name in [n for n, known in self._open.items() if at - known[2] > _OVER_SECONDS]:
            page, busiest = self._open.pop(name)[:2]
            self._learn_thread(page, busiest)

    def _pass_time(self, at: float) -> None:
        days = (at - self._at) / 86_400 if self._at else 0.0
        keep = _DAILY_KEEP ** max(days, 0.0)
        self._rate = [self._rate[0] * keep, self._rate[1] * keep + max(days, 0.0)]
        self._at = at

    def _learn_thread(self, page: str, busiest: float) -> None:
        sd = math.sqrt(self._spread / self._weight)
        value = min(math.log1p(busiest), self._mean + _CUT_SD * sd)
        keep = min(1.0, _MEMORY_THREADS / self._weight)
        self._weight, self._spread = self._weight * keep + 1.0, self._spread * keep
        off = value - self._mean
        self._mean += off / self._weight
        self._spread += off * (value - self._mean)
        if page:
            total, threads = self._pages.pop(page, (0.0, 0.0))
            self._pages[page] = [total + value, threads + 1.0]
            if len(self._pages) > _MOST_PAGES:
                del self._pages[next(iter(self._pages))]  # the one that was quiet for longest

    def _page_mean(self, page: str) -> float:
        total, threads = self._pages.get(page, (0.0, 0.0))
        return (total + self._mean * _PAGE_PRIOR_THREADS) / (threads + _PAGE_PRIOR_THREADS)

    def copy(self) -> ThreadMemory:
        """Return an independent copy."""
        return ThreadMemory.from_state(self.to_state())

    def to_state(self) -> dict[str, Any]:
        """Return what was learnt, ready for JSON."""
        opened = {n: [k[0], k[1], k[2], [list(b) for b in k[3]]] for n, k in self._open.items()}
        pages = {page: list(known) for page, known in self._pages.items()}
        all_threads = [self._mean, self._weight, self._spread]
        return {"all": all_threads, "pages": pages, "open": opened, "rate": list(self._rate), "at": self._at}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> ThreadMemory:
        """Rebuild from `to_state`."""
        self = cls()
        self._mean, self._weight, self._spread = state["all"]
        self._pages = {page: list(known) for page, known in state["pages"].items()}
        self._open = {n: [k[0], k[1], k[2], [list(b) for b in k[3]]] for n, k in state["open"].items()}
        self._rate, self._at = list(state["rate"]), state["at"]
        return self
