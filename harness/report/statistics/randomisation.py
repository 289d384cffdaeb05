"""The two-sided randomisation test of paired differences (Fisher): were the signs an accident?

Had the two systems been one, each query's difference might as well have had the other sign. p is the share of all ways
to set the signs whose sum is as far from 0 as the one found. Differences are counted in whole units of 2^-40 and added
up as integers, so that sums that are equal compare as equal, on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

EXACT_UP_TO = 12
"""Differing queries up to which all 2^n ways are looked at."""
DRAWS, DRAWS_OF_MANY, MANY = 100_000, 10_000, 1_000
"""Ways that are drawn where there are more; fewer above `MANY` differing queries, where they cost more."""
SEED = 1935
UNITS = 2.0**40


class Randomised(NamedTuple):
    """A p-value and how it was found."""

    p: float
    method: str


def randomisation(differences: Sequence[float]) -> Randomised:
    """Return the two-sided p-value of paired differences, which are finite and from -1 to 1.

    Queries that do not differ have no sign and change nothing. With up to `EXACT_UP_TO` that do, p is exact; else it is
    (b + 1) / (m + 1), where b of m drawn ways are as far out (never 0: the way found is one of them).
    """
    units = np.rint(np.asarray(differences, dtype=np.float64) * UNITS).astype(np.int64)
    found = abs(int(units.sum()))
    # By size, whatever the signs and the order were: so p is that of the exchanged pair and of any order of queries.
    sizes_N = np.sort(np.abs(units[units != 0]))
    if len(sizes_N) <= EXACT_UP_TO:
        sums = signed_sums(sizes_N)
        return Randomised(int((np.abs(sums) >= found).sum()) / len(sums), f"all {len(sums):,} ways to set the signs")
    draws = DRAWS if len(sizes_N) <= MANY else DRAWS_OF_MANY
    as_far = int((np.abs(_drawn_sums(sizes_N, draws)) >= found).sum())
    return Randomised((as_far + 1) / (draws + 1), f"{draws:,} drawn ways to set the signs")


def signed_sums(sizes_N: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (2^N,) int64: the sum for every way to set the signs of `sizes_N`."""
    sums = np.zeros(1, dtype=np.int64)
    for size in sizes_N:
        sums = np.concatenate([sums + size, sums - size])
    return sums


def _drawn_sums(sizes_N: NDArray[np.int64], draws: int) -> NDArray[np.int64]:
    """Return (draws,) int64: sums with random signs; `draws` is a multiple of 8.

    A byte sets the signs of eight queries at once and picks their sum from the 256 there are.
    """
    bits = np.random.PCG64(SEED)
    padded = np.zeros(8 * math.ceil(len(sizes_N) / 8), dtype=np.int64)
    padded[: len(sizes_N)] = sizes_N
    sums = np.zeros(draws, dtype=np.int64)
    for eight in padded.reshape(-1, 8):
        signs = np.asarray(bits.random_raw(draws // 8), dtype="<u8").view(np.uint8)
        sums += signed_sums(eight)[signs]
    return sums
