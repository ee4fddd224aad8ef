"""A fake news site with one feed: RSS 2.0, ETag and Last-Modified, all entries in one answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from html import escape

import httpx

from tests.fakes.platform_server import FakePlatform


@dataclass
class Item:
    guid: str
    title: str
    at: datetime
    link: str
    description: str = ""


@dataclass
class FakeFeed(FakePlatform):
    """Serves its `items` under any path."""

    items: list[Item] = field(default_factory=list)
    extra_xml: str = ""

    def add(self, title: str, at: datetime) -> Item:
        number = len(self.items) + 1
        item = Item(f"guid-{number}", title, at, f"https://news.example/artikel/{number}?utm_source=rss")
        self.items.append(item)
        return item

    def answer(self, request: httpx.Request) -> httpx.Response:
        body = self.xml().encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == etag:
            return httpx.Response(304, headers={"etag": etag})
        return httpx.Response(200, content=body, headers={"content-type": "application/rss+xml", "etag": etag})

    def xml(self) -> str:
        entries = "".join(
            f"<item><guid isPermaLink='false'>{item.guid}</guid><title>{escape(item.title)}</title>"
            f"<link>{escape(item.link)}</link><pubDate>{format_datetime(item.at)}</pubDate>"
            f"<description>{escape(item.description)}</description></item>"
            for item in reversed(self.items)
        )
        head = "<title>Nyheter</title><language>sv-SE</language><link>https://news.example</link>"
        return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{entries}{self.extra_xml}</channel></rss>'
