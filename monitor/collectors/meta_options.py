"""What can be set for every source of Meta's."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from monitor.collectors.base import SourceOptions
from monitor.durations import Duration

VERSION = "v26.0"
"""The Graph API's version that this was written against. Meta keeps each for about two years."""

_HOOK_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


MetaNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,30}$")]


class MetaAccount(BaseModel):
    """One page or account with its token."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: MetaNumber = Field(description="its number")
    access_token: SecretStr = Field(description="a long-lived token for it")
    brand: str | None = Field(None, description="the brand that everything about it is about")


def all_accounts(
    number: str | None, token: SecretStr | None, further: tuple[MetaAccount, ...]
) -> tuple[MetaAccount, ...]:
    """The one that is given by itself, if it is, and the further ones."""
    if number is None or token is None:
        return further
    return (MetaAccount(id=number, access_token=token), *further)


def refuse_none_or_twice(accounts: tuple[MetaAccount, ...], what: str, name: str, list_name: str) -> None:
    """Raise ValueError where no page or account (`what`) is given, or one twice."""
    if not accounts:
        raise ValueError(f"{what}: `{name}` and `access_token`, or several under `{list_name}`")
    if len({account.id for account in accounts}) < len(accounts):
        raise ValueError("each of them once")


class MetaOptions(SourceOptions):
    """Signed calls and signed webhooks."""

    app_secret: SecretStr | None = Field(
        None, min_length=16, description="the app's secret: proves calls, and that webhooks are Meta's"
    )
    verify_token: SecretStr | None = Field(
        None, min_length=8, description="words of your own that Meta shows when the webhook is set up"
    )
    api_version: str = Field(VERSION, pattern=r"^v[0-9]{1,3}[.][0-9]$", description="the Graph API's version")
    look_back: Duration = Field(timedelta(days=1), description="how far back the first poll goes")

    @model_validator(mode="after")
    def _webhooks_can_be_believed(self) -> MetaOptions:
        if self.verify_token is None:
            return self
        if self.app_secret is None:
            raise ValueError("`app_secret` beside `verify_token`: without it anybody could send webhooks")
        if not _HOOK_NAME.fullmatch(self.name or self.default_name()):
            raise ValueError("a `name` fit to be part of an address: small letters, digits, `.`, `_`, `-`")
        return self
