"""`python -m harness.report`: the card's tables with what has been measured, written to files and to the terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console

from harness import paths
from harness.cli import command
from harness.errors import ConfigError, short
from harness.report.card import report
from harness.report.reading import read_published
from harness.report.registered import registered

LIST = re.compile(r"^export=([^\['\"].*,.*)$")


def main() -> NoReturn:
    """Write the report of one folder of results."""
    # A bare comma is a sweep to Hydra, and a list of formats to everybody else.
    sys.argv[1:] = [LIST.sub(r"export=[\1]", word) for word in sys.argv[1:]]
    command("report", _job)


def _job(settings: Mapping[str, Any]) -> None:
    out = settings["out"]
    if not isinstance(out, str):
        raise ConfigError("out", got=short(out), expected="a folder")
    write_exports = _exporter(settings["export"])
    console = Console()
    made = report(Path(out), registered(paths.configs()), width=console.width, margin=_margin(settings["margin"]))
    for renderable in made.renderables:
        console.print(renderable)
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in made.verdicts.items())
    console.print(f"{verdicts}\nwritten: {made.paths[0]} and {len(made.paths) - 1} more", highlight=False, markup=False)
    for line in write_exports(Path(out)):
        console.print(line, highlight=False, markup=False)


def _exporter(asked: object) -> Callable[[Path], list[str]]:
    """Return what writes the exports that were asked for and says what it did; a wrong name is an error here."""
    if asked is None:
        return lambda out: []
    from harness.report.exports.formats import export, formats_of  # noqa: PLC0415 - tests and tables only they need

    names = formats_of(asked)

    def write(out: Path) -> list[str]:
        cards, known = read_published(paths.published()), registered(paths.configs())
        return [line for done in export(names, out, cards, known) for line in done.lines()]

    return write


def _margin(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise ConfigError("margin", got=short(value), expected="a difference above 0 and below 1, as 0.005")
    return float(value)


if __name__ == "__main__":
    main()
