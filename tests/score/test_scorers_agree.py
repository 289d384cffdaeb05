"""Two hundred random runs full of ties: every scorer gives one number once the order is canonical."""

import json
import logging
import math
import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import ir_measures
import pytest
import pytrec_eval
from beir.retrieval.evaluation import EvaluateRetrieval
from hypothesis import given
from hypothesis import strategies as st

from harness.retrieve.run import Run, ranking
from harness.score.evaluate import evaluate
from harness.score.scores import Scores

Qrels = dict[str, dict[str, int]]


def oracle_ndcg(doc_ids: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Järvelin and Kekäläinen's nDCG with linear gain: the ideal is over all judged documents."""

    def dcg(gains: Sequence[int]) -> float:
        return math.fsum(gain / math.log2(place + 1) for place, gain in enumerate(gains[:k], start=1))

    ideal = dcg(sorted((max(grade, 0) for grade in grades.values()), reverse=True))
    return dcg([max(grades.get(doc_id, 0), 0) for doc_id in doc_ids]) / ideal if ideal else 0.0


def oracle_rr(doc_ids: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    places = (place for place, doc_id in enumerate(doc_ids[:k], start=1) if grades.get(doc_id, 0) >= 1)
    return next((1 / place for place in places), 0.0)


def oracle_order(pairs: Sequence[tuple[str, float]]) -> list[str]:
    """Score descending, then id by its bytes descending: two stable sorts, the lesser key first."""
    by_id = sorted(pairs, key=lambda pair: pair[0].encode(), reverse=True)
    return [doc_id for doc_id, _ in sorted(by_id, key=lambda pair: pair[1], reverse=True)]


def tie_heavy(seed: int) -> tuple[Run, Qrels]:
    source = random.Random(seed)
    corpus = [str(number) for number in range(60)]
    qrels = {
        f"q{query}": {doc_id: source.choice((-1, 0, 0, 1, 1, 2, 3)) for doc_id in source.sample(corpus, 12)}
        for query in range(4)
    }
    found = {
        query: [(doc_id, source.randint(0, 4) / 4) for doc_id in source.sample(corpus, source.randint(1, 25))]
        for query in qrels
    }
    return Run("random", {query: ranking(pairs) for query, pairs in found.items()}), qrels


def falling(run: Run) -> dict[str, dict[str, float]]:
    return {
        query: {doc_id: float(len(found) - place) for place, doc_id in enumerate(found.doc_ids)}
        for query, found in run.rankings.items()
    }


CASES = [tie_heavy(seed) for seed in range(200)]


@pytest.fixture(scope="module")
def scored() -> list[Scores]:
    return [evaluate(run, qrels, ["nDCG@10", "RR@10", "R@10"]) for run, qrels in CASES]


def test_the_runs_have_ties_where_they_count() -> None:
    tied = sum(
        len(set(found.scores[:11].tolist())) < len(found.scores[:11])
        for run, _ in CASES
        for found in run.rankings.values()
    )
    assert tied > 600


def test_the_definition_gives_the_same_per_query(scored: list[Scores]) -> None:
    for (run, qrels), scores in zip(CASES, scored, strict=True):
        for query, found in run.rankings.items():
            assert scores.values["nDCG@10"][query] == pytest.approx(
                oracle_ndcg(found.doc_ids, qrels[query], 10), abs=1e-9
            )
            assert scores.values["RR@10"][query] == oracle_rr(found.doc_ids, qrels[query], 10)


def test_pytrec_eval_gives_the_same_per_query(scored: list[Scores]) -> None:
    for (run, qrels), scores in zip(CASES, scored, strict=True):
        full = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut.10"}).evaluate(falling(run))
        # recip_rank has no cut-off of its own: the run is cut instead.
        top = {query: dict(list(found.items())[:10]) for query, found in falling(run).items()}
        cut = pytrec_eval.RelevanceEvaluator(qrels, {"recip_rank"}).evaluate(top)
        for query in qrels:
            assert scores.values["nDCG@10"][query] == pytest.approx(full[query]["ndcg_cut_10"], abs=1e-9)
            assert scores.values["RR@10"][query] == pytest.approx(cut[query]["recip_rank"], abs=1e-9)


RANX = """
import json, sys
import ranx
names = {"ndcg@10": "nDCG@10", "mrr@10": "RR@10"}
answers = []
for run, qrels in json.load(sys.stdin):
    run, qrels = ranx.Run(run), ranx.Qrels(qrels)
    found = ranx.evaluate(qrels, run, list(names), return_mean=False, make_comparable=True, threads=1)
    queries = sorted(qrels.keys())
    answers.append({names[name]: dict(zip(queries, map(float, values))) for name, values in found.items()})
json.dump(answers, sys.stdout)
"""


def test_ranx_gives_the_same_per_query(scored: list[Scores]) -> None:
    # In a process of its own: uncompiled it takes a second, and numba would spend up to a minute on compiling it.
    cases = json.dumps([(falling(run), qrels) for run, qrels in CASES])
    settings = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-W", "ignore", "-c", RANX]
    done = subprocess.run(command, input=cases, capture_output=True, text=True, env=settings, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for scores, answer in zip(scored, json.loads(done.stdout), strict=True):
        for name, values in answer.items():
            assert scores.values[name] == pytest.approx(values, abs=1e-9)


def test_beir_gives_the_same_means(scored: list[Scores], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    for (run, qrels), scores in zip(CASES, scored, strict=True):
        beir: Any = EvaluateRetrieval()
        ndcg, _, recall, _ = beir.evaluate(qrels, falling(run), [10], ignore_identical_ids=False)
        rr = beir.evaluate_custom(qrels, falling(run), [10], metric="mrr")
        # beir rounds its means to five digits, so half of the fifth is as near as its answer can be compared.
        found = {"nDCG@10": ndcg["NDCG@10"], "RR@10": rr["MRR@10"], "R@10": recall["Recall@10"]}
        assert scores.means == pytest.approx(found, abs=5e-6 + 1e-9)


def test_raw_ties_are_what_the_canonical_order_is_for() -> None:
    """The same scorer, fed the scores instead of the order, gives RR@10 by the opposite tie rule."""
    run, qrels = Run("ties", {"q": ranking([("a", 1.0), ("b", 1.0)])}), {"q": {"a": 1}}
    raw = ir_measures.calc_aggregate([ir_measures.RR @ 10, ir_measures.nDCG @ 10], qrels, {"q": {"a": 1.0, "b": 1.0}})
    assert raw[ir_measures.RR @ 10] == 1.0
    assert raw[ir_measures.nDCG @ 10] < 1.0
    assert evaluate(run, qrels, ["RR@10"]).means == {"RR@10": 0.5}


ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3)
found_documents = st.dictionaries(ids, st.sampled_from([0.0, -0.0, 0.5, 0.5 + 1e-12, 1.0]), min_size=1, max_size=14)
judgments = st.dictionaries(ids, st.integers(-2, 3), min_size=1, max_size=14)


@given(st.dictionaries(ids, st.tuples(found_documents, judgments), min_size=1, max_size=3), st.randoms())
def test_any_permutation_of_what_was_found_scores_as_the_definition_says(
    cases: dict[str, tuple[dict[str, float], dict[str, int]]], source: random.Random
) -> None:
    rankings, expected = {}, {}
    for query, (found, grades) in cases.items():
        pairs = list(found.items())
        source.shuffle(pairs)
        rankings[query] = ranking(pairs)
        order = oracle_order([(doc_id, round(score, 6)) for doc_id, score in found.items()])
        expected[query] = (oracle_ndcg(order, grades, 10), oracle_rr(order, grades, 10))
    scores = evaluate(
        Run("any", rankings), {query: grades for query, (_, grades) in cases.items()}, ["nDCG@10", "RR@10"]
    )
    for query, (ndcg, rr) in expected.items():
        assert scores.values["nDCG@10"][query] == pytest.approx(ndcg, abs=1e-9)
        assert scores.values["RR@10"][query] == pytest.approx(rr, abs=1e-9)
