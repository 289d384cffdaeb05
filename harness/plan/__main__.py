"""`python -m harness.plan ...`: what a command line of `python -m harness` will cost, and whether there is room."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NoReturn

from rich.console import Console

from harness.cli import command
from harness.config import run_specs
from harness.errors import ConfigError, printable, short
from harness.spec import RunSpec


def main() -> NoReturn:
    """Plan every job of the command line; the exit code is 3 where there is no room for them."""
    # As `python -m harness` runs, so that what is measured is what to expect.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    specs: list[RunSpec] = []
    machines = [1]

    def job(settings: Mapping[str, Any]) -> None:
        machines[0] = _machines(settings["machines"])
        specs.extend(run_specs({key: value for key, value in settings.items() if key != "machines"}))

    command("plan", job, lambda: _tell(specs, machines[0]))


def _machines(given: object) -> int:
    if type(given) is not int or given < 1:
        raise ConfigError("machines", got=short(given), expected="a whole number, 1 or more")
    return given


def _tell(specs: list[RunSpec], machines: int) -> None:
    # A wrong setting is refused before torch and transformers are imported, which takes seconds.
    from harness.plan.jobs import planned  # noqa: PLC0415 - see above
    from harness.plan.room import refuse  # noqa: PLC0415
    from harness.plan.table import table  # noqa: PLC0415

    plan = planned(specs)
    console = Console()
    console.print(table(plan.jobs, machines))
    for line in (*plan.notes, *map(str, plan.needs)):
        console.print(printable(line), markup=False, highlight=False, soft_wrap=True)
    refuse(plan.needs)


if __name__ == "__main__":
    main()
