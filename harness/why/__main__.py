"""`python -m harness.why dataset=beir/arguana model=...`: which protocol field explains how much of a gap."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NoReturn

from rich.console import Console

from harness import paths
from harness.cli import command
from harness.config import run_specs
from harness.errors import ConfigError, printable, short
from harness.report.reading import read_published
from harness.spec import RunSpec
from harness.terminal import watch
from harness.typed import checked
from harness.why.explain import explain
from harness.why.fields import absent, changes
from harness.why.running import Runs
from harness.why.table import lines, table
from harness.why.target import Target, published_target

OWN = ("fields", "values", "target", "budget")
"""Keys that an evaluation does not have."""


def main() -> NoReturn:
    """Explain one cell."""
    # As `python -m harness` runs, so that what is measured is what to expect.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    command("why", _job)


def _job(settings: Mapping[str, Any]) -> None:
    spec = _one(run_specs({key: value for key, value in settings.items() if key not in OWN}))
    wanted = None if settings["fields"] is None else checked(settings["fields"], tuple[str, ...], "fields")
    target, budget = _number(settings, "target"), _number(settings, "budget")
    values = checked(settings["values"], dict, "values")
    runs = Runs(watch())
    base = runs.base(spec)
    tried = changes(base, values, wanted)
    told = Target(target, "the target") if target is not None else published_target(base.result, _tables())
    found = explain(base, tried, told.value, runs, budget)
    console = Console()
    console.print(table(found))
    reasons = (f"not run: {reason}" for name, reason in absent().items() if wanted is None or name in wanted)
    for line in (*lines(found, told), *reasons):
        console.print(printable(line), markup=False, highlight=False, soft_wrap=True)


def _one(specs: tuple[RunSpec, ...]) -> RunSpec:
    if len(specs) != 1:
        raise ConfigError(
            "one cell is explained at a time", got=f"{len(specs)} languages", remedy="Choose language=CODE"
        )
    if len(specs[0].dims) > 1:
        raise ConfigError("one cell is explained at a time", got=f"dim={list(specs[0].dims)}", remedy="Choose one")
    return specs[0]


def _number(settings: Mapping[str, Any], key: str) -> float | None:
    value = settings[key]
    if value is not None and (type(value) not in (int, float) or value < 0):
        raise ConfigError(key, got=short(value), expected="a number of 0 or more")
    return None if value is None else float(value)


def _tables() -> tuple[Any, ...]:
    return read_published(paths.published())


if __name__ == "__main__":
    main()
