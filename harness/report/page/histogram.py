"""How the values of the queries lie, as one small drawing: a bar for 0, a bar for each tenth between, a bar for 1."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

TENTHS = 10
WIDTH, HEIGHT, STEP, GAP = 120, 30, 10, 2


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """The drawing of a distribution and what it shows, in words."""

    path: str
    """An SVG path in a box of 120 by 30; bars are ten apart."""
    text: str


def histogram(values: Collection[float]) -> Histogram:
    """Return the drawing of `values`, fractions from 0 to 1; what lies outside is counted at the nearer end.

    >>> histogram([0.0, 0.5, 1.0, 1.0]).text
    '1 at 0, 1 between, 2 at 1'
    """
    counts = [0] * (TENTHS + 2)
    for value in values:
        counts[_bar(value)] += 1
    highest = max(counts) or 1
    drawn = [
        f"M{STEP * at} {HEIGHT}v-{max(1, round(count / highest * HEIGHT))}h{STEP - GAP}V{HEIGHT}z"
        for at, count in enumerate(counts)
        if count
    ]
    between = sum(counts[1:-1])
    return Histogram(path="".join(drawn), text=f"{counts[0]:,} at 0, {between:,} between, {counts[-1]:,} at 1")


def _bar(value: float) -> int:
    if value <= 0:
        return 0
    return TENTHS + 1 if value >= 1 else 1 + min(int(value * TENTHS), TENTHS - 1)
