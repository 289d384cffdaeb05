"""Bounds of the verdicts, from both sides and on both signs."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import DataError
from harness.report.verdict import Verdict, verdict

PRINTED = st.integers(20, 980).map(lambda thousandths: Decimal(thousandths) / 1000)
SIGNS = st.sampled_from([-1, 1])
LADDER = [Verdict.EXACT, Verdict.REPRODUCED, Verdict.NEAR, Verdict.DIFFERENT]
MANY = [Decimal("0.0005"), Decimal("0.002"), Decimal("0.005")]
FEW = [Decimal("0.0005"), Decimal("0.002"), Decimal("0.010")]


@settings(deadline=None)
@given(PRINTED, SIGNS, st.integers(0, 2), st.sampled_from([(99, FEW), (100, MANY), (None, MANY), (1, FEW)]))
def test_a_value_on_a_bound_has_the_better_verdict_and_one_past_it_the_worse(
    printed: Decimal, sign: int, step: int, setting: tuple[int | None, list[Decimal]]
) -> None:
    queries, bounds = setting
    on, past = float(printed + sign * bounds[step]), float(printed + sign * (bounds[step] + Decimal("0.000001")))
    assert verdict(on, printed, queries) is LADDER[step]
    assert verdict(past, printed, queries) is LADDER[step + 1]


@settings(deadline=None)
@given(PRINTED, st.integers(-20_000, 20_000), st.sampled_from([None, 50, 300]))
def test_a_verdict_is_the_same_above_and_below(printed: Decimal, millionths: int, queries: int | None) -> None:
    off = Decimal(millionths) / 1_000_000
    assert verdict(float(printed + off), printed, queries) is verdict(float(printed - off), printed, queries)


@settings(deadline=None)
@given(PRINTED, st.integers(0, 20_000), st.integers(0, 20_000), st.sampled_from([None, 50, 300]))
def test_a_value_further_off_never_has_a_better_verdict(
    printed: Decimal, one: int, other: int, queries: int | None
) -> None:
    nearer, further = sorted((one, other))
    places = [LADDER.index(verdict(float(printed) + off / 1e6, printed, queries)) for off in (nearer, further)]
    assert places[0] <= places[1]


def test_nothing_run_is_not_run_even_where_zero_is_published() -> None:
    assert verdict(None, Decimal("0.000")) is Verdict.NOT_RUN
    assert verdict(0.0, Decimal("0.000")) is Verdict.EXACT


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_value_that_is_no_number_has_no_verdict(value: float) -> None:
    with pytest.raises(DataError, match="no number"):
        verdict(value, Decimal("0.500"))
