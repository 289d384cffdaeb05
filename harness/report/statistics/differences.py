"""Two systems over the same queries: the mean difference, its interval, a test, and a test of equivalence.

Effect size and interval come first; p comes from the randomisation test (Smucker, Allan and Carterette, CIKM 2007:
it, the bootstrap and the t-test agree, sign and Wilcoxon do not). That a difference is not shown makes nothing equal:
for that there is the equivalence test, against a margin that was set before anybody looked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import DataError, short
from harness.report.statistics.equivalence import p_of_equivalence, smallest_difference
from harness.report.statistics.intervals import LEVEL, Interval, check_level, interval_of, moments
from harness.report.statistics.randomisation import Randomised, randomisation


@dataclass(frozen=True, kw_only=True)
class Paired:
    """One system minus another over the same queries."""

    n: int
    difference: float
    """The mean of the differences, one minus other."""
    low: float
    high: float
    """The interval of the mean difference, at `level`."""
    p: float
    """Two-sided, of the randomisation test; 1 where no query differs."""
    equivalent: bool | None
    """Whether two one-sided tests show the difference to be within the margin; None for a single query."""
    p_equivalence: float | None
    """The larger p-value of the two; None for a single query."""
    smallest_difference: float | None
    """The difference that this many queries of this spread find four times out of five; None for a single query."""
    method: str
    """How interval and p were found, in words."""
    sd: float
    """The standard deviation of the differences."""
    differing: int
    """How many queries have a difference at all."""
    margin: float
    level: float

    @property
    def alpha(self) -> float:
        """What a p-value is held against: 1 - level."""
        return 1 - self.level


def paired(one: Mapping[str, float], other: Mapping[str, float], margin: float, level: float = LEVEL) -> Paired:
    """Return how `one` stands against `other`, query by query.

    Args:
        one: query id -> value, a fraction from 0 to 1.
        other: the same queries of the other system.
        margin: the difference below which two systems are as good as one another, set beforehand.
        level: of the interval; tests are held against 1 - level.

    Raises:
        DataError: the queries are not the same (the message names some that are missing), there are none, a value is no
            fraction, or the margin is not above 0.
    """
    check_level(level)
    check_margin(margin)
    differences = differences_of(one, other)
    found, tested = moments(differences), randomisation(differences)
    interval = interval_of(differences, level, (-1.0, 1.0), skewed=False)
    error = found.sd / math.sqrt(found.n)
    return put_together(differences, interval, tested, (error, found.n - 1), margin)


def put_together(
    differences: Sequence[float], interval: Interval, tested: Randomised, spread: tuple[float, float], margin: float
) -> Paired:
    """Return the comparison that these parts make.

    Args:
        differences: of all queries.
        interval: of the mean difference.
        tested: p and how it was found.
        spread: the standard error of the mean difference and its degrees of freedom.
        margin: of equivalence.
    """
    differing = sum(difference != 0 for difference in differences)
    nothing_differs = not differing and interval.n > 1
    p_equivalence = p_of_equivalence(interval.mean, *spread, margin)
    return Paired(
        n=interval.n,
        difference=interval.mean,
        # Two systems of the same values are one system, as far as anybody can see.
        low=0.0 if nothing_differs else interval.low,
        high=0.0 if nothing_differs else interval.high,
        p=tested.p,
        equivalent=None if p_equivalence is None else p_equivalence <= 1 - interval.level,
        p_equivalence=p_equivalence,
        smallest_difference=smallest_difference(*spread, interval.level),
        method="no query differs" if nothing_differs else f"interval: {interval.method}; p: {tested.method}",
        sd=moments(differences).sd,
        differing=differing,
        margin=margin,
        level=interval.level,
    )


def check_margin(margin: float) -> None:
    """Refuse a margin that is none.

    Raises:
        DataError: it is not above 0 and below 1.
    """
    if not 0 < margin < 1:
        raise DataError("the margin of equivalence", got=short(margin), expected="above 0 and below 1, as 0.005")


def differences_of(one: Mapping[str, float], other: Mapping[str, float]) -> list[float]:
    """Return the differences of two systems, in the order of the query ids.

    Raises:
        DataError: as `paired` does.
    """
    for missing, where in ((one.keys() - other.keys(), "other"), (other.keys() - one.keys(), "one")):
        if missing:
            what = f"the queries of the two differ: {len(missing):,} are missing in the {where}"
            raise DataError(what, got=_some(missing), expected="the same queries in both")
    bad = [query for values in (one, other) for query, value in values.items() if not -1e-9 <= value <= 1 + 1e-9]
    if bad or not one:
        got = f"query {short(min(bad))}" if bad else "no query"
        raise DataError("per-query values", got=got, expected="fractions from 0 to 1, one a query")
    return [one[query] - other[query] for query in sorted(one)]


def _some(queries: Iterable[str]) -> str:
    named = sorted(queries)
    return ", ".join(short(query, 40) for query in named[:5]) + (", ..." if len(named) > 5 else "")
