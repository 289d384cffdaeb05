"""Printed numbers and their means: what a printed average can be the mean of, and what it cannot.

A printed number is its true value rounded to its last decimal, half a unit off at most. The mean of printed numbers is
off by the mean of those halves at most, and a printed average is rounded once more. So an average agrees with its
numbers within half a unit of its own last decimal plus the mean of their halves; further off, it is of something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations


@dataclass(frozen=True)
class Printed:
    """A number as it was printed."""

    value: Fraction
    half: Fraction
    """Half a unit of its last decimal."""


def printed(number: Decimal) -> Printed:
    """Return a number with what its decimals leave open.

    >>> printed(Decimal("0.50")).half
    Fraction(1, 200)
    """
    exponent = number.as_tuple().exponent
    return Printed(Fraction(number), Fraction(10) ** int(exponent) / 2)


def mean_of(numbers: Iterable[Printed]) -> Fraction:
    """Return the exact mean of the printed values, at least one."""
    given = list(numbers)
    return _totals(given)[0] / len(given)


def follows(average: Printed, numbers: Sequence[Printed]) -> bool:
    """Return whether a printed average can be the mean of what was printed as `numbers`."""
    value, half = _totals(numbers)
    return abs(average.value - value / len(numbers)) <= average.half + half / len(numbers)


def agree(one: Printed, other: Printed) -> bool:
    """Return whether one true value can have been printed as both.

    >>> agree(printed(Decimal("0.35")), printed(Decimal("0.346")))
    True
    >>> agree(printed(Decimal("0.34")), printed(Decimal("0.346")))
    False
    """
    # Two roundings to one number of decimals that only touch would need a tie broken both ways.
    return one.value == other.value or abs(one.value - other.value) < one.half + other.half


def omissions(average: Printed, numbers: Mapping[str, Printed], size: int = 1) -> tuple[tuple[str, ...], ...]:
    """Return the sets of `size` labels without whose numbers the average would follow from the others."""
    left = len(numbers) - size
    if left < 1:
        return ()
    values, halves = _totals(numbers.values())
    found = []
    for labels in combinations(numbers, size):
        value, half = _totals(numbers[label] for label in labels)
        if abs(average.value - (values - value) / left) <= average.half + (halves - half) / left:
            found.append(labels)
    return tuple(found)


def _totals(numbers: Iterable[Printed]) -> tuple[Fraction, Fraction]:
    """Return the sum of the values and that of their halves of a unit."""
    value = half = Fraction(0)
    for number in numbers:
        value, half = value + number.value, half + number.half
    return value, half
