"""What the fakes of Meta's APIs share: who may ask, which fields there are, lists in pages, and errors as codes.

Strict: a call other than GET, a version, a field, a parameter or a limit that the documentation does not know is
an error here, so that a collector cannot get used to what the real API would refuse.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.fakes.platform_server import FakePlatform, Fault

_MODIFIERS = re.compile(r"^(\w+)((?:\.\w+\([^)]*\))*)(?:\{(.*)\})?$")


class GraphRefusal(Exception):  # noqa: N818  # an answer, not a mistake
    """An error as Meta words it."""

    def __init__(self, code: int, message: str, *, subcode: int = 0, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.subcode, self.status = code, message, subcode, status

    def response(self) -> httpx.Response:
        error: dict[str, Any] = {"message": self.message, "type": "OAuthException", "code": self.code}
        if self.subcode:
            error["error_subcode"] = self.subcode
        return httpx.Response(self.status, json={"error": {**error, "fbtrace_id": "AbCdEf"}})


def gone(number: str) -> GraphRefusal:
    """What is not there, or not for this token: Meta does not tell which."""
    said = (
        f"Unsupported get request. Object with ID '{number}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation"
    )
    return GraphRefusal(100, said, subcode=33)


def refused(code: int, message: str = "", *, subcode: int = 0, headers: Mapping[str, str] | None = None) -> Fault:
    """A fault for `FakePlatform.fail`: one of Meta's errors, as 400 or 403."""
    made = GraphRefusal(code, message or f"(#{code}) No.", subcode=subcode, status=403 if code == 10 else 400)

    def fault(request: httpx.Request, answer: object, clock: object) -> httpx.Response:
        response = made.response()
        response.headers.update(headers or {})
        return response

    return fault


@dataclass
class FakeGraph(FakePlatform):
    """One app's view of the API. Subclasses write `find(path, params)` and raise GraphRefusal."""

    token: str = "a-token"
    app_secret: str | None = None
    version: str = "/v26.0"
    page_size: int = 5
    endless: bool = False
    expires_at: int = 0
    filtered: set[str] = field(default_factory=set)
    usage: dict[str, str] = field(default_factory=dict)

    def find(self, path: str, params: Mapping[str, str]) -> Any:
        """The answer's JSON."""
        raise NotImplementedError

    def answer(self, request: httpx.Request) -> httpx.Response:
        try:
            return httpx.Response(200, json=self._found(request), headers=self.usage)
        except GraphRefusal as fault:
            return fault.response()

    def _found(self, request: httpx.Request) -> Any:
        assert request.method == "GET", "the monitor only reads"
        params = dict(request.url.params)
        self._let_in(params.pop("access_token", ""), params.pop("appsecret_proof", None))
        if request.url.path == f"{self.version}/debug_token":
            assert params == {"input_token": self.token}
            return {"data": {"is_valid": True, "expires_at": self.expires_at, "type": "PAGE"}}
        assert request.url.path.startswith(f"{self.version}/"), request.url.path
        return self.find(request.url.path.removeprefix(self.version), params)

    def _let_in(self, token: str, proof: str | None) -> None:
        if token != self.token:
            raise GraphRefusal(190, "Invalid OAuth access token - Cannot parse access token", status=401)
        if self.app_secret is None:
            assert proof is None, "a proof without a secret"
            return
        expected = hmac.new(self.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if proof is None:
            raise GraphRefusal(100, "API calls from the server require an appsecret_proof argument")
        if proof != expected:
            raise GraphRefusal(100, "Invalid appsecret_proof provided in the API argument")

    def paged(
        self, url: str, items: list[Any], params: Mapping[str, str], show: Callable[[Any], Any], *, most: int = 100
    ) -> dict[str, Any]:
        """A page of `items`. A cursor is the item that it stands on, and dies with it.

        Items that are `filtered` (somebody's privacy) are left out after the page was cut: it is short, or empty.
        """
        if not 1 <= int(params.get("limit", 25)) <= most:
            raise GraphRefusal(100, f"(#100) Param limit must be between 1 and {most}")
        size = min(self.page_size, int(params.get("limit", 25)))
        numbers = [str(item.get("id")) if isinstance(item, dict) else "" for item in items]
        start = 0
        if "after" in params and not self.endless:
            place = b64decode(params["after"]).decode()
            if place not in numbers:
                raise GraphRefusal(100, "(#100) Invalid cursor")
            start = numbers.index(place) + 1
        page = items[start : start + size]
        paging: dict[str, Any] = {}
        if page and numbers[start + len(page) - 1]:
            after = b64encode(numbers[start + len(page) - 1].encode()).decode()
            paging["cursors"] = {"before": "before", "after": after}
            if start + size < len(items) or self.endless:
                again = {**params, "access_token": self.token, "after": after}
                paging["next"] = f"https://graph.example{url}?{urlencode(again)}"
        shown = [
            show(item) for item, number in zip(page, numbers[start:], strict=False) if number not in self.filtered
        ]
        return {"data": shown, **({"paging": paging} if paging else {})}


def pick(item: Any, fields: str, known: Collection[str], node: str) -> Any:
    """The fields of `item` that are asked for; one that the kind of node has not is an error."""
    if not isinstance(item, dict):
        return item
    picked = {"id": item["id"]} if "id" in item else {}
    for asked in _split(fields or "id"):
        found = _MODIFIERS.match(asked)
        assert found, asked
        if found[1] not in known:
            raise GraphRefusal(100, f"(#100) Tried accessing nonexisting field ({found[1]}) on node type ({node})")
        if item.get(found[1]) is not None:
            picked[found[1]] = item[found[1]]
    return picked


def _split(fields: str) -> list[str]:
    """At the commas of the top level."""
    parts, depth = [""], 0
    for letter in fields:
        depth += (letter in "({") - (letter in ")}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def signed(body: Any, secret: str) -> tuple[bytes, dict[str, str]]:
    """A webhook's body and headers, as Meta signs them: over the bytes as they are sent."""
    raw = json.dumps(body).replace("/", "\\/").encode()
    digest = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return raw, {"x-hub-signature-256": f"sha256={digest}", "content-type": "application/json"}
