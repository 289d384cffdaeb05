"""Hand-made results and a hand-made published table for the tests of the report stage."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from harness import paths
from harness.report.published import Average, Column, Note, PublishedTable, Row, Source
from harness.report.reading import read_published
from harness.report.record import Result
from harness.score.scores import Scores

DOCUMENTS, QUERIES = 40, 4


def _result(value: float, **changes: Any) -> Result:
    measure = changes.pop("measure", "nDCG@10")
    queries, documents = changes.pop("queries", QUERIES), changes.pop("documents", DOCUMENTS)
    finished = changes.pop("finished", "2026-01-02T03:04:05+00:00")
    facts = {"key": "k1", "model": "alpha", "dim": None, "dim_kind": None, "dataset": "one", "language": None} | changes
    return Result(
        **facts,
        measure=measure,
        scores=Scores({measure: {f"q{number}": value for number in range(queries)}}),
        counts={"documents": documents, "queries": queries, "qrels": queries},
        search={},
        spec={},
        provenance={"finished": finished},
    )


def _table(**changes: Any) -> PublishedTable:
    def numbers(*values: str) -> tuple[Decimal, ...]:
        return tuple(Decimal(value) for value in values)

    facts: dict[str, Any] = {
        "name": "small",
        "order": 1,
        "title": "Small",
        "group": "Made up",
        "source": Source(card="a/card", url="https://example.org/card", read="2026-01-01", section="Results / Small"),
        "measure": "nDCG@10",
        "measure_label": "NDCG@10",
        "decimals": 3,
        "columns": (Column(label="Alpha", model="alpha"), Column(label="dim=8", model="beta", dim=8)),
        "rows": (
            Row(label="one", dataset="one", values=numbers("0.500", "0.300")),
            Row(label="two en", dataset="two", language="en", values=numbers("0.400", "0.200")),
            Row(label="three", dataset="three", values=numbers("0.300", "0.100")),
        ),
        "average": Average(label="avg", of=("one", "two en", "three"), values=numbers("0.400", "0.250")),
        "notes": (
            Note(text="This one counts | and *twice*.", row="one", column="Alpha"),
            Note(text="Shown once it is run.", row="three", column="dim=8"),
            Note(text="Its own head.", column="dim=8"),
        ),
    }
    return PublishedTable(**facts | changes)


@pytest.fixture
def make_result() -> Callable[..., Result]:
    """A result of model alpha on dataset one whose every query has the given value; keywords change it."""
    return _result


@pytest.fixture
def make_table() -> Callable[..., PublishedTable]:
    """A published table of two systems on three datasets; keywords change it."""
    return _table


@pytest.fixture
def registered() -> dict[tuple[str, str | None], tuple[int, int]]:
    return {("one", None): (DOCUMENTS, QUERIES), ("two", "en"): (DOCUMENTS, QUERIES), ("three", None): (40, 4)}


@pytest.fixture
def card() -> tuple[PublishedTable, ...]:
    """The tables that come with the package."""
    return read_published(paths.published())
