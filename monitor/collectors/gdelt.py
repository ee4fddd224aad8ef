"""GDELT: the world's news sites by its files of every quarter of an hour (its search interface sheds load).

A file lists the articles that were read in that quarter: address, title, language, organisations, no text. Files
do not change and their names are their times, so all between the last one read and the newest one are fetched.

Cursor: a target a stream (translated, English): `done` (the last quarter), `missing` (quarters without a file as
yet).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceError, SourceOptions
from monitor.collectors.gdelt_file import LANGUAGES, Article, BrokenFileError, articles_in
from monitor.collectors.http import Answer, Budget, HttpSession
from monitor.collectors.targets import State, read_targets
from monitor.collectors.urls import WebAddress
from monitor.durations import Duration
from monitor.matching import BrandRules, Matcher
from monitor.mention import Mention, MentionKind, Refusal

PLATFORM = "gdelt"
QUARTER = timedelta(minutes=15)
FILES_A_POLL = 8
QUARTERS_A_POLL = 100
WAITED_FOR = timedelta(hours=1)
MAX_BYTES = 60_000_000  # packed; 11 to 15 MB are usual
STREAMS = {
    "translated": ("lastupdate-translation.txt", ".translation.gkg.csv.zip"),
    "english": ("lastupdate.txt", ".gkg.csv.zip"),
}
_STAMP = "%Y%m%d%H%M%S"


class GdeltOptions(SourceOptions):
    """Languages of the press, and where the files are."""

    type: Literal["gdelt"] = "gdelt"
    languages: tuple[str, ...] = Field(
        ("sv", "no", "da", "fi", "is"),
        min_length=1,
        description="languages of the articles; `en` is a stream of its own",
    )
    api_url: WebAddress = Field(
        "https://storage.googleapis.com/data.gdeltproject.org/gdeltv2", description="where the files are"
    )
    every: Duration = Field(
        timedelta(minutes=5), ge=timedelta(minutes=1), description="how often new files are asked for"
    )
    look_back: Duration = Field(timedelta(hours=1), description="how far back the first poll goes")

    @field_validator("languages")
    @classmethod
    def _known(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        plain = tuple("no" if language.lower() in ("nb", "nn") else language.lower() for language in languages)
        unknown = [language for language in plain if language not in LANGUAGES.values()]
        if unknown:
            known = ", ".join(sorted(set(LANGUAGES.values())))
            raise ValueError(f"expected languages among {known}, found {', '.join(unknown)}")
        return plain


class GdeltCollector(BaseCollector):
    """Reads the files of each quarter of an hour."""

    type_name = "gdelt"
    Options = GdeltOptions
    verified = False
    budget: ClassVar[Budget] = Budget(400, timedelta(hours=1))  # none is published
    fastest: ClassVar[timedelta] = timedelta(minutes=1)

    def __init__(self, options: GdeltOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """Articles of new quarters whose title, address or organisations name a brand. Raises SourceError."""
        matcher = self._matcher(context)
        return read_targets(
            cursor, self._streams(), context, lambda key, state: self._read(key, state, matcher, context)
        )

    def check(self) -> str:
        """Whether the lists of files can be read. Raises SourceError."""
        newest = max(self._newest(stream) for stream in self._streams())
        return f"GDELT's newest file is of {newest:%Y-%m-%d %H:%M} UTC."

    def _streams(self) -> list[str]:
        wanted = {"english" if language == "en" else "translated" for language in self.options.languages}
        return sorted(wanted)

    def _matcher(self, context: CollectContext) -> Matcher:
        brand = self.options.brand
        terms = {name: words for name, words in context.terms.items() if brand in (None, name) and any(words)}
        if not terms:
            raise SourceError(
                "GDELT's files are searched for the brands' keywords, and there are none.",
                remedy="Give a brand `keywords` in the config.",
                permanent=True,
            )
        return Matcher([BrandRules(name, words) for name, words in terms.items()])

    def _read(self, stream: str, state: State, matcher: Matcher, context: CollectContext) -> Iterator[Batch]:
        newest = self._newest(stream)
        done = _time(state.get("done"))
        missing = {stamp for stamp in state.get("missing") or () if isinstance(stamp, str)}
        files = 0
        for at in _quarters(done, missing, newest, self.options.look_back)[:QUARTERS_A_POLL]:
            if context.stopping() or files >= FILES_A_POLL:
                return
            answer = self._file(stream, at)
            files += answer.status == 200
            missing.discard(f"{at:{_STAMP}}")
            if answer.status != 200 and newest - at <= WAITED_FOR:
                missing.add(f"{at:{_STAMP}}")
            done = max(at, done or at)
            mentions, refusals = self._articles(answer, at, matcher)
            kept = {"done": f"{done:{_STAMP}}", "missing": sorted(missing)}
            yield Batch(tuple(mentions), refusals=tuple(refusals), cursor=kept)

    def _newest(self, stream: str) -> datetime:
        """The last quarter of which a file is listed."""
        listing, suffix = STREAMS[stream]
        answer = self.http.get(f"{self.options.api_url}/{listing}", headers={"Cache-Control": "no-cache"})
        for line in answer.text().splitlines():
            name = line.strip().rpartition("/")[2]
            at = _time(name.removesuffix(suffix)) if name.endswith(suffix) else None
            if at is not None:
                return at
        raise answer.error(
            "lists no file of articles.", remedy="It is tried again. If this stays, check `api_url`."
        )

    def _file(self, stream: str, at: datetime) -> Answer:
        url = f"{self.options.api_url}/{at:{_STAMP}}{STREAMS[stream][1]}"
        return self.http.get(url, also_ok=(404,), max_bytes=MAX_BYTES)

    def _articles(self, answer: Answer, at: datetime, matcher: Matcher) -> tuple[list[Mention], list[Refusal]]:
        if answer.status == 404:
            return [], []
        mentions: dict[str, Mention] = {}
        broken = 0
        try:
            for article in articles_in(answer.body, self.options.languages):
                if article is None:
                    broken += 1
                    continue
                made = self._mention(article, at)
                if matcher.match(made).brands:
                    mentions.setdefault(made.global_id, made)
        except BrokenFileError as exc:
            problem = str(exc)
        else:
            told = (
                [Refusal(f"file of {at:%Y-%m-%d %H:%M}", f"{broken} rows cannot be understood")] if broken else []
            )
            return list(mentions.values()), told
        raise answer.error(problem, remedy="It is fetched again. If this stays, check `api_url`.")

    def _mention(self, article: Article, at: datetime) -> Mention:
        return Mention(
            platform=PLATFORM,
            global_id=article.url,
            source=self.source,
            text=article.title,
            created_at=at,
            kind=MentionKind.NEWS,
            url=article.url,
            author=article.site,
            author_handles=(article.site,),
            language=article.language,
            brands=(),
            extra_text=f"{article.words_of_url()}\n{article.organisations}",
        )


def _quarters(done: datetime | None, missing: set[str], newest: datetime, look_back: timedelta) -> list[datetime]:
    """The quarters to fetch, oldest first: those still missing, and all since the last one."""
    since = newest - look_back if done is None else max(done, newest - max(look_back, timedelta(days=1)))
    late = [at for stamp in missing if (at := _time(stamp)) is not None]
    steps = max((newest - since) // QUARTER, 0)
    return sorted(
        {*late, *(newest - QUARTER * step for step in range(steps)), *([newest] if done is None else [])}
    )


def _time(stamp: object) -> datetime | None:
    try:
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC) if isinstance(stamp, str) else None
    except ValueError:
        return None
