"""The registry: found by file, loaded late, no two of one name, secrets known to the session."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, SecretStr, ValidationError

from monitor.clock import SimulatedClock
from monitor.collectors.base import BaseCollector, SourceOptions
from monitor.collectors.http import Network
from monitor.collectors.registry import (
    RegistryError,
    build,
    collector_class,
    collector_types,
    discover,
    open_session,
    options_model,
    secrets_in,
)
from monitor.collectors.webhook import WebhookOptions
from tests.monitor.collectors.contract import START

SOURCE = Path(__file__).parents[3] / "monitor" / "collectors"
TYPES = sorted(collector_types())


def test_the_shipped_ones_are_there() -> None:
    """The types of the first release."""
    assert {"rss", "mastodon", "file_drop", "webhook"} <= set(TYPES)


def test_listing_them_loads_none() -> None:
    """Knowing the types costs reading, not importing."""
    code = (
        "import sys; from monitor.collectors.registry import collector_types; collector_types();"
        "print([m for m in sys.modules if m in ('feedparser', 'monitor.collectors.rss', 'fastapi', 'pandas')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", TYPES)
def test_each_is_what_it_claims(name: str) -> None:
    """Name, options, and what the file's text says of it agree with the class."""
    kind = collector_class(name)
    assert issubclass(kind, BaseCollector)
    assert kind.type_name == name
    assert kind.verified is collector_types()[name].verified
    assert (SOURCE / f"{name}.py").is_file(), "one file a platform, called as the type"
    assert options_model(name).model_fields["type"].default == name
    assert all(
        entry.split(" ")[0] in ("POST", "PUT", "PATCH", "QUERY") and " /" in entry for entry in kind.non_get
    )


@pytest.mark.parametrize("name", TYPES)
def test_options_refuse_what_they_do_not_know_and_describe_themselves(name: str) -> None:
    """A misspelt key is an error, and the JSON Schema has a word for every option."""
    with pytest.raises(ValidationError, match="evry"):
        options_model(name).model_validate({"type": name, "evry": "5m"})
    described = options_model(name).model_json_schema()["properties"]
    assert [key for key, value in described.items() if key != "type" and not value.get("description")] == []


def package(folder: Path, **files: str) -> str:
    """A package of collector files."""
    (folder / "__init__.py").write_text("")
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder.name


CLAIM = 'class Some:\n    type_name = "{}"\n    verified = True\n'


def test_two_of_one_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With both files named."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "twice_pkg").mkdir()
    name = package(tmp_path / "twice_pkg", one=CLAIM.format("rss"), two=CLAIM.format("rss"), helper="x = 1\n")
    with pytest.raises(RegistryError, match=r"twice_pkg\.one and twice_pkg\.two"):
        discover((name,))


def test_helpers_are_no_collectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a class with a type_name line makes one."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "plain_pkg").mkdir()
    name = package(
        tmp_path / "plain_pkg", good=CLAIM.format("good"), helper='type_name = "no"\nraise SystemExit\n'
    )
    found = discover((name,))
    assert list(found) == ["good"]
    assert found["good"].verified


def test_unknown_types() -> None:
    """A KeyError, which the config turns into a suggestion."""
    with pytest.raises(KeyError):
        options_model("myspace")


def test_secrets_are_found_however_deep() -> None:
    """In fields, lists, mappings and inner models."""

    class Inner(BaseModel):
        key: SecretStr = SecretStr("inner")

    class Options(SourceOptions):
        token: SecretStr = SecretStr("token")
        inner: tuple[Inner, ...] = (Inner(),)
        named: dict[str, SecretStr] = Field({"a": SecretStr("named")})
        none: SecretStr | None = None

    assert set(secrets_in(Options(type="x"))) == {"token", "inner", "named"}


def test_a_session_hides_the_sources_secrets() -> None:
    """What `build` gives to a collector knows them."""
    options = WebhookOptions(name="desk", token=SecretStr("a-very-secret-token"))
    network = Network(SimulatedClock(START))
    assert "a-very-secret-token" not in open_session(options, network).redact("x a-very-secret-token y")
    assert build(options, network).check().startswith("Waits for POST /hooks/desk")
