"""Slack's way in, over a real websocket: every envelope acknowledged, every click decided or refused in words."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from alerts.actions import Action, ActionKind
from alerts.channels.options import SlackOptions
from alerts.channels.slack import SlackChannel
from alerts.incident import Decision, Incident, Refusal
from alerts.mandate import Mandate, Person, Role
from alerts.texts.reader import Reader
from detectors.signal import Level
from monitor.clock import SimulatedClock
from monitor.slack_inbound import InboundContext, SlackInbound
from monitor.slack_listening import DEAF_AFTER, LOOK_EVERY, Listener
from monitor.store.store import open_store
from tests.alerts.card_stories import NOW, WARNING, at
from tests.fakes.slack import APP_TOKEN, BOT_TOKEN, FakeSlack
from tests.fakes.slack_socket import ANNA, STRANGER, FakeSocket
from tests.monitor.delivery_world import empty_database

MANDATE = Mandate(
    people={"anna": Person(name="Anna Berg", slack=ANNA)},
    roles={"crisis_group": Role(name="Krisgruppen", people=("anna",)), "agents": Role(slack="S0AGENTS1")},
)
STORY = replace(WARNING, mandate=MANDATE.document())


class Room:
    """A listening monitor, the fake Slack beside it, and what was asked of the decision core."""

    def __init__(
        self, socket: FakeSocket, inbound: SlackInbound, actions: list[Action], listener: Listener
    ) -> None:
        self.listener = listener
        self.socket, self.slack, self.inbound, self.actions = socket, socket.slack, inbound, actions
        self.refusal: Refusal | None = None
        self.trouble: Exception | None = None
        self.incidents: tuple[Incident, ...] = ()
        self.held_up = threading.Event()
        self.held_up.set()

    def clear(self) -> None:
        """Forget the test before."""
        self.refusal, self.trouble, self.incidents = None, None, ()
        slack, inbound = self.slack, self.inbound
        for kept in (self.actions, slack.answers, slack.ephemerals, slack.views, slack.calls, inbound._done):
            kept.clear()
        slack.belongs.clear()
        inbound.groups._known.clear()
        inbound.context = CONTEXT

    def act(self, action: Action) -> Decision:
        self.held_up.wait(10)
        if self.trouble is not None:
            raise self.trouble
        self.actions.append(action)
        return Decision(incidents=self.incidents, refusal=self.refusal)

    def interact(self, payload: dict, **more: str) -> dict:
        """Deliver something interactive and wait until it is worked off; returns the acknowledgement."""
        answer = self.socket.send("interactive", payload, **more)
        self.settle()
        return answer

    def command(self, payload: dict) -> dict:
        answer = self.socket.send("slash_commands", payload)
        self.settle()
        return answer

    def settle(self) -> None:
        """Wait until the monitor's workers have nothing left to do."""
        self.inbound.idle.wait(10)

    def modal(self) -> dict:
        """The modal that was opened last."""
        assert self.slack.views, "no modal was opened"
        return self.slack.views[-1]


CONTEXT = InboundContext("sv", "Europe/Stockholm", ("Nordtåg",))


def wait_until(true: Callable[[], object], seconds: float = 30.0) -> bool:
    """Wait for what other threads bring about."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        threading.Event().wait(0.02)
    return False


@contextmanager
def room_in(folder: Path, looks: tuple[float, float] = (LOOK_EVERY, DEAF_AFTER)) -> Iterator[Room]:
    slack = FakeSlack()
    socket = FakeSocket(slack)
    (folder / "monitor.db").write_bytes(empty_database())
    store = open_store(f"sqlite:///{folder / 'monitor.db'}", secret=b"test")
    store.apply_decision(Decision(incidents=(STORY,)), NOW)
    options = SlackOptions(
        token=SecretStr(BOT_TOKEN), app_token=SecretStr(APP_TOKEN), channel="#krisgrupp", api_url=slack.api_url
    )
    made: list[Room] = []
    channel, clock = SlackChannel(options), SimulatedClock(NOW)
    inbound = SlackInbound(channel, lambda action: made[0].act(action), store, clock, CONTEXT)
    listener = Listener(options, inbound, looks)
    made.append(Room(socket, inbound, [], listener))
    listener.start()
    try:
        yield made[0]
    finally:
        listener.stop()
    socket.stop()
    slack.stop()
    store.close()
    assert slack.broken_rules == []


@pytest.fixture(scope="module")
def shared_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One connection for all tests: slack_sdk's client takes seconds to close."""
    with room_in(tmp_path_factory.mktemp("room")) as made:
        yield made


@pytest.fixture
def room(shared_room: Room) -> Iterator[Room]:
    shared_room.clear()
    yield shared_room
    shared_room.held_up.set()
    shared_room.settle()
    assert shared_room.slack.broken_rules == []


def typed(text: str) -> dict:
    return {"type": "plain_text_input", "value": text}


def chosen(value: str) -> dict:
    return {"type": "static_select", "selected_option": {"value": value}}


def picked(when) -> dict:
    return {"type": "datetimepicker", "selected_date_time": int(when.timestamp())}


def test_a_click_on_acknowledge_becomes_the_action_of_that_person(room):
    room.interact(room.socket.click("acknowledge"))
    action = room.actions[0]
    assert (action.kind, action.by, action.incident, action.channel) == (ActionKind.ACKNOWLEDGE, ANNA, 12, "slack")
    assert room.slack.answers == []


def test_an_event_that_slack_delivers_again_is_acknowledged_and_done_once(room):
    click = room.socket.click("acknowledge")
    for envelope in ("e-1", "e-1b", "e-1c"):
        room.interact(click, envelope=envelope)
    assert len(room.actions) == 1


def test_the_event_id_of_a_redelivery_is_the_same_and_of_a_second_click_another(room):
    """`decide` tells redelivered clicks by it, also after a restart of the monitor."""
    click = room.socket.click("acknowledge", stamp="77.1")
    room.interact(click)
    room.inbound._done.clear()
    room.interact({**click, "trigger_id": "another"})
    room.interact(room.socket.click("acknowledge"))
    ids = [action.data["event_id"] for action in room.actions]
    assert ids[0] == ids[1] != ids[2]


def test_the_button_on_a_silence_lifts_that_one(room):
    click = room.socket.click("lift_silence")
    click["actions"][0]["value"] = "12:theme:delays"
    room.interact(click)
    (action,) = room.actions
    assert (action.kind, action.incident, action.data["scope"]) == (ActionKind.LIFT_SILENCE, 12, "theme:delays")


def test_a_refusal_is_told_to_the_clicker_alone_with_who_may(room):
    room.refusal = Refusal("stand_down", ANNA, ("Kommunikationschefen",), "not_allowed")
    room.interact(room.socket.click("acknowledge"))
    assert room.slack.answers == ["Du har inte mandat för det (Blås av). Det har: Kommunikationschefen."]
    assert room.slack.messages == []


def test_a_stranger_is_told_how_to_become_known(room):
    room.refusal = Refusal("acknowledge", STRANGER, ("Anna Berg",), "unknown_person")
    room.interact(room.socket.click("acknowledge", user=STRANGER))
    assert STRANGER in room.slack.answers[0]
    assert "Anna Berg" in room.slack.answers[0]


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("wrong_state", "Det går inte nu: den är inte kvitterad."),
        ("no_such_incident", "Det finns ingen öppen händelse med det numret."),
        ("no_silence", "Här gäller ingen tystnad längre."),
        ("bad_data: reason", "Något saknas eller kan inte användas: Skäl."),
    ],
)
def test_what_cannot_be_done_says_why(room, why, said):
    room.refusal = Refusal("acknowledge", ANNA, (), why)
    room.interact(room.socket.click("acknowledge"))
    assert room.slack.answers == [said]


def test_hostile_names_in_an_answer_arrive_as_text(room):
    room.refusal = Refusal("acknowledge", ANNA, ("<!channel>", "Bo & Co"), "not_allowed")
    room.interact(room.socket.click("acknowledge"))
    assert "&lt;!channel&gt; och Bo &amp; Co" in room.slack.answers[0]


def test_something_that_breaks_is_acknowledged_and_the_person_hears_of_it(room):
    room.trouble = RuntimeError("the database is on fire")
    room.interact(room.socket.click("acknowledge"))
    assert room.slack.answers[0].startswith("Det gick inte, och inget ändrades.")
    room.trouble = None
    room.interact(room.socket.click("acknowledge"))
    assert len(room.actions) == 1


def test_a_click_that_failed_can_be_delivered_again(room):
    click = room.socket.click("acknowledge")
    room.trouble = RuntimeError("busy")
    room.interact(click)
    room.trouble = None
    room.interact(click)
    assert len(room.actions) == 1


def test_slow_work_does_not_hold_up_the_acknowledgement(room):
    room.held_up.clear()
    room.socket.send("interactive", room.socket.click("acknowledge"))
    assert room.actions == []
    room.held_up.set()
    room.settle()
    assert len(room.actions) == 1


def test_wait_and_watch_asks_for_a_reason_and_a_time(room):
    room.interact(room.socket.click("wait"))
    assert room.actions == []
    view = room.modal()
    assert [block["block_id"] for block in view["blocks"]] == ["reason", "until"]
    room.interact(room.socket.submit(view, {"reason": typed("tåg kl. 15"), "until": picked(at(15))}))
    data = room.actions[0].data
    assert (data["reason"], data["until"]) == ("tåg kl. 15", at(15).isoformat())


def test_a_time_that_has_been_is_refused_inside_the_modal(room):
    room.interact(room.socket.click("wait"))
    answer = room.interact(room.socket.submit(room.modal(), {"reason": typed("x"), "until": picked(at(9))}))
    assert answer == {"response_action": "errors", "errors": {"until": "Välj en tid som inte har varit."}}
    assert room.actions == []


def test_a_link_that_is_none_is_refused_inside_the_modal(room):
    room.interact(room.socket.choose("posted"))
    answer = room.interact(room.socket.submit(room.modal(), {"url": typed("javascript:alert(1)")}))
    assert answer["errors"] == {"url": "Skriv en länk som börjar med https://"}


@pytest.mark.parametrize(
    ("kind", "values", "data"),
    [
        ("raise", {"level": chosen("crisis")}, {"level": "crisis"}),
        ("lower", {"level": chosen("watch"), "reason": typed("lugnt")}, {"level": "watch", "reason": "lugnt"}),
        ("hand_over", {"to": {"type": "users_select", "selected_user": "U0BO00001"}}, {"to": "U0BO00001"}),
        ("stand_down", {"reason": typed("klart")}, {"reason": "klart"}),
        ("false_alarm", {}, {}),
        ("note", {"text": typed("ringde Trafikledningen")}, {"text": "ringde Trafikledningen"}),
        ("fact", {"text": typed("x"), "status": chosen("disputed")}, {"text": "x", "status": "disputed"}),
        ("message", {"text": typed("Vi återkommer")}, {"text": "Vi återkommer"}),
        ("posted", {"url": typed("https://nordtag.example/nu")}, {"url": "https://nordtag.example/nu"}),
        ("reopen", {"level": chosen("watch")}, {"level": "watch"}),
        (
            "silence",
            {
                "scope": chosen("theme:delays"),
                "lasts": chosen("4h"),
                "up_to": chosen("warning"),
                "reason": typed("planerat arbete"),
            },
            {"scope": "theme:delays", "lasts": "4h", "up_to": "warning", "reason": "planerat arbete"},
        ),
    ],
)
def test_every_choice_of_the_menu_opens_its_modal_and_becomes_its_action(room, kind, values, data):
    room.interact(room.socket.choose(kind))
    room.interact(room.socket.submit(room.modal(), values))
    action = room.actions[0]
    assert (action.kind, action.incident, action.by) == (ActionKind(kind), 12, ANNA)
    assert {k: v for k, v in action.data.items() if k not in ("event_id", "groups")} == data


def test_a_refused_modal_answers_where_it_was_opened(room):
    room.interact(room.socket.choose("note"))
    room.refusal = Refusal("note", ANNA, ("Anna Berg",), "not_allowed")
    room.interact(room.socket.submit(room.modal(), {"text": typed("x")}))
    told = room.slack.ephemerals[0]
    assert (told["user"], told["thread_ts"]) == (ANNA, "1771420800.000001")


def test_the_silence_modal_offers_the_themes_and_the_brand(room):
    room.interact(room.socket.choose("silence"))
    elements = {block["block_id"]: block["element"] for block in room.modal()["blocks"]}
    offered = [(o["value"], o["text"]["text"]) for o in elements["scope"]["options"]]
    assert offered[0] == ("theme:delays", "Bara temat delays")
    assert offered[-1] == ("brand", "Allt om Nordtåg")
    assert [o["text"]["text"] for o in elements["lasts"]["options"]][:3] == ["1 h", "4 h", "12 h"]


def test_whoever_may_not_is_told_before_filling_in_a_form(room):
    """And the refusal is decided, so that it stands on the timeline."""
    room.refusal = Refusal("stand_down", STRANGER, ("Anna Berg",), "unknown_person")
    room.interact(room.socket.choose("stand_down", user=STRANGER))
    assert room.slack.views == []
    assert "Anna Berg" in room.slack.answers[0]
    assert [(a.kind, a.data["only_asks"]) for a in room.actions] == [(ActionKind.STAND_DOWN, "1")]


def test_what_the_snapshot_would_refuse_is_asked_of_todays_mandate(room):
    """Somebody who was added to the config this minute need not wait for the next incident."""
    room.interact(room.socket.choose("stand_down", user=STRANGER))
    assert room.modal()["callback_id"] == "incident:stand_down"


def test_whoever_may_is_asked_at_once_without_a_decision(room):
    room.interact(room.socket.choose("stand_down"))
    assert room.modal()["callback_id"] == "incident:stand_down"
    assert room.actions == []


def test_a_modal_about_what_is_gone_says_so(room):
    room.refusal = Refusal("wait", ANNA, (), "no_such_incident")
    room.interact(room.socket.click("wait", incident=404))
    assert room.slack.answers == ["Det finns ingen öppen händelse med det numret."]


def test_flagging_is_refused_before_the_form_where_the_mandate_says_so(room):
    flaggers = Mandate(roles=MANDATE.roles, people=MANDATE.people, may={"flag": ({"roles": ("anna",)},)})
    room.inbound.context = replace(CONTEXT, mandate=flaggers)
    room.refusal = Refusal("flag", STRANGER, ("Anna Berg",), "unknown_person")
    room.interact(room.socket.shortcut("Tåget brinner", user=STRANGER))
    assert (room.slack.views, len(room.slack.answers)) == ([], 1)
    room.interact(room.socket.shortcut("Tåget brinner"))
    assert room.modal()["callback_id"] == "incident:flag"


def test_what_shows_nowhere_else_is_confirmed(room):
    room.interact(room.socket.choose("note"))
    room.interact(room.socket.submit(room.modal(), {"text": typed("x")}))
    assert room.slack.ephemerals[0]["text"] == "Klart: Skriv en anteckning."


def test_flag_by_slash_command_opens_a_watch_and_says_its_number(room):
    room.incidents = (replace(WARNING, number=13, flag="adress läckt", level=Level.WATCH),)
    room.command(room.socket.slash("/flag", "Kunden säger att vi läckt hennes adress"))
    action = room.actions[0]
    assert (action.kind, action.data["brand"]) == (ActionKind.FLAG, "Nordtåg")
    assert room.slack.answers == ["Tack. Det är noterat som INC-13, och någon måste svara."]


def test_flag_without_words_asks_for_them(room):
    room.command(room.socket.slash("/flag"))
    assert room.modal()["callback_id"] == "incident:flag"


def test_flag_by_shortcut_brings_the_message_along(room):
    room.interact(room.socket.shortcut("Tåget brinner <!channel>"))
    first = room.modal()["blocks"][0]["element"]
    assert first["initial_value"] == "Tåget brinner <!channel>"
    room.interact(room.socket.submit(room.modal(), {"text": typed("Tåget brinner")}))
    assert room.actions[0].data["text"] == "Tåget brinner"


def test_with_several_brands_the_flag_asks_which_unless_its_words_say_it(room):
    room.inbound.context = replace(CONTEXT, brands=("Nordtåg", "Nordkraft"))
    room.command(room.socket.slash("/flag", "strömmen är borta hos nordkraft"))
    assert room.actions[0].data["brand"] == "Nordkraft"
    room.command(room.socket.slash("/flag", "allt är borta"))
    assert [block["block_id"] for block in room.modal()["blocks"]] == ["text", "brand"]
    room.interact(room.socket.submit(room.modal(), {"text": typed("x"), "brand": chosen("Nordtåg")}))
    assert room.actions[1].data["brand"] == "Nordtåg"


@pytest.mark.parametrize(("command", "text"), [("/now", ""), ("/crisis", "now"), ("/crisis", "")])
def test_now_says_how_it_is(room, command, text):
    room.command(room.socket.slash(command, text))
    assert room.slack.answers == ["INC-12 · Varning: Nordtåg · delays · inte kvitterad · sedan 14:15"]


def test_quiet_is_only_calm_when_the_sources_are_heard():
    from monitor.slack_answers import how_is_it

    reader = Reader("sv", "Europe/Stockholm", NOW)
    assert how_is_it([], {"news": True, "desk": True}, reader) == "Allt lugnt.\nHörda källor: 2 av 2."
    assert how_is_it([], {"news": False, "desk": True}, reader).splitlines()[1:] == [
        "Hörda källor: 1 av 2.",
        "Inte hörda: news.",
    ]


def test_the_groups_of_the_mandate_that_somebody_belongs_to_come_along(room):
    room.slack.belongs["S0AGENTS1"] = [ANNA]
    room.interact(room.socket.click("acknowledge"))
    assert room.actions[0].data["groups"] == "C0CRISIS1,#krisgrupp,S0AGENTS1"
    room.interact(room.socket.click("acknowledge", user=STRANGER))
    assert room.actions[1].data["groups"] == "C0CRISIS1,#krisgrupp"
    asked = [call for call in room.slack.calls if call.method == "usergroups.users.list"]
    assert len(asked) == 1


def test_a_new_address_every_few_hours_is_followed(tmp_path):
    """The first click on each connection is delivered twice, and done once."""
    with room_in(tmp_path) as room:
        room.interact(room.socket.click("acknowledge"))
        before = room.socket.times_connected
        room.socket.disconnect()
        room.interact(room.socket.click("acknowledge"))
        assert len(room.actions) == 2
        assert room.socket.times_connected > before


def test_a_client_that_went_deaf_while_reconnecting_is_replaced(tmp_path):
    """slack_sdk's reader can be left waiting on the old connection for ever; the new one counts as connected."""
    from slack_sdk.socket_mode.builtin.connection import ConnectionState

    with room_in(tmp_path, looks=(0.1, 0.5)) as room:
        room.interact(room.socket.click("acknowledge"))
        deaf = room.listener.client
        deaf.current_session_state = ConnectionState()  # the reader looks at another one: it never ends
        room.socket.disconnect()
        assert wait_until(lambda: room.listener.client is not deaf and room.socket.times_connected == 3)
        room.interact(room.socket.click("acknowledge"))
        assert len(room.actions) == 2


def test_two_deliveries_at_the_same_moment_are_one_deed(room):
    """Slack delivers again while the first delivery is still being worked on."""
    room.held_up.clear()
    click = room.socket.click("acknowledge")
    for envelope in ("same-1", "same-2"):
        room.socket.send("interactive", click, envelope=envelope)
    room.held_up.set()
    room.settle()
    assert len(room.actions) == 1


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"type": "block_actions"},
        {
            "type": "block_actions",
            "actions": [{"action_id": "incident:nonsense", "value": "12"}],
            "user": {"id": "U1"},
        },
        {"type": "block_actions", "actions": [{"action_id": "other:app", "value": "12"}], "user": {"id": "U1"}},
        {"type": "view_submission", "view": {"callback_id": "incident:note", "private_metadata": "no json"}},
        {"type": "something_new"},
    ],
)
def test_what_nobody_understands_is_acknowledged_and_does_nothing(room, payload):
    assert room.interact(payload) == {}
    assert room.actions == []


def test_no_modal_is_longer_than_slack_allows_in_any_language(room):
    from alerts.renderers.modals import FIELDS, Asked, modal
    from alerts.texts.catalogue import LANGUAGES
    from tests.fakes.slack_rules import modal_faults

    for language in LANGUAGES:
        for kind in FIELDS:
            view = modal(Asked(kind, 12, brands=("A", "B" * 200)), Reader(language, "UTC", NOW))
            assert list(modal_faults(json.loads(json.dumps(view)))) == [], (language, kind)
