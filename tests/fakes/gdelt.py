"""A fake of GDELT's file server: two lists of the newest files, and packed tables by quarter of an hour.

What is added is published with the next file that somebody asks for; a file never changes afterwards. As the real
one's, names are times, and may run a little ahead of the clock.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape

import httpx

from tests.fakes.platform_server import FakePlatform

FILES = "https://data.gdelt.example/gdeltv2"
QUARTER = timedelta(minutes=15)
STAMP = "%Y%m%d%H%M%S"


@dataclass
class FakeGdelt(FakePlatform):
    """Both streams. `files` maps names to their packed tables."""

    pending: list[str] = field(default_factory=list)
    pending_english: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    last: datetime | None = None
    made: int = 0

    def add(self, title: str, *, language: str = "swe", site: str = "svt.se", organisations: str = "") -> str:
        """An article is read; its address."""
        self.made += 1
        url = f"https://{site}/nyheter/artikel-{self.made}"
        self.add_row(url, title, language, site, organisations)
        return url

    def add_row(
        self, url: str, title: str, language: str, site: str, organisations: str = "", kind: str = "1"
    ) -> None:
        columns = [""] * 27
        columns[2], columns[3], columns[4], columns[13] = kind, site, url, organisations
        columns[25] = f"srclc:{language};eng:GT-SWE 1.0" if language else ""
        columns[26] = f"<PAGE_LINKS>x</PAGE_LINKS><PAGE_TITLE>{escape(title)}</PAGE_TITLE>" if title else ""
        (self.pending if language else self.pending_english).append("\t".join(columns))

    def answer(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        if name.startswith("lastupdate"):
            return httpx.Response(200, text=self._listing(".translation" if "translation" in name else ""))
        if name not in self.files:
            return httpx.Response(404, text="<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>")
        return httpx.Response(200, content=self.files[name], headers={"content-type": "application/zip"})

    def publish(self) -> str:
        """Everything that is pending becomes the next file; returns its time."""
        minutes = self.clock.now().astimezone(UTC).replace(second=0, microsecond=0)
        now = minutes - timedelta(minutes=minutes.minute % 15)
        self.last = now if self.last is None else max(now, self.last + QUARTER)
        stamp = f"{self.last:{STAMP}}"
        for infix, rows in ((".translation", self.pending), ("", self.pending_english)):
            self.files[f"{stamp}{infix}.gkg.csv.zip"] = packed("\n".join(rows) + "\n")
            rows.clear()
        return stamp

    def _listing(self, infix: str) -> str:
        if self.last is None or self.pending or self.pending_english:
            self.publish()
        kinds = ("export.CSV", "mentions.CSV", "gkg.csv")
        base = "http://data.gdelt.example/gdeltv2"
        return "".join(
            f"285348 7e45b59ba283de0cee1f8c9f4983faa0 {base}/{self.last:{STAMP}}{infix}.{k}.zip\n" for k in kinds
        )


def packed(table: str, name: str = "table.csv") -> bytes:
    """A table as a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, table)
    return buffer.getvalue()
