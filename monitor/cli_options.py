"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[Path, typer.Option("--config", help="The config file.")]
OptionalConfig = Annotated[Path | None, typer.Option("--config", help="A config file; without it, defaults.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else.")]
BrandOption = Annotated[str | None, typer.Option("--brand", help="The brand of lines that name none.")]
CONFIG = Path("config.yaml")
