"""Progress on standard error: a bar per stage on a terminal, a line per stage elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from harness.errors import printable
from harness.watch import Stage, Watch

WIDE = 110
"""Columns of a terminal from which on there is room for a bar."""


@dataclass
class LineWatch(Watch):
    """A line on standard error for each stage that is over."""

    @contextmanager
    def stage(self, name: str, total: int | None = None, unit: str = "documents") -> Iterator[Stage]:
        """Give a stage, and write its line when it is over."""
        stage = Stage(name, total, unit)
        yield from self.timed(stage)
        self.tell(f"{self.job}: {stage.line}")

    def tell(self, line: str) -> None:
        """Write `line` to standard error."""
        sys.stderr.write(f"{printable(line)}\n")
        sys.stderr.flush()


@dataclass
class BarWatch(Watch):
    """A bar on the terminal for each stage: items done, tokens per second, time left."""

    console: Console = field(default_factory=lambda: Console(stderr=True))

    @contextmanager
    def stage(self, name: str, total: int | None = None, unit: str = "documents") -> Iterator[Stage]:
        """Give a stage with a bar that stays, filled, when it is over."""
        with self._bars() as progress:
            task = progress.add_task(f"{self.job}: {name}", total=total, pace="")
            stage = Stage(name, total, unit)
            stage.moved = lambda items: progress.update(task, advance=items, pace=_pace(stage))
            yield from self.timed(stage)
            progress.update(task, total=stage.items, completed=stage.items, pace=_pace(stage))

    def tell(self, line: str) -> None:
        """Print `line` above the bars."""
        self.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)

    def _bars(self) -> Progress:
        # What a stage is called gives way to how it goes, and on a narrow terminal the bar does.
        name = Column(ratio=1, no_wrap=True, overflow="ellipsis")
        return Progress(
            TextColumn("{task.description}", markup=False, table_column=name),
            *([BarColumn(bar_width=20)] if self.console.width >= WIDE else []),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=self.console,
            expand=True,
        )


def _pace(stage: Stage) -> str:
    """Return how fast a stage is and what holds it up."""
    return ", ".join(part for part in (stage.rate, stage.bottleneck) if part)


def watch() -> Watch:
    """Return bars where standard error is a terminal, lines where it is not."""
    return BarWatch() if sys.stderr.isatty() else LineWatch()
