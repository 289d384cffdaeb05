"""How a measured value stands against a published one, in one word.

Rounding to three decimals alone moves a value by 0.0005, Anserini's regressions tolerate 0.001 to 0.002, and engines
and precisions differ by up to 0.005; hence the bounds. They are two-sided: a higher score is a difference too.
"""

from __future__ import annotations

import math
from decimal import Decimal
from enum import StrEnum

from harness.errors import DataError

FEW_QUERIES = 100
EXACT_BOUND, REPRODUCED_BOUND, NEAR_BOUND, NEAR_BOUND_OF_FEW = 0.0005, 0.002, 0.005, 0.010
NOISE = 1e-9
"""What a binary fraction may miss a decimal bound by and still be on it."""


class Verdict(StrEnum):
    """The five verdicts, from best to none."""

    EXACT = "exact"
    REPRODUCED = "reproduced"
    NEAR = "near"
    DIFFERENT = "different"
    NOT_RUN = "not run"


LEGEND = (
    f"exact: within {EXACT_BOUND}, reproduced: within {REPRODUCED_BOUND}, near: within {NEAR_BOUND} "
    f"({NEAR_BOUND_OF_FEW:.3f} under {FEW_QUERIES} queries), different: further off, above or below"
)


def verdict(measured: float | None, published: Decimal, queries: int | None = None) -> Verdict:
    """Return the verdict on a measured fraction (None where nothing was run) beside a published one.

    Args:
        measured: our value.
        published: the card's.
        queries: how many queries the value is a mean over; None for an average over datasets.

    Raises:
        DataError: the measured value is no finite number.

    >>> verdict(0.6785, Decimal("0.678")), verdict(0.668, Decimal("0.678")), verdict(None, Decimal("0.678"))
    (<Verdict.EXACT: 'exact'>, <Verdict.DIFFERENT: 'different'>, <Verdict.NOT_RUN: 'not run'>)
    """
    if measured is None:
        return Verdict.NOT_RUN
    if not math.isfinite(measured):
        raise DataError("a measured value is no number", got=measured, expected="a fraction from 0 to 1")
    few = queries is not None and queries < FEW_QUERIES
    bounds = (
        (EXACT_BOUND, Verdict.EXACT),
        (REPRODUCED_BOUND, Verdict.REPRODUCED),
        (NEAR_BOUND_OF_FEW if few else NEAR_BOUND, Verdict.NEAR),
    )
    distance = abs(measured - float(published))
    return next((word for bound, word in bounds if distance <= bound + NOISE), Verdict.DIFFERENT)
