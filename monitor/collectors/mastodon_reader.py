"""Calls to Mastodon servers, and their statuses as mentions: what polls, streams and re-reading share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from monitor.collectors.base import SourceError
from monitor.collectors.http import HttpSession
from monitor.collectors.mastodon_access import Access, read_access
from monitor.collectors.mastodon_options import MastodonOptions
from monitor.collectors.mastodon_status import Labels, Place, home_of, local_id_of, mention_of, shown, uri_of
from monitor.collectors.mastodon_threads import Relations
from monitor.mention import Mention, Refusal

LOOK_UPS_A_POLL = 20


class StatusReader:
    """One source's servers. `now` is the time by which statuses are judged; `begin` sets it."""

    def __init__(self, options: MastodonOptions, http: HttpSession, source: str) -> None:
        self.http = http
        self.servers = options.servers()
        self.relations = Relations()
        self.look_ups_left = LOOK_UPS_A_POLL
        self.now = datetime.min.replace(tzinfo=UTC)
        self._only_indexable = options.only_indexable
        self._labels = Labels(source, options.brand, options.language)
        self._access: dict[str, Access] = {}

    def begin(self, now: datetime) -> None:
        """A poll begins at `now`: it has a number of look-ups of its own."""
        self.now, self.look_ups_left = now, LOOK_UPS_A_POLL

    def logged_in(self) -> list[str]:
        """The servers for which there is a token."""
        return [server for server, token in self.servers.items() if token is not None]

    def mentions(self, statuses: Sequence[Any], server: str) -> tuple[tuple[Mention, ...], tuple[Refusal, ...]]:
        """The public ones among statuses, with parent and root, and those that make no sense."""
        mentions, refusals = [], []
        for outer in statuses:
            try:
                status = shown(outer)
                if status is not None and not self._is_left_out(status):
                    mentions.append(self._mention(status, server))
            except (ValueError, TypeError, AttributeError, KeyError) as exc:
                where = f"{urlsplit(server).netloc} status {local_id_of(outer) or '?'}"
                refusals.append(Refusal(where, f"cannot be understood: {str(exc)[:100]}"))
        return tuple(mentions), tuple(refusals)

    def _is_left_out(self, status: Mapping[str, Any]) -> bool:
        return self._only_indexable and (status.get("account") or {}).get("indexable") is False

    def _mention(self, status: Mapping[str, Any], server: str) -> Mention:
        uri, local_id = uri_of(status), local_id_of(status)
        if local_id is None:
            raise ValueError("a status without a usable id")
        relation = (None, uri) if not status.get("in_reply_to_id") else self.relations.of(Place(server, local_id))
        if relation is None:
            relation = self._look_up(server, local_id)
        if relation is None:
            return mention_of(status, server, self._labels, (None, None), self.now)
        self.relations.remember(Place(server, local_id), uri, *relation)
        return mention_of(status, server, self._labels, relation, self.now)

    def _look_up(self, server: str, local_id: str) -> tuple[str | None, str | None] | None:
        """Parent and root of a reply, by asking for its ancestors; a failure does not hold it up."""
        if self.look_ups_left <= 0:
            return None
        self.look_ups_left -= 1
        try:
            context = self.get(server, f"/api/v1/statuses/{local_id}/context")
            ancestors = [status for status in context["ancestors"] if isinstance(status, Mapping)]
            uris = [uri_of(status) for status in ancestors]
        except (SourceError, ValueError, TypeError, KeyError):
            return None
        return (uris[-1], uris[0]) if uris else (None, None)

    def place_of(self, uri: str, url: str | None = None) -> Place | None:
        """Where to ask for a status: its own server if we know that one, else one of ours that has it."""
        home = home_of(uri, url)
        if home is not None and home.server in self.servers:
            return home
        return self.relations.place_of(uri) or home

    def access_of(self, server: str, now: datetime | None) -> Access:
        """What the server lets us see, asked again every few hours."""
        known = self._access.get(server)
        if known is None or now is None or known.is_old(now):
            answer = self.http.get(f"{server}/api/v2/instance", credentials=self.login(server), also_ok=(404,))
            known = self._access[server] = read_access(answer.json() if answer.status == 200 else {}, now)
        return known

    def get(
        self, server: str, path: str, params: Mapping[str, Any] | None = None, *, missing: object = ...
    ) -> Any:
        """The JSON at a path; `missing`, if given, where the server says 404 or 410."""
        answer = self.http.get(
            f"{server}{path}",
            params=params,
            credentials=self.login(server),
            also_ok=(404, 410) if missing is not ... else (),
            from_content=server not in self.servers,
        )
        return missing if answer.status in (404, 410) else answer.json()

    def login(self, server: str) -> dict[str, str]:
        """The header that goes to the server alone."""
        token = self.servers.get(server)
        return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
