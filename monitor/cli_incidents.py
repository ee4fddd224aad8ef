"""The commands `incidents …` and `silences …`."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli_options import CONFIG, ConfigOption, JsonOption
from monitor.output import Output

incidents = typer.Typer(help="Incidents and their timelines.", invoke_without_command=True)
silences = typer.Typer(
    help="Alerts that are kept quiet on purpose, with a reason and an end.", no_args_is_help=True
)


@incidents.callback()
def incidents_default(ctx: typer.Context) -> None:
    """Lists the incidents when no other command is given."""
    if ctx.invoked_subcommand is None:
        list_incidents()


@incidents.command("list")
def list_incidents(
    config: ConfigOption = CONFIG,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Open incidents, newest first."""
    from monitor.incident_views import list_all

    raise typer.Exit(list_all(config, Output(as_json), everything=everything))


@incidents.command("show")
def show_incident(
    number: Annotated[str, typer.Argument(help="INC-12 or 12.")],
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """The card and the timeline of one incident."""
    from monitor.incident_views import show_one

    raise typer.Exit(show_one(config, number, Output(as_json)))


@incidents.command("export")
def export_incident(
    number: Annotated[str, typer.Argument(help="INC-12 or 12.")],
    config: ConfigOption = CONFIG,
    form: Annotated[str, typer.Option("--format", help="text, json, markdown, html or csv.")] = "markdown",
) -> None:
    """The timeline of one incident as text, JSON, Markdown, HTML or CSV."""
    from monitor.incident_views import export_one

    raise typer.Exit(export_one(config, number, form))


@incidents.command("ack")
def acknowledge_incident(
    number: Annotated[str, typer.Argument(help="INC-12 or 12.")],
    by: Annotated[str, typer.Option("--as", help="Who takes it: a person of the mandate.")],
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Acknowledge without Slack."""
    from monitor.acting import acknowledge

    raise typer.Exit(acknowledge(config, number, by, Output(as_json)))


@silences.command("list")
def list_silences(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Silences in force."""
    from monitor.silencing import list_silences as command

    raise typer.Exit(command(config, Output(as_json)))


@silences.command("add")
def add_silence(
    reason: Annotated[str, typer.Argument(help="Why.")],
    by: Annotated[str, typer.Option("--as", help="Who silences: a person of the mandate.")],
    lasts: Annotated[str, typer.Option("--for", help="How long: 2h, 1d.")],
    config: ConfigOption = CONFIG,
    brand: Annotated[str, typer.Option(help="Only this brand.")] = "",
    theme: Annotated[str, typer.Option(help="Only this theme.")] = "",
    source: Annotated[str, typer.Option(help="Only this source.")] = "",
    up_to: Annotated[str, typer.Option("--up-to", help="What is above is told all the same.")] = "warning",
    as_json: JsonOption = False,
) -> None:
    """Keep alerts quiet for a while; incidents are opened and shown all the same."""
    from alerts.silences import Matcher
    from monitor.silencing import add_silence as command

    matcher = Matcher(brand=brand, theme=theme, source=source)
    output = Output(as_json)
    raise typer.Exit(command(config, output, by=by, reason=reason, lasts=lasts, matcher=matcher, up_to=up_to))


@silences.command("end")
def end_silence(
    number: Annotated[int, typer.Argument(help="The silence's number.")],
    by: Annotated[str, typer.Option("--as", help="Who ends it.")],
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """End a silence before its time."""
    from monitor.silencing import end_silence as command

    raise typer.Exit(command(config, Output(as_json), number=number, by=by))
