"""Google Play: reviews of your own apps, by the developers' API.

It lists what was written or changed in about the last seven days, in no promised order. So pages are read while
they bring anything unknown, and all of them every few hours and after a walk that broke off.

Cursor: a target an app: `seen` (review → when it was changed), `complete`, `whole_at`; one for re-reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr, model_validator

from monitor.collectors.answers import HttpError
from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceOptions
from monitor.collectors.google_login import LOGIN, ServiceAccount, read_key
from monitor.collectors.html_text import clean_text
from monitor.collectors.http import Answer, Budget, HttpSession
from monitor.collectors.targets import State, read_lists
from monitor.collectors.times import parse_time
from monitor.collectors.urls import WebAddress
from monitor.durations import Duration
from monitor.mention import Mention, MentionKind, Refusal, Removal

PLATFORM = "google_play"
HOST = "play.google.com/"
SCOPE = "https://www.googleapis.com/auth/androidpublisher"
PER_PAGE = 100
PAGES_A_POLL = 40  # four thousand reviews of a week
WHOLE_EVERY = timedelta(hours=6)
KEPT = 5_000  # reviews an app that the cursor remembers
_PACKAGE = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", re.ASCII)
_ID = re.compile(r"[\w.:-]{1,200}", re.ASCII)


class GooglePlayOptions(SourceOptions):
    """Your apps, and the service account that may read their reviews."""

    type: Literal["google_play"] = "google_play"
    apps: tuple[str, ...] = Field(min_length=1, description="your apps' package names, such as se.nordtag.app")
    service_account: SecretStr | None = Field(None, description="the service account's key, the whole JSON")
    service_account_file: Path | None = Field(None, description="or the file that holds it")
    every: Duration = Field(timedelta(minutes=15), ge=timedelta(minutes=2), description="how often it is asked")
    api_url: WebAddress = Field("https://androidpublisher.googleapis.com", description="where the API is")
    login_url: WebAddress = Field("https://oauth2.googleapis.com", description="where the account logs in")

    @model_validator(mode="after")
    def _usable(self) -> GooglePlayOptions:
        if (self.service_account is None) == (self.service_account_file is None):
            raise ValueError("either `service_account` or `service_account_file`")
        wrong = [app for app in self.apps if not _PACKAGE.fullmatch(app)]
        if wrong:
            raise ValueError(f"expected package names such as se.nordtag.app, found {wrong[0]!r}")
        return self

    def default_name(self) -> str:
        """`google_play` and the first app."""
        return f"google_play {self.apps[0]}"


class GooglePlayCollector(BaseCollector):
    """Reads each app's list of reviews."""

    type_name = "google_play"
    Options = GooglePlayOptions
    verified = True
    non_get = (f"POST {LOGIN}",)
    budget: ClassVar[Budget] = Budget(200, timedelta(hours=1))  # an app's; here of all apps of an account
    fastest: ClassVar[timedelta] = timedelta(minutes=4)
    rechecks_a_poll = 20

    def __init__(self, options: GooglePlayOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        self._login: ServiceAccount | None = None

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New and changed reviews of every app, rechecks. Raises SourceError."""

        def read(key: str, state: State) -> Iterator[Batch]:
            return self._read_app(key, state, context)

        return read_lists(cursor, self.options.apps, context, read, again=self.read_again)

    def check(self) -> str:
        """Whether the account may read the apps' reviews. Raises SourceError."""
        found = sum(len(self._page(app, None)[0]) for app in self.options.apps)
        return f"Google Play lists the reviews of {', '.join(self.options.apps)}: {found} on the first page."

    # --- lists

    def _read_app(self, app: str, state: State, context: CollectContext) -> Iterator[Batch]:
        seen = _seen(state)
        last = parse_time(state.get("whole_at"))
        whole = state.get("complete") is not True or last is None or context.now - last >= WHOLE_EVERY
        known: set[str] = set()
        token: str | None = None
        for page in range(1, PAGES_A_POLL + 1):
            if context.stopping():
                return
            reviews, following = self._page(app, token)
            ids = {str(review.get("reviewId")) for review in reviews}
            circling = bool(ids) and ids <= known
            known |= ids
            mentions, refusals = self._read(reviews, app, seen)
            arrived = following is None or circling or page == PAGES_A_POLL or not (whole or mentions)
            token = following
            yield Batch(
                tuple(mentions),
                refusals=tuple(refusals),
                cursor=_state(seen, state, context.now if arrived and whole else None, arrived),
            )
            if arrived:
                return

    def _page(self, app: str, token: str | None) -> tuple[list[Mapping[str, Any]], str | None]:
        params = {"maxResults": PER_PAGE, **({"token": token} if token else {})}
        answer = self._get(f"{app}/reviews", params)
        found = answer.json()
        if not isinstance(found, Mapping) or not isinstance(found.get("reviews", []), list):
            raise answer.error("answered without a list of reviews.", remedy="Check `api_url`.")
        paging = found.get("tokenPagination")
        following = paging.get("nextPageToken") if isinstance(paging, Mapping) else None
        reviews = [review for review in found.get("reviews", []) if isinstance(review, Mapping)]
        return reviews, following if isinstance(following, str) and following else None

    def _read(
        self, reviews: list[Mapping[str, Any]], app: str, seen: dict[str, str]
    ) -> tuple[list[Mention], list[Refusal]]:
        """What is new or changed, which is noted in `seen`."""
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        for review in reviews:
            try:
                made = review_of(review, app, self.source, self.options.language)
            except (ValueError, TypeError, AttributeError, KeyError) as exc:
                where = f"Google Play review {str(review.get('reviewId'))[:40]}"
                refusals.append(Refusal(where, f"cannot be understood: {str(exc)[:100]}"))
                continue
            changed = made.created_at.isoformat() if made.created_at else ""
            before = seen.pop(made.global_id, None)
            seen[made.global_id] = changed
            if before is None:
                mentions.append(made)
            elif before != changed:  # the platform tells only when it was changed last
                mentions.append(replace(made, created_at=parse_time(before), edited_at=made.created_at))
        return mentions, refusals

    # --- deletions (changes come by the lists, too)

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        for global_id in context.recheck:
            app, _, number = global_id.removeprefix(HOST).partition("/reviews/")
            if context.stopping() or app not in self.options.apps or not _ID.fullmatch(number):
                continue
            answer = self._get(f"{app}/reviews/{number}", {}, also_ok=(404, 410))
            if answer.status != 200:
                yield Batch(removals=(Removal(PLATFORM, global_id),))
                continue
            found = answer.json()
            mentions, refusals = self._read([found] if isinstance(found, Mapping) else [], app, {})
            changed = tuple(replace(one, created_at=None, edited_at=one.created_at) for one in mentions)
            yield Batch(changed, refusals=tuple(refusals))

    def _get(self, path: str, params: Mapping[str, Any], also_ok: tuple[int, ...] = ()) -> Answer:
        """GET below the apps; once more with a new token where the old one is refused."""
        url = f"{self.options.api_url}/androidpublisher/v3/applications/{path}"
        login = self._account()
        try:
            return self.http.get(url, params=params, credentials=login.bearer(), also_ok=also_ok)
        except HttpError as exc:
            if exc.status != 401:
                raise
        login.forget()
        return self.http.get(url, params=params, credentials=login.bearer(), also_ok=also_ok)

    def _account(self) -> ServiceAccount:
        if self._login is None:
            options = self.options
            text = options.service_account.get_secret_value() if options.service_account else ""
            key = read_key(text, options.service_account_file)
            self._login = ServiceAccount(key, options.login_url, SCOPE, self.http)
        return self._login


def review_of(review: Mapping[str, Any], app: str, source: str, language: str | None) -> Mention:
    """A review as its author wrote it last. Raises ValueError, TypeError, AttributeError, KeyError."""
    number = review.get("reviewId")
    if not isinstance(number, str) or not _ID.fullmatch(number):
        raise ValueError("a review without a usable id")
    comments = [part["userComment"] for part in review["comments"] if "userComment" in part]
    comment = comments[0] if comments else {}
    stars, text = comment.get("starRating"), comment.get("originalText") or comment.get("text")
    if isinstance(stars, bool) or stars not in (1, 2, 3, 4, 5):
        raise ValueError("a review without one to five stars")
    if not isinstance(text, str) or not clean_text(text):
        raise ValueError("a review without text")
    global_id, told = f"{HOST}{app}/reviews/{number}", str(comment.get("reviewerLanguage") or "")
    return Mention(
        platform=PLATFORM,
        global_id=global_id,
        source=source,
        text=clean_text(text.replace("\t", "\n")),  # title and text in one, with a tab between
        created_at=parse_time((comment.get("lastModified") or {}).get("seconds")),
        kind=MentionKind.REVIEW,
        url=f"https://play.google.com/store/apps/details?id={app}&reviewId={number}",
        author=global_id,  # who wrote it is told by name only; a person has one review an app
        thread_id=global_id,
        likes=_count(comment.get("thumbsUpCount")),
        replies=sum("developerComment" in part for part in review["comments"]),
        language=re.split("[_-]", told)[0] or language,
        stars=stars,
    )


def _state(seen: dict[str, str], before: State, whole_at: datetime | None, arrived: bool) -> State:
    kept = {"whole_at": whole_at.isoformat() if whole_at else before.get("whole_at"), "complete": arrived}
    return {**kept, "seen": dict(list(seen.items())[-KEPT:])}


def _seen(state: State) -> dict[str, str]:
    kept = state.get("seen")
    return {str(key): str(at) for key, at in kept.items()} if isinstance(kept, dict) else {}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
