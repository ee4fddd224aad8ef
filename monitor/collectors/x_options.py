"""What is asked of X, and how much it may cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from monitor.collectors.base import SourceOptions
from monitor.collectors.urls import WebAddress
from monitor.durations import Duration


class XOptions(SourceOptions):
    """What is counted, when posts are worth reading, and how much a day may cost."""

    type: Literal["x"] = "x"
    token: SecretStr = Field(description="the app's bearer token")
    dollars_a_day: float = Field(gt=0, description="the most that a UTC day may cost, at the list's prices")
    query: str = Field("", max_length=512, description="a query of your own instead of the brands' keywords")
    languages: tuple[str, ...] = Field((), description="only posts in these languages: sv, no, da, fi, is, en")
    posts: Literal["when_rising", "always", "never"] = Field("when_rising", description="when posts are read")
    rising_from: int = Field(10, ge=1, description="fewest posts of an hour that are worth reading")
    rising_times: float = Field(3.0, ge=1, description="and how many times the usual hour")
    authors: bool = Field(True, description="also who wrote them: names and followers, twice the price of a post")
    account_id: str = Field("", pattern=r"^\d*$", description="your own account's number: posts that name it")
    threads: bool = Field(True, description="read conversations that grow fast")
    every: Duration = Field(timedelta(minutes=15), ge=timedelta(minutes=1), description="how often it is counted")
    look_back: Duration = Field(timedelta(hours=3), description="how far back posts are read at first")
    api_url: WebAddress = Field("https://api.x.com", description="where the API is")

    @model_validator(mode="after")
    def _whose(self) -> XOptions:
        if self.query and not self.brand:
            raise ValueError("a `brand` beside a `query` of your own: whose numbers are they?")
        return self
