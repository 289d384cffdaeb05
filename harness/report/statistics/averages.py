"""Averages over languages: the plain mean of their means, with what chance the choice of queries has in it.

The languages are fixed and the queries are the sample. Where every language has queries of its own, the error of an
average is made of the errors of its means (Welch and Satterthwaite for its degrees of freedom). Where all have the same
queries, translated, a hard one is hard in all of them: then a query's average over the languages is its one value.
Neither says anything of languages that are not in the average.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from harness.errors import DataError, short
from harness.report.statistics import student
from harness.report.statistics.differences import Paired, check_margin, differences_of, paired, put_together
from harness.report.statistics.intervals import LEVEL, Interval, check_fractions, check_level, mean_interval, moments
from harness.report.statistics.randomisation import randomisation

BY_WELCH = "Student's t over languages (Welch)"
Languages = Mapping[str, Mapping[str, float]]
"""Language -> query id -> value."""
NO_SPREAD = "a language without spread bounds nothing"


class Spread(NamedTuple):
    """The mean of means, its standard error and the degrees of freedom of that; 0 where there are none."""

    mean: float
    error: float
    freedom: float


def average_interval(values: Languages, level: float = LEVEL) -> Interval:
    """Return the mean of the means of the languages with its confidence interval; n counts different queries.

    Args:
        values: language -> query id -> value, a fraction.
        level: the share of samples whose interval holds the true average.

    Raises:
        DataError: there is no language, one has no query, or a value is no fraction.
    """
    check_level(level)
    for of in values.values():
        check_fractions(list(of.values()))
    if _same_queries(values):
        return mean_interval(list(_by_query(values).values()), level)
    return _interval([list(values[language].values()) for language in sorted(values)], level, (0.0, 1.0))


def paired_average(one: Languages, other: Languages, margin: float, level: float = LEVEL) -> Paired:
    """Return how the average of `one` over languages stands against that of `other`.

    Signs are drawn query by query; a query counts for as much as it does in the average.

    Args:
        one: language -> query id -> value.
        other: the same languages and queries of the other system.
        margin: as `harness.report.statistics.paired` has it.
        level: the same.

    Raises:
        DataError: as `harness.report.statistics.paired` does; or the languages are not the same, or there are none.
    """
    check_level(level)
    check_margin(margin)
    if set(one) != set(other):
        raise DataError("the languages of the two differ", got=short(sorted(set(one) ^ set(other))))
    groups = [differences_of(one[language], other[language]) for language in sorted(one)]
    if _same_queries(one):
        return paired(_by_query(one), _by_query(other), margin, level)
    fewest = min(map(len, groups))
    # The heaviest query has weight 1, so that a difference stays within the test's -1 to 1.
    weighted = [value * (fewest / len(group)) for group in groups for value in group]
    interval, found = _interval(groups, level, (-1.0, 1.0)), _spread(groups)
    every = [value for group in groups for value in group]
    return put_together(every, interval, randomisation(weighted), (found.error, found.freedom), margin)


def _same_queries(values: Languages) -> bool:
    if not values:
        raise DataError("an average over languages", got="none of them")
    return len({frozenset(of) for of in values.values()}) == 1


def _by_query(values: Languages) -> dict[str, float]:
    languages = sorted(values)
    return {
        query: math.fsum(values[language][query] for language in languages) / len(languages)
        for query in values[languages[0]]
    }


def _interval(groups: Sequence[Sequence[float]], level: float, bounds: tuple[float, float]) -> Interval:
    found = _spread(groups)
    low, high, method = *bounds, NO_SPREAD
    if found.freedom and found.error:
        reach = student.quantile((1 + level) / 2, found.freedom) * found.error
        low, high, method = max(found.mean - reach, low), min(found.mean + reach, high), BY_WELCH
    n = sum(map(len, groups))
    return Interval(mean=found.mean, low=low, high=high, n=n, method=method, level=level)


def _spread(groups: Sequence[Sequence[float]]) -> Spread:
    found = [moments(values) for values in groups]
    mean = math.fsum(one.mean for one in found) / len(found)
    parts = [one.sd**2 / one.n / len(found) ** 2 for one in found]
    square = math.fsum(parts)
    if min(one.n for one in found) < 2:
        return Spread(mean, 0.0, 0.0)
    if square == 0:
        return Spread(mean, 0.0, 1.0)
    freedom = square**2 / math.fsum(part**2 / (one.n - 1) for part, one in zip(parts, found, strict=True))
    return Spread(mean, math.sqrt(square), freedom)
