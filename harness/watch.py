"""Progress, for whoever watches: a bar per stage on a terminal, a line per stage elsewhere, nothing in a library."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from harness.errors import printable


@dataclass
class Stage:
    """One stage as it goes on: how many items, how many tokens, how long."""

    name: str
    total: int | None
    unit: str = "documents"
    bar: tuple[Progress, TaskID] | None = None
    items: int = 0
    tokens: int = 0
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def advance(self, items: int, tokens: int = 0) -> None:
        """Take note of `items` more that are done, made of `tokens`."""
        self.items += items
        self.tokens += tokens
        if self.bar is not None:
            progress, task = self.bar
            progress.update(task, advance=items, rate=self.rate)

    def reach(self, items: int) -> None:
        """Take note that `items` are done in all."""
        self.advance(items - self.items)

    @property
    def rate(self) -> str:
        """Tokens per second so far, in words; nothing where no tokens are counted."""
        seconds = self.seconds or time.monotonic() - self.started
        return f"{self.tokens / seconds:,.0f} tokens/s" if self.tokens and seconds else ""

    @property
    def record(self) -> dict[str, float | int]:
        """The stage in numbers, once it is over: seconds, items, and tokens with their rate where they are counted."""
        found: dict[str, float | int] = {"seconds": round(self.seconds, 3)}
        if self.items:
            found[self.unit] = self.items
        if self.tokens and self.seconds:
            found |= {"tokens": self.tokens, "tokens_per_second": round(self.tokens / self.seconds, 1)}
        return found

    @property
    def line(self) -> str:
        """The stage in one line, once it is over."""
        unit = self.unit.removesuffix("s") if self.items == 1 else self.unit
        parts = [f"{self.items:,} {unit}" if self.items else "", self.rate, f"{self.seconds:.1f} s"]
        return f"{self.name}: {', '.join(part for part in parts if part)}"


@dataclass
class Watch:
    """Shows stages and tells what was noticed, on standard error; the base shows nothing."""

    job: str = ""
    """What the stages are about, as in "minilm on mini en"."""
    stages: list[Stage] = field(default_factory=list)
    """The stages of the job that are over."""

    def begin(self, job: str) -> None:
        """Take note that the stages from now on are those of `job`."""
        self.job = job
        self.stages = []

    @contextmanager
    def stage(self, name: str, total: int | None = None, unit: str = "documents") -> Iterator[Stage]:
        """Give a stage to advance, and time it until it is left."""
        stage = Stage(name, total, unit)
        yield from self._timed(stage)

    def tell(self, line: str) -> None:
        """Say one line, outside of any bar."""

    def _timed(self, stage: Stage) -> Iterator[Stage]:
        yield stage
        stage.seconds = time.monotonic() - stage.started
        self.stages.append(stage)


@dataclass
class LineWatch(Watch):
    """A line on standard error for each stage that is over."""

    @contextmanager
    def stage(self, name: str, total: int | None = None, unit: str = "documents") -> Iterator[Stage]:
        """Give a stage, and write its line when it is over."""
        stage = Stage(name, total, unit)
        yield from self._timed(stage)
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
            stage = Stage(name, total, unit, (progress, task))
            yield from self._timed(stage)
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
