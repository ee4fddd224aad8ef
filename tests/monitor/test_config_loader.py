"""A config is taken whole or refused with everything that is wrong with it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config_loader import ConfigError, load_config, parse_config

GOOD = """\
language: sv
timezone: Europe/Stockholm
brands:
  - name: Nordtåg
    keywords: [nordtåg, nordtag]
    exclude: [modelljärnväg]
    accounts: ["@nordtag@mastodon.nu"]
    themes: {delays: [försen, inställ]}
sources:
  - {type: rss, name: news, urls: ["https://example.org/feed"], every: 5m}
"""

BAD = """\
langauge: sv
timezone: Europe/Stokholm
web: {listen: nowhere}
brands:
  - name: Nordtåg
    keyword: [nordtåg]
    themes: [delays]
  - name: Nordtåg
sources:
  - {type: rsss, name: news}
  - {type: rss, name: feeds, urls: ["https://example.org/feed"], every: soon}
  - {type: rss, name: feeds2, urls: ["https://example.org/feed"], brand: Nordtag}
detection:
  sensitivity: panic
retention: {text: forever}
alerts:
  slack: {token: abc}
mandate:
  levels: {disaster: {}}
"""


def errors_of(text: str, **environment: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "config.yaml", environment, year=2026)
    return [str(problem) for problem in caught.value.problems]


def test_a_good_config_loads():
    loaded = parse_config(GOOD, environment={}, year=2026)
    assert loaded.config.language == "sv"
    assert loaded.config.brands[0].themes == {"delays": ("försen", "inställ")}
    assert [source.every for source in loaded.sources] == [timedelta(minutes=5)]
    assert loaded.off == ()


@pytest.mark.parametrize(
    ("line", "path", "words"),
    [
        (1, "langauge", 'Did you mean "language"?'),
        (2, "timezone", "a time zone such as Europe/Stockholm"),
        (3, "web.listen", "host:port"),
        (6, "brands[0].keyword", 'Did you mean "keywords"?'),
        (7, "brands[0].themes", "a mapping"),
        (10, "sources[0].type", 'Did you mean "rss"?'),
        (11, "sources[1].every", "a duration"),
        (14, "detection.sensitivity", "'calm', 'balanced' or 'sensitive'"),
        (15, "retention.text", "a duration"),
        (17, "alerts.slack.channel", "a value"),
        (19, "mandate.levels.disaster", "a key that is known here"),
    ],
)
def test_every_error_is_listed_at_once_with_its_line(line, path, words):
    found = errors_of(BAD)
    here = [error for error in found if error.startswith(f"line {line}: {path}:")]
    assert len(here) == 1, found
    assert words in here[0]


def test_what_only_the_whole_shows_is_checked_too():
    doubled = GOOD + '  - {type: rss, name: news, urls: ["https://example.org/other"], brand: Nordtag}\n'
    found = errors_of(doubled)
    assert any("line 11: sources[1].name" in error and "as on line 10" in error for error in found)
    assert any("line 11: sources[1].brand" in error and 'Did you mean "Nordtåg"?' in error for error in found)


def test_an_unset_variable_switches_its_source_off_and_is_named():
    text = GOOD + '  - {type: webhook, name: support-desk, token: "${SUPPORT_DESK_TOKEN}"}\n'
    off = parse_config(text, environment={}, year=2026)
    assert [str(part) for part in off.off] == ['source "support-desk" is off: SUPPORT_DESK_TOKEN is not set']
    assert [source.name for source in off.sources] == ["news"]
    on = parse_config(text, environment={"SUPPORT_DESK_TOKEN": "s3cret-s3cret-s3cret"}, year=2026)
    assert [source.name for source in on.sources] == ["news", "support-desk"]


def test_a_secret_can_come_from_a_file(tmp_path):
    (tmp_path / "token").write_text("from-the-file-0123456789\n")
    text = GOOD + '  - {type: webhook, name: desk, token: "${DESK_TOKEN}"}\n'
    loaded = parse_config(text, environment={"DESK_TOKEN_FILE": str(tmp_path / "token")}, year=2026)
    assert loaded.sources[1].token.get_secret_value() == "from-the-file-0123456789"


def test_slack_without_its_token_is_off_and_not_wrong():
    text = GOOD + 'alerts:\n  slack: {token: "${SLACK_BOT_TOKEN}", channel: "#kris"}\n'
    loaded = parse_config(text, environment={}, year=2026)
    assert loaded.config.alerts.slack is None
    assert [part.variable for part in loaded.off] == ["SLACK_BOT_TOKEN"]


def test_an_unset_variable_that_nothing_can_do_without_is_an_error():
    found = errors_of(GOOD.replace("name: Nordtåg", 'name: "${BRAND}"'))
    assert any("line 4: brands[0].name: expected the environment variable BRAND" in error for error in found)


def test_no_secret_is_ever_shown_in_an_error():
    found = errors_of(GOOD + 'alerts:\n  slack: {token: [xoxb-very-secret], channel: "#kris"}\n')
    assert found
    assert not any("very-secret" in error for error in found)


@pytest.mark.parametrize(
    ("text", "line"),
    [("brands: [", 1), ("a: 1\nb: [1,\n", 2), ("a: 1\na: 2\n", 2), ("- just\n- a list\n", 1), ("", 1)],
)
def test_broken_yaml_names_a_line(text, line):
    with pytest.raises(ConfigError) as caught:
        parse_config(text, environment={}, year=2026)
    assert caught.value.problems[0].line in (line, line + 1)


def test_norwegian_is_a_word_and_not_false():
    text = GOOD + "sentiment: {languages: [no, sv]}\n"
    assert parse_config(text, environment={}, year=2026).config.sentiment.languages == ("no", "sv")


def test_a_file_that_is_not_utf8_is_refused_in_words(tmp_path):
    (tmp_path / "config.yaml").write_bytes("brands: [{name: Nordtåg}]".encode("latin-1"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load_config(tmp_path / "config.yaml", {}, year=2026)


def test_a_brand_may_set_single_thresholds_otherwise():
    text = (
        GOOD.replace("    exclude:", "    detection: {thresholds: {watch_people: 4}}\n    exclude:")
        + "detection: {sensitivity: calm}\n"
    )
    config = parse_config(text, environment={}, year=2026).config
    own = config.detection_for("Nordtåg")
    assert own.thresholds.watch_people == 4
    assert own.sensitivity.value == "calm"
    assert config.detection_for("Another").thresholds.watch_people != 4


@given(st.text(max_size=200))
def test_no_text_at_all_makes_the_loader_fall_over(text):
    """Whatever stands in the file, it loads or is refused with problems."""
    try:
        parse_config(text, environment={}, year=2026)
    except ConfigError as refused:
        found = refused.problems
    else:
        return
    assert found


def test_a_further_channel_without_its_secret_is_off_alone_and_the_mandate_may_still_name_it() -> None:
    text = """
brands: [{name: Nordtåg, keywords: [nordtåg]}]
mandate:
  people: {kim: {slack: U1, phone: "+461"}}
  roles: {customer_service: {people: [kim]}, crisis_group: {people: [kim]}}
  levels:
    warning: {steps: [{tell: customer_service, by: [slack, sms]}]}
    crisis: {steps: [{tell: customer_service, by: [slack, sms]}]}
alerts:
  channels: {sms: ["${SMS_URL}"], mail: ["json://localhost"]}
"""
    loaded = parse_config(text, environment={}, year=2026)
    assert [str(part) for part in loaded.off] == ["alerts.channels.sms is off: SMS_URL is not set"]
    assert list(loaded.config.alerts.channels) == ["mail"]
