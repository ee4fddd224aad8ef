"""Calling YouTube's Data API within the day's quota, and its errors in words.

The quota is a project's: so many units, and searches in a bucket of their own, from midnight to midnight in
California. Both are kept as budgets that are spread over the day, and their state is kept in the cursor, so that a
restart does not give the day anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitor.collectors.answers import error_of_status
from monitor.collectors.base import SourceError
from monitor.collectors.http import Answer, Budget, HttpSession
from monitor.collectors.rate_limits import BudgetKeeper

UNITS_A_DAY = 10_000
SEARCHES_A_DAY = 100
_DAY = timedelta(days=1)
_QUOTA_ZONE = ZoneInfo("America/Los_Angeles")
_NOTHING_THERE = (
    "commentsDisabled",
    "videoNotFound",
    "commentNotFound",
    "channelNotFound",
    "commentThreadNotFound",
)
_QUOTA_GONE = ("quotaExceeded", "dailyLimitExceeded")
_TOO_FAST = ("rateLimitExceeded", "userRateLimitExceeded", "processingFailure")
_KEY_WRONG = (
    "keyInvalid",
    "keyExpired",
    "accessNotConfigured",
    "ipRefererBlocked",
    "forbidden",
    "API_KEY_INVALID",
)


class NothingThereError(Exception):
    """What was asked for is gone or closed: comments switched off, a video or a comment deleted."""


class DayPlan:
    """What may be used of the day's units and searches. `state` and `restore` outlive a restart."""

    def __init__(self, units: int, searches: int, now: datetime) -> None:
        self.searches_a_day = searches
        self.units = BudgetKeeper(Budget(units, _DAY), now)
        self.searches = BudgetKeeper(Budget(searches, _DAY), now)

    def state(self) -> dict[str, Any]:
        """For the cursor."""
        return {"units": self.units.state(), "searches": self.searches.state()}

    def restore(self, state: object) -> None:
        """Go on from a state; what cannot be read changes nothing."""
        if isinstance(state, Mapping):
            for name, keeper in (("units", self.units), ("searches", self.searches)):
                kept = state.get(name)
                keeper.restore(kept if isinstance(kept, Mapping) else {})

    def take(self, keeper: BudgetKeeper, now: datetime) -> None:
        """Count a call. Raises a `pause` SourceError when the share of the day is used up."""
        wait = keeper.take(1, now)
        if wait:
            what = "searches" if keeper is self.searches else "units"
            raise SourceError(
                f"YouTube's {what} of the day are spread; going on in {round(wait.total_seconds())} s.",
                remedy="Nothing to do. If this repeats, follow fewer videos or ask Google for more quota.",
                retry_after=wait,
                pause=True,
            )


class YouTubeApi:
    """The calls. `plan` and `now` are set by each poll; without a plan (in `check`) nothing is counted."""

    def __init__(self, url: str, key: str, http: HttpSession) -> None:
        self.plan: DayPlan | None = None
        self.now: datetime | None = None
        self._url = f"{url}/youtube/v3"
        self._key = key
        self._http = http

    def read(self, path: str, params: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], str | None]:
        """A page's objects and the next page's token. Raises SourceError, NothingThereError."""
        searching = path == "search"
        if self.plan is not None and self.now is not None:
            self.plan.take(self.plan.searches if searching else self.plan.units, self.now)
        answer = self._http.get(
            f"{self._url}/{path}",
            params={**params, "key": self._key},
            also_ok=(400, 403, 404),
            cost=0 if searching else 1,
        )
        if answer.status != 200:
            raise self._failure(answer)
        found = answer.json()
        items = found.get("items", []) if isinstance(found, Mapping) and "kind" in found else None
        if not isinstance(items, list):
            raise answer.error("answered something else than a list.", remedy="Check `api_url`.")
        token = found.get("nextPageToken")
        known = [item for item in items if isinstance(item, Mapping)]
        return known, token if isinstance(token, str) and token else None

    def _failure(self, answer: Answer) -> Exception:
        reason = _reason_of(answer)
        if reason in _NOTHING_THERE:
            return NothingThereError(reason)
        if reason in _QUOTA_GONE:
            return answer.error(
                "says that the project's quota of the day is used up; it starts anew at midnight in California.",
                remedy="Use a project of its own for the monitor, lower `units_a_day`, or ask Google for more.",
                retry_after=until_quota_starts_anew(self.now) if self.now else None,
            )
        if reason in _TOO_FAST:
            return answer.error("was asked too fast.", remedy="Nothing to do.", retry_after=timedelta(minutes=1))
        if reason in _KEY_WRONG:
            return answer.error(
                f"refuses the key ({reason}).",
                remedy="Check `api_key` and its restrictions, and that its project may use the YouTube Data API.",
                permanent=True,
            )
        return error_of_status(answer, None)


def until_quota_starts_anew(now: datetime) -> timedelta:
    """How long until midnight in California."""
    local = now.astimezone(_QUOTA_ZONE)
    midnight = datetime.combine(local.date() + _DAY, time(), _QUOTA_ZONE)
    return midnight.astimezone(now.tzinfo) - now


def _reason_of(answer: Answer) -> str:
    """The reason of the first error; empty where the body is not of that form."""
    try:
        errors = answer.json()["error"]["errors"]
        return str(errors[0]["reason"])
    except (SourceError, KeyError, IndexError, TypeError):
        return ""
