"""The interval of a mean: whether it holds the true mean as often as it says, and what it does at the edges."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from harness.errors import DataError
from harness.report.statistics import Interval, inside, mean_interval

DRAWS = 2_000
FRACTIONS = st.lists(st.floats(0, 1), min_size=1, max_size=40)


@pytest.mark.parametrize("queries", [50, 300])
def test_intervals_hold_the_true_mean_95_times_in_100(
    populations: Mapping[str, NDArray[np.float64]], queries: int
) -> None:
    covered = {}
    for name, values in populations.items():
        draws = np.random.default_rng(7).choice(values, size=(DRAWS, queries))
        mean = math.fsum(values) / len(values)
        covered[name] = sum(inside(mean_interval(draw.tolist()), mean) for draw in draws) / DRAWS
    assert {name: share for name, share in covered.items() if not 0.935 <= share <= 0.965} == {}


def test_intervals_miss_the_true_mean_on_either_side_about_as_often(
    populations: Mapping[str, NDArray[np.float64]],
) -> None:
    values = populations["RR of 0.15"]
    draws = np.random.default_rng(11).choice(values, size=(DRAWS, 300))
    found = [mean_interval(draw.tolist()) for draw in draws]
    mean = math.fsum(values) / len(values)
    below, above = (
        sum(side) / DRAWS for side in ([one.high < mean for one in found], [one.low > mean for one in found])
    )
    assert 0.017 <= below <= 0.033
    assert 0.017 <= above <= 0.033


def test_few_queries_have_students_interval() -> None:
    values = [0.0, 0.0, 0.25, 0.5, 1.0, 0.125, 0.75]
    student = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = mean_interval(values)
    assert (found.low, found.high) == pytest.approx((student.low, student.high), abs=1e-12)


def test_many_queries_that_lean_to_no_side_have_nearly_students_interval() -> None:
    values = np.random.default_rng(1).normal(0.5, 0.1, size=3_000).clip(0, 1)
    student = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = mean_interval(values.tolist())
    assert (found.low, found.high) == pytest.approx((student.low, student.high), abs=2e-5)


def test_the_interval_agrees_with_scipys_bootstrap_where_there_are_many_queries(
    populations: Mapping[str, NDArray[np.float64]],
) -> None:
    values = populations["bm25/xquad-r"]
    found = mean_interval(values.tolist())
    other = stats.bootstrap((values,), np.mean, n_resamples=4_000, rng=np.random.default_rng(3), method="BCa")
    ends = other.confidence_interval
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high), abs=0.05 * (found.high - found.low))


@given(FRACTIONS)
def test_the_order_of_the_queries_changes_no_byte(values: list[float]) -> None:
    shuffled = random.Random(1).sample(values, len(values))
    assert mean_interval(shuffled) == mean_interval(values)


@given(FRACTIONS, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_an_interval_holds_its_mean_and_stays_within_0_and_1(values: list[float], level: float) -> None:
    found = mean_interval(values, level)
    assert 0 <= found.low <= found.mean + 1e-12
    assert found.mean - 1e-12 <= found.high <= 1
    assert (found.n, found.level) == (len(values), level)


@given(st.lists(st.integers(0, 64), min_size=2, max_size=30))
def test_fractions_taken_from_the_other_end_have_the_mirrored_interval(values: list[int]) -> None:
    found = mean_interval([value / 64 for value in values])
    mirrored = mean_interval([1 - value / 64 for value in values])
    assert (mirrored.low, mirrored.high) == pytest.approx((1 - found.high, 1 - found.low), abs=1e-9)


def test_a_higher_level_has_a_wider_interval() -> None:
    values = [0.0, 0.1, 0.5, 1.0, 1.0] * 10
    widths = [found.high - found.low for level in (0.5, 0.8, 0.95) if (found := mean_interval(values, level))]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_a_single_query_bounds_nothing() -> None:
    found = mean_interval([0.4])
    assert (found.mean, found.low, found.high, found.n) == (0.4, 0.0, 1.0, 1)


def test_values_that_are_all_equal_are_bounded_by_their_number_alone() -> None:
    found = mean_interval([1.0] * 101)
    # Clopper and Pearson for 100 of 100.
    assert found.low == pytest.approx(stats.binomtest(100, 100).proportion_ci(0.95).low)
    assert found.high == 1.0
    assert mean_interval([0.0] * 101).high == pytest.approx(1 - found.low)
    half = mean_interval([0.5] * 101)
    assert half.low == pytest.approx(found.low / 2)
    assert half.high == pytest.approx(1 - found.low / 2)


@pytest.mark.parametrize("values", [[], [math.nan], [0.5, math.inf], [-0.1], [1.1]])
def test_what_is_no_fraction_is_refused(values: list[float]) -> None:
    with pytest.raises(DataError, match="fractions from 0 to 1"):
        mean_interval(values)


@pytest.mark.parametrize("level", [0.0, 1.0, 95, math.nan])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    with pytest.raises(DataError, match="level"):
        mean_interval([0.5], level)


def test_the_ends_of_an_interval_are_inside() -> None:
    interval = Interval(mean=0.5, low=0.25, high=0.75, n=4, method="by hand")
    assert [inside(interval, value) for value in (0.2, 0.25, 0.5, 0.75, 0.8)] == [False, True, True, True, False]
