"""Which system of a row may be marked as best: only one that the data set apart from every other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from harness.report.statistics.differences import differences_of
from harness.report.statistics.holm import holm
from harness.report.statistics.intervals import LEVEL, check_level
from harness.report.statistics.randomisation import randomisation


@dataclass(frozen=True)
class Supported:
    """What may be marked in a row of systems."""

    best: str | None
    """The system that is higher than every other; None where that cannot be told."""
    second: str | None
    """The one that is higher than all but the best; None where there is no best, or that cannot be told."""
    leaders: tuple[str, ...]
    """The system of the highest mean and those that cannot be told from it, by falling mean."""


def supported_best(systems: Mapping[str, Mapping[str, float] | None], level: float = LEVEL) -> Supported:
    """Return the best and second best system of a row, where per-query values support it.

    Every pair of the row is tested and allowed for (Holm), since the best is picked after looking. A row of one system
    has no best.

    Args:
        systems: a system's label -> its value per query, over the same queries in all. None for a system of which only
            the mean is known: against it nothing can be tested, so then nothing is marked.
        level: tests are held against 1 - level.

    Raises:
        DataError: systems have different queries, or a value is no fraction.
    """
    check_level(level)
    known = {label: values for label, values in systems.items() if values is not None}
    if len(known) < len(systems) or len(known) < 2:
        return Supported(None, None, tuple(known) if len(known) == len(systems) else ())
    means = {label: math.fsum(values.values()) / len(values) for label, values in known.items() if values}
    order = sorted(known, key=lambda label: (-means.get(label, 0.0), label))
    apart = _apart(known, order, 1 - level)
    leaders = (order[0], *(label for label in order[1:] if (order[0], label) not in apart))
    if len(leaders) > 1:
        return Supported(None, None, leaders)
    below = order[2:]
    second = order[1] if below and all((order[1], label) in apart for label in below) else None
    return Supported(order[0], second, leaders)


def _apart(systems: Mapping[str, Mapping[str, float]], order: Sequence[str], alpha: float) -> set[tuple[str, str]]:
    """Return the pairs, in `order`, that a test tells apart."""
    pairs = list(combinations(order, 2))
    found = [randomisation(differences_of(systems[one], systems[other])).p for one, other in pairs]
    return {pair for pair, p in zip(pairs, holm(found), strict=True) if p <= alpha}
