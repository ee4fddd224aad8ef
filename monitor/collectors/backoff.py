"""How long to wait after the n-th failure in a row."""

from __future__ import annotations

from datetime import timedelta

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)


def wait_after(failures: int, every: timedelta = FIRST_WAIT) -> timedelta:
    """Doubles from 30 s (or `every`, if shorter) to 15 minutes. `failures` counts from 1.

    >>> [wait_after(n).total_seconds() for n in (1, 2, 9)]
    [30.0, 60.0, 900.0]
    """
    doubled: timedelta = min(every, FIRST_WAIT) * 2 ** min(max(failures - 1, 0), 20)
    return min(doubled, LONGEST_WAIT)
