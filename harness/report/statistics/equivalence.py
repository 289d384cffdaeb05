"""Equivalence of paired means, and what a set of queries could have shown."""

from __future__ import annotations

from harness.report.statistics import student

POWER = 0.8


def p_of_equivalence(difference: float, error: float, freedom: float, margin: float) -> float | None:
    """Return the p-value of two one-sided paired t-tests: how likely so small a difference if it were `margin` or more.

    It is the larger of the two (Schuirmann 1987). Without any spread it is the limit: 0 where the difference is within
    the margin, else 1.

    Args:
        difference: the mean of the differences.
        error: its standard error.
        freedom: degrees of freedom of the error.
        margin: above 0.

    Returns:
        None without any degree of freedom.
    """
    if not freedom:
        return None
    beyond = abs(difference) - margin
    if error == 0:
        return 0.0 if beyond < 0 else 1.0
    return student.below(beyond / error, freedom)


def smallest_difference(error: float, freedom: float, level: float) -> float | None:
    """Return the true difference that a two-sided paired t-test at `level` finds four times out of five.

    It is worked out from the spread of the differences found, not from their mean.

    Args:
        error: the standard error of the mean difference.
        freedom: its degrees of freedom.
        level: 1 - level is what p is held against.

    Returns:
        None without any degree of freedom.
    """
    if not freedom:
        return None
    return (student.quantile((1 + level) / 2, freedom) + student.quantile(POWER, freedom)) * error
