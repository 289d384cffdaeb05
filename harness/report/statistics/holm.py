"""Holm's correction for the tests of one table."""

from __future__ import annotations

from collections.abc import Sequence

from harness.errors import DataError, short


def holm(p: Sequence[float]) -> tuple[float, ...]:
    """Return the p-values as they stand when all of them are looked at together, each in its place.

    The smallest counts as many times as there are tests, the next once less, and none ends up below a smaller one (S.
    Holm, A simple sequentially rejective multiple test procedure, 1979). However the tests depend on one another, the
    chance that any true null hypothesis falls below a bound is at most that bound.

    Raises:
        DataError: one is no probability.

    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    for value in p:
        if not 0 <= value <= 1:
            raise DataError("a p-value", got=short(value), expected="from 0 to 1")
    adjusted = [0.0] * len(p)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        largest = max(largest, min(1.0, (len(p) - rank) * p[place]))
        adjusted[place] = largest
    return tuple(adjusted)
