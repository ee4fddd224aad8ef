"""Calling Reddit: login by the app's own credentials, the User-Agent that Reddit demands."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from monitor.collectors.answers import HttpError
from monitor.collectors.http import Answer, HttpSession

LOGIN = "/api/v1/access_token"
MORE = "/api/morechildren"
_EARLIER = timedelta(minutes=5)  # a token is renewed this long before its end


class RedditApi:
    """The calls of one app. The token is kept in memory only."""

    def __init__(self, urls: tuple[str, str], client: tuple[str, str], user: str, http: HttpSession) -> None:
        self._login_url, self._api_url = urls
        self._client = b64encode(":".join(client).encode()).decode("ascii")
        http.hide(self._client)
        self._agent = {"User-Agent": f"linux:crisis-monitor:v1 (by /u/{user}) {http.user_agent}"}
        self._http = http
        self._token: str | None = None
        self._until: datetime | None = None

    def get(self, path: str, params: Mapping[str, Any]) -> Answer:
        """GET a path of the API. Raises SourceError."""
        asked = {**params, "raw_json": 1}  # without it the text comes with entities
        try:
            return self._get(path, asked)
        except HttpError as exc:
            if exc.status != 401 or self._token is None:
                raise
        self._token = None  # revoked before its time: once more with a new one
        return self._get(path, asked)

    def more(self, link: str, children: list[str]) -> Answer:
        """Comments that a tree left out, as a flat list. Raises SourceError."""
        form = {"api_type": "json", "raw_json": "1", "link_id": link, "children": ",".join(children)}
        return self._http.post(
            f"{self._api_url}{MORE}", form=form, headers=self._agent, credentials=self._bearer()
        )

    def _get(self, path: str, params: Mapping[str, Any]) -> Answer:
        url = f"{self._api_url}{path}"
        return self._http.get(url, params=params, headers=self._agent, credentials=self._bearer())

    def _bearer(self) -> dict[str, str]:
        if self._token is None or self._until is None or self._http.now() >= self._until:
            self._login()
        return {"Authorization": f"Bearer {self._token}"}

    def _login(self) -> None:
        answer = self._http.post(
            f"{self._login_url}{LOGIN}",
            form={"grant_type": "client_credentials"},
            headers=self._agent,
            credentials={"Authorization": f"Basic {self._client}"},
        )
        found = answer.json()
        token = found.get("access_token") if isinstance(found, Mapping) else None
        if not isinstance(token, str) or not token:
            raise answer.error(
                "did not give a token.",
                remedy="Check `client_id` and `client_secret`, and whether Reddit has approved the app.",
                permanent=True,
            )
        self._http.hide(token)
        seconds = found.get("expires_in")
        lifetime = timedelta(seconds=seconds) if isinstance(seconds, int) and seconds > 0 else timedelta(hours=1)
        self._token = token
        self._until = self._http.now() + max(lifetime - _EARLIER, timedelta(minutes=1))
