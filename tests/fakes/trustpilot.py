"""A fake Trustpilot: business units by name, reviews newest first by numbered pages, an empty list after the last,
single reviews, and the events that its webhook sends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from tests.fakes.platform_server import FakePlatform

API = "https://trustpilot.example"
DOMAIN, UNIT = "nordtag.example", "46d6a890000064000500e0c3"
_ALLOWED = {"orderBy", "page", "perPage", "stars", "language", "startDateTime"}


@dataclass
class FakeTrustpilot(FakePlatform):
    """The reviews of one company. `hidden` ones were flagged: they are kept back for a while."""

    key: str = ""
    page_size: int = 5
    reviews: dict[str, dict[str, Any]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    raw_extra: list[Any] = field(default_factory=list)
    endless: bool = False

    def add(self, text: str, at: datetime, *, stars: int = 1, **more: Any) -> str:
        number = f"62c8968be77911f2449e{len(self.reviews):04x}"
        self.reviews[number] = {
            "id": number,
            "consumer": {"id": f"c{len(self.reviews)}", "displayName": "Anna Ö"},
            "stars": stars,
            "title": "Omdöme",
            "text": text,
            "language": "sv",
            "createdAt": iso(at),
            "updatedAt": None,
            "companyReply": None,
            "numberOfLikes": 2,
            **more,
        }
        return number

    def event(self, kind: str, number: str) -> dict[str, Any]:
        """As the webhook tells of a review."""
        review = self.reviews[number]
        told = {name: review[name] for name in ("id", "language", "stars", "title", "text", "createdAt")}
        person = {"id": review["consumer"]["id"], "name": "Anna Ö", "link": f"{API}/v1/consumers/x"}
        told |= {"referenceId": "order-7", "link": f"{API}/v1/reviews/{number}", "consumer": person, "tags": []}
        return {"eventName": kind, "version": "1", "eventData": told}

    def answer(self, request: httpx.Request) -> httpx.Response:
        path, params = request.url.path.removeprefix("/v1"), request.url.params
        if request.headers.get("apikey") != self.key:
            return httpx.Response(401, json={"reason": "Unknown apikey"})
        if path == "/business-units/find":
            known = params.get("name") == DOMAIN
            return httpx.Response(200, json={"id": UNIT}) if known else httpx.Response(404, json={"message": "no"})
        found = re.fullmatch(r"/reviews/([0-9a-f]+)", path)
        if found:
            there = found[1] in self.reviews and found[1] not in self.hidden
            return httpx.Response(200, json=self.reviews[found[1]]) if there else httpx.Response(404)
        if path != f"/business-units/{UNIT}/reviews":
            return httpx.Response(404, json={"message": "Business unit not found"})
        if set(params) - _ALLOWED or not 1 <= int(params.get("perPage", "20")) <= 100:
            return httpx.Response(400, json={"message": "Invalid parameter"})
        return self._list(int(params.get("page", "1")))

    def _list(self, number: int) -> httpx.Response:
        shown = [review for key, review in self.reviews.items() if key not in self.hidden]
        shown.sort(key=lambda review: (review["createdAt"], review["id"]), reverse=True)
        page: list[Any] = shown[(number - 1) * self.page_size : number * self.page_size]
        if self.endless and not page:
            page = shown[-self.page_size :]
        return httpx.Response(200, json={"links": [], "reviews": [*page, *(self.raw_extra if page else [])]})


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
