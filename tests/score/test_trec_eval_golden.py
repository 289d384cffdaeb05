"""trec_eval's own expected output, per query, to the four decimals that it prints."""

import random
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.retrieve.run import Run
from harness.retrieve.trec import read_foreign_run
from harness.score.evaluate import evaluate
from harness.score.measures import measure_name

COUNTS = ("num_ret", "num_rel", "num_rel_ret")
NOT_OFFERED = (
    *("relstring", "Rprec_mult_", "utility", "11pt_avg", "binG", "G", "ndcg_rel", "Rndcg", "relative_P_"),
    *("set_relative_P", "num_nonrel_judged_ret", "rbp", "rbp_resid", "unj_"),
)
"""Measures (or what their names begin with) that ir_measures has no name for, or that are no quality of a ranking."""

OTHERWISE_IN_9 = {("iprec_at_recall_0.10", "301"): 0.2096, ("iprec_at_recall_0.60", "302"): 0.1420}
"""The output is trec_eval 10's. It rounds recall times relevant documents (47.4) to the nearest number, where 9, which
pytrec_eval has inside, rounds it up (m_iprec_at_recall.c); these two values of the file tell them apart."""


def qrels_of(folder: Path) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels.test").read_text().splitlines():
        query, _, doc_id, grade = line.split()
        qrels.setdefault(query, {})[doc_id] = int(grade)
    return qrels


def expected_of(folder: Path) -> dict[str, dict[str, float]]:
    expected: dict[str, dict[str, float]] = {}
    for line in (folder / "out.test.aq").read_text().splitlines():
        name, query, value = line.split(None, 2)
        left_out = any(name == one or (one.endswith("_") and name.startswith(one)) for one in NOT_OFFERED)
        if query != "all" and not left_out:
            expected.setdefault(name, {})[query] = OTHERWISE_IN_9.get((name, query), float(value))
    return expected


@pytest.fixture
def folder(shared_data: Path) -> Path:
    return shared_data / "trec_eval"


def test_every_measure_that_trec_eval_prints_is_reproduced_per_query(folder: Path) -> None:
    run, qrels, expected = read_foreign_run(folder / "results.test"), qrels_of(folder), expected_of(folder)
    for name in COUNTS:
        expected.pop(name)
    scores = evaluate(run, qrels, list(expected))
    assert len(expected) == 60
    for name, values in expected.items():
        found = scores.values[measure_name(name)]
        # Four decimals as printed; the last may be rounded from a number that was added up in another order.
        assert found == pytest.approx(values, abs=0.5001e-4), name


def test_retrieved_and_relevant_documents_are_counted_as_trec_eval_counts_them(folder: Path) -> None:
    run, qrels, expected = read_foreign_run(folder / "results.test"), qrels_of(folder), expected_of(folder)
    assert run.name == "STANDARD"
    for query, found in run.rankings.items():
        relevant = {doc_id for doc_id, grade in qrels[query].items() if grade > 0}
        counts = (len(found), len(relevant), len(relevant & set(found.doc_ids)))
        assert counts == tuple(expected[name][query] for name in COUNTS)


def test_the_order_of_the_lines_changes_nothing(folder: Path, tmp_path: Path) -> None:
    lines = (folder / "results.test").read_text().splitlines(keepends=True)
    random.Random(5).shuffle(lines)
    (tmp_path / "shuffled").write_text("".join(lines))
    shuffled, original = read_foreign_run(tmp_path / "shuffled"), read_foreign_run(folder / "results.test")
    assert shuffled == Run(original.name, original.rankings)


def test_a_run_with_junk_at_the_end_of_its_lines_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="line 1: not a line of a TREC run: got 9 columns"):
        read_foreign_run(folder / "results.trunc")
