"""What an alert says: each line of the card, in ten seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.actions import ActionKind
from alerts.card import Circumstances, NextStep, Plan, build_card, build_notice, build_reply
from alerts.incident import IncidentState, Notification, Reason
from alerts.texts.catalogue import LANGUAGES
from alerts.texts.reader import Reader
from detectors.signal import Level
from tests.alerts.card_stories import (
    CLOSED,
    CRISIS,
    EVIDENCE,
    FLAGGED,
    NOW,
    PEOPLE,
    PLAN,
    STOCKHOLM,
    STORIES,
    VOLUME,
    WAITING,
    WARNING,
    at,
    quote,
)

SWEDISH = Reader("sv", STOCKHOLM, NOW)


def card(incident=WARNING, plan=PLAN, reader=SWEDISH, **more):
    return build_card(incident, plan, reader, **more)


def line(made, label):
    """The text of the line with this label; None when the card has none."""
    return next((found.text for found in made.lines if found.label == label), None)


def test_the_theme_comes_first_and_the_sentence_has_its_numbers():
    assert card().title == "Varning: Nordtåg · delays"
    assert card().lead == (
        "Delays: 37 olika personer var missnöjda mellan 13:15 och 14:15. "
        "En vanlig onsdag är det 2 till 6 vid den tiden. Så har det aldrig varit under de 83 dagar vi känner till."
    )


def test_it_says_how_sure_it_is_and_what_a_second_measure_says():
    said = line(card(), "Hur säkert")
    assert said.startswith("Mycket osannolikt att det är slump.")
    assert "52 inlägg inom 1 h" in said


@pytest.mark.parametrize(("surprise", "word"), [(6.0, "Mycket osannolikt"), (3.0, "Osannolikt"), (0.5, "Osäkert")])
def test_how_sure_follows_the_surprise(surprise, word):
    finding = replace(VOLUME.finding, surprise=surprise)
    one = replace(WARNING, signals=(replace(VOLUME, finding=finding),))
    assert line(card(one), "Hur säkert").startswith(word)


def test_since_when_is_the_onset_with_its_span_in_the_readers_time():
    assert line(card(), "Sedan") == "13:30 (mellan 13:15 och 13:40)"
    helsinki = Reader("sv", "Europe/Helsinki", NOW)
    assert line(card(reader=helsinki), "Sedan").startswith("14:30")


def test_how_big_and_where():
    assert line(card(), "Hur stort").startswith("52 inlägg, 44 personer, 37 av dem missnöjda")
    assert line(card(), "Var") == "mastodon (30), support-desk (12), news (3); också om payment"


def test_who_owns_it_and_what_the_reader_may_do():
    assert "Trafikledningen äger frågan." in line(card(), "Ansvar")
    assert line(card(), "Du får själv") == (
        "bekräfta öppet att vi har sett det, avvakta och höja nivån. "
        "Kundservice får bekräfta genast, utan att fråga först."
    )


def test_what_happens_next_and_when():
    said = line(card(), "Vad händer nu")
    assert said.startswith("14:30: om ingen har kvitterat kallar vi Anna Berg (ställföreträdare).")
    assert said.endswith("15:15: bekräfta öppet att vi har sett det.")


def test_a_chain_that_has_ended_says_so():
    nobody = card(replace(WARNING, obligations=()), Plan())
    assert line(nobody, "Vad händer nu") == "Ingen mer kallas automatiskt. Kvittera, tack."


def test_a_repeat_and_an_end_are_told_apart_from_a_step():
    plan = replace(PLAN, next_steps=(NextStep(at(13, 30), ("Krisgruppen",), kind="repeat"),))
    assert "påminner vi Krisgruppen" in line(card(plan=plan), "Vad händer nu")
    plan = replace(PLAN, next_steps=(NextStep(at(13, 30), (), kind="end"),))
    assert "därefter kallas ingen mer" in line(card(plan=plan), "Vad händer nu")


def test_the_same_people_told_again_and_again_are_named_once():
    again = tuple(NextStep(at(13, minute), ("Krisgruppen",), kind="repeat") for minute in (30, 40))
    said = line(card(plan=replace(PLAN, next_steps=again)), "Vad händer nu")
    assert said.count("påminner") == 1


@pytest.mark.parametrize(("reach", "said"), [(25_548, "26 000"), (14_200, "14 000"), (87, "87"), (5, "5")])
def test_an_estimate_does_not_look_as_if_we_knew(reach, said):
    made = card(replace(WARNING, evidence=replace(EVIDENCE, reach=reach)))
    assert f"sett av ungefär {said} (uppskattning)" in line(made, "Hur stort").replace("\xa0", " ")


def test_one_known_day_is_not_called_days():
    numbers = {**PEOPLE.finding.explanation.numbers, "days": 1}
    finding = replace(PEOPLE.finding, explanation=replace(PEOPLE.finding.explanation, numbers=numbers))
    made = card(replace(WARNING, signals=(replace(PEOPLE, finding=finding),)))
    assert made.lead.endswith("Så var det inte den enda dag vi kan jämföra med.")


def test_a_wait_says_until_when_why_and_who():
    said = line(card(WAITING), "Vad händer nu")
    assert said == "Anna Berg avvaktar till 15:30: trafikledningen lovar tåg kl. 15. Sedan frågar vi igen."


def test_two_actions_and_a_menu():
    made = card()
    assert [action.kind for action in made.buttons] == [ActionKind.ACKNOWLEDGE, ActionKind.WAIT]
    assert len(made.menu) == 10


def test_an_acknowledged_incident_offers_what_comes_after():
    assert [action.kind for action in card(CRISIS).buttons] == [ActionKind.POSTED, ActionKind.WAIT]


def test_an_acknowledgement_of_a_lower_level_does_not_cover_a_higher_one():
    raised = replace(WAITING, level=Level.CRISIS, state=IncidentState.OPEN)
    assert card(raised).buttons[0].kind is ActionKind.ACKNOWLEDGE


def test_a_closed_incident_has_no_buttons_and_no_draft():
    made = card(CLOSED)
    assert made.buttons == ()
    assert {action.kind for action in made.menu} == {ActionKind.REOPEN, ActionKind.NOTE}
    assert line(made, "Utkast att kopiera") is None


def test_a_flag_is_told_in_its_own_words_and_can_be_answered():
    made = card(FLAGGED)
    assert "läckt hennes adress" in made.lead
    assert made.buttons[0].kind is ActionKind.ANSWER_FLAG
    assert line(made, "Hur säkert") == "En människa har sett det, siffrorna ännu inte."


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("story", sorted(STORIES))
def test_the_drill_mark_is_on_every_card_of_a_drill_and_on_no_other(language, story):
    reader = Reader(language, STOCKHOLM, NOW)
    note = Notification("k", Reason.ESCALATED, NOW, incident=12)
    drill = replace(STORIES[story], drill=True)
    mark = reader.text("mark.drill")
    assert build_card(drill, PLAN, reader).mark == mark
    assert build_reply(drill, PLAN, reader, note).mark == mark
    assert build_card(drill, PLAN, reader).summary.startswith(mark)
    assert build_card(replace(drill, drill=False), PLAN, reader).mark == ""


def test_the_author_is_never_shown():
    """A Quote has no author at all; only the source, the time and the followers are told."""
    assert card().quotes[0].about == "mastodon · 13:40 · 310 följare"


def test_a_post_is_quoted_once_even_when_it_is_first_and_loudest():
    evidence = replace(EVIDENCE, loudest=EVIDENCE.first)
    assert len(card(replace(WARNING, evidence=evidence)).quotes) == 2


def test_a_post_without_words_says_so():
    evidence = replace(EVIDENCE, first=quote(1, "\u200b\u202e"), examples=())
    assert card(replace(WARNING, evidence=evidence, signals=())).quotes[0].text == "(ingen text)"


def test_a_link_that_is_no_web_address_is_dropped():
    evidence = replace(EVIDENCE, first=quote(1, "hej", url="javascript:alert(1)"), examples=())
    assert card(replace(WARNING, evidence=evidence, signals=())).quotes[0].url is None


def test_what_must_be_said_first_is_said_first():
    told = Circumstances(
        late_since=NOW - timedelta(minutes=58), may_be_repeated=True, instead_of="slack", trouble="x"
    )
    notes = card(circumstances=told).notes
    assert [note.split()[0] for note in notes] == ["Skickas", "Skickas", "Kan"]
    assert "58 min" in notes[1]


def test_a_reply_says_why_it_is_sent_and_what_is_next_and_no_more():
    note = Notification("k", Reason.ESCALATED, NOW, incident=12, data={"told": "Anna Berg"})
    made = build_reply(WARNING, replace(PLAN, told=("Anna Berg",)), SWEDISH, note)
    assert made.opening == "Ingen har kvitterat sedan 14:15. Nu går det till Anna Berg."
    assert [found.label for found in made.lines] == ["Vad händer nu"]
    assert (made.quotes, made.buttons, made.menu) == ((), (), ())


@pytest.mark.parametrize(
    ("reason", "data", "said"),
    [
        (Reason.LEVEL_RAISED, {"level": "crisis"}, "Nivån är nu ”Kris”."),
        (Reason.REMINDER, {"obligation": "confirm_publicly"}, "Dags att bekräfta öppet att vi har sett det."),
        (
            Reason.REMINDER,
            {"obligation": "acknowledge", "told": "Anna"},
            "Ingen har kvitterat än. Har fått besked: Anna.",
        ),
        (
            Reason.ESCALATED,
            {"chain_ended": 1, "told": "Anna"},
            "Ingen har kvitterat, och ingen mer kallas automatiskt.",
        ),
        (Reason.ACKNOWLEDGED, {"by": "Anna Berg"}, "Anna Berg har tagit hand om det."),
        (Reason.NEW_TURN, {"theme": "payment"}, "En ny vändning: payment är nu en stor del."),
        (Reason.STATE_CHANGED, {"state": "handed_over", "to": "Bo"}, "Lämnat över till Bo."),
        (Reason.STATE_CHANGED, {"state": "aftercare"}, "Efterarbete: det har lugnat sig."),
        (Reason.STATE_CHANGED, {"state": "acknowledged"}, "Nu: kvitterad."),
        (Reason.UPDATE, {"message": "Tågen går", "by": "Anna"}, "Nytt budskap, av Anna: ”Tågen går”"),
        (Reason.CLOSED, {}, "Avslutad."),
        (Reason.CLOSED, {"why": "false_alarm"}, "Avslutad: det var ett falskt larm."),
        (Reason.CLOSED, {"why": "merged", "other": 7}, "Fortsätter som INC-7."),
        (Reason.STATE_CHANGED, {"was": "crisis", "level": "warning"}, "Nivån är nu ”Varning”; den var ”Kris”."),
        (Reason.STATE_CHANGED, {"was": "crisis", "state": "merged", "other": 7}, "Hopslagen med INC-7."),
        (
            Reason.ESCALATED,
            {"obligation": "wait_ends", "why": "news"},
            "Väntan är bruten: medierna skriver om det.",
        ),
        (Reason.REMINDER, {"obligation": "wait_ends", "why": "wait_over"}, "Väntan är slut."),
        (
            Reason.REMINDER,
            {"obligation": "promise", "text": "svar 15"},
            "Det här har vi lovat, och nu är det dags: ”sv",
        ),
        (Reason.ESCALATED, {"threat": 1}, "Ett hot har skrivits."),
        (Reason.DIGEST, {"obligation": "aftercare"}, "Efterarbete, dagligen"),
        (Reason.FIRST, {"nobody_on_call": 1}, "Ingen i jour kan nås just nu."),
    ],
)
def test_each_reason_has_its_sentence(reason, data, said):
    note = Notification("k", reason, NOW, incident=12, data=data)
    assert build_reply(WARNING, PLAN, SWEDISH, note).opening.startswith(said)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_can_be_told_in_every_language_whatever_the_data_lacks(language, reason):
    reader = Reader(language, STOCKHOLM, NOW)
    note = Notification("k", reason, NOW, incident=12)
    assert build_reply(WARNING, PLAN, reader, note).opening
    assert build_notice(note, reader).opening


def test_a_message_of_the_daemon_itself_says_since_when_and_what_to_do():
    data = {"source": "news", "since": at(11).isoformat(), "remedy": "kontrollera adressen"}
    made = build_notice(Notification("k", Reason.BLIND, NOW, data=data), SWEDISH)
    assert made.opening.startswith("news har inte hörts sedan 12:00.")
    assert line(made, "Gör så här") == "kontrollera adressen"


def test_an_explanation_that_no_catalogue_knows_still_says_its_numbers():
    finding = replace(VOLUME.finding, explanation=replace(VOLUME.finding.explanation, key="brand_new"))
    made = card(replace(WARNING, signals=(replace(VOLUME, finding=finding),)))
    assert "52 på 1 h; 9,4 vore normalt." in made.lead


def test_the_plans_words_on_the_manager_and_on_staff_are_printed():
    """Two of the plan's six questions (practice P16) are answered in the plan's own words."""
    plan = replace(Plan(), call_manager_when="after 100 calls", extra_staff="ask the night desk")
    card = build_card(WARNING, plan, Reader("en", "Europe/Stockholm", NOW))
    lines = {line.label: line.text for line in card.lines}
    assert lines["When the manager is called"] == "after 100 calls"
    assert lines["Extra staff"] == "ask the night desk"
