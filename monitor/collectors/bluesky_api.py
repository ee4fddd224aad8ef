"""Bluesky's XRPC calls: threads, quotes, posts and profiles without a login, search with one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.collectors.answers import HttpError, objects
from monitor.collectors.base import SourceError
from monitor.collectors.bluesky_options import BlueskyOptions
from monitor.collectors.bluesky_post import Profile, read_profile
from monitor.collectors.http import HttpSession

ACTORS_A_CALL = 25
POSTS_A_CALL = 25
_KNOWN_PROFILES = 5_000
_DEPTH = 200  # the lexicon allows 1,000; deeper answers are nested too deep to be parsed
_DEEPER = 5  # branches of a thread that are asked for again where the answer was cut
_OLD_TOKEN = ("ExpiredToken", "InvalidToken", "AuthMissing")

View = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Login:
    """A session of the account, and the server that holds it."""

    pds: str
    access: str


class BlueskyApi:
    """The calls of one source. Logs in only when something needs it."""

    def __init__(self, options: BlueskyOptions, http: HttpSession) -> None:
        self._options = options
        self._http = http
        self._login: Login | None = None
        self._profiles: dict[str, Profile] = {}

    @property
    def may_log_in(self) -> bool:
        """Whether the config has an account."""
        return self._options.identifier is not None

    def profiles(self, dids: Sequence[str]) -> dict[str, Profile]:
        """What is known of the authors; those that cannot be read are left out. Never raises."""
        unknown = [did for did in dict.fromkeys(dids) if did not in self._profiles]
        for start in range(0, len(unknown), ACTORS_A_CALL):
            asked = [("actors", did) for did in unknown[start : start + ACTORS_A_CALL]]
            try:
                found = self._get("app.bsky.actor.getProfiles", asked)
            except SourceError:
                break
            if len(self._profiles) > _KNOWN_PROFILES:
                self._profiles.clear()
            views = _views(found, "profiles")
            self._profiles |= {str(view.get("did")): read_profile(view) for view in views}
        return {did: self._profiles[did] for did in dids if did in self._profiles}

    def posts(self, uris: Sequence[str]) -> list[View]:
        """The posts that still exist, of at most `POSTS_A_CALL`. Raises SourceError."""
        return _views(self._get("app.bsky.feed.getPosts", [("uris", uri) for uri in uris]), "posts")

    def thread(self, uri: str) -> list[View]:
        """All comments below a post that its tree shows; none when it is gone. Raises SourceError.

        A tree that is cut is asked for again from where it was cut. It never shows replies whose parent was
        deleted, nor those of blocked accounts: only the stream does.
        """
        found, cut = _flat(self._tree(uri))
        for deeper in cut[:_DEEPER]:
            found += _flat(self._tree(deeper))[0]
        return found

    def quotes(self, uri: str, pages: int = 3) -> list[View]:
        """The posts that quote one, the newest first, some pages of them. Raises SourceError."""
        found: list[View] = []
        token: str | None = None
        for _ in range(pages):
            params = [("uri", uri), ("limit", "100"), *([("cursor", token)] if token else [])]
            page = self._get("app.bsky.feed.getQuotes", params, missing={})
            found += _views(page, "posts")
            token = _token(page)
            if token is None:
                break
        return found

    def search(
        self, words: str, since: datetime, until: datetime, token: str | None
    ) -> tuple[list[View], str | None]:
        """A page of posts between two instants, newest first, and the next token. Raises SourceError."""
        params = [
            ("q", f'"{words}"' if " " in words else words),
            ("sort", "latest"),
            ("since", since.strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
            ("until", until.strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
            ("limit", "100"),
            *([("cursor", token)] if token else []),
        ]
        page = self._get_logged_in("app.bsky.feed.searchPosts", params)
        return _views(page, "posts"), _token(page)

    def log_in(self) -> Login:
        """A new session. Raises SourceError."""
        secret = self._options.password
        if self._options.identifier is None or secret is None:
            raise SourceError("No account is set.", remedy="Set `identifier` and `password`.", permanent=True)
        body = {"identifier": self._options.identifier, "password": secret.get_secret_value()}
        return self._remember(
            self._http.post(
                self._url(self._options.login_url, "com.atproto.server.createSession"), json=body
            ).json()
        )

    # --- calls

    def _tree(self, uri: str) -> object:
        params = [("uri", uri), ("depth", str(_DEPTH)), ("parentHeight", "0")]
        found = self._get("app.bsky.feed.getPostThread", params, missing={})
        return found.get("thread") if isinstance(found, Mapping) else None

    def _get(self, nsid: str, params: list[tuple[str, str]], *, missing: object = None) -> Any:
        """JSON without a login; `missing`, unless None, for a post that is not found (which is a 400 here)."""
        try:
            return self._http.get(self._url(self._options.api_url, nsid), params=params).json()
        except HttpError as exc:
            if missing is not None and exc.status == 400 and '"NotFound"' in exc.body:
                return missing
            raise

    def _get_logged_in(self, nsid: str, params: list[tuple[str, str]]) -> Any:
        self._login = self._login or self.log_in()
        try:
            return self._ask(self._login, nsid, params)
        except HttpError as exc:
            if exc.status not in (400, 401) or not any(word in exc.body for word in _OLD_TOKEN):
                raise
        return self._ask(self.log_in(), nsid, params)

    def _ask(self, login: Login, nsid: str, params: list[tuple[str, str]]) -> Any:
        credentials = {"Authorization": f"Bearer {login.access}"}
        elsewhere = login.pds != self._options.login_url  # an address that an answer gave, not the operator
        url = self._url(login.pds, nsid)
        return self._http.get(url, params=params, credentials=credentials, from_content=elsewhere).json()

    def _remember(self, session: object) -> Login:
        token = session.get("accessJwt") if isinstance(session, Mapping) else None
        if not isinstance(session, Mapping) or not isinstance(token, str) or not token:
            raise SourceError(
                "The login of Bluesky gave no session.", remedy="Check `login_url` and the app password."
            )
        for name in ("accessJwt", "refreshJwt"):
            self._http.hide(str(session.get(name) or ""))
        self._login = Login(_pds_of(session.get("didDoc")) or self._options.login_url, token)
        return self._login

    def _url(self, host: str, nsid: str) -> str:
        return f"{host.rstrip('/')}/xrpc/{nsid}"


def _pds_of(document: object) -> str | None:
    """The account's own server, as its identity document tells."""
    services = document.get("service") if isinstance(document, Mapping) else None
    for service in services if isinstance(services, list) else ():
        if isinstance(service, Mapping) and str(service.get("id", "")).endswith("#atproto_pds"):
            endpoint = service.get("serviceEndpoint")
            return endpoint if isinstance(endpoint, str) and endpoint.startswith("https://") else None
    return None


def _flat(tree: object) -> tuple[list[View], list[str]]:
    """The posts below a tree's root, and those whose replies it does not show although they have some."""
    found: list[View] = []
    cut: list[str] = []
    left = list(_replies(tree))
    while left:
        node = left.pop()
        post = node.get("post")
        if not isinstance(post, Mapping):  # not found, or blocked
            continue
        found.append(post)
        below = list(_replies(node))
        left += below
        if post.get("replyCount") and not any("post" in reply for reply in below):
            cut.append(str(post.get("uri")))
    return found, cut


def _replies(node: object) -> Iterator[Mapping[str, Any]]:
    replies = node.get("replies") if isinstance(node, Mapping) else None
    return (reply for reply in replies or () if isinstance(reply, Mapping))


def _views(found: object, name: str) -> list[View]:
    views = found.get(name) if isinstance(found, Mapping) else None
    return objects(views) if isinstance(views, list) else []


def _token(page: object) -> str | None:
    token = page.get("cursor") if isinstance(page, Mapping) else None
    return token if isinstance(token, str) and token else None
