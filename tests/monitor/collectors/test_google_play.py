"""Google Play: the documented form of reviews, signed logins, walks that break off, changes and deletions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext
from monitor.collectors.google_play import HOST, GooglePlayOptions, review_of
from monitor.collectors.http import Network
from monitor.collectors.registry import build
from monitor.mention import MentionKind
from tests.fakes.google_play import API, APP, LOGIN, FakeGooglePlay, account_json
from tests.fakes.platform_server import status
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.recorded import files

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)


class Play:
    """The fake store and a source that reads it."""

    def __init__(self, answer: Any = None, **options: Any) -> None:
        self.clock = SimulatedClock(NOW)
        self.fake = FakeGooglePlay(self.clock)
        self.sink = MemorySink()
        self.recheck: tuple[str, ...] = ()
        given: dict[str, Any] = {"name": "play", "apps": [APP], "api_url": API, "login_url": LOGIN, **options}
        if "service_account_file" not in given:
            given.setdefault("service_account", account_json())
        self.options = GooglePlayOptions.model_validate(given)
        transport = httpx.MockTransport(answer) if answer else self.fake.transport()
        self.runner = SourceRunner(
            self.options,
            build(self.options, Network(self.clock, transport=transport)),
            self.sink,
            self.clock,
            lambda source, now: CollectContext(now, recheck=self.recheck),
            rng=Random(1),
        )

    def poll(self, minutes: float = 15) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()

    def lists(self) -> int:
        return sum(request.url.path.endswith("/reviews") for request in self.fake.requests)


def test_a_review_becomes_a_mention() -> None:
    """Title and text (a tab between), stars, votes, language; one person a review."""
    play = Play()
    number = play.fake.add("Kraschar\tVarje gång & alltid", NOW, stars=2)
    play.fake.reviews[number]["comments"].append({"developerComment": {"text": "Tack!"}})
    play.poll()
    found = play.sink.mentions["google_play", f"{HOST}{APP}/reviews/{number}"]
    assert (found.text, found.kind, found.stars) == ("Kraschar\nVarje gång & alltid", MentionKind.REVIEW, 2)
    assert (found.language, found.likes, found.replies, found.created_at) == ("sv", 2, 1, NOW)
    assert found.author == found.thread_id == found.global_id
    assert found.url == f"https://play.google.com/store/apps/details?id={APP}&reviewId={number}"


def test_the_documented_form_is_understood() -> None:
    """Every field of the API's description, translated text beside the original, seconds as text."""
    review = {
        "reviewId": "gp:AOqpTOE-x_y.z",
        "authorName": "Matti Meikäläinen",
        "comments": [
            {
                "userComment": {
                    "text": "\tDoes not work",
                    "originalText": "\tEi toimi",
                    "lastModified": {"seconds": "1768219200", "nanos": 123000000},
                    "starRating": 1,
                    "reviewerLanguage": "fi",
                    "device": "a52",
                    "androidOsVersion": 34,
                    "appVersionCode": 402,
                    "appVersionName": "4.2",
                    "thumbsUpCount": 3,
                    "thumbsDownCount": 1,
                    "deviceMetadata": {"productName": "a52"},
                }
            },
            {"developerComment": {"text": "Kiitos", "lastModified": {"seconds": "1768219300"}}},
        ],
    }
    found = review_of(review, APP, "play", None)
    assert (found.text, found.language, found.likes, found.created_at) == ("Ei toimi", "fi", 3, NOW)


def test_a_changed_review_is_an_edit_of_the_old_one() -> None:
    """It keeps the date at which it was seen first; what did not change is not handed on again."""
    play = Play()
    changed, _ = play.fake.add("dålig", NOW), play.fake.add("annan", NOW)
    play.poll()
    play.clock.advance(timedelta(minutes=1))
    play.fake.change(changed, "bra nu", starRating=5)
    play.poll()
    review = play.sink.mentions["google_play", f"{HOST}{APP}/reviews/{changed}"]
    assert (review.text, review.stars, review.created_at) == ("bra nu", 5, NOW)
    assert review.edited_at == NOW + timedelta(minutes=16)
    assert sum(len(batch.mentions) for batch in play.sink.batches) == 3


def test_known_pages_are_not_read_on_but_now_and_then_all_are() -> None:
    """One call a poll where nothing is new; every page once in six hours."""
    play = Play()
    for number in range(22):
        play.fake.add(f"omdöme {number}", NOW - timedelta(hours=number))
    play.poll()
    first = play.lists()
    assert first == 5
    for _ in range(24):
        play.poll()
    assert play.lists() - first == 23 + 5


def test_a_walk_that_breaks_off_is_read_as_a_whole_the_next_time() -> None:
    """Though its first pages are known by then."""
    play = Play()
    for number in range(22):
        play.fake.add(f"omdöme {number}", NOW - timedelta(hours=number))
    play.fake.fail(status(503), match="token=15")
    assert play.poll().failed
    assert len(play.sink.mentions) == 15
    assert not play.poll(30).failed
    assert len(play.sink.mentions) == 22


def test_what_is_gone_is_removed() -> None:
    """Reviews of other apps are left alone; one that was changed is told as an edit."""
    play = Play()
    gone, kept = play.fake.add("borta", NOW), play.fake.add("kvar", NOW)
    play.poll()
    del play.fake.reviews[gone]
    ids = [f"{HOST}{APP}/reviews/{number}" for number in (gone, kept)]
    play.recheck = (*ids, f"{HOST}se.annan/reviews/x", f"{HOST}{APP}/reviews/../x", "other/1")
    assert not play.poll().failed
    assert play.sink.removed == {("google_play", ids[0])}
    assert sum("/reviews/" in request.url.path for request in play.fake.requests) == 2


def test_logins_last_an_hour_and_a_revoked_token_is_renewed() -> None:
    """Signed with the account's key, which the fake verifies; no token in the cursor."""
    play = Play()
    for _ in range(9):
        assert not play.poll().failed
    assert play.fake.logins == 3
    play.fake.token = "revoked"
    assert not play.poll().failed
    assert "ya29" not in "".join(play.sink.cursors.values())


def test_the_key_may_be_a_file(tmp_path: Path) -> None:
    """Which is read when it is needed."""
    file = tmp_path / "account.json"
    play = Play(service_account_file=file)
    assert f"the file {file} cannot be read" in play.poll().health.error
    file.write_text(account_json(), encoding="utf-8")
    assert not play.poll(20).failed


def elliptic_key() -> str:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return json.dumps({"client_email": "a@b.example", "private_key": pem.decode()})


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("no json", "no JSON"),
        ("[]", "no JSON"),
        ('{"client_email": "a@b.example", "private_key": 7}', "no JSON"),
        ('{"client_email": "a@b.example", "private_key": "-----BEGIN nonsense"}', "cannot be read"),
        (elliptic_key(), "cannot be read"),
    ],
)
def test_keys_that_are_of_no_use(key: str, why: str) -> None:
    """Nothing is sent, nothing of the key is told, and a person must act."""
    play = Play(service_account=key)
    health = play.poll().health
    assert why in health.error
    assert health.permanent
    assert "BEGIN" not in f"{health.error}{health.remedy}"
    assert play.fake.requests == []


def test_a_login_that_is_refused() -> None:
    """With Google's own words."""
    other = json.loads(account_json()) | {"client_email": "somebody@else.example"}
    health = Play(service_account=json.dumps(other)).poll().health
    assert "Invalid JWT" in health.error or "invalid_grant" in health.error
    assert health.permanent
    unusual = Play(lambda request: httpx.Response(200, json={})).poll().health
    assert "did not give a token" in unusual.error


def test_options_and_check() -> None:
    """One kind of key, names of packages."""
    wrongs: list[dict[str, object]] = [
        {"apps": ["Nordtåg"], "service_account": "x"},
        {"apps": ["se.nordtag"]},
        {"apps": ["se.nordtag"], "service_account": "x", "service_account_file": "y"},
        {"apps": [], "service_account": "x"},
    ]
    for wrong in wrongs:
        with pytest.raises(ValidationError):
            GooglePlayOptions.model_validate(wrong)
    play = Play()
    play.fake.add("omdöme", NOW)
    assert play.runner.collector.check() == f"Google Play lists the reviews of {APP}: 1 on the first page."
    assert "404" in Play(apps=["se.annan"]).poll().health.error


@pytest.mark.parametrize("path", files("google_play", "*.json"))
def test_recorded_reviews(path: Path) -> None:
    """Every recorded review with a text becomes a mention."""
    body = json.loads(path.read_text())
    for review in body.get("reviews", []):
        assert review_of(review, APP, "play", None).text
