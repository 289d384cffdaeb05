"""Kinds of figures that a bar is about: each is worked out of one record and held against its bound. Needs no torch."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Protocol

from tests.benchmarks.record import Record, ratio


class Figure(Protocol):
    """One number of a record against one bar."""

    @property
    def bar(self) -> str:
        """The bar in words."""
        ...

    def of(self, record: Record) -> tuple[str, bool]:
        """Return the number in words, and whether it meets the bar."""
        ...


@dataclass(frozen=True)
class Times:
    """How many times faster one variant is than another: at least so many."""

    fast: str
    slow: str
    least: float

    @property
    def bar(self) -> str:
        return f"at least {self.least:g}x"

    def of(self, record: Record) -> tuple[str, bool]:
        found = ratio(record, self.slow, self.fast)
        return f"{found:.2f}x", found >= self.least


@dataclass(frozen=True)
class Longer:
    """How many times as long one variant takes as another: at most so many."""

    long: str
    short: str
    most: float

    @property
    def bar(self) -> str:
        return f"at most {self.most:g}x"

    def of(self, record: Record) -> tuple[str, bool]:
        found = ratio(record, self.long, self.short)
        return f"{found:.2f}x", found <= self.most


@dataclass(frozen=True)
class Best:
    """How many times faster the fastest of some variants is than another."""

    fast: tuple[str, ...]
    slow: str
    least: float

    @property
    def bar(self) -> str:
        return f"at least {self.least:g}x"

    def of(self, record: Record) -> tuple[str, bool]:
        found, name = max((ratio(record, self.slow, name), name) for name in self.fast)
        return f"{found:.2f}x ({name})", found >= self.least


@dataclass(frozen=True)
class Speed:
    """What a variant does in a second, as a share of the most that others do, or of a value of the record."""

    of_variant: str
    peaks: tuple[str, ...]
    least: float
    value: str | None = None

    @property
    def bar(self) -> str:
        return f"at least {self.least:.0%}"

    def of(self, record: Record) -> tuple[str, bool]:
        peak = max(_speed(record, name) for name in self.peaks)
        peak = float(record.values.get(self.value, peak)) if self.value else peak
        found = _speed(record, self.of_variant) / peak
        return f"{found:.1%}", found >= self.least


@dataclass(frozen=True)
class Share:
    """What part of the seconds of one variant another takes."""

    part: str
    whole: str
    least: float | None = None
    most: float | None = None

    @property
    def bar(self) -> str:
        return f"at most {self.most:.0%}" if self.least is None else f"at least {self.least:.0%}"

    def of(self, record: Record) -> tuple[str, bool]:
        found = 1.0 / ratio(record, self.whole, self.part)
        return f"{found:.1%}", found <= (self.most or 1.0) and found >= (self.least or 0.0)


@dataclass(frozen=True)
class Value:
    """A value of the record: at least or at most so much, or true."""

    key: str
    least: float | None = None
    most: float | None = None
    called: str = ""

    @property
    def bar(self) -> str:
        if self.least is None and self.most is None:
            return self.called
        bound = self.least if self.least is not None else self.most
        return f"{self.called} {'at most' if self.least is None else 'at least'} {self._shown(bound)}"

    def of(self, record: Record) -> tuple[str, bool]:
        found = record.values[self.key]
        if isinstance(found, bool | str):
            return f"{self.called}: {'yes' if found is True else 'no'}", found is True
        met = (self.least is None or found >= self.least) and (self.most is None or found <= self.most)
        return f"{self.called} {self._shown(found)}", met

    def _shown(self, value: float) -> str:
        return f"{value:.1%}" if "share" in self.key else f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _speed(record: Record, variant: str) -> float:
    found = record.variants[variant]
    assert found.amount is not None, variant
    return found.amount / statistics.median(found.seconds)
