"""Paired differences: interval, test and equivalence against scipy, and what must hold whatever the values are."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from harness.errors import DataError
from harness.report.statistics import paired

Named = Callable[..., dict[str, float]]
SIXTYFOURTHS = st.lists(st.tuples(st.integers(0, 64), st.integers(0, 64)), min_size=1, max_size=25)


def systems(pairs: list[tuple[int, int]], shift: int = 0) -> tuple[dict[str, float], dict[str, float]]:
    """Return two systems of values that binary fractions hold exactly."""
    one, other = ({f"q{at}": (pair[side] + shift) / 128 for at, pair in enumerate(pairs)} for side in (0, 1))
    return one, other


@given(SIXTYFOURTHS)
def test_the_exchanged_pair_has_the_mirrored_difference_and_the_same_tests(pairs: list[tuple[int, int]]) -> None:
    one, other = systems(pairs)
    found, exchanged = paired(one, other, 0.01), paired(other, one, 0.01)
    assert (exchanged.difference, exchanged.low, exchanged.high) == (-found.difference, -found.high, -found.low)
    same = {"difference": 0.0, "low": 0.0, "high": 0.0}
    assert replace(exchanged, **same) == replace(found, **same)


@given(SIXTYFOURTHS, st.integers(1, 64))
def test_a_constant_that_both_gain_changes_nothing(pairs: list[tuple[int, int]], shift: int) -> None:
    assert paired(*systems(pairs, shift), 0.01) == paired(*systems(pairs), 0.01)


@given(SIXTYFOURTHS)
def test_the_order_of_the_queries_changes_no_byte(pairs: list[tuple[int, int]]) -> None:
    one, other = systems(pairs)
    keys = random.Random(4).sample(list(one), len(one))
    assert paired({key: one[key] for key in keys}, other, 0.01) == paired(one, other, 0.01)


def test_difference_and_interval_are_those_of_scipys_paired_t_test(
    populations: Mapping[str, NDArray[np.float64]], named: Named
) -> None:
    one, other = populations["minilm/scifact"], populations["mini/scifact"]
    found, theirs = paired(named(one), named(other), 0.005), stats.ttest_rel(one, other)
    ends = theirs.confidence_interval(0.95)
    assert found.difference == pytest.approx(np.mean(one - other), abs=1e-15)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high), abs=1e-12)


def test_the_interval_agrees_with_scipys_bootstrap_of_the_differences(
    populations: Mapping[str, NDArray[np.float64]], named: Named
) -> None:
    one, other = populations["minilm/scifact"], populations["mini/scifact"]
    found = paired(named(one), named(other), 0.005)
    theirs = stats.bootstrap((one - other,), np.mean, n_resamples=4_000, rng=np.random.default_rng(3), method="BCa")
    ends = theirs.confidence_interval
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high), abs=0.05 * (found.high - found.low))


def test_the_p_of_many_queries_is_close_to_that_of_the_paired_t_test(
    populations: Mapping[str, NDArray[np.float64]], named: Named
) -> None:
    values = populations["minilm/scifact"]
    rng = np.random.default_rng(19)
    other = np.clip(values + rng.normal(0.004, 0.05, size=len(values)), 0, 1)
    found = paired(named(values), named(other), 0.005)
    assert 0.001 < found.p < 0.999
    assert found.p == pytest.approx(stats.ttest_rel(values, other).pvalue, abs=0.01)


def test_intervals_of_differences_hold_the_true_difference_95_times_in_100(
    populations: Mapping[str, NDArray[np.float64]], named: Named
) -> None:
    one, other = populations["minilm/scifact"], populations["mini/scifact"]
    true = math.fsum(one - other) / len(one)
    for queries in (50, 300):
        places = np.random.default_rng(23).integers(0, len(one), size=(1_000, queries))
        # The interval alone, without the test, which takes a hundred times as long.
        held = [_held((one - other)[draw], true) for draw in places]
        assert 0.93 <= np.mean(held) <= 0.97


def _held(differences: NDArray[np.float64], true: float) -> bool:
    from harness.report.statistics.intervals import interval_of  # noqa: PLC0415

    found = interval_of(differences.tolist(), 0.95, (-1.0, 1.0), skewed=False)
    return found.low <= true <= found.high


def test_equivalence_is_two_one_sided_t_tests_against_the_margin(named: Named) -> None:
    rng = np.random.default_rng(29)
    one = rng.uniform(0.2, 0.8, size=200)
    other = one + rng.normal(0.001, 0.02, size=200)
    found = paired(named(one), named(other), 0.005)
    differences = one - other
    both = [
        stats.ttest_1samp(differences, -0.005, alternative="greater").pvalue,
        stats.ttest_1samp(differences, 0.005, alternative="less").pvalue,
    ]
    assert found.p_equivalence == pytest.approx(max(both), rel=1e-9)
    assert found.equivalent is bool(max(both) <= 0.05)
    assert paired(named(one), named(other), 0.02).equivalent is True
    assert paired(named(one), named(other), 0.0001).equivalent is False


def test_a_difference_at_the_margin_passes_for_equivalent_5_times_in_100(named: Named) -> None:
    rng = np.random.default_rng(31)
    from harness.report.statistics.equivalence import p_of_equivalence  # noqa: PLC0415

    draws = rng.normal(0.005, 0.02, size=(2_000, 100))
    p = [p_of_equivalence(float(one.mean()), float(one.std(ddof=1)) / 10, 99, 0.005) for one in draws]
    assert 0.035 <= np.mean([one is not None and one <= 0.05 for one in p]) <= 0.065


@pytest.mark.parametrize("queries", [20, 300])
def test_the_smallest_difference_is_found_four_times_out_of_five(named: Named, queries: int) -> None:
    rng = np.random.default_rng(37)
    one = rng.uniform(0.3, 0.7, size=queries)
    found = paired(named(one), named(one + rng.normal(0, 0.03, size=queries)), 0.005)
    assert found.smallest_difference is not None
    draws = rng.normal(found.smallest_difference, found.sd, size=(4_000, queries))
    power = (stats.ttest_1samp(draws, 0, axis=1).pvalue <= 0.05).mean()
    assert power == pytest.approx(0.8, abs=0.025)


def test_systems_of_equal_values_differ_by_nothing(named: Named) -> None:
    values = named([0.0, 0.5, 1.0, 0.25])
    found = paired(values, dict(values), 0.005)
    assert (found.difference, found.low, found.high, found.p, found.sd) == (0.0, 0.0, 0.0, 1.0, 0.0)
    assert (found.equivalent, found.p_equivalence, found.differing) == (True, 0.0, 0)


def test_the_same_difference_on_every_query_is_no_certainty(named: Named) -> None:
    found = paired(named([0.5] * 5), named([0.25] * 5), 0.005)
    assert found.difference == 0.25
    assert found.low < 0 < found.high
    assert found.p == 2 / 2**5
    assert found.equivalent is False


def test_one_query_tells_nothing(named: Named) -> None:
    for other in (0.5, 0.25):
        found = paired(named([0.5]), named([other]), 0.005)
        assert (found.low, found.high, found.p) == (-1.0, 1.0, 1.0)
        assert (found.equivalent, found.p_equivalence, found.smallest_difference) == (None, None, None)


def test_queries_that_one_of_the_two_lacks_are_named() -> None:
    one, other = {"a": 0.5, "b": 0.5, "c": 0.5}, {"a": 0.5, "d": 0.5}
    with pytest.raises(DataError, match=r"2 are missing in the other: got 'b', 'c'"):
        paired(one, other, 0.005)
    with pytest.raises(DataError, match=r"1 are missing in the one: got 'd'"):
        paired({"a": 0.5}, other, 0.005)


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.5, 1.5])
def test_what_is_no_fraction_is_refused(value: float) -> None:
    for pair in (({"a": value}, {"a": 0.5}), ({"a": 0.5}, {"a": value})):
        with pytest.raises(DataError, match="query 'a'"):
            paired(*pair, 0.005)
    with pytest.raises(DataError, match="no query"):
        paired({}, {}, 0.005)


@pytest.mark.parametrize("margin", [0.0, -0.005, 1.0, math.nan])
def test_a_margin_that_is_none_is_refused(margin: float) -> None:
    with pytest.raises(DataError, match="margin"):
        paired({"a": 0.5}, {"a": 0.5}, margin)
