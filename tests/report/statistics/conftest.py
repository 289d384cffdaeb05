"""Values per query as searches give them, for the tests of the statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.report.record import read_results

RANKS = (0.26, 0.12, 0.07, 0.05, 0.04, 0.03, 0.03, 0.02, 0.02, 0.02)
"""Share of queries whose one relevant document is at rank 1, 2, ...: RR@10 of 0.38, as on MS MARCO."""
DEEP = (0.08, 0.05, 0.04, 0.03, 0.03, 0.02, 0.02, 0.02, 0.02, 0.02)
"""The same for a hard language of mMARCO: RR@10 of 0.15."""


def _reciprocal(shares: tuple[float, ...]) -> NDArray[np.float64]:
    counts = [round(share * 1000) for share in shares]
    ranks = [1 / rank for rank, count in enumerate(counts, start=1) for _ in range(count)]
    return np.array([*ranks, *([0.0] * (1000 - sum(counts)))])


@pytest.fixture(scope="session")
def populations() -> Mapping[str, NDArray[np.float64]]:
    """Per-query values of real searches and of the shapes that RR has, by name; their means are known."""
    results = Path(__file__).resolve().parents[3] / "reports" / "results"
    real = {
        name: next(read_results(next((results / name).glob(f"{width}-*"))))
        for name, width in (
            ("minilm/scifact", "dim-384"),
            ("mini/scifact", "dim-64"),
            ("bm25/xquad-r", "words"),
            ("minilm/xquad-r", "dim-64"),
            ("e5-small/xquad-r", "dim-64"),
        )
    }
    values = {name: np.array(list(one.scores.values[one.measure].values())) for name, one in real.items()}
    return {**values, "RR of 0.38": _reciprocal(RANKS), "RR of 0.15": _reciprocal(DEEP)}


@pytest.fixture
def named() -> Callable[..., dict[str, float]]:
    """Values as a system has them: query id -> value."""
    return lambda values: {f"q{place:04d}": float(value) for place, value in enumerate(values)}
