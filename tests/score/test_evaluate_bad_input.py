from typing import Any, cast

import numpy as np
import pytest

from harness.errors import ConfigError, DataError
from harness.retrieve.run import Run, ranking
from harness.score.evaluate import drop_self, evaluate

RUN = Run("a-run", {"q": ranking([("a", 1.0)])})
QRELS = {"q": {"a": 1}}


@pytest.mark.parametrize("grade", [1.0, 0.5, "1", True, None, np.int64(1), 2**40, -(2**40), float("nan")])
def test_a_grade_that_is_no_small_integer_is_refused(grade: object) -> None:
    qrels = cast(Any, {"q": {"a": grade}})
    with pytest.raises(DataError, match="the grade of document 'a' for query 'q'"):
        evaluate(RUN, qrels, ["nDCG@10"])


def test_a_missing_query_is_refused_with_how_many_and_which() -> None:
    with pytest.raises(DataError, match=r"lacks 7 of 8 judged queries: got 'r0', 'r1', 'r2', 'r3', 'r4', \.\.\."):
        evaluate(RUN, QRELS | {f"r{number}": {"a": 1} for number in range(7)}, ["nDCG@10"])


@pytest.mark.parametrize("qrels", [{"q": {"a": 1}}, {"q": {"a": 1}, "r": {}}])
def test_a_query_without_a_judgment_is_refused(qrels: dict[str, dict[str, int]]) -> None:
    run = Run("a-run", {"q": ranking([("a", 1.0)]), "r": ranking([("a", 1.0)])})
    with pytest.raises(DataError, match="'a-run' has 1 queries without a judgment: got 'r'"):
        evaluate(run, qrels, ["nDCG@10"])


@pytest.mark.parametrize("qrels", [{}, {"q": {}}])
def test_empty_judgments_are_refused(qrels: dict[str, dict[str, int]]) -> None:
    with pytest.raises(DataError, match="there are no judgments"):
        evaluate(RUN, qrels, ["nDCG@10"])


@pytest.mark.parametrize("rankings", [{}, {"q": ranking([])}, {"other": ranking([("a", 1.0)])}])
def test_an_empty_run_is_refused(rankings: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="found no document for any judged query"):
        evaluate(Run("a-run", rankings), QRELS, ["nDCG@10"], allow_missing=True, drop_unjudged=True)


def test_no_measure_is_refused() -> None:
    with pytest.raises(ConfigError, match="no measure"):
        evaluate(RUN, QRELS, [])


@pytest.mark.parametrize("score", [1e39, -1e39, float("nan"), float("inf"), float("-inf")])
def test_a_score_that_float32_cannot_hold_makes_no_ranking(score: float) -> None:
    with pytest.raises(DataError, match="no finite float32"):
        ranking([("a", score), ("b", 1.0)])


def test_a_relevant_own_document_is_not_dropped_silently() -> None:
    with pytest.raises(DataError, match="judged relevant and would be dropped: got 'q'"):
        drop_self(Run("r", {"q": ranking([("q", 1.0)])}), {"q": {"q": 1}})
