"""Calls to Stack Exchange's API: its wrapper, its quota and its wish to be left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from monitor.collectors.answers import Answer, HttpError, objects
from monitor.collectors.base import SourceError
from monitor.collectors.http import HttpSession

VERSION = "2.3"
PAGE_SIZE = 100
_THROTTLED = re.compile(r"available in (\d{1,7}) seconds")

Item = Mapping[str, Any]


class StackExchangeApi:
    """One source's calls. `left` is what the last answer said of the day's quota, None before the first."""

    def __init__(self, url: str, key: SecretStr | None, http: HttpSession) -> None:
        self._url = f"{url}/{VERSION}"
        self._host = urlsplit(url).hostname or ""
        self._key = key
        self._http = http
        self._back_at: dict[str, datetime] = {}
        self.left: int | None = None

    def resume(self, state: object) -> None:
        """Go on with what was left of the day's calls before a restart."""
        keeper = self._http.meter(self._host).keeper
        if keeper is not None and isinstance(state, Mapping):
            keeper.restore(state)

    def spent(self) -> dict[str, Any]:
        """What to keep for `resume`."""
        keeper = self._http.meter(self._host).keeper
        return keeper.state() if keeper is not None else {}

    def search(self, site: str, word: str, until: str | None) -> tuple[list[Item], bool]:
        """Questions that hold a word, newest first, up to an epoch second; and whether there are more."""
        newest = {"sort": "creation", "order": "desc", **({"todate": until} if until else {})}
        answer = self._get("search/advanced", site, {"q": f'"{word}"' if " " in word else word, **newest})
        return _items(answer), answer.json().get("has_more") is True

    def by_id(self, site: str, kind: str, ids: Sequence[str]) -> list[Item]:
        """Posts of a kind by their numbers; those that are gone are left out."""
        return _items(self._get(f"{kind}/{{ids}}", site, {}, ids))

    def listed(self, site: str, kind: str, ids: Sequence[str], below: str, pages: int) -> list[Item]:
        """What hangs below posts (`answers`, `comments`), newest first."""
        return list(self._pages(f"{kind}/{{ids}}/{below}", site, ids, pages))

    def _pages(self, path: str, site: str, ids: Sequence[str], pages: int) -> Iterator[Item]:
        for page in range(1, pages + 1):
            answer = self._get(path, site, {"sort": "creation", "order": "desc", "page": page}, ids)
            yield from _items(answer)
            if answer.json().get("has_more") is not True:
                return

    def _get(self, path: str, site: str, params: Mapping[str, Any], ids: Sequence[str] = ()) -> Answer:
        wait = self._back_at.get(path, datetime.min.replace(tzinfo=UTC)) - self._http.now()
        if wait > timedelta(0):
            raise _paused(self._host, wait)
        asked: dict[str, Any] = {"site": site, "filter": "withbody", "pagesize": PAGE_SIZE, **params}
        asked |= {"key": self._key.get_secret_value()} if self._key is not None else {}
        try:
            answer = self._http.get(f"{self._url}/{path.format(ids=';'.join(ids))}", params=asked)
        except HttpError as exc:
            raise _throttled(exc, self._host) or exc from None
        self._note(path, answer)
        return answer

    def _note(self, path: str, answer: Answer) -> None:
        found = answer.json()
        if not isinstance(found, Mapping):
            raise answer.error("answered something else than an object.", remedy="Check `api_url`.")
        backoff, left = found.get("backoff"), found.get("quota_remaining")
        if isinstance(backoff, int):
            self._back_at[path] = self._http.now() + timedelta(seconds=backoff)
        self.left = left if isinstance(left, int) else self.left


def _items(answer: Answer) -> list[Item]:
    items = answer.json().get("items")
    if not isinstance(items, list):
        raise answer.error("answered without items.", remedy="Check `api_url` and `sites`.")
    return objects(items)


def _throttled(exc: HttpError, host: str) -> SourceError | None:
    """A used-up quota says in words when it begins anew, under various statuses."""
    found = _THROTTLED.search(exc.body)
    return _paused(host, timedelta(seconds=int(found[1]))) if found else None


def _paused(host: str, wait: timedelta) -> SourceError:
    return SourceError(
        f"{host} wants to be left alone for {max(round(wait.total_seconds()), 1)} s.",
        remedy="Nothing to do. If this repeats, set a `key`, or ask less often (`every`).",
        retry_after=max(wait, timedelta(seconds=1)),
        pause=True,
    )
