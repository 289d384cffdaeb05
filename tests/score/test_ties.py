"""What the order of tied documents decides in a value, against all orders that there are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.retrieve.run import Ranking, Run, ranking
from harness.score.evaluate import evaluate
from harness.score.ties import TieExposure, tie_exposure

QRELS = {"q": {"a": 2, "b": 1, "c": 0, "z": 3}}
MEASURES = ("nDCG@3", "RR@2", "R@3", "P@2", "AP", "Success@1", "Rprec", "Bpref", "RR(rel=2)@3", "SetP")


def exposed(run: Run, qrels: dict[str, dict[str, int]], measure: str) -> TieExposure:
    found = tie_exposure(run, qrels, evaluate(run, qrels, [measure]), measure)
    assert found is not None
    return found


def orders(found: Ranking) -> Iterator[Ranking]:
    """Yield every ranking that differs from `found` in the order of tied documents alone."""
    groups = [
        list(group) for _, group in itertools.groupby(zip(found.scores, found.doc_ids, strict=True), lambda one: one[0])
    ]
    for chosen in itertools.product(*(itertools.permutations(group) for group in groups)):
        yield Ranking(tuple(doc_id for group in chosen for _, doc_id in group), found.scores)


@given(st.lists(st.integers(0, 2), min_size=1, max_size=6), st.sampled_from(MEASURES), st.data())
def test_least_and_greatest_are_those_of_all_orders(scores: list[int], measure: str, data: st.DataObject) -> None:
    docs = "abcdef"[: len(scores)]
    grades = data.draw(st.fixed_dictionaries({doc: st.integers(-1, 2) for doc in docs[: len(docs) // 2 + 1]}))
    qrels = {"q": {**grades, "z": 1}}
    found = ranking(zip(docs, map(float, scores), strict=True))
    values = [evaluate(Run("r", {"q": one}), qrels, [measure]).mean(measure) for one in orders(found)]
    exposure = exposed(Run("r", {"q": found}), qrels, measure)
    assert (exposure.least, exposure.greatest) == pytest.approx((min(values), max(values)), abs=1e-12)
    assert exposure.queries == (max(values) - min(values) > 1e-12)


def test_a_tie_across_the_cutoff_is_counted_even_where_it_decides_nothing() -> None:
    run = Run("r", {"q": ranking([("a", 3.0), ("x", 1.0), ("y", 1.0)])})
    assert exposed(run, QRELS, "RR@2") == TieExposure(across=1, queries=0, least=1.0, greatest=1.0)
    assert exposed(run, QRELS, "RR@1").across == 0


def test_a_tie_below_the_cutoff_is_none_of_the_values_business() -> None:
    run = Run("r", {"q": ranking([("x", 3.0), ("a", 1.0), ("b", 1.0)])})
    assert exposed(run, QRELS, "nDCG@1") == TieExposure(across=0, queries=0, least=0.0, greatest=0.0)


def test_means_are_over_all_judged_queries_also_those_without_ties() -> None:
    qrels = {"q": {"a": 1}, "r": {"a": 1}, "s": {"a": 1}}
    run = Run("r", {"q": ranking([("a", 1.0), ("x", 1.0)]), "r": ranking([("a", 2.0), ("x", 1.0)]), "s": ranking([])})
    assert exposed(run, qrels, "RR@10") == TieExposure(across=0, queries=1, least=0.5, greatest=2 / 3)


def test_scores_that_are_equal_as_float32_are_tied() -> None:
    run = Run("r", {"q": ranking([("a", 1.0 + 1e-9), ("x", 1.0)])})
    assert exposed(run, QRELS, "RR@10").queries == 1
    assert exposed(Run("r", {"q": ranking([("a", 1.0 + 1e-6), ("x", 1.0)])}), QRELS, "RR@10").queries == 0


def test_the_value_that_was_scored_lies_between_least_and_greatest() -> None:
    run = Run("r", {"q": ranking((doc, 1.0) for doc in "abcdz")})
    scores = evaluate(run, QRELS, ["nDCG@3"])
    found = exposed(run, QRELS, "nDCG@3")
    assert found.least < scores.mean("nDCG@3") < found.greatest


def test_a_measure_whose_best_order_is_not_known_has_no_exposure() -> None:
    run = Run("r", {"q": ranking([("a", 1.0), ("x", 1.0)])})
    assert tie_exposure(run, QRELS, evaluate(run, QRELS, ["Judged@1"]), "Judged@1") is None


def test_a_judged_query_that_the_run_lacks_counts_0_in_both() -> None:
    qrels = {"q": {"a": 1}, "r": {"a": 1}}
    run = Run("r", {"q": ranking([("a", 1.0), ("x", 1.0)])})
    scores = evaluate(run, qrels, ["RR@10"], allow_missing=True)
    assert tie_exposure(run, qrels, scores, "RR@10") == TieExposure(across=0, queries=1, least=0.25, greatest=0.5)
