"""Other rules on one run: what each changes, by hand."""

from __future__ import annotations

import pytest

from harness.errors import DataError
from harness.retrieve.run import Run, ranking
from harness.why.rescore import rescored

QRELS = {"q1": {"d1": 1}, "q2": {"d2": 1}, "q3": {"d3": 0}, "q4": {"d4": 1}}
RUN = Run(
    "r",
    {
        "q1": ranking([("q1", 3.0), ("d1", 2.0), ("d9", 1.0)]),
        "q2": ranking([("d2", 1.0), ("d9", 1.0)]),
        "q3": ranking([("d3", 1.0)]),
        "q4": ranking([]),
    },
)


def values(*rules: str) -> dict[str, float]:
    return dict(rescored(RUN, QRELS, "RR@10", frozenset(rules)))


def test_the_harness_own_rules_are_the_start() -> None:
    assert values() == {"q1": 0.5, "q2": 0.5, "q3": 0.0, "q4": 0.0}


def test_an_own_document_is_dropped() -> None:
    assert values("drop_self") == {"q1": 1.0, "q2": 0.5, "q3": 0.0, "q4": 0.0}


def test_of_tied_documents_the_lower_id_may_come_first() -> None:
    assert values("lower id first") == {"q1": 0.5, "q2": 1.0, "q3": 0.0, "q4": 0.0}


def test_the_mean_may_be_over_fewer_queries() -> None:
    assert values("with a document found") == {"q1": 0.5, "q2": 0.5, "q3": 0.0}
    assert values("with a relevant document") == {"q1": 0.5, "q2": 0.5, "q4": 0.0}


def test_rules_add_up() -> None:
    found = values("drop_self", "lower id first", "with a document found", "with a relevant document")
    assert found == {"q1": 1.0, "q2": 1.0}


def test_a_relevant_document_is_never_dropped() -> None:
    with pytest.raises(DataError, match="own document is judged relevant"):
        rescored(RUN, {**QRELS, "q1": {"q1": 1}}, "RR@10", frozenset({"drop_self"}))
