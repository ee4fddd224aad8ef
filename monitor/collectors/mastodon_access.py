"""What a Mastodon server lets a visitor see: a feed that is switched off answers `[]`, which is not silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from monitor.collectors.base import SourceError

_RENEWED = timedelta(hours=6)
_NO_SNOWFLAKES = ("compatible;", "gotosocial", "pleroma", "akkoma", "misskey", "sharkey", "firefish", "pixelfed")


@dataclass(frozen=True, slots=True)
class Access:
    """`local` and `remote` are `public`, `authenticated` or `disabled`; `streaming` is its stream's address."""

    local: str
    remote: str
    snowflakes: bool
    software: str
    asked_at: datetime | None
    streaming: str | None = None

    def is_old(self, now: datetime) -> bool:
        """Whether it should be asked for again: administrators change their minds."""
        return self.asked_at is None or now - self.asked_at > _RENEWED

    def demand_tags(self, server: str, has_token: bool) -> None:
        """Raises SourceError where the tag timelines show nothing, so that it is not taken for silence."""
        host = urlsplit(server).netloc
        if self.local == self.remote == "disabled":
            raise SourceError(
                f"{host} shows no tag timelines to anybody.", remedy="Use another server.", permanent=True
            )
        if "public" not in (self.local, self.remote) and not has_token:
            raise SourceError(
                f"{host} shows tag timelines only to its own people.",
                remedy="Set a token of an account there, or use another server.",
                permanent=True,
            )

    def sentence(self, server: str) -> str:
        """What can be seen there."""
        return (
            f"{urlsplit(server).netloc} ({self.software}) answers; its tag timelines are {self.local} for its own "
            f"posts and {self.remote} for those of other servers."
        )


def read_access(instance: object, now: datetime | None) -> Access:
    """The access that `/api/v2/instance` tells; servers before 4.5 do not tell, and are open."""
    found = instance if isinstance(instance, Mapping) else {}
    feeds = _down(found, "configuration", "timelines_access", "hashtag_feeds")
    software = " ".join(str(found.get(key) or "") for key in ("source_url", "version")).lower()
    return Access(
        local=str(feeds.get("local") or "public"),
        remote=str(feeds.get("remote") or "public"),
        snowflakes=not any(name in software for name in _NO_SNOWFLAKES),
        software=str(found.get("version") or "an old version")[:60],
        asked_at=now,
        streaming=str(_down(found, "configuration", "urls").get("streaming") or "") or None,
    )


def _down(found: Mapping[str, object], *names: str) -> Mapping[str, object]:
    for name in names:
        inner = found.get(name)
        found = inner if isinstance(inner, Mapping) else {}
    return found
