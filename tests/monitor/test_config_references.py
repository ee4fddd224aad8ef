"""References are looked at in the same run as all else, and nothing is told that only follows from an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config_loader import ConfigError, parse_config

WRONG_EVERYWHERE = """\
timezone: Europe/Stokholm
brands:
  - name: Nordtåg
    keywords: 5
    themes: {delays: [försen]}
  - {name: Nordtåg, keywords: [x]}
sources:
  - {type: rss, name: news, urls: ["https://example.org/feed"], every: soon, brand: Nordtag}
  - {type: rss, name: news, urls: ["https://example.org/other"]}
detection:
  sensitivity: panic
  planned_events: [{name: strike, starts: 2026-01-01T00:00Z, ends: 2026-01-02T00:00Z, themes: [delay]}]
mandate:
  people:
    kim: {slak: U1}
    ann: {slack: U2}
  roles:
    customer_service: {people: [kim, anne]}
    crisis_group: {peple: [ann]}
    board: {people: [ann], hours: {mon-fr: 08:00-16:00}}
  levels:
    warning:
      steps:
        - {tell: [costumer_service], acknowledge_within: later}
        - {tell: board, by: [pigeon]}
  themes: {delay: {owner: x}}
  may: {lower: [bord]}
"""


def errors_of(text: str) -> dict[str, str]:
    """What is told, by `line 3: path`."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "config.yaml", {}, year=2026)
    told = [str(problem).split(": expected ", 1) for problem in caught.value.problems]
    assert len({where for where, _ in told}) == len(told), "one place, one error"
    return dict(told)


def test_what_is_wrong_by_itself_and_what_stands_for_nothing_is_told_in_one_run() -> None:
    found = errors_of(WRONG_EVERYWHERE)
    assert list(found) == [
        "line 1: timezone",
        "line 4: brands[0].keywords",
        "line 6: brands[1].name",
        "line 8: sources[0].brand",
        "line 8: sources[0].every",
        "line 9: sources[1].name",
        "line 11: detection.sensitivity",
        "line 12: detection.planned_events[0].themes[0]",
        "line 15: mandate.people.kim.slak",
        "line 18: mandate.roles.customer_service.people[1]",
        "line 19: mandate.roles.crisis_group.peple",
        "line 20: mandate.roles.board.hours",
        "line 24: mandate.levels.warning.steps[0].acknowledge_within",
        "line 24: mandate.levels.warning.steps[0].tell[0]",
        "line 25: mandate.levels.warning.steps[1].by[0]",
        "line 26: mandate.themes.delay",
        "line 27: mandate.may.lower[0]",
    ]
    assert "did you mean ann?" in found["line 18: mandate.roles.customer_service.people[1]"]
    assert 'Did you mean "delays"?' in found["line 12: detection.planned_events[0].themes[0]"]


MANDATE = """\
brands: [{name: Nordtåg, themes: {delays: [försen]}}, {name: Nordkraft}]
mandate:
  people: {kim: {slack: U1}, ann: {slack: U2}}
  roles: {customer_service: {people: [kim]}, crisis_group: {people: [kim, ann]}}
  levels:
    warning: {steps: [{tell: crisis_group, repeat_every: 5m, at_most: 3}]}
    crisis: {steps: [{tell: crisis_group}]}
  themes: {delays: {owner: Traffic}}
  brands: {Nordkraft: {crisis_group: customer_service}}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "where"),
    [
        ("ann: {slack: U2}", "ann: 5", "line 3: mandate.people.ann"),
        ("people: {kim: {slack: U1}, ann: {slack: U2}}", "people: [kim]", "line 3: mandate.people"),
        ("people: {kim: {slack: U1}, ann: {slack: U2}}", "peeple: {kim: {}}", "line 3: mandate.peeple"),
        ("customer_service: {people: [kim]}", "customer_service: [kim]", "line 4: mandate.roles.customer_service"),
        ("service: {people: [kim]}", "service: {people: [5]}", "line 4: mandate.roles.customer_service.people[0]"),
        ("roles: {", "rolls: {", "line 4: mandate.rolls"),
        ("at_most: 3", "at_mots: 3", "line 6: mandate.levels.warning.steps[0].at_mots"),
        ("repeat_every: 5m", "repeat_every: often", "line 6: mandate.levels.warning.steps[0].repeat_every"),
        ("warning: {steps: [{tell:", "warning: {steps: [{tel:", "line 6: mandate.levels.warning.steps[0].tel"),
        ("crisis: {steps:", "crisis: {stepps:", "line 7: mandate.levels.crisis.stepps"),
        ("themes: {delays: [försen]}", "theme: {delays: [försen]}", "line 1: brands[0].theme"),
        ("themes: {delays: [försen]}", "themes: {delays: 5}", "line 1: brands[0].themes.delays"),
        ("themes: {delays: [försen]}", "themes: [delays]", "line 1: brands[0].themes"),
        ("{name: Nordkraft}", "{nmae: Nordkraft}", "line 1: brands[1].nmae"),
        ("mandate:\n", "mandate: 5\nx:\n", "line 2: mandate"),
    ],
)  # fmt: skip
def test_nothing_is_told_that_only_follows_from_what_could_not_be_read(right: str, wrong: str, where: str) -> None:
    """One slip gives one error, or that and what is missing in the same place: never a tale about other lines."""
    assert right in MANDATE
    parse_config(MANDATE, environment={}, year=2026)
    found = errors_of(MANDATE.replace(right, wrong))
    line, place = where.split(": ")
    assert where in found
    beside = [told for told in found if told not in (where, "line 3: x")]
    assert all(told.startswith(f"{line}: {place.rpartition('.')[0]}") for told in beside), found
    assert len(beside) <= 1


def test_a_place_behind_items_that_were_left_out_is_named_as_it_stands_in_the_file() -> None:
    wrong = MANDATE.replace("people: [kim, ann]", "people: [5, kim, [7], anna]")
    assert list(errors_of(wrong)) == [
        "line 4: mandate.roles.crisis_group.people[0]",
        "line 4: mandate.roles.crisis_group.people[2]",
        "line 4: mandate.roles.crisis_group.people[3]",
    ]


def test_a_channel_hidden_by_a_slip_is_not_called_unknown() -> None:
    by_sms = MANDATE.replace("tell: crisis_group}", "tell: crisis_group, by: [sms]}").replace(
        "U1", 'U1, phone: "1"'
    )
    assert "line 7: mandate.levels.crisis.steps[0].by[0]" in errors_of(by_sms)
    assert list(errors_of(f'{by_sms}alerts: {{chanels: {{sms: ["json://localhost"]}}}}\n')) == [
        "line 10: alerts.chanels"
    ]


@given(st.lists(st.sampled_from(range(len(WRONG_EVERYWHERE.splitlines()))), unique=True))
def test_whatever_lines_are_missing_no_error_names_a_line_that_says_nothing_of_it(gone: list[int]) -> None:
    """Each error stands on a line of the file, and its path begins with a section that is written there."""
    lines = [line for i, line in enumerate(WRONG_EVERYWHERE.splitlines()) if i not in gone]
    try:
        parse_config("\n".join(lines), "config.yaml", {}, year=2026)
    except ConfigError as refused:
        for problem in refused.problems:
            assert 0 <= problem.line <= len(lines)
            assert problem.expected
            assert problem.found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("retention: {text: soon}", 'expected a duration such as 90s, 5m, 1h or 2d, found "soon"'),
        ("mandate: {holidays: XX}", 'countries whose public holidays are known (SE, NO, DK, FI …), found "XX"'),
        ("mandate: {timing: {digest_at: late}}", 'expected a time of day such as 08:30, found "late"'),
        ("country: ZZ", 'expected a country whose public holidays are known (SE, NO, DK, FI …), found "ZZ"'),
        ("sentiment: {words: {a: 9}}", "expected a number of at most 4, or a mapping (key: value), found 9"),
        ("sources: [{type: app_store, apps: [one]}]", 'apps[0]: expected a whole number, found "one"'),
        ("sources: [{type: webhook, name: A b, token: 0123456789abcdef}]", "expected text of the form ^[a-z0-9]"),
        ("sources: [{type: mastodon}]", "expected a server: `instance: https://mastodon.nu`"),
        ("sources: [{type: webhook, name: a, token: short}]", "token: expected at least 16 characters"),
    ],
)  # fmt: skip
def test_an_error_says_once_what_is_expected_and_once_what_is_found(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, environment={}, year=2026)
    (problem,) = map(str, caught.value.problems)
    assert said in problem
    assert problem.count(" found ") == 1


@pytest.mark.parametrize(
    "text",
    [
        "sources: [{type: zendesk, url: https://a.example, email: a@b.se, token: hunter2, oauth_token: hunter2}]",
        "sources: [{type: rss, urls: [hunter2]}]",
        "alerts: {channels: {slack: [hunter2]}}",
        "alerts: {channels: {sms: hunter2}}",
        "alerts: {fallback: hunter2}",
        "alerts: {channels: [{sms: hunter2}]}",
        "watchdog: {heartbeat: [hunter2]}",
        "alerts: [{slack: {token: hunter2}}]",
    ],
)
def test_what_is_found_never_shows_a_secret(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, environment={}, year=2026)
    assert "hunter2" not in str(caught.value)
