"""Where in the day and week a moment stands, in the brand's zone: clock changes and holidays included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

HOLIDAY = 7
"""Kind of day of a public holiday; 0 Monday … 6 Sunday are the others."""

_FIRST_YEAR, _LAST_YEAR = 2005, 2045


@dataclass(frozen=True, slots=True)
class Moment:
    """The end `at` of a judged bucket, seen locally.

    `hour` is the local hour of day (0–23) of the last whole clock hour before `at`, `next_hour` the one after
    it and `fraction` how far `at` has gone into that (0 on the whole hour). `kind` is the kind of day of
    `hour`, `day` the local date of it as an ordinal.
    """

    at: datetime
    hour: int
    next_hour: int
    fraction: float
    kind: int
    day: int

    @property
    def whole_hour(self) -> bool:
        """Whether a clock hour ends here: only then are people learnt from."""
        return self.fraction == 0.0


@cache
def public_holidays(country: str | None) -> frozenset[date]:
    """Public holidays of a country (ISO code, `SE`; optionally `DE-BY`) for the years 2005 to 2045.

    No country has none. Raises ValueError for a country that the `holidays` package does not know.
    """
    if not country:
        return frozenset()
    import holidays  # loads its countries lazily, and only brands with a country need it

    code, _, region = country.upper().partition("-")
    try:
        found = holidays.country_holidays(code, subdiv=region or None, years=range(_FIRST_YEAR, _LAST_YEAR + 1))
    except NotImplementedError as error:
        raise ValueError(
            f"no public holidays are known for country {country!r}: use an ISO code such as SE"
        ) from error
    return frozenset(found)


class DayCalendar:
    """A zone and its public holidays. Immutable, so that judges can share one."""

    def __init__(self, timezone: ZoneInfo | None = None, country: str | None = None) -> None:
        self.timezone = timezone or ZoneInfo("UTC")
        self.country = country
        self.holidays = public_holidays(country)

    def kind(self, day: date) -> int:
        """Return the kind of a local day: 0 Monday … 6 Sunday, 7 public holiday."""
        return HOLIDAY if day in self.holidays else day.weekday()

    def moment(self, at: datetime) -> Moment:
        """Place the end of a bucket (aware) in the local day."""
        utc = at.astimezone(UTC)
        whole = utc.replace(minute=0, second=0, microsecond=0)
        before = (whole - timedelta(hours=1)).astimezone(self.timezone)
        after = whole.astimezone(self.timezone)
        fraction = (utc - whole).total_seconds() / 3600.0
        return Moment(at, before.hour, after.hour, fraction, self.kind(before.date()), before.toordinal())
