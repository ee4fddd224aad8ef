"""Reddit: what is said in chosen subreddits, submissions anywhere that name a brand, and their threads.

Comments cannot be searched, so whole subreddits are read and matched here. Lists are always read from the newest
entry down to what is known: Reddit's `before=` answers nothing for ever once the entry it names is removed, and
`after=` breaks off in the same way.

Cursor: a target a list and a search (`since`, `walk`), one for threads and one for re-reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from monitor.collectors.answers import HttpError
from monitor.collectors.base import (
    BaseCollector,
    Batch,
    CollectContext,
    Cursor,
    SourceError,
    WatchedThread,
)
from monitor.collectors.http import Answer, Budget, HttpSession
from monitor.collectors.reddit_api import LOGIN, MORE, RedditApi
from monitor.collectors.reddit_options import RedditOptions
from monitor.collectors.reddit_post import (
    HOST,
    PLATFORM,
    SUBMISSION,
    SUBREDDIT,
    Thing,
    children_of,
    is_gone,
    is_thing,
    mention_of,
    native_id,
    next_of,
    walk_tree,
)
from monitor.collectors.reddit_post import MORE as MORE_KIND
from monitor.collectors.targets import State, read_lists
from monitor.collectors.threads import read_due_threads
from monitor.collectors.walks import Page, walk_newest_first
from monitor.mention import Mention, Refusal, Removal

OVERLAP = timedelta(minutes=70)
PER_PAGE = 100
PAGES_A_POLL = 10  # a list ends after about a thousand entries
THREADS_A_POLL = 15
MORE_CALLS = 8


class RedditCollector(BaseCollector):
    """Reads lists from the newest entry down, and threads as trees."""

    type_name = "reddit"
    Options = RedditOptions
    verified = True
    non_get = (f"POST {LOGIN}", f"POST {MORE}")  # both only read
    budget: ClassVar[Budget] = Budget(900, timedelta(minutes=10))  # 100 a minute, averaged over ten
    fastest: ClassVar[timedelta] = timedelta(seconds=30)
    rechecks_a_poll = PER_PAGE

    def __init__(self, options: RedditOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        client = (options.client_id.get_secret_value(), options.client_secret.get_secret_value())
        self._api = RedditApi((options.login_url, options.api_url), client, options.reddit_user, http)

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New entries of every list, comments of due threads, rechecks. Raises SourceError."""
        self._demand_approval()
        lists = self._lists(context)
        threads = self._read_threads if self.options.threads else None

        def read(key: str, state: State) -> Iterator[Batch]:
            return walk_newest_first(
                state,
                lambda token: self._page(*lists[key], token),
                context,
                overlap=OVERLAP,
                look_back=self.options.look_back,
                max_pages=PAGES_A_POLL,
            )

        return read_lists(cursor, lists, context, read, threads=threads, again=self.read_again)

    def check(self) -> str:
        """Whether the app may log in and read. Raises SourceError."""
        self._demand_approval()
        places = "+".join(self.options.subreddits) or "all"
        self._page(f"/r/{places}/new", {}, None)
        return f"Reddit lets {self.options.reddit_user}'s app read r/{places}."

    def _demand_approval(self) -> None:
        if not self.options.approved:
            raise SourceError(
                "Reddit is off: nobody has said that Reddit approved this use.",
                remedy="Apply for access to the Data API and set `approved: true` after the yes, "
                "or take the source out of the config.",
                permanent=True,
            )

    def _lists(self, context: CollectContext) -> dict[str, tuple[str, dict[str, str]]]:
        """Key → path and parameters of every list to read."""
        found: dict[str, tuple[str, dict[str, str]]] = {}
        if self.options.subreddits:
            places = "+".join(self.options.subreddits)
            found = {"comments": (f"/r/{places}/comments", {}), "new": (f"/r/{places}/new", {})}
        for brand, words in context.terms.items():
            if self.options.search and words and self.options.brand in (None, brand):
                spelled = {word.casefold(): word.replace('"', "") for word in words}.values()
                query = " OR ".join(f'"{word}"' for word in spelled)
                found[f"search {brand}"] = ("/search", {"q": query, "sort": "new", "t": "week", "type": "link"})
        if not found:
            raise SourceError(
                "There is nothing to read on Reddit.",
                remedy="Name `subreddits`, or give a brand `keywords`.",
                permanent=True,
            )
        return found

    # --- lists

    def _page(self, path: str, params: Mapping[str, str], token: str | None) -> Page:
        paged = {"after": token} if token else {}
        answer = self._api.get(path, {**params, **paged, "limit": PER_PAGE})
        listing = _listing(answer)
        things = children_of(listing)
        if token and not things:  # the entry after which it should begin was removed
            problem = answer.error(
                "lost the place in a list.", remedy="Nothing to do: it is read from the top again."
            )
            problem.status = 410
            raise problem
        batch = self._read(things)
        return Page(batch.mentions, next_of(listing), removals=batch.removals, refusals=batch.refusals)

    def _read(self, things: Sequence[Thing]) -> Batch:
        mentions: list[Mention] = []
        removals: list[Removal] = []
        refusals: list[Refusal] = []
        for thing in things:
            data = thing["data"]
            try:
                if not is_gone(data):
                    mentions.append(mention_of(thing, self.source, self.options.language))
                elif native_id(f"{HOST}{data.get('name')}"):
                    removals.append(Removal(PLATFORM, f"{HOST}{data['name']}"))
            except (ValueError, TypeError, AttributeError, KeyError) as exc:
                where = f"Reddit {str(data.get('name'))[:30]}"
                refusals.append(Refusal(where, f"cannot be understood: {str(exc)[:100]}"))
        return Batch(tuple(mentions), removals=tuple(removals), refusals=tuple(refusals))

    # --- threads

    def _read_threads(self, state: State, context: CollectContext) -> Iterator[Batch]:
        every = self.options.every
        return read_due_threads(state, context, PLATFORM, every, THREADS_A_POLL, self._comments)

    def _comments(self, thread: WatchedThread) -> Batch:
        """All comments of a submission. What stands in the way of one thread only is noted."""
        name = native_id(thread.root_id)
        if name is None or not name.startswith(SUBMISSION):
            return Batch()
        try:
            return self._read(self._tree(name))
        except HttpError as exc:
            if exc.status not in (403, 404):
                raise
            return Batch(refusals=(Refusal(thread.root_id, f"cannot be read: {exc}"),))

    def _tree(self, link: str) -> list[Thing]:
        """A submission's comments, the left out ones too, as far as a few more calls reach."""
        new, found = self._branch(link, ""), list[Thing]()
        ids: list[str] = []
        branches: list[str] = []
        for calls in range(MORE_CALLS + 1):
            for thing in walk_tree(new):
                if thing.get("kind") != MORE_KIND:
                    found.append(thing)
                elif left_out := _ids(thing["data"]):
                    ids += left_out
                else:  # "continue this thread"
                    branches.append(str(thing["data"].get("parent_id", "")).partition("_")[2])
            if calls == MORE_CALLS or not (ids or branches):
                break
            if ids:
                new, ids = _flat(self._api.more(link, ids[:PER_PAGE])), ids[PER_PAGE:]
            else:
                new = self._branch(link, f"/_/{branches.pop(0)}")
        return found

    def _branch(self, link: str, below: str) -> list[Thing]:
        asked = {"limit": 500, "depth": 10, "sort": "new"}
        answer = self._api.get(f"/comments/{link[3:]}{below}", asked)
        found = answer.json()
        if not isinstance(found, list) or len(found) < 2:
            raise answer.error("answered a thread without comments.", remedy="It is tried again.")
        return children_of(found[1])

    # --- edits and deletions

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        self._demand_approval()
        names = [name for one in context.recheck if (name := native_id(one))]
        for start in range(0, len(names), PER_PAGE):
            if context.stopping():
                return
            part = names[start : start + PER_PAGE]
            things = children_of(_listing(self._api.get("/api/info", {"id": ",".join(part)})))
            batch = self._read(things)
            there = {thing["data"].get("name") for thing in things}
            missing = tuple(Removal(PLATFORM, HOST + name) for name in part if name not in there)
            yield replace(batch, removals=(*batch.removals, *missing))


def _listing(answer: Answer) -> Mapping[str, Any]:
    """A Listing of entries. Raises HttpError; a subreddit that does not exist is answered with a search for it."""
    found = answer.json()
    if not isinstance(found, Mapping) or found.get("kind") != "Listing":
        raise answer.error("answered something else than a list.", remedy="It is tried again.")
    if any(thing.get("kind") == SUBREDDIT for thing in children_of(found)):
        raise answer.error("knows no such subreddit.", remedy="Check `subreddits`.", permanent=True)
    return found


def _ids(data: Mapping[str, Any]) -> list[str]:
    """What a `more` leaves out; nothing where it only says that a thread goes on elsewhere."""
    children = data.get("children")
    return (
        [one for one in children if isinstance(one, str) and one.isalnum()] if isinstance(children, list) else []
    )


def _flat(answer: Answer) -> list[Thing]:
    found = answer.json()
    inner = found.get("json") if isinstance(found, Mapping) else None
    data = inner.get("data") if isinstance(inner, Mapping) else None
    things = data.get("things") if isinstance(data, Mapping) else None
    return [thing for thing in things if is_thing(thing)] if isinstance(things, list) else []
