"""Instagram accounts: comments in no order, replies inside them, hashtags on a budget, mentions told only once."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from monitor.clock import SimulatedClock
from monitor.collecting import SourceRunner
from monitor.collectors.base import CollectContext, InboundAnswer, InboundRequest, WatchedThread
from monitor.collectors.http import Network
from monitor.collectors.instagram import InstagramOptions
from monitor.collectors.instagram_account import COMMENT_PAGES_A_POLL
from monitor.collectors.registry import build
from monitor.mention import Mention, MentionKind
from tests.fakes.graph import refused, signed
from tests.fakes.instagram import ACCOUNT, FakeInstagram
from tests.fakes.platform_server import ALWAYS, timeout
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.contract import START

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SECRET = "the-secret-of-the-app"
OPTIONS: dict[str, Any] = {
    "name": "instagram", "user_id": ACCOUNT, "access_token": "a-token", "app_secret": SECRET,
    "verify_token": "words of our own", "api_url": "https://graph.example",
}  # fmt: skip


class World:
    """One account with a post of its own, and a monitor that reads it."""

    def __init__(self, **more: Any) -> None:
        self.clock, self.sink = SimulatedClock(START), MemorySink()
        self.fake = FakeInstagram(self.clock, app_secret=SECRET, hashtags={"nordtåg": "501", "tåg": "502"})
        self.own = self.fake.add_media("Ny tidtabell", START - 2 * HOUR, by="nordtag")
        self.context: dict[str, Any] = {}
        options = InstagramOptions.model_validate({**OPTIONS, **more})
        self.collector: Any = build(options, Network(self.clock, transport=self.fake.transport()))
        self.runner = SourceRunner(
            options, self.collector, self.sink, self.clock, lambda _, now: CollectContext(now, **self.context),
            rng=Random(1),
        )  # fmt: skip

    def poll(self, times: int = 1) -> Any:
        for _ in range(times):
            health = self.sink.load_health("instagram")
            self.clock.move_to(health.next_due_at if health and health.next_due_at else self.clock.now())
            outcome = self.runner.poll()
        return outcome

    def deliver(self, field: str, value: dict[str, Any], account: str = ACCOUNT) -> InboundAnswer:
        entry = {"id": account, "time": int(START.timestamp()), "changes": [{"field": field, "value": value}]}
        raw, headers = signed({"object": "instagram", "entry": [entry]}, SECRET)
        answer: InboundAnswer = self.collector.receive(InboundRequest("POST", headers, {}, raw, self.clock.now()))
        if answer.batch is not None:
            self.sink.save("instagram", answer.batch)
        return answer

    def comment(self, number: str) -> Mention:
        return self.sink.mentions["instagram", f"instagram.com/{ACCOUNT}/comment/{number}"]

    def asked(self, part: str) -> list[str]:
        return [r.url.path for r in self.fake.requests if part in f"{r.url.path}?{r.url.params.get('fields', '')}"]


# --- what is read


def test_media_and_comments_as_they_come() -> None:
    """Captions are ours, comments hang on them, replies on their comment."""
    world = World()
    top = world.fake.add_comment(world.own, "nordtåg igen", START - MINUTE)
    reply = world.fake.add_comment(world.own, "@bo ja", START, parent=top, by="nordtag")
    world.poll()
    media = world.sink.mentions["instagram", f"instagram.com/media/{world.own}"]
    assert (media.text, media.replies, media.likes, media.kind) == ("Ny tidtabell", 2, 5, MentionKind.POST)
    assert media.author_handles == ("nordtag@instagram.com",)
    assert world.comment(top).parent_id == world.comment(reply).thread_id == media.global_id
    assert world.comment(reply).parent_id == world.comment(top).global_id
    assert world.comment(top).author == "instagram.com/bo"


def test_a_late_reply_deep_down_is_found() -> None:
    """Comments have no order and replies do not move theirs: all are read when the number moved."""
    world = World()
    tops = [world.fake.add_comment(world.own, f"nordtåg {i}", START - i * HOUR) for i in range(12)]
    world.poll(2)
    reply = world.fake.add_comment(world.own, "nordtåg nej", world.clock.now(), parent=tops[11])
    world.poll()
    assert world.comment(reply)


def test_all_replies_of_a_comment_that_shows_only_some() -> None:
    """The rest are asked for."""
    world = World()
    top = world.fake.add_comment(world.own, "nordtåg?", START)
    replies = [world.fake.add_comment(world.own, f"svar {i}", START, parent=top) for i in range(17)]
    world.poll()
    assert all(world.comment(reply) for reply in replies)


def test_comments_are_read_only_where_their_number_moved() -> None:
    """A poll of a quiet account is one call, and one for tags now and then."""
    world = World()
    world.fake.add_comment(world.own, "nordtåg", START)
    world.fake.add_media("Utan kommentarer", START, by="nordtag")
    world.poll(2)
    world.fake.requests.clear()
    world.poll(5)
    assert world.asked("/comments") == []
    assert len(world.asked("/media")) == 5
    assert len(world.asked("/tags")) <= 3


def test_a_watched_thread_is_read_even_if_the_number_stands_still() -> None:
    """One comment deleted and one added: the number is the same."""
    world = World()
    first = world.fake.add_comment(world.own, "nordtåg ett", START)
    root = f"instagram.com/media/{world.own}"
    world.context = {"watched": (WatchedThread("instagram", root, None, 1, START, hot=True),)}
    world.poll(2)
    world.fake.remove(first)
    second = world.fake.add_comment(world.own, "nordtåg två", world.clock.now())
    world.poll()
    assert world.comment(second)


def test_a_big_thread_is_read_over_several_polls() -> None:
    """A walk that the poll's bound cuts off is finished by the next ones."""
    world = World()
    count = (COMMENT_PAGES_A_POLL + 3) * 5
    numbers = [world.fake.add_comment(world.own, f"nordtåg {i}", START) for i in range(count)]
    world.poll()
    read = [m for m in world.sink.mentions.values() if m.kind is MentionKind.COMMENT]
    assert len(read) == COMMENT_PAGES_A_POLL * 5
    world.poll(2)
    assert all(world.comment(number) for number in numbers)


def test_what_was_said_long_before_is_not_news() -> None:
    """The first reading of a list in no order brings no old comments, nor does any later one."""
    world = World()
    world.fake.add_comment(world.own, "nordtåg i fjol", START - timedelta(days=300))
    world.fake.add_comment(world.own, "nordtåg nyss", START)
    world.poll()
    world.fake.add_comment(world.own, "nordtåg nu", world.clock.now())
    world.poll()
    assert world.sink.texts() == ["Ny tidtabell", "nordtåg nu", "nordtåg nyss"]


def test_tags() -> None:
    """Media of others that tag the account."""
    world = World()
    number = world.fake.add_media("väntar på tåget", START, where="tags", by="cia")
    world.poll()
    assert world.sink.mentions["instagram", f"instagram.com/media/{number}"].author == "instagram.com/cia"


# --- hashtags


def test_hashtags_are_looked_up_once_and_read_now_and_then() -> None:
    """Each new one counts against thirty in seven days, so its number is kept."""
    world = World(hashtags=["#Nordtåg", "tåg"])
    for tag in ("nordtåg", "tåg"):
        world.fake.add_media(f"#{tag} står", START, where=tag)
    world.poll(30)
    assert {"#nordtåg står", "#tåg står"} <= set(world.sink.texts())
    assert world.sink.mentions["instagram", "instagram.com/media/18000001"].author is None
    assert len(world.asked("/ig_hashtag_search")) == 2
    assert 8 <= len(world.asked("/recent_media")) <= 14
    assert "2 of 30 hashtags" in world.collector.check()


def test_a_hashtag_that_cannot_be_read_stops_no_other() -> None:
    """Unknown, or held for offensive by Meta: told, and the others go on."""
    world = World(hashtags=["okänt", "nordtåg"])
    world.fake.add_media("nordtåg står", START, where="nordtåg")
    assert not world.poll().failed
    assert "nordtåg står" in world.sink.texts()
    assert [refusal.where for refusal in world.sink.refusals] == ["hashtag okänt"]


def test_without_metas_review_hashtags_are_denied_and_told() -> None:
    """As a failure in part, tried again every hour."""
    world = World(hashtags=["nordtåg"])
    world.fake.fail(refused(10, "(#10) needs Instagram Public Content Access"), times=ALWAYS, match="hashtag")
    outcome = world.poll(20)
    assert "Public Content Access" in outcome.health.error
    assert outcome.health.last_ok_at == world.clock.now()
    assert len(world.asked("/ig_hashtag_search")) == 1
    world.fake.recover()
    assert not world.poll(20).failed


# --- webhooks


def test_a_comment_comes_whole() -> None:
    """Without a call, under the id that polling gives it; its time is the delivery's."""
    world = World()
    number = world.fake.add_comment(world.own, "nordtåg!", START)
    value = {"id": number, "text": "nordtåg!", "from": {"id": "9", "username": "bo"}, "media": {"id": world.own}}
    answer = world.deliver("comments", value)
    assert (answer.terse, answer.poll) == (True, False)
    assert world.fake.requests == []
    assert (world.comment(number).created_at, world.comment(number).author) == (START, "instagram.com/bo")
    world.poll()
    assert world.sink.texts() == ["Ny tidtabell", "nordtåg!"]


def test_a_mention_is_looked_up_before_meta_is_answered() -> None:
    """Meta keeps no list of mentions."""
    world = World()
    foreign = world.fake.add_media("@nordtag skärpning", START, where="nowhere", by="cia")
    comment = world.fake.add_comment(foreign, "instämmer @nordtag", START)
    world.deliver("mentions", {"media_id": foreign})
    world.deliver("mentions", {"media_id": foreign, "comment_id": comment})
    found = {m.global_id: m for m in world.sink.mentions.values()}
    assert found[f"instagram.com/media/{foreign}"].text == "@nordtag skärpning"
    assert found[f"instagram.com/mentioned/{comment}"].thread_id == f"instagram.com/media/{foreign}"


def test_a_mention_under_our_own_media_is_the_comment_that_polling_finds() -> None:
    """It is told twice by Meta and counted once."""
    world = World()
    number = world.fake.add_comment(world.own, "hej @nordtag", START)
    world.poll()
    world.deliver("mentions", {"media_id": world.own, "comment_id": number})
    assert world.sink.texts() == ["Ny tidtabell", "hej @nordtag"]


@pytest.mark.parametrize("fault", [timeout, refused(4), refused(2)])
def test_a_mention_that_cannot_be_looked_up_is_asked_for_again(fault: Any) -> None:
    """503: Meta repeats the delivery, and then it is stored."""
    world = World()
    foreign = world.fake.add_media("@nordtag!", START, where="nowhere")
    world.fake.fail(fault)
    assert world.deliver("mentions", {"media_id": foreign}).status == 503
    assert world.sink.batches == []
    assert world.deliver("mentions", {"media_id": foreign}).status == 200
    assert world.sink.texts() == ["@nordtag!"]


def test_a_mention_that_is_gone_or_not_permitted() -> None:
    """Taken back at once: nothing. Not permitted: the operator is told, Meta is not asked for it for ever."""
    world = World()
    assert world.deliver("mentions", {"media_id": "123"}).batch is not None
    assert world.sink.refusals == []
    world.fake.fail(refused(10, "(#10) needs instagram_manage_comments"))
    assert world.deliver("mentions", {"media_id": "123"}).status == 200
    assert "instagram_manage_comments" in world.sink.refusals[0].why


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("comments", {"id": "../me", "text": "x", "media": {"id": "1"}}),
        ("comments", {"id": "1", "text": ["x"], "media": {"id": "1"}}),
        ("mentions", {"media_id": "1){id},business_discovery"}),
        ("mentions", {"media_id": "1", "comment_id": {"id": 7}}),
        ("mentions", {}),
    ],
)
def test_deliveries_that_make_no_sense(field: str, value: dict[str, Any]) -> None:
    """No number that is none ever gets into a call."""
    world = World()
    assert world.deliver(field, value).poll
    assert len(world.sink.refusals) == 1
    assert world.fake.requests == []


def test_other_deliveries() -> None:
    """A comment without words has the account looked at; what else Meta sends is none of ours."""
    world = World()
    assert world.deliver("comments", {"id": "1", "media": {"id": "1"}}).poll
    assert not world.deliver("story_insights", {"reach": 7}).poll
    world.deliver("comments", {"id": "1", "text": "x", "media": {"id": "1"}}, account="999")
    assert "account 999 is not one" in world.sink.refusals[0].why


# --- once more


def test_only_what_can_be_read_again_is() -> None:
    """Others' media answer as if they were gone: they are not asked for, and not taken for deleted."""
    world = World()
    tagged = world.fake.add_media("nordtåg", START, where="tags")
    comment = world.fake.add_comment(world.own, "nordtåg", START)
    world.poll()
    own_id = f"instagram.com/{ACCOUNT}/comment/{comment}"
    world.context = {
        "recheck": (f"instagram.com/media/{tagged}", own_id, f"instagram.com/media/{world.own}",
                    "instagram.com/999/comment/1", "instagram.com/mentioned/5"),
    }  # fmt: skip
    world.poll()
    assert world.sink.removed == set()
    world.fake.remove(world.own)
    world.clock.advance(13 * HOUR)
    world.poll()
    assert world.sink.removed == {("instagram", own_id), ("instagram", f"instagram.com/media/{world.own}")}


def test_before_an_alert_quotes_them_a_collector_that_never_polled_reads_posts_again() -> None:
    """It learns first which media are the account's own."""
    world = World()
    tagged = world.fake.add_media("nordtåg", START, where="tags")
    gone = world.fake.add_comment(world.own, "nordtåg", START)
    world.fake.remove(gone)
    ids = (
        f"instagram.com/media/{tagged}",
        f"instagram.com/media/{world.own}",
        f"instagram.com/{ACCOUNT}/comment/{gone}",
    )
    batches = list(world.collector.read_again(CollectContext(START, recheck=ids)))
    assert [m.text for batch in batches for m in batch.mentions] == ["Ny tidtabell"]
    assert [r.global_id for batch in batches for r in batch.removals] == [ids[2]]


def test_an_edited_caption() -> None:
    """When it is read again."""
    world = World()
    world.poll()
    world.clock.advance(HOUR)
    world.fake.media[world.own]["caption"] = "Rättad tidtabell"
    world.context = {"recheck": (f"instagram.com/media/{world.own}",)}
    world.poll()
    assert world.sink.texts() == ["Rättad tidtabell"]


# --- options and check


def test_a_token_of_instagrams_own_login_sees_comments_only() -> None:
    """No tags, no proof (it is documented for Facebook's host only), and `check` says so."""
    world = World(login="instagram")
    world.fake.app_secret = None
    number = world.fake.add_comment(world.own, "nordtåg", START)
    assert not world.poll().failed
    assert world.comment(number)
    assert world.asked("/tags") == world.asked("/debug_token") == []
    assert "without tags, mentions and hashtags" in world.collector.check()
    assert InstagramOptions.model_validate({**OPTIONS, "login": "instagram", "api_url": None}).base() == (
        "https://graph.instagram.com/v26.0"
    )


def test_several_accounts_at_one_address() -> None:
    """Each with its token and brand; hashtags are read through the first alone."""
    clock, sink = SimulatedClock(START), MemorySink()
    known = {"tåg": "5"}
    fakes = {n: FakeInstagram(clock, token=f"token-{n}", account_id=n, hashtags=known) for n in ("11", "22")}
    fakes["11"].add_media("hej från 11", START)
    fakes["22"].add_media(None, START)
    fakes["22"].add_media("hej från 22", START)

    def handle(request: httpx.Request) -> httpx.Response:
        return fakes[request.url.params["access_token"].removeprefix("token-")].handle(request)

    accounts = [{"id": n, "access_token": f"token-{n}", "brand": f"Brand {n}"} for n in fakes]
    made = {"name": "ig", "accounts": accounts, "hashtags": ["tåg"], "api_url": "https://graph.example"}
    options = InstagramOptions.model_validate(made)
    collector = build(options, Network(clock, transport=httpx.MockTransport(handle)))
    SourceRunner(options, collector, sink, clock, rng=Random(1)).poll()
    found = {m.text: m.brands for m in sink.mentions.values()}
    assert found == {"hej från 11": ("Brand 11",), "hej från 22": ("Brand 22",)}
    assert (fakes["11"].searched, fakes["22"].searched) == (["tåg"], [])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"user_id": None, "access_token": None}, "an account: `user_id`"),
        ({"access_token": None}, "both"),
        ({"hashtags": ["två ord"]}, "one word"),
        ({"hashtags": [f"tagg{i}" for i in range(31)]}, "30"),
        ({"hashtags": ["tåg"], "login": "instagram"}, "login: facebook"),
        ({"user_id": "nordtag"}, "match"),
        ({"accounts": [{"id": ACCOUNT, "access_token": "t"}]}, "once"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], why: str) -> None:
    """At the start, with what to do."""
    given = {key: value for key, value in {**OPTIONS, **options}.items() if value is not None}
    with pytest.raises(ValidationError, match=why):
        InstagramOptions.model_validate(given)


def test_check_says_what_can_be_read() -> None:
    """And where Meta's webhooks should go."""
    world = World()
    assert world.collector.check() == (
        f"The account @nordtag ({ACCOUNT}) can be read. Waits for Meta's webhooks at /hooks/instagram."
    )
    world.fake.fail(refused(10), times=ALWAYS, match="/tags")
    assert "but not its tags" in world.collector.check()
