"""`python -m harness.status out=DIR`: list runs, shards done, what is missing or broken, and the command to go on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console

from harness.cli import command
from harness.errors import ConfigError, DataError, printable, short
from harness.keys import FORMAT
from harness.report.provenance import environment
from harness.status.found import Code
from harness.status.lines import lines, table
from harness.status.reading import read_listing


def main() -> NoReturn:
    """List one folder; the exit code is 0 whatever is missing, and 3 where a file in it is damaged."""
    command("status", _job)


def _job(settings: Mapping[str, Any]) -> None:
    out = settings["out"]
    if not isinstance(out, str) or not out:
        raise ConfigError("out", got=short(out), expected="a folder")
    listing = read_listing(Path(out))
    here = environment()
    code = Code(here["harness"], here["commit"], FORMAT)
    console = Console()
    if listing.results:
        console.print(table(listing, code))
    for line in lines(listing, code):
        # A command is one line however narrow the terminal is, so that it can be copied.
        console.print(printable(line), markup=False, highlight=False, soft_wrap=True)
    damaged = len(listing.damaged) + sum(broken.unreadable for broken in listing.broken)
    if damaged:
        raise DataError(f"{out} has damaged files", got=damaged, remedy="They are named above")


if __name__ == "__main__":
    main()
