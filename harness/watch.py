"""Progress, for whoever watches: stages that are timed and counted, and shown by nobody unless asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Stage:
    """One stage as it goes on: how many items, how many tokens, how long."""

    name: str
    total: int | None
    unit: str = "documents"
    moved: Callable[[int], None] | None = None
    """Told of every advance, for a bar."""
    items: int = 0
    tokens: int = 0
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    spent: dict[str, float] = field(default_factory=dict)
    """Seconds by what they were spent on, of all processes that work on it together."""

    def advance(self, items: int, tokens: int = 0) -> None:
        """Take note of `items` more that are done, made of `tokens`."""
        self.items += items
        self.tokens += tokens
        if self.moved is not None:
            self.moved(items)

    def reach(self, items: int) -> None:
        """Take note that `items` are done in all."""
        self.advance(items - self.items)

    def spend(self, spent: Mapping[str, float]) -> None:
        """Take note of seconds by what they were spent on."""
        for name, seconds in spent.items():
            self.spent[name] = self.spent.get(name, 0.0) + seconds

    @property
    def bottleneck(self) -> str:
        """What takes most of the time, with its share, as in "encode 93 %"; nothing where nobody says."""
        if not any(self.spent.values()):
            return ""
        name = max(self.spent, key=self.spent.__getitem__)
        return f"{name} {self.spent[name] / sum(self.spent.values()):.0%}".replace("%", " %")

    @property
    def rate(self) -> str:
        """Tokens per second so far, in words; nothing where no tokens are counted."""
        seconds = self.seconds or time.monotonic() - self.started
        return f"{self.tokens / seconds:,.0f} tokens/s" if self.tokens and seconds else ""

    @property
    def record(self) -> dict[str, object]:
        """The stage in numbers, once it is over: seconds, items, tokens with their rate and shares where counted."""
        found: dict[str, object] = {"seconds": round(self.seconds, 3)}
        if self.items:
            found[self.unit] = self.items
        if self.tokens and self.seconds:
            found |= {"tokens": self.tokens, "tokens_per_second": round(self.tokens / self.seconds, 1)}
        if self.spent:
            found["spent"] = {name: round(seconds, 3) for name, seconds in self.spent.items()}
        return found

    @property
    def line(self) -> str:
        """The stage in one line, once it is over."""
        unit = self.unit.removesuffix("s") if self.items == 1 else self.unit
        parts = [f"{self.items:,} {unit}" if self.items else "", self.rate, self.bottleneck, f"{self.seconds:.1f} s"]
        return f"{self.name}: {', '.join(part for part in parts if part)}"


@dataclass
class Watch:
    """Takes note of stages and shows nothing; harness.terminal shows them."""

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
        yield from self.timed(stage)

    def tell(self, line: str) -> None:
        """Say one line, outside of any bar."""

    def timed(self, stage: Stage) -> Iterator[Stage]:
        """Give `stage`, and keep it with its seconds once it is left."""
        yield stage
        stage.seconds = time.monotonic() - stage.started
        self.stages.append(stage)
