"""Hostility is told from anger, by kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors.sentiment import score_texts
from detectors.sentiment.hostility import hostile_list

DKHATE = Path("/work/shared/data/sentiment/da_dkhate.train.tsv")


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("sv", "Jag ska slå ihjäl er", "threat"),
        ("sv", "Ni är jävla idioter", "insult"),
        ("nb", "Jeg vet hvor du bor", "threat"),
        ("nb", "Du er en dritsekk", "insult"),
        ("da", "Jeg ved hvor du bor", "threat"),
        ("da", "Du er et røvhul, din kælling", "insult"),
        ("fi", "Tapan sinut", "threat"),
        ("fi", "Senkin idiootti", "insult"),
        ("en", "I will burn your office", "threat"),
        ("en", "You fucking idiot", "insult"),
        ("en", "go and die", "harassment"),
        ("sv", "Föraren borde skjutas", "threat"),
        ("sv", "Vilket jävla slödder ni är", "insult"),
        ("nb", "Noen burde brenne ned butikken deres", "threat"),
        ("nb", "Håper sjefen deres får kreft", "harassment"),
        ("nn", "Eg skal drepe montøren", "threat"),
        ("da", "Jeg kommer ned til jer med en økse", "threat"),
        ("da", "I er nogle klamme svin", "insult"),
        ("fi", "Poltan teidän varaston", "threat"),
        ("fi", "Toivottavasti se myyjä saa syövän", "harassment"),
        ("en", "I'll come round with a crowbar for your manager", "threat"),
        ("en", "I hope the driver gets cancer", "harassment"),
    ],
)
def test_open_hostility_is_heard_with_its_kind(language, text, kind):
    assert score_texts([text], language)[0].hostile_kind == kind


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "Jag är mycket besviken och kommer att anmäla er till Konsumentverket."),
        ("sv", "Sämsta service jag varit med om, aldrig mer."),
        ("nb", "Dette er helt uakseptabelt, jeg sier opp avtalen."),
        ("da", "Jeg er dybt skuffet over jeres kundeservice."),
        ("fi", "Olen todella pettynyt, teen reklamaation."),
        ("en", "This is unacceptable, I am taking my business elsewhere."),
        ("en", "That film killed me, so funny"),
        ("sv", "Ett idiotiskt system"),
        ("sv", "Hoppas ni får ordning på era jävla tåg"),
        ("sv", "Polisen misstänker att mannen tänkte döda föraren"),
        ("sv", "Akta er för den här firman"),
        ("nb", "Jeg skal ikke drepe deg, men jeg er sint"),
        ("nb", "Håper du får svar snart, hilsen fra sjefen"),
        ("da", "Håber I får styr på jeres lager"),
        ("da", "Prisen er en kniv i ryggen på loyale kunder"),
        ("fi", "Toivottavasti saatte sovelluksen kuntoon"),
        ("fi", "Ammattilainen kävi, saatanan kallis hinta"),
        ("en", "I hope you get the app fixed"),
        ("en", "I'll shoot you an email with the details"),
        ("en", "Spicy noodles, and the driver was stupid late"),
        ("en", "Make the most of it"),
        ("sv", ""),
    ],
)
def test_polite_anger_is_not_hostile(language, text):
    assert not score_texts([text], language)[0].hostile


@pytest.mark.parametrize("language", ["sv", "no", "da", "fi", "en"])
def test_patterns_are_of_groups_that_the_list_has_and_hold_a_key(language):
    """A pattern without a key would never be looked for."""
    found = hostile_list(language)
    names = {name for groups in (*found.exact.values(), *found.stems.values()) for name in groups}
    assert found.patterns
    for pattern in found.patterns:
        assert set(pattern.groups) <= names, pattern
        assert not found.keys.isdisjoint(pattern.groups), pattern


@pytest.mark.skipif(not DKHATE.exists(), reason="the shared data are not on this machine")
def test_danish_offence_is_found_with_high_precision():
    """On the training part of DKHate, from which the Danish list was drawn; the test part is judged elsewhere."""
    rows = [line.split("\t")[:2] for line in DKHATE.read_text("utf-8").split("\n")[1:] if "\t" in line]
    said = [score.hostile for score in score_texts([text for text, _ in rows], "da")]
    truth = [label == "off" for _, label in rows]
    hits = sum(s and t for s, t in zip(said, truth, strict=True))
    assert hits / sum(said) >= 0.87
    assert hits / sum(truth) >= 0.5
