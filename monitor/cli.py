"""`crisis-monitor`: every command, each a few lines that call one function elsewhere.

Imports happen inside the commands, so that `--help` answers at once. Exit codes: 0 fine, 1 the thing asked about
failed, 2 wrong use or config.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli_incidents import incidents, silences
from monitor.cli_options import CONFIG, BrandOption, ConfigOption, JsonOption, OptionalConfig
from monitor.output import FINE, INTERRUPTED, WRONG_USE, CommandError, Output

app = typer.Typer(
    name="crisis-monitor",
    help="Sees the first wave of a social-media crisis and tells the people with the mandate to act.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(incidents, name="incidents")
app.add_typer(silences, name="silences")


@app.command()
def run(
    config: ConfigOption = CONFIG,
    once: Annotated[bool, typer.Option("--once", help="One pass, then exit.")] = False,
) -> None:
    """The daemon: collect, detect, escalate, web pages."""
    from monitor.daemon import run_daemon

    raise typer.Exit(run_daemon(config, once=once))


@app.command()
def check(
    config: ConfigOption = CONFIG,
    connect: Annotated[bool, typer.Option("--connect", help="Ask every source and channel, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Validate config and mandate (all errors at once); with --connect every source and channel."""
    from monitor.check import check_config

    raise typer.Exit(check_config(config, Output(as_json), connect=connect))


@app.command()
def init(
    config: ConfigOption = CONFIG,
    brand: Annotated[str | None, typer.Option(help="What is watched; asked for when missing.")] = None,
    word: Annotated[list[str] | None, typer.Option(help="A further word for it; repeatable.")] = None,
    feed: Annotated[list[str] | None, typer.Option(help="An RSS/Atom address; repeatable.")] = None,
    slack_channel: Annotated[str | None, typer.Option(help="Where the crisis group meets.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of alerts: sv, nb, nn, da, fi, en.")] = None,
) -> None:
    """Write a first, commented config; asks for what is not given."""
    from monitor.init_config import init_config

    init_config(config, brand=brand, words=word, feeds=feed, slack_channel=slack_channel, language=language)


@app.command()
def demo(
    language: Annotated[str, typer.Option(help="Language of the alerts: sv, nb, nn, da, fi, en.")] = "en",
    as_fast: Annotated[bool, typer.Option("--fast", help="Without pauses for reading.")] = False,
) -> None:
    """A bundled, fictional crisis in a minute, offline."""
    from monitor.demo import run_demo

    raise typer.Exit(run_demo(language=language, paused=not as_fast and sys.stdout.isatty()))


@app.command()
def replay(
    files: Annotated[list[Path], typer.Argument(help="Mentions files: CSV with a header, or NDJSON.")],
    config: OptionalConfig = None,
    brand: BrandOption = None,
    report: Annotated[Path | None, typer.Option(help="Write what happened as an HTML page.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Recorded mentions through the whole pipeline on a simulated clock: what would have happened."""
    from monitor.replay import replay_files

    raise typer.Exit(replay_files(files, Output(as_json), config=config, brand=brand, report=report))


@app.command()
def backtest(
    new: Annotated[Path, typer.Option("--config", help="The config that is tried.")],
    current: Annotated[Path, typer.Option("--current", help="The config in force.")] = CONFIG,
    since: Annotated[str, typer.Option(help="How far back: 30d, 90d.")] = "90d",
    as_json: JsonOption = False,
) -> None:
    """The stored history under other thresholds, beside today's."""
    from monitor.backtest import backtest_configs

    raise typer.Exit(backtest_configs(new, current, since, Output(as_json)))


@app.command()
def detect(
    counts: Annotated[Path, typer.Argument(help="CSV with the columns timestamp,value.")],
    plot: Annotated[Path | None, typer.Option(help="Draw series, baseline and alarms as PNG.")] = None,
) -> None:
    """The volume detector alone; prints timestamp,value,expected,surprise,alarm as CSV."""
    from monitor.detecting import detect_file

    raise typer.Exit(detect_file(counts, sys.stdout, sys.stderr, plot=plot))


@app.command()
def score(
    language: Annotated[str | None, typer.Option(help="Fixes the language: sv, no, nb, nn, da, fi, en.")] = None,
    mask: Annotated[list[str] | None, typer.Option(help="A name that is not judged; repeatable.")] = None,
) -> None:
    """Judge one text a line on stdin; prints one JSON object a line."""
    from monitor.scoring import score_lines

    lines = (line.decode("utf-8", "replace") for line in sys.stdin.buffer)
    for row in score_lines(lines, language=language, mask=mask or []):
        sys.stdout.write(row + "\n")


@app.command()
def train(
    labels: Annotated[Path, typer.Argument(help="CSV with the columns text,label and optionally language.")],
    out: Annotated[Path, typer.Option(help="Where the trained table goes.")] = Path("trained.json"),
    as_json: JsonOption = False,
) -> None:
    """Own sentiment from your own labels, with a before/after table on a held-back part."""
    from dataclasses import asdict

    from monitor.output import fail
    from monitor.scoring import comparison_lines
    from monitor.scoring import train as train_heads

    try:
        table = train_heads(labels, out)
    except ValueError as error:
        fail(str(error))
    after = f"Written to {out}. It takes effect when the config says `sentiment: {{trained: {out}}}`."
    Output(as_json).answer({"table": [asdict(row) for row in table]}, "\n".join([*comparison_lines(table), after]))


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Mentions files: CSV with a header, or NDJSON.")],
    config: ConfigOption = CONFIG,
    brand: BrandOption = None,
    as_json: JsonOption = False,
) -> None:
    """Mentions into the store, as history for the baseline, without alerting."""
    from monitor.importing import import_files

    raise typer.Exit(import_files(files, config, Output(as_json), brand=brand))


@app.command()
def flag(
    text: Annotated[str, typer.Argument(help="What you have seen.")],
    by: Annotated[str, typer.Option("--as", help="Who flags: a person of the mandate.")],
    config: ConfigOption = CONFIG,
    brand: BrandOption = None,
    as_json: JsonOption = False,
) -> None:
    """A warning sign seen by a person; it must be answered."""
    from monitor.acting import flag_sign

    raise typer.Exit(flag_sign(config, text, by, brand, Output(as_json)))


@app.command()
def who(
    config: ConfigOption = CONFIG,
    level: Annotated[str, typer.Option(help="watch, warning or crisis.")] = "crisis",
    at: Annotated[str | None, typer.Option(help='When: "2026-12-24 03:00", local; now when missing.')] = None,
    theme: Annotated[str | None, typer.Option(help="A theme of the brand.")] = None,
    brand: BrandOption = None,
    as_json: JsonOption = False,
) -> None:
    """Dry run of the mandate: who would be told, when, through what, and what each may do."""
    from monitor.acting import show_who

    raise typer.Exit(show_who(config, level, at, theme, brand, Output(as_json)))


@app.command()
def status(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Health: sources, jobs, outbox, open incidents, baselines."""
    from monitor.status import show_status

    raise typer.Exit(show_status(config, Output(as_json)))


@app.command("alert-test")
def alert_test(
    config: ConfigOption = CONFIG,
    level: Annotated[str, typer.Option(help="watch, warning or crisis.")] = "warning",
    as_json: JsonOption = False,
) -> None:
    """A marked test alert through every channel, and what arrived."""
    from monitor.alert_test import run_alert_test

    raise typer.Exit(run_alert_test(config, level, Output(as_json)))


@app.command()
def erase(
    config: ConfigOption = CONFIG,
    author: Annotated[str | None, typer.Option(help="platform:author-id, as the platform names them.")] = None,
    mention: Annotated[str | None, typer.Option(help="platform:global-id of one post.")] = None,
    brand: Annotated[str | None, typer.Option(help="Everything of a brand that is no longer watched.")] = None,
    export: Annotated[Path | None, typer.Option(help="Write what is known of the author first.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Erase an author, a post or a brand: texts and identities go, counts stay."""
    from monitor.privacy_commands import erase_data

    raise typer.Exit(
        erase_data(config, Output(as_json), author=author, mention=mention, brand=brand, export=export)
    )


@app.command()
def schema() -> None:
    """JSON Schema of the config, so that editors complete and check it."""
    from monitor.config_schema import config_schema
    from monitor.output import to_json

    sys.stdout.write(to_json(config_schema()) + "\n")


def main() -> None:
    """Run the command line; turns known errors into a sentence and an exit code."""
    raise SystemExit(_run())


def _run() -> int:
    try:
        code = app(standalone_mode=False)
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    except BrokenPipeError:
        sys.stderr.close()
        return FINE
    except Exception as error:
        return _explain(error)
    return code if isinstance(code, int) else FINE


def _explain(error: Exception) -> int:
    """Errors of the command line and the config in words; anything else is a bug and keeps its traceback."""
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, typer.Abort):
        return INTERRUPTED
    show = getattr(error, "show", None)  # the command line's own errors, whichever click typer carries
    if show is not None:
        show()
        return WRONG_USE
    if type(error).__name__ == "ConfigError":
        sys.stderr.write(f"{error}\n")
        return WRONG_USE
    if isinstance(error, FileNotFoundError):
        is_config = str(error.filename).endswith((".yaml", ".yml"))
        hint = " `crisis-monitor init` writes a first config." if is_config else ""
        sys.stderr.write(f"{error.filename}: no such file.{hint}\n")
        return WRONG_USE
    if isinstance(error, IsADirectoryError | PermissionError):
        why = "is a folder" if isinstance(error, IsADirectoryError) else "may not be opened by this user"
        sys.stderr.write(f"{error.filename} {why}.\n")
        return WRONG_USE
    raise error
