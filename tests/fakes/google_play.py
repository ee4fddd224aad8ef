"""A fake of Google Play's developer API: it verifies signed logins, and its lists go back seven days."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.fakes.platform_server import FakePlatform

API, LOGIN = "https://play.example", "https://login.example"
APP = "se.nordtag.app"
ACCOUNT = "reviews@nordtag.iam.example"
SCOPE = "https://www.googleapis.com/auth/androidpublisher"


@cache
def private_key() -> rsa.RSAPrivateKey:
    """The account's key, made once a test run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def account_json() -> str:
    """As Google's console gives it."""
    pem = private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    told = {"type": "service_account", "client_email": ACCOUNT, "private_key_id": "k1", "private_key": pem}
    return json.dumps(told)


@dataclass
class FakeGooglePlay(FakePlatform):
    """The reviews of one app. `logins` counts tokens given."""

    page_size: int = 5
    reviews: dict[str, dict[str, Any]] = field(default_factory=dict)
    raw_extra: list[Any] = field(default_factory=list)
    endless: bool = False
    logins: int = 0
    token: str = ""
    token_until: datetime | None = None

    def add(self, text: str, at: datetime, *, stars: int = 1, **more: Any) -> str:
        number = f"gp:AOqp{len(self.reviews):05d}"
        comment = {"text": text, "starRating": stars, "reviewerLanguage": "sv_SE", "thumbsUpCount": 2} | more
        comment |= {"lastModified": {"seconds": str(int(at.timestamp())), "nanos": 5}, "appVersionName": "4.2"}
        self.reviews[number] = {"reviewId": number, "authorName": "Anna", "comments": [{"userComment": comment}]}
        return number

    def change(self, number: str, text: str, **more: Any) -> None:
        comment = self.reviews[number]["comments"][0]["userComment"]
        comment |= {"text": text, "lastModified": {"seconds": str(int(self.clock.now().timestamp()))}, **more}

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "login.example":
            return self._login(request)
        expired = self.token_until is None or self.clock.now() >= self.token_until
        if expired or request.headers.get("authorization") != f"Bearer {self.token}":
            return failure(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        found = re.fullmatch(r"/androidpublisher/v3/applications/([\w.]+)/reviews(?:/([\w:]+))?", request.url.path)
        if found is None or found[1] != APP:
            return failure(404, "NOT_FOUND", "Package not found.")
        if found[2]:
            known = self.reviews.get(found[2])
            return httpx.Response(200, json=known) if known else failure(404, "NOT_FOUND", "Review not found.")
        if set(request.url.params) - {"maxResults", "token"} or int(request.url.params["maxResults"]) > 100:
            return failure(400, "INVALID_ARGUMENT", "Invalid value")
        return self._list(int(request.url.params.get("token", "0")))

    def _list(self, start: int) -> httpx.Response:
        oldest = (self.clock.now() - timedelta(days=7)).timestamp()
        dated = [(int(_comment(review)["lastModified"]["seconds"]), review) for review in self.reviews.values()]
        shown = [review for at, review in sorted(dated, key=lambda pair: -pair[0]) if at >= oldest]
        page: list[Any] = shown[start : start + self.page_size]
        more = start + self.page_size < len(shown)
        if self.endless and not more:
            page, more = page or shown[-self.page_size :], True
        body: dict[str, Any] = {"reviews": [*page, *self.raw_extra]} if page else {}
        if more:
            body["tokenPagination"] = {"nextPageToken": str(start + self.page_size)}
        return httpx.Response(200, json=body)

    def _login(self, request: httpx.Request) -> httpx.Response:
        form = parse_qs(request.content.decode())
        grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        if (request.method, request.url.path) != ("POST", "/token") or form.get("grant_type") != [grant]:
            return httpx.Response(400, json={"error": "unsupported_grant_type"})
        if not self._is_believed(form["assertion"][0]):
            return httpx.Response(400, json={"error": "invalid_grant", "error_description": "Invalid JWT"})
        self.logins += 1
        self.token, self.token_until = f"ya29.{self.logins}", self.clock.now() + timedelta(hours=1)
        return httpx.Response(200, json={"access_token": self.token, "expires_in": 3600, "token_type": "Bearer"})

    def _is_believed(self, assertion: str) -> bool:
        message, _, signature = assertion.rpartition(".")
        try:
            private_key().public_key().verify(
                _decoded(signature), message.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return False
        header, claims = (json.loads(_decoded(part)) for part in message.split("."))
        now = self.clock.now().timestamp()
        right = header == {"alg": "RS256", "typ": "JWT", "kid": "k1"} and claims["iss"] == ACCOUNT
        timely = claims["iat"] <= now + 60 and now < claims["exp"] <= claims["iat"] + 3600
        return right and timely and (claims["scope"], claims["aud"]) == (SCOPE, f"{LOGIN}/token")


def failure(code: int, name: str, message: str) -> httpx.Response:
    return httpx.Response(code, json={"error": {"code": code, "message": message, "status": name}})


def _comment(review: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = review["comments"][0]["userComment"]
    return found


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
