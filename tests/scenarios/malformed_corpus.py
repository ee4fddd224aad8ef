"""What goes wrong in exports, hooks, feeds and timelines: written by hand, one table a way in.

Each entry is (what it is, the input, a word of the report that it must get). What is odd and yet can
be taken has an id that begins with `good`.
"""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any

WHEN = "2026-11-22T09:50:00Z"
DEEP = 100_000
TEN_MB = 10_000_000
BOM = b"\xef\xbb\xbf"
HTML = (
    b"<!DOCTYPE html><html><head><title>502</title></head>"
    b"<body><h1>Bad gateway</h1><p>nordt\xc3\xa5g</p></body></html>"
)


def good(number: int | str, **more: Any) -> dict[str, Any]:
    """A record with nothing wrong."""
    plain = {"id": f"good-{number}", "created_at": WHEN, "text": f"nordtåg är sena {number}", "author": "anna"}
    return plain | more


def bad(**wrong: Any) -> dict[str, Any]:
    """A record that would be taken but for what is `wrong`."""
    return {"id": "bad", "created_at": WHEN, "text": "nordtåg är sena", "author": "bo"} | wrong


def without(name: str) -> dict[str, Any]:
    """A record that lacks a column."""
    return {key: value for key, value in bad().items() if key != name}


def nested(depth: int) -> Any:
    """Lists in lists, as deep as the json module can write."""
    value: Any = "nordtåg"
    for _ in range(depth):
        value = [value]
    return value


RECORDS: list[tuple[str, Any, str]] = [
    ("no id", without("id"), "id"),
    ("an empty id", bad(id=""), "id"),
    ("an id of spaces", bad(id=" \t\n"), "id"),
    ("null as id", bad(id=None), "id"),
    ("true as id", bad(id=True), "id"),
    ("an object as id", bad(id={"$oid": "1"}), "`id` should be text, found dict"),
    ("an endless id", bad(id="x" * 5_000), "5,000 characters"),
    ("no text", without("text"), "text"),
    ("an empty text", bad(text=""), "text"),
    ("a list as text", bad(text=["nordtåg"]), "`text` should be text, found list"),
    ("a deeply nested text", bad(text=nested(200)), "`text` should be text, found list"),
    ("ten megabytes of text", bad(text="nordtåg " * (TEN_MB // 8)), "more than 1,000,000"),
    ("no date", without("created_at"), "`created_at` is missing"),
    ("a date in words", bad(created_at="förra tisdagen"), "not a time that can be read"),
    ("a date that never was", bad(created_at="2026-02-30T25:61:00Z"), "not a time that can be read"),
    ("1970", bad(created_at="1970-01-01T00:00:00Z"), "1970-01-01, before any platform existed"),
    ("zero seconds", bad(created_at=0), "before any platform existed"),
    ("2099", bad(created_at="2099-12-31T23:59:59Z"), "2099-12-31, in the future"),
    ("a year of six digits", bad(created_at="+202611-11-22T00:00:00Z"), "not a time that can be read"),
    ("seconds beyond all years", bad(created_at=1e300), "not a time that can be read"),
    ("first seen in 1970", bad(first_seen_at="1970-01-01T00:00:00Z"), "first_seen_at is 1970-01-01"),
    ("an object as author", bad(author={"name": "bo"}), "`author` should be text, found dict"),
    ("an unknown kind", bad(kind="rant"), "`kind` should be one of"),
    ("a list as parent", bad(parent_id=["good-1"]), "`parent_id` should be text, found list"),
    ("a list", ["nordtåg"], "expected an object, found list"),
    ("a number", 7, "expected an object, found int"),
    ("a text", "nordtåg", "expected an object, found str"),
    ("null", None, "expected an object, found NoneType"),
    ("a measurement without a number", {"brand": "Nordtåg", "name": "calls", "at": WHEN, "value": [1]}, "value"),
]
"""Whatever their way in, these are no mentions."""

ODD: list[tuple[str, dict[str, Any]]] = [
    ("numbers as text", good("text-numbers", likes="1234", author_followers="12.0")),
    ("counts that make no sense", good("counts", likes=[1], shares="many", views=-5, replies=10**400)),
    ("a number as id", good(0) | {"id": "good-4711"}),
    ("seconds as text", good("epoch", created_at="1795341000")),
    ("thousands of unknown columns", good("columns", **{f"x{n}": n for n in range(3_000)})),
    ("a huge array in an unknown column", good("array", tags=list(range(100_000)))),
    ("emoji and writing from right to left", good("emoji") | {"text": "nordtåg 🚂👩🏽‍🔧 \u202eעברית\u202c"}),
    ("markup", good("markup") | {"text": "nordtåg <script>alert(1)</script> =cmd|' /C calc'!A0 <!channel>"}),
]
"""Strange, and no reason to lose a post."""

DATES = [
    (datetime(1970, 1, 2, tzinfo=UTC), "1970-01-02, before any platform existed"),
    (datetime(1999, 12, 31, tzinfo=UTC), "1999-12-31, before any platform existed"),
    (datetime(2099, 1, 2, tzinfo=UTC), "2099-01-02, in the future"),
]
"""Dates that no post can have, in feeds and timelines."""

CYCLES = [
    good("ring-a", parent_id="good-ring-b"),
    good("ring-b", parent_id="good-ring-c"),
    good("ring-c", parent_id="good-ring-a"),
    good("self", parent_id="good-self"),
]
"""Posts that answer each other in a circle, and one that answers itself: kept, and told."""

BROKEN_CHARACTERS = [
    ("a NUL", {"text": "nordtåg \u0000 är sena"}, "NUL character"),
    ("a lone surrogate", {"text": "nordtåg \ud83d är sena"}, "lone surrogate"),
    ("a NUL in the author", {"author": "bo\u0000"}, "NUL character"),
]
"""A file's line with them is refused; a hook's item is mended, and the sender told."""

LINES: list[tuple[str, bytes, str]] = [
    ("cut JSON", b'{"id": "bad", "created_at": "2026-11-', "is no JSON object"),
    ("a naked NUL", b'{"id": "bad", "text": "nordt\x00g"}', "is no JSON object"),
    ("deep nesting", b"[" * DEEP, "is no JSON object"),
    ("a number with 10,000 digits", b'{"id": ' + b"9" * 10_000 + b"}", "is no JSON object"),
    ("a byte-order mark amid the file", BOM + b'{"id": "bad"}', "is no JSON object"),
    ("a web page", HTML, "is no JSON object"),
    ("bytes of nothing known", bytes(range(1, 9)) + b"\xff\xfe\xfd", "is no JSON object"),
]
"""Lines of NDJSON that are no JSON at all."""

CSV = "id,created_at,text,author,parent_id,likes"
FILES: list[tuple[str, str, bytes, str, int]] = [
    ("a web page", "page.csv", HTML, "web page", 0),
    ("a cut array", "cut.ndjson", b'[{"id": "bad", "te', "JSON array cannot be read", 0),
    ("deep arrays", "deep.ndjson", b"[" * DEEP, "JSON array cannot be read", 0),
    ("another header", "header.csv", b"name,amount\nnordt\xc3\xa5g,3\n", "the header has no column", 0),
    ("packed", "packed.csv", gzip.compress(b"id,created_at,text\n", mtime=0), "the header has no column", 0),
    ("NULs only", "nul.csv", b"\0" * 4096, "the header has no column", 0),
    (
        "CR-only lines",
        "cr.csv",
        f"{CSV}\rgood-cr-1,{WHEN},nordtåg,a,,\rbad,1970-01-01,nordtåg,a,,\rgood-cr-2,{WHEN},nordtåg,a,,".encode(),
        "before any platform existed",
        2,
    ),
    (
        "a byte-order mark and a quote never closed",
        "quote.csv",
        BOM
        + f'{CSV}\ngood-q-1,{WHEN},nordtåg,a,,\nbad,{WHEN},"nordtåg,a,,\ngood-q-2,{WHEN},nordtåg,a,,\n'.encode(),
        "a quote is never closed",
        2,
    ),
    (
        "UTF-16 with a row too long",
        "utf16.csv",
        f"{CSV}\ngood-u-1,{WHEN},nordtåg,a,,\nbad,{WHEN},nordtåg, sena, igen,a,,,x\n".encode("utf-16"),
        "fields, the header 6",
        1,
    ),
    (
        "an array with strangers in it",
        "array.ndjson",
        json.dumps([good("arr-1"), 7, good("arr-2")]).encode(),
        "expected an object, found int",
        2,
    ),
]
"""(what, name, content, a word of the report, how many good mentions are in it)"""

BODIES: list[tuple[str, bytes, int, str]] = [
    ("nothing", b"", 400, "empty"),
    ("a web page", HTML, 400, "neither JSON nor NDJSON"),
    ("cut JSON", b'[{"id": "bad", "te', 400, "neither JSON nor NDJSON"),
    ("deep nesting", b"[" * DEEP, 400, "neither JSON nor NDJSON"),
    ("bytes", b"\xff\xfe\x00\x01", 400, "not UTF-8"),
    ("an array of arrays", b"[[],[[]]]", 400, "expected an object"),
    ("too many items", b"[" + b"0," * 20_000 + b"0]", 400, "more than 10000 items"),
    ("more than the limit", b'{"text": "' + b"x" * (2 * TEN_MB) + b'"}', 413, "send it in parts"),
]
"""Whole bodies that a hook cannot use: (what, body, status, a word of the answer)."""

_RSS = '<?xml version="1.0"?><rss version="2.0"><channel><title>Nyheter</title>'
_ITEM = "<item><guid>bad-{0}</guid><title>{1}</title><link>https://news.example/bad/{0}</link></item>"
FEEDS: list[tuple[str, bytes, str]] = [
    ("a web page with status 200", HTML, "a web page"),
    ("nothing", b"", "no feed"),
    ("JSON", b'{"items": []}', "no feed"),
    ("bytes", bytes(range(256)) * 10, "no feed"),
    ("eleven megabytes", b"<rss>" + b"x" * (TEN_MB + 1_000_000), "more than"),
    ("cut amid an entry", (_RSS + "<item><title>nordt").encode(), "cut off or malformed"),
    ("a NUL inside", (_RSS + "\0</channel></rss>").encode(), "cut off or malformed"),
    ("entries without words", (_RSS + _ITEM.format(1, "") + "</channel></rss>").encode(), "no text at all"),
    ("deep nesting", (_RSS + "<a>" * 20_000).encode(), "cut off or malformed"),
    (
        "entities that unfold to gigabytes",
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "'
        + b"&a;" * 50
        + b'">]><rss version="2.0"><channel><title>&b;</title>',
        "cut off or malformed",
    ),
]
"""What a feed's address may answer with status 200."""

TIMELINES: list[tuple[str, bytes, str]] = [
    ("a web page with status 200", HTML, "a web page instead of data"),
    ("nothing", b"", "nothing at all"),
    ("cut JSON", b'[{"id": "1", "uri"', "cut off or broken"),
    ("deep nesting", b"[" * DEEP, "cut off or broken"),
    ("an object", b'{"error": null}', "something else than a list"),
    ("a text", b'"nordt\xc3\xa5g"', "something else than a list"),
    ("eleven megabytes", b'["' + b"x" * (TEN_MB + 1_000_000) + b'"]', "more than"),
]
"""What a timeline's address may answer with status 200."""

_STATUS: dict[str, Any] = {
    "id": "116000000000000000",
    "uri": "https://mastodon.example/users/bo/statuses/1",
    "created_at": WHEN,
    "content": "<p>nordtåg</p>",
    "account": {"acct": "bo"},
}
STATUSES: list[tuple[str, Any]] = [
    ("a number", 7),
    ("a text", "nordtåg"),
    ("null", None),
    ("a list", [[_STATUS]]),
    ("an empty object", {}),
    ("no uri", {**_STATUS, "uri": None}),
    ("an empty uri", {**_STATUS, "uri": " "}),
    ("a number as uri", {**_STATUS, "uri": 5}),
    ("an endless uri", {**_STATUS, "uri": "https://mastodon.example/" + "x" * 5_000}),
    ("no id", {key: value for key, value in _STATUS.items() if key != "id"}),
    ("an object as id", {**_STATUS, "id": {"a": 1}}),
    ("an endless id", {**_STATUS, "id": "9" * 500}),
    ("a text as account", {**_STATUS, "account": "bo"}),
    ("a list as poll", {**_STATUS, "poll": [1]}),
    ("numbers as poll answers", {**_STATUS, "poll": {"options": [1, 2]}}),
    ("a text as pictures", {**_STATUS, "media_attachments": "none"}),
    ("a number as quote", {**_STATUS, "quote": 3}),
]
"""Things in a timeline that are no statuses."""
