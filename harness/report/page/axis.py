"""Scales of the page's drawings: where a value lies, and which values are written beside an axis."""

from __future__ import annotations

import math
from dataclasses import dataclass

NARROWEST = 0.02
"""What a linear axis spans at least: differences below the third decimal are not drawn large."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A scale from values to coordinates."""

    low: float
    high: float
    start: float
    """The coordinate of `low`."""
    end: float
    """The coordinate of `high`."""
    ticks: tuple[float, ...]
    """Round values on the axis, rising."""
    logarithmic: bool = False

    def at(self, value: float) -> str:
        """Return the coordinate of `value` with one decimal, at which no machine rounds differently."""
        low, high, here = self.low, self.high, value
        if self.logarithmic:
            low, high, here = math.log(low), math.log(high), math.log(value)
        return point(self.start + (here - low) / (high - low) * (self.end - self.start))


def point(coordinate: float) -> str:
    """Return a coordinate as SVG has it.

    >>> point(12.04), point(-0.01)
    ('12', '0')
    """
    written = f"{coordinate:.1f}".removesuffix(".0")
    return "0" if written == "-0" else written


def linear(low: float, high: float, start: float, end: float, intervals: int = 4) -> Axis:
    """Return an axis that reaches a little beyond `low` and `high`, to round values.

    >>> linear(0.513, 0.717, 100, 0).ticks
    (0.5, 0.6, 0.7, 0.8)
    """
    step = _step(max(high - low, NARROWEST) / intervals)
    first, last = math.floor(low / step), math.ceil(high / step)
    if first == last:
        last += 1
    ticks = tuple(round(at * step, 9) for at in range(first, last + 1))
    return Axis(low=ticks[0], high=ticks[-1], start=start, end=end, ticks=ticks)


def doubling(low: float, high: float, start: float, end: float) -> Axis:
    """Return a logarithmic axis a little wider than `low` to `high` (above 0), with a tick where a value doubles.

    >>> doubling(3000, 20000, 0, 100).ticks
    (2000.0, 4000.0, 8000.0, 16000.0)
    """
    low, high = low / 1.5, high * 1.5
    unit = 10.0 ** math.floor(math.log10(low))
    ticks = [tick for tick in (unit * 2**power for power in range(16)) if low <= tick <= high]
    return Axis(low=low, high=high, start=start, end=end, ticks=tuple(ticks), logarithmic=True)


def _step(about: float) -> float:
    """Return the round step, 1, 2 or 5 times a power of ten, that is `about` or the next above."""
    power = 10.0 ** math.floor(math.log10(about))
    return next((round(power * times, 9) for times in (1, 2, 5) if power * times >= about * (1 - 1e-9)), power * 10)
