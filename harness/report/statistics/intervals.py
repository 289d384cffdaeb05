"""Confidence intervals of a mean over queries: how far it would move on other queries of the same kind.

Per-query values of nDCG and RR lean to one side: many queries score 0, or 1. Student's interval then lies in the wrong
place: of 50 queries with a mean RR of 0.15 it misses the true mean 6 times in 100 on one side and once on the other. So
the quantile of the t statistic is corrected for skewness and kurtosis (Cornish-Fisher; P. Hall, Inverting an Edgeworth
expansion, Annals of Statistics 11, 1983). There is no resampling in it: the same bytes everywhere, a microsecond a
query. Fewer than `ENOUGH` queries do not show their third and fourth moment, nor do differences of two systems, many of
which are 0: theirs is Student's own interval, which goes with the paired t-test.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.errors import DataError, short
from harness.report.statistics import student

LEVEL = 0.95
ENOUGH = 30
ROUNDING = 1e-12
"""What values that are equal may differ by."""
BY_T = "Student's t"
CORRECTED = "Student's t, corrected for skewness and kurtosis"
ALL_EQUAL = "all values are equal: bounded by how many queries say so"
ONE_VALUE = "a single query bounds nothing"


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean and the confidence interval around it."""

    mean: float
    low: float
    high: float
    n: int
    """How many queries the mean is over."""
    method: str
    """How the interval was made, in words."""
    level: float = LEVEL


class Moments(NamedTuple):
    """What an interval is made from."""

    n: int
    mean: float
    sd: float
    """The standard deviation of a sample, with n - 1 below; 0 for a single value."""
    skewness: float
    """The third central moment over the second to the power of 1.5, both with n below; 0 where all values are equal."""
    kurtosis: float
    """The fourth over the square of the second, less the 3 of a normal distribution; 0 where all values are equal."""


def mean_interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Return the mean of per-query values, fractions, with its confidence interval.

    Values that are all equal have no spread to go by. Then the n - 1 queries that agree with the first bound the share
    of queries that would not (as Clopper and Pearson do for counts), and those may be worth anything from 0 to 1. So a
    single query has the interval 0 to 1.

    Args:
        values: one a query, each from 0 to 1, in any order.
        level: the share of samples whose interval holds the true mean.

    Raises:
        DataError: there is no value, or one is no fraction.
    """
    check_level(level)
    check_fractions(values)
    return interval_of(values, level, (0.0, 1.0), skewed=True)


def inside(interval: Interval, value: float) -> bool:
    """Return whether `value` lies in the interval, its ends included.

    A published value outside of it is not what this system scores on such queries. One inside proves nothing: on the
    same queries two runs of one system differ by far less than the interval is wide.
    """
    return interval.low <= value <= interval.high


def interval_of(values: Sequence[float], level: float, bounds: tuple[float, float], *, skewed: bool) -> Interval:
    """Return the mean of one or more finite values within `bounds`, with its interval, which stays within them too.

    Args:
        values: in any order.
        level: of the interval.
        bounds: the least and the greatest value there can be.
        skewed: whether to correct for skewness and kurtosis.
    """
    found = moments(values)
    lowest, highest = bounds
    if found.sd == 0:
        deviating = 1.0 if found.n == 1 else 1 - ((1 - level) / 2) ** (1 / (found.n - 1))
        low, high = (found.mean + deviating * (end - found.mean) for end in bounds)
        method = ONE_VALUE if found.n == 1 else ALL_EQUAL
        return Interval(mean=found.mean, low=low, high=high, n=found.n, method=method, level=level)
    corrected = skewed and found.n >= ENOUGH
    shift, reach = _corrected(found, level) if corrected else (0.0, student.quantile((1 + level) / 2, found.n - 1))
    error = found.sd / math.sqrt(found.n)
    return Interval(
        mean=found.mean,
        low=max(min(found.mean + (shift - reach) * error, found.mean), lowest),
        high=min(max(found.mean + (shift + reach) * error, found.mean), highest),
        n=found.n,
        method=CORRECTED if corrected else BY_T,
        level=level,
    )


def moments(values: Sequence[float]) -> Moments:
    """Return the moments of one or more values; every sum is exact, so the order does not count."""
    n = len(values)
    mean = math.fsum(values) / n
    if max(values) - min(values) < ROUNDING:
        return Moments(n, mean, 0.0, 0.0, 0.0)
    second, third, fourth = (math.fsum((value - mean) ** power for value in values) / n for power in (2, 3, 4))
    sd = math.sqrt(second * n / (n - 1))
    return Moments(n, mean, sd, third / second**1.5, fourth / second**2 - 3)


def check_fractions(values: Sequence[float]) -> None:
    """Refuse what are no per-query values.

    Raises:
        DataError: there is no value, or one is no fraction.
    """
    outside = [value for value in values if not -1e-9 <= value <= 1 + 1e-9]
    if not values or outside:
        got = short(outside[0]) if outside else "none"
        raise DataError("per-query values", got=got, expected="one or more fractions from 0 to 1")


def check_level(level: float) -> None:
    """Refuse a level that is none.

    Raises:
        DataError: it is not above 0 and below 1.
    """
    if not 0 < level < 1:
        raise DataError("the level of an interval", got=short(level), expected="above 0 and below 1, as 0.95")


def _corrected(of: Moments, level: float) -> tuple[float, float]:
    """Return where the middle of the interval lies beside the mean and how far its ends are from there.

    Both are in standard errors. The last term allows for the skewness being estimated from the same values.
    """
    normal = student.normal_quantile((1 + level) / 2)
    lean = (2 * normal**2 + 1) / 6
    squared = of.skewness**2
    correction = 5 * squared * (4 * normal**2 - 1) / 72 - of.kurtosis * (normal**2 - 3) / 12
    correction += lean * (of.kurtosis - 1.5 * squared)
    reach = student.quantile((1 + level) / 2, of.n - 1) + normal * correction / of.n
    return lean * of.skewness / math.sqrt(of.n), reach
