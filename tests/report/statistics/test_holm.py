"""Holm's correction against values worked out by hand and against its definition."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import DataError
from harness.report.statistics import holm

P = st.lists(st.floats(0, 1), max_size=12)


def test_hand_worked_values() -> None:
    assert holm([]) == ()
    assert holm([0.03]) == (0.03,)
    assert holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx((0.04, 0.06, 0.06, 0.06))
    assert holm([0.04, 0.01, 0.03]) == pytest.approx((0.06, 0.03, 0.06))
    assert holm([0.5, 0.6, 0.001]) == pytest.approx((1.0, 1.0, 0.003))
    # multipletests(..., method="holm") of statsmodels on the same values.
    assert holm([0.0001, 0.011, 0.02, 0.049, 0.3]) == pytest.approx((0.0005, 0.044, 0.06, 0.098, 0.3))


@given(P)
def test_every_value_is_at_least_its_own_and_at_most_bonferronis(p: list[float]) -> None:
    for own, found in zip(p, holm(p), strict=True):
        assert own <= found <= min(1.0, own * len(p)) + 1e-12


@given(P, st.floats(0.001, 0.999))
def test_what_is_at_most_alpha_is_what_stepping_down_rejects(p: list[float], alpha: float) -> None:
    rejected = set()
    for rank, place in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        if (len(p) - rank) * p[place] > alpha:
            break
        rejected.add(place)
    assert {place for place, found in enumerate(holm(p)) if found <= alpha} == rejected


@given(P)
def test_equal_values_stay_equal_and_order_is_kept(p: list[float]) -> None:
    found = holm(p)
    for one, two in zip(
        sorted(range(len(p)), key=p.__getitem__), sorted(range(len(p)), key=p.__getitem__)[1:], strict=False
    ):
        assert found[one] <= found[two]


@pytest.mark.parametrize("value", [math.nan, -0.1, 1.1])
def test_what_is_no_probability_is_refused(value: float) -> None:
    with pytest.raises(DataError, match="p-value"):
        holm([0.5, value])
