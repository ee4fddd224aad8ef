"""Calling X's API v2, which is paid by what it returns: the purse, the calls, and errors in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from monitor.collectors.answers import HttpError
from monitor.collectors.base import SourceError
from monitor.collectors.http import Answer, HttpSession

# Dollars, pay-per-use as of 2026 (X's price list). The same post or user is free again within the same UTC day.
PRICE_OF_COUNTS = 0.005
PRICE_OF_POST = 0.005
PRICE_OF_OWN_MENTION = 0.001
PRICE_OF_USER = 0.010
_REMEMBERED = 3_000
_DAY = timedelta(days=1)


class Purse:
    """What was spent on a UTC day, at the list's prices, and what may still be."""

    def __init__(self, dollars_a_day: float, now: datetime, state: object) -> None:
        self._cap, self._now, self._day = dollars_a_day, now, now.date().isoformat()
        kept = state if isinstance(state, Mapping) and state.get("day") == self._day else {}
        spent, paid = kept.get("spent"), kept.get("paid")
        self.spent = float(spent) if isinstance(spent, int | float) and not isinstance(spent, bool) else 0.0
        self._paid = dict.fromkeys(map(str, paid)) if isinstance(paid, list) else {}

    @property
    def left(self) -> float:
        """Dollars of the day that are left."""
        return max(self._cap - self.spent, 0.0)

    def until_tomorrow(self) -> timedelta:
        """How long until the next UTC day."""
        return datetime.combine(self._now.date() + _DAY, time(), self._now.tzinfo) - self._now

    def pay(self, price: float, resources: Iterable[str] = ()) -> None:
        """Note a call, or resources (`post 7`, `user 3`) that were not paid today."""
        new = [resource for resource in dict.fromkeys(resources) if resource not in self._paid]
        self._paid |= dict.fromkeys(new)
        self.spent += price * len(new)

    def pay_call(self, price: float) -> None:
        """Note a call that has a price of its own."""
        self.spent += price

    def state(self) -> dict[str, Any]:
        """For the cursor."""
        return {"day": self._day, "spent": round(self.spent, 4), "paid": list(self._paid)[-_REMEMBERED:]}


class XApi:
    """The calls."""

    def __init__(self, url: str, token: str, http: HttpSession) -> None:
        self._url = url
        self._login = {"Authorization": f"Bearer {token}"}
        self._http = http

    def read(self, path: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """An answer as an object. Raises SourceError."""
        try:
            answer = self._http.get(f"{self._url}/2/{path}", params=params, credentials=self._login)
        except HttpError as exc:
            raise _explained(exc) from None
        body = answer.json()
        if not isinstance(body, Mapping) or not (body.keys() & {"data", "meta", "errors"}):
            raise answer.error("answered something else than version 2 of the API.", remedy="Check `api_url`.")
        if "errors" in body and not (body.keys() & {"data", "meta"}) and not _about_resources(body):
            raise _refused(answer, body)
        return body


def objects_in(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The objects of `data`, which is absent where there are none."""
    data = body.get("data")
    return [item for item in data if isinstance(item, Mapping)] if isinstance(data, list) else []


def gone_in(body: Mapping[str, Any]) -> list[str]:
    """The ids that the answer says are deleted, protected or suspended."""
    return [str(error.get("resource_id") or error.get("value")) for error in _about_resources(body)]


def next_token(body: Mapping[str, Any]) -> str | None:
    """The next page's token."""
    meta = body.get("meta")
    token = meta.get("next_token") if isinstance(meta, Mapping) else None
    return token if isinstance(token, str) and token else None


def _about_resources(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    errors = body.get("errors")
    found = [error for error in errors if isinstance(error, Mapping)] if isinstance(errors, list) else []
    kinds = ("resource-not-found", "not-authorized-for-resource")
    return [error for error in found if str(error.get("type", "")).endswith(kinds)]


def _explained(exc: HttpError) -> SourceError:
    """A failure that needs a person is told as one."""
    if "usage-capped" in exc.body or "SpendCapReached" in exc.body or "CreditsDepleted" in exc.body:
        return SourceError(
            "api.x.com answers no more: the account's credits or its own spending limit are used up.",
            remedy="Add credits or raise the limit in X's developer console; waiting does not help.",
            permanent=True,
        )
    if exc.status == 403 and "client-forbidden" in exc.body:
        exc.remedy = "Check the app's plan in X's developer console. Authorities need an Enterprise plan."
    return exc


def _refused(answer: Answer, body: Mapping[str, Any]) -> HttpError:
    errors = body["errors"]
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], Mapping) else {}
    said = str(first.get("detail") or first.get("message") or first.get("title") or "")[:100]
    return answer.error(f'answered with an error: "{said}".', remedy="Check the source's words and options.")
