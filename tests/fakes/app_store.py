"""A fake App Store: feeds of reviews by country and page, ten pages at most, the newest first."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import httpx

from tests.fakes.platform_server import FakePlatform

API = "https://itunes.example"
_FEED = '<?xml version="1.0" encoding="utf-8"?><feed xmlns:im="http://itunes.apple.com/rss" xmlns="http://www.w3.org/2005/Atom"><id>x</id><title>Reviews</title>'


@dataclass
class FakeAppStore(FakePlatform):
    """The store. `reviews` are in the order of their writing."""

    page_size: int = 5
    reviews: list[dict[str, Any]] = field(default_factory=list)
    raw_extra: str = ""
    endless: bool = False
    empty: bool = False

    def add(self, text: str, at: datetime, *, country: str = "se", **more: Any) -> str:
        number = str(7000 + len(self.reviews))
        review = {
            "id": number,
            "title": "Omdöme",
            "text": text,
            "at": at,
            "rating": "1",
            "country": country,
            **more,
        }
        self.reviews.append(review)
        return f"itunes.apple.com/reviews/{number}"

    def by_id(self, global_id: str) -> dict[str, Any]:
        return next(review for review in self.reviews if global_id.endswith(f"/{review['id']}"))

    def answer(self, request: httpx.Request) -> httpx.Response:
        found = re.fullmatch(
            r"/(\w\w)/rss/customerreviews/page=(\d+)/id=\d+/sortby=mostrecent/xml", request.url.path
        )
        if found is None or int(found[2]) > 10:
            return httpx.Response(400)
        start = (int(found[2]) - 1) * self.page_size
        ours = [review for review in self.reviews if review["country"] == found[1]]
        newest = sorted(ours, key=lambda review: (review["at"], review["id"]), reverse=True)
        page = [] if self.empty else newest[start : start + self.page_size]
        if self.endless and not page:
            page = newest[-self.page_size :]
        body = _FEED + "".join(map(_entry, page)) + (self.raw_extra if page else "") + "</feed>"
        return httpx.Response(200, content=body.encode(), headers={"content-type": "text/xml; charset=utf-8"})


def _entry(review: dict[str, Any]) -> str:
    at = review["at"].astimezone(ZoneInfo("America/Denver")).isoformat(timespec="seconds")
    return (
        f"<entry><updated>{at}</updated><id>{review['id']}</id><title>{escape(review['title'])}</title>"
        f'<content type="text">{escape(review["text"])}</content>'
        f"<im:voteSum>2</im:voteSum><im:rating>{review['rating']}</im:rating><im:version>4.2</im:version>"
        "<author><name>anna</name><uri>https://itunes.apple.com/se/reviews/id9</uri></author>"
        '<content type="html">&lt;table&gt;&lt;tr&gt;&lt;td&gt;annat&lt;/td&gt;&lt;/tr&gt;&lt;/table&gt;</content>'
        "</entry>"
    )
