"""The randomisation test against all ways to set the signs, scipy, ranx and what it must be under the null."""

from __future__ import annotations

import itertools
import random
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.report.statistics.randomisation import randomisation, signed_sums

UNITS = st.integers(-64, 64)


def enumerated(units: list[int]) -> float:
    """Return the p-value of whole numbers, by the definition."""
    ways = [sum(sign * unit for sign, unit in zip(signs, units, strict=True)) for signs in _signs(len(units))]
    return float(Fraction(sum(abs(way) >= abs(sum(units)) for way in ways), len(ways)))


def _signs(n: int) -> list[tuple[int, ...]]:
    return list(itertools.product((1, -1), repeat=n))


@given(st.lists(UNITS, min_size=1, max_size=9))
def test_few_queries_are_enumerated_exactly(units: list[int]) -> None:
    assert randomisation([unit / 64 for unit in units]).p == pytest.approx(enumerated(units), abs=1e-12)


def test_twelve_queries_are_still_enumerated() -> None:
    units = [5, -3, 8, 13, -1, 2, 2, 9, -4, 7, 6, 11]
    found = randomisation([unit / 64 for unit in units])
    assert found.p == enumerated(units)
    assert "all 4,096" in found.method


def test_queries_that_do_not_differ_do_not_count() -> None:
    differences = [0.25, -0.125, 0.5, 0.375]
    assert randomisation([*differences, *([0.0] * 500)]) == randomisation(differences)


def test_sums_that_are_equal_count_as_equal_whatever_the_rounding() -> None:
    # 0.1 + 0.2 is not 0.3 in binary, and the way found must not fall short of itself.
    assert randomisation([0.1, 0.2, -0.3]).p == 1.0
    assert randomisation([0.1, 0.2, 0.3]).p == 0.25


def test_the_smallest_differences_count_too() -> None:
    assert randomisation([1e-9, 2e-9, 3e-9]).p == 0.25
    assert randomisation([0.5, -0.5 + 1e-9]).p == 1.0
    assert randomisation([0.5, 0.5 - 1e-9, -1e-10]).p == 0.5


def test_no_difference_at_all_has_p_1() -> None:
    assert randomisation([0.0] * 50).p == 1.0
    assert randomisation([0.5]).p == 1.0


def test_drawn_signs_agree_with_enumerated_ones() -> None:
    units = np.random.default_rng(5).integers(-60, 70, size=16)
    sums = signed_sums(units)
    exact = (np.abs(sums) >= abs(units.sum())).mean()
    found = randomisation((units / 64).tolist())
    assert "drawn" in found.method
    assert found.p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 100_000))


def test_drawn_signs_are_fair_and_independent() -> None:
    # Were they not, the spread of the sums would not be the root of the sum of squares.
    p = [randomisation([1 / 64] * n).p for n in (13, 20, 100)]
    exact = [stats.binomtest(n, n).pvalue for n in (13, 20, 100)]
    assert p == pytest.approx([max(one, 1e-5) for one in exact], abs=4e-4)
    level = [randomisation([1 / 64] * up + [-1 / 64] * (200 - up)).p for up in (100, 107, 115)]
    assert level == pytest.approx([stats.binomtest(up, 200).pvalue for up in (100, 107, 115)], abs=0.006)


def test_p_is_never_0_where_signs_are_drawn() -> None:
    assert randomisation([0.5] * 40).p == 1 / 100_001
    assert randomisation([0.5] * 1_001).p == 1 / 10_001


@given(st.lists(UNITS, min_size=1, max_size=30))
def test_neither_order_nor_direction_changes_p(units: list[int]) -> None:
    differences = [unit / 64 for unit in units]
    shuffled = random.Random(2).sample(differences, len(differences))
    assert randomisation(shuffled) == randomisation(differences)
    assert randomisation([-one for one in differences]) == randomisation(differences)


def test_p_agrees_with_scipys_permutation_test() -> None:
    rng = np.random.default_rng(9)
    one, other = rng.beta(2, 3, size=40), rng.beta(2, 2, size=40)
    found = randomisation((one - other).tolist()).p
    assert 0.01 < found < 0.9, "a case where the two could differ"
    theirs = stats.permutation_test(
        (one, other),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=20_000,
        rng=np.random.default_rng(1),
    ).pvalue
    assert found == pytest.approx(theirs, abs=0.015)


def test_p_agrees_with_ranxs_fisher_randomisation_test(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ranx", reason="ranx is not installed")
    from ranx.statistical_tests import fisher_randomization_test, paired_student_t_test  # noqa: PLC0415

    # As plain Python it draws from NumPy's seeded stream; compiled, each of its threads has a stream of its own.
    module = sys.modules["ranx.statistical_tests.fisher_randomization_test"]
    monkeypatch.setattr(module, "permute", module.permute.py_func)
    rng = np.random.default_rng(21)
    one, other = rng.beta(2, 3, size=30), rng.beta(2, 2.6, size=30)
    found = randomisation((one - other).tolist()).p
    state = np.random.get_state()
    theirs, _ = fisher_randomization_test.py_func(one, other, n_permutations=1_000)
    np.random.set_state(state)
    assert found == pytest.approx(theirs, abs=0.05)
    assert found == pytest.approx(paired_student_t_test(one, other)[0], abs=0.03)


def test_p_values_are_uniform_where_the_two_systems_are_one() -> None:
    rng = np.random.default_rng(13)
    pairs = rng.beta(0.8, 1.5, size=(500, 2, 30))
    p = [randomisation((one - other).tolist()).p for one, other in pairs]
    assert stats.kstest(p, "uniform").pvalue > 0.05
    assert 0.03 <= np.mean(np.array(p) <= 0.05) <= 0.07
