"""The sentences that findings carry, as keys with the names of their numbers.

The catalogues of `alerts/texts` have one sentence for each key and language; docs/detection.md shows them.
"""

from __future__ import annotations

_SPAN = ("people", "from", "until", "day_kind", "usual_low", "usual_high", "days_as_many", "days")

EXPLANATION_KEYS: dict[str, tuple[str, ...]] = {
    "negative_people_hour": _SPAN,
    "negative_people_burst": ("people", "minutes", "from", "until", "usual_low", "usual_high"),
    "negative_people_hours": _SPAN[:6],
    "negative_people_day": ("people", "hours", "from", "until", "usual_low", "usual_high", "days"),
    "cold_people": ("people", "mentions", "negative_percent", "from", "until", "hours_learnt"),
    "cold_growth": ("people", "from", "until", "times", "hours_learnt"),
    "volume_surge": ("mentions", "minutes", "from", "until", "expected", "days_as_high", "days"),
    "measurement_surge": ("value", "name", "minutes", "from", "until", "expected", "days_as_high", "days"),
    "praise_people": ("people", "from", "until", "usual_low", "usual_high"),
    "thread_fast": ("people", "comments", "minutes", "from", "until", "usual_comments", "negative_percent"),
    "thread_sour": ("people", "comments", "minutes", "from", "until", "negative_percent"),
    "thread_cheered": ("people", "comments", "minutes", "from", "until", "supportive"),
    "direct_threat": ("source",),
    "direct_news": ("source", "surprise"),
    "direct_flagged_author": ("source", "followers"),
    "direct_reach": ("source", "followers"),
}
"""Key of an explanation → the names of its numbers. `from` and `until` are ISO times (UTC), `day_kind` is
`monday` … `sunday` or `holiday`, `*_percent` are 0–100, all others are counts, names or plain numbers."""
