"""What Mastodon's streams tell between two polls, as batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from monitor.collectors.base import Batch, CollectContext, SourceError
from monitor.collectors.mastodon_live import Heard, Live, Station, stream_address
from monitor.collectors.mastodon_options import MastodonOptions
from monitor.collectors.mastodon_reader import StatusReader
from monitor.collectors.mastodon_status import PLATFORM, Place
from monitor.mention import Mention, Refusal, Removal

HEARD_A_BATCH = 20
_SOON, _SIGN_OF_LIFE = timedelta(seconds=2), timedelta(seconds=15)


class Listener:
    """Listens to the streams of the servers for which there is a token."""

    def __init__(self, options: MastodonOptions, reader: StatusReader, live: Live) -> None:
        self._options = options
        self._reader = reader
        self._live = live
        self._not_heard: set[str] = set()

    def listen(self, context: CollectContext) -> Iterator[Batch]:
        """What the streams tell until the next poll. The cursor stays: polling repairs what they miss."""
        stations, told = self._stations(context)
        told += self._live.tune_in(stations, context.now)
        until, since = context.now + self._stay(context), context.now
        heard: list[Heard] = []
        for found in self._live.listen(self._reader.http.now):
            told += [found] if isinstance(found, Refusal) else []
            heard += [found] if isinstance(found, Heard) else []
            now = self._reader.http.now()
            if told or len(heard) >= HEARD_A_BATCH or now - since >= (_SOON if heard else _SIGN_OF_LIFE):
                yield self._batch_of(heard, told)
                heard, told, since = [], [], now
            if context.stopping() or now >= until:
                break
        if heard or told:
            yield self._batch_of(heard, told)
        if context.stopping():
            self._live.close()

    def _stations(self, context: CollectContext) -> tuple[list[Station], list[Refusal]]:
        stations: list[Station] = []
        told: list[Refusal] = []
        tags = self._options.tags(context.terms)
        for server in self._reader.logged_in():
            try:
                address = stream_address(server, self._reader.access_of(server, context.now).streaming)
                if urlsplit(address).hostname != urlsplit(server).hostname:
                    self._reader.http.demand_public(address)
            except SourceError as exc:
                told += (
                    [] if server in self._not_heard else [Refusal(f"{urlsplit(server).netloc} stream", str(exc))]
                )
                self._not_heard.add(server)
                continue
            stations.append(Station(server, address, self._reader.login(server), tags, self._options.mentions))
        return stations, told

    def _stay(self, context: CollectContext) -> timedelta:
        hot = context.hot or any(thread.hot for thread in context.watched)
        return max(self._options.every / 4, timedelta(seconds=10)) if hot else self._options.every

    def _batch_of(self, heard: Sequence[Heard], told: Sequence[Refusal]) -> Batch:
        self._reader.now = self._reader.http.now()
        mentions: list[Mention] = []
        refusals = list(told)
        for found in heard:
            if found.status is not None:
                made, wrong = self._reader.mentions([found.status], found.server)
                mentions += made
                refusals += wrong
        gone = [self._reader.relations.uri_of(Place(found.server, found.gone)) for found in heard if found.gone]
        removals = tuple(Removal(PLATFORM, uri) for uri in gone if uri is not None)
        return Batch(tuple(mentions), removals=removals, refusals=tuple(refusals))
