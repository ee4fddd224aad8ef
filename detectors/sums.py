"""Sums of a bucket: counts of mentions that add up over buckets."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime

from detectors.held import HOSTILE, NEGATIVE, OWN, POSITIVE, QUESTION, Columns, having
from detectors.observation import BUCKET, Sums

_NOTHING = Sums()


def bucket_sums(rows: Columns, at: datetime) -> Sums:
    """Sums of the bucket that ends at `at`, in rows in order of which none is at `at` or later."""
    mine = rows[bisect_left(rows["at"], (at - BUCKET).timestamp()) :]
    if not len(mine):
        return _NOTHING
    theirs = mine[~having(mine, OWN)]
    negative, positive, hostile, questions = (
        int(having(theirs, flag).sum()) for flag in (NEGATIVE, POSITIVE, HOSTILE, QUESTION)
    )
    return Sums(len(theirs), negative, positive, hostile, questions, own=len(mine) - len(theirs))
