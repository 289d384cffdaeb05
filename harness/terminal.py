"""Progress on standard error: a bar per stage on a terminal, a line per stage elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from harness.errors import printable
from harness.watch import Stage, Watch


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
            task = progress.add_task(f"{self.job}: {name}", total=total, rate="")
            stage = Stage(name, total, unit)
            stage.moved = lambda items: progress.update(task, advance=items, rate=stage.rate)
            yield from self.timed(stage)
            progress.update(task, total=stage.items, completed=stage.items, rate=stage.rate)

    def tell(self, line: str) -> None:
        """Print `line` above the bars."""
        self.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)

    def _bars(self) -> Progress:
        return Progress(
            TextColumn("{task.description:<36}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=self.console,
        )


def watch() -> Watch:
    """Return bars where standard error is a terminal, lines where it is not."""
    return BarWatch() if sys.stderr.isatty() else LineWatch()
