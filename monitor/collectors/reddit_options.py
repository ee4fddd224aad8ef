"""The app that Reddit approved, and what is read with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, SecretStr

from monitor.collectors.base import SourceOptions
from monitor.collectors.urls import WebAddress
from monitor.durations import Duration


class RedditOptions(SourceOptions):
    """The app that Reddit approved, and what is read."""

    type: Literal["reddit"] = "reddit"
    approved: bool = Field(
        False, description="set to true once Reddit has approved this use; until then it is off"
    )
    client_id: SecretStr = Field(description="the app's id")
    client_secret: SecretStr = Field(description="the app's secret")
    reddit_user: str = Field(
        pattern=r"^[\w-]{3,20}$", description="whose app it is: Reddit wants it in every call"
    )
    subreddits: tuple[str, ...] = Field((), description="read as a whole: sweden, norge, Denmark, Suomi")
    search: bool = Field(True, description="look for submissions anywhere that name a brand")
    threads: bool = Field(True, description="follow the comments of submissions that concern a brand")
    every: Duration = Field(timedelta(minutes=5), ge=timedelta(seconds=30), description="how often it is asked")
    look_back: Duration = Field(timedelta(hours=6), description="how far back the first poll goes")
    api_url: WebAddress = Field("https://oauth.reddit.com", description="where the API is")
    login_url: WebAddress = Field("https://www.reddit.com", description="where the app logs in")
