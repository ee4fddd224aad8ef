"""Calls to Meta's Graph API, and its family at graph.instagram.com and graph.threads.net: signed, paged, judged.

The token goes as `access_token`, as Meta documents it; with the app's secret each call is proved by
`appsecret_proof` (the HMAC-SHA256 of the token). The secret itself is never sent.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import SecretStr

from monitor.collectors.answers import Answer, HttpError
from monitor.collectors.base import SourceError
from monitor.collectors.http import HttpSession
from monitor.collectors.meta_errors import GraphError, any_error, error_in, graph_error
from monitor.collectors.times import parse_time

_JUDGED = (400, 401, 403, 404, 500)
_PLACE = ("after", "until", "since", "offset", "__paging_token")  # what of a next page's address we send ourselves


@dataclass(frozen=True, slots=True)
class GraphPage:
    """One page of a list, with what leads to the next one. `items` are as they came: perhaps no objects."""

    items: tuple[Any, ...]
    next: str | None


class Graph:
    """One account's way to the API. Safe across threads: a hook may ask while a poll is under way.

    `pages_by_cursor` is for Threads, which names no address of the next page; `free` tells by the path which calls
    do not count against the source's budget.
    """

    def __init__(
        self,
        http: HttpSession,
        base: str,
        token: SecretStr,
        app_secret: SecretStr | None = None,
        *,
        pages_by_cursor: bool = False,
        free: Callable[[str], bool] = lambda _path: False,
    ) -> None:
        self._http = http
        self._base = base
        self._pages_by_cursor, self._free = pages_by_cursor, free
        self._lock = threading.Lock()
        self._login = {"access_token": token.get_secret_value()}
        if app_secret is not None:
            proof = proof_of(token, app_secret)
            http.hide(proof)
            self._login["appsecret_proof"] = proof

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """An object. Raises GraphError, SourceError."""
        cost = 0 if self._free(path) else 1
        with self._lock:
            answer = self._http.get(
                f"{self._base}{path}", params={**(params or {}), **self._login}, also_ok=_JUDGED, cost=cost
            )
        return _judged(answer)

    def page(self, path: str, params: Mapping[str, Any], place: str | None = None) -> GraphPage:
        """A page of a list; `place` is what the page before gave as `next`. Raises GraphError, SourceError."""
        data = self.get(path, {**params, **dict(parse_qsl(place or ""))})
        items = data.get("data")
        if not isinstance(items, list):
            raise SourceError("The Graph API answered something else than a list.", remedy="It is tried again.")
        paging = data.get("paging")
        return GraphPage(tuple(items), self._next(paging) if isinstance(paging, Mapping) else None)

    def token_ends(self) -> datetime | None:
        """When the token stops working; None where it never does or the API does not tell. Raises SourceError."""
        try:
            data = self.get("/debug_token", {"input_token": self._login["access_token"]}).get("data")
        except HttpError:
            return None
        ends = data.get("expires_at") if isinstance(data, Mapping) else None
        return parse_time(ends) if isinstance(ends, int) and ends > 0 else None

    def _next(self, paging: Mapping[str, Any]) -> str | None:
        """The place of the next page. A short or empty page is not the last one: only a missing address is."""
        if self._pages_by_cursor:
            cursors = paging.get("cursors")
            after = cursors.get("after") if isinstance(cursors, Mapping) else None
            return urlencode({"after": after}) if isinstance(after, str) and after else None
        address = paging.get("next")
        query = dict(parse_qsl(urlsplit(address).query)) if isinstance(address, str) else {}
        return urlencode({name: query[name] for name in _PLACE if name in query}) or None


def proof_of(token: SecretStr, app_secret: SecretStr) -> str:
    """`appsecret_proof`: shows that we hold the app's secret without telling it."""
    key, words = app_secret.get_secret_value().encode(), token.get_secret_value().encode()
    return hmac.new(key, words, hashlib.sha256).hexdigest()


def token_sentence(ends: datetime | None) -> str:
    """For `check`: until when the token holds; empty where it has no end or that is not known."""
    return f" Its token ends on {ends:%Y-%m-%d}." if ends is not None else ""


def _judged(answer: Answer) -> Mapping[str, Any]:
    if answer.status in _JUDGED:
        raise any_error(answer, _json_or_none(answer))
    data = answer.json()
    error = error_in(data)
    if error is not None:
        raise graph_error(answer, error)
    if not isinstance(data, Mapping):
        raise answer.error("answered something else than data.", remedy="Check `api_url`.")
    return data


def _json_or_none(answer: Answer) -> object:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


__all__ = ["Graph", "GraphError", "GraphPage", "proof_of", "token_sentence"]
