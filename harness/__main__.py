"""`python -m harness`: evaluate a model on a dataset. `harness --help` names the other commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from rich.console import Console

from harness import paths
from harness.audit.__main__ import main as audit
from harness.cli import command
from harness.config import run_specs
from harness.doctor.__main__ import main as doctor
from harness.pipeline import evaluate_all
from harness.plan.__main__ import main as plan
from harness.report.__main__ import main as report
from harness.report.reading import read_published
from harness.report.record import Result
from harness.report.registered import registered
from harness.report.summary import description, summary
from harness.score.__main__ import main as score
from harness.status.__main__ import main as status
from harness.terminal import watch
from harness.why.__main__ import main as why

COMMANDS = {
    "audit": audit,
    "doctor": doctor,
    "plan": plan,
    "report": report,
    "score": score,
    "status": status,
    "why": why,
}


def main() -> NoReturn:
    """Run the command that the first word names; evaluate where it names none."""
    if len(sys.argv) > 1 and sys.argv[1] in COMMANDS:
        COMMANDS[sys.argv.pop(1)]()
    evaluate()


def evaluate() -> NoReturn:
    """Evaluate every job of the command line and print one table at the end."""
    # Threads that wait for each other sleep instead of spinning (libgomp reads this when torch is imported): beside
    # other work on two cores, spinning ones encoded 480 tokens/s where sleeping ones encode 1,375.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    results: list[Result] = []

    def job(settings: Mapping[str, Any]) -> None:
        results.extend(evaluate_all(run_specs(settings), watch()))

    def end() -> None:
        console = Console()
        cards, known = read_published(paths.published()), registered(paths.configs())
        for part in summary(results, cards, known, console.width):
            console.print(part)
        console.print(description(results) or "", style="dim", markup=False, highlight=False)

    command("evaluate", job, end)


if __name__ == "__main__":
    main()
