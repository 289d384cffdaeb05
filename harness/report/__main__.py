"""`python -m harness.report`: the card's tables with what has been measured, written to files and to the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console

from harness import paths
from harness.cli import command
from harness.errors import ConfigError, short
from harness.report.card import report
from harness.report.registered import registered


def main() -> NoReturn:
    """Write the report of one folder of results."""
    command("report", _job)


def _job(settings: Mapping[str, Any]) -> None:
    out = settings["out"]
    if not isinstance(out, str):
        raise ConfigError("out", got=short(out), expected="a folder")
    console = Console()
    made = report(Path(out), registered(paths.configs()), width=console.width)
    for renderable in made.renderables:
        console.print(renderable)
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in made.verdicts.items())
    console.print(f"{verdicts}\nwritten: {made.paths[0]} and {len(made.paths) - 1} more", highlight=False, markup=False)


if __name__ == "__main__":
    main()
