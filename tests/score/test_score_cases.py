"""The cases in which scorers disagree, each with the value that trec_eval 9 gives (with -c; for RR with -M 10)."""

from collections.abc import Mapping, Sequence

import pytest

from harness.retrieve.run import Run, ranking
from harness.score.evaluate import drop_self, evaluate
from harness.score.measures import CUTOFF

Found = Mapping[str, Sequence[tuple[str, float]]]
Grades = Mapping[str, Mapping[str, int]]

TIED = [(f"d{number:02}", 1.0) for number in range(20)]
SECOND = 0.6309297535714575


def run_of(found: Found) -> Run:
    return Run("case", {query: ranking(pairs) for query, pairs in found.items()})


CASES: Mapping[str, tuple[Found, Grades, float, float]] = {
    "20 tied, the relevant has the first id": ({"q": TIED}, {"q": {"d00": 1}}, 0, 0),
    "20 tied the other way round, first id": ({"q": TIED[::-1]}, {"q": {"d00": 1}}, 0, 0),
    "20 tied, the relevant has the last id": ({"q": TIED}, {"q": {"d19": 1}}, 1, 1),
    "20 tied the other way round, last id": ({"q": TIED[::-1]}, {"q": {"d19": 1}}, 1, 1),
    "two tied on top, smaller id relevant": (
        {"q": [("a", 2.0), ("b", 2.0), ("c", 1.0)]},
        {"q": {"a": 1}},
        SECOND,
        0.5,
    ),
    "lower in float64, equal in float32, larger id": (
        {"q": [("a", 20.000000001), ("b", 20.0)]},
        {"q": {"b": 1}},
        1,
        1,
    ),
    "higher in float64, equal in float32, smaller id": (
        {"q": [("a", 20.000000001), ("b", 20.0)]},
        {"q": {"a": 1}},
        SECOND,
        0.5,
    ),
    "tied 9 and 10, 10 relevant": ({"q": [("9", 1.0), ("10", 1.0)]}, {"q": {"10": 1}}, SECOND, 0.5),
    "tied by UTF-8, not UTF-16": ({"q": [("\uffee", 1.0), ("\U00010000", 1.0)]}, {"q": {"\U00010000": 1}}, 1, 1),
    "second query found nothing": ({"q": [("a", 1.0)], "r": []}, {"q": {"a": 1}, "r": {"b": 1}}, 0.5, 0.5),
    "second query has only grade 0": (
        {"q": [("a", 1.0)], "r": [("b", 1.0)]},
        {"q": {"a": 1}, "r": {"b": 0}},
        0.5,
        0.5,
    ),
    "first query has only negative grades": (
        {"q": [("a", 1.0)], "r": [("b", 1.0)]},
        {"q": {"a": -1, "c": -2}, "r": {"b": 1}},
        0.5,
        0.5,
    ),
    "no query has a relevant document": ({"q": [("a", 1.0)]}, {"q": {"a": 0}}, 0, 0),
    "grade -1 on top": ({"q": [("a", 2.0), ("b", 1.0)]}, {"q": {"a": -1, "b": 1}}, SECOND, 0.5),
    "grade -2 on top": ({"q": [("a", 2.0), ("b", 1.0)]}, {"q": {"a": -2, "b": 1}}, SECOND, 0.5),
    "grades 1, 2, 3 in that order, linear gain": (
        {"q": [("a", 3.0), ("b", 2.0), ("c", 1.0)]},
        {"q": {"a": 1, "b": 2, "c": 3}},
        0.7899980042460358,
        1,
    ),
    "three found, fifteen relevant": (
        {"q": [("d00", 3.0), ("d01", 2.0), ("d02", 1.0)]},
        {"q": {doc_id: 1 for doc_id, _ in TIED[:15]}},
        0.4690000933206748,
        1,
    ),
    "an unjudged document on top": ({"q": [("x", 2.0), ("a", 1.0)]}, {"q": {"a": 1}}, SECOND, 0.5),
    "the query itself on top": ({"q": [("q", 2.0), ("a", 1.0)]}, {"q": {"a": 1}}, SECOND, 0.5),
    "the relevant at rank 11": (
        {"q": [(f"d{number:02}", 20.0 - number) for number in range(12)]},
        {"q": {"d10": 1}},
        0,
        0,
    ),
    "the relevant at rank 10": (
        {"q": [(f"d{number:02}", 20.0 - number) for number in range(12)]},
        {"q": {"d09": 1}},
        0.2890648263178879,
        0.1,
    ),
    "the relevant not found": ({"q": [("a", 1.0)]}, {"q": {"b": 1}}, 0, 0),
    "an id that begins with #": ({"q": [("x", 2.0), ("#a", 1.0)]}, {"q": {"#a": 1}}, SECOND, 0.5),
    "ids with a space and a newline": ({"q": [("x y", 2.0), ("a\nb", 1.0)]}, {"q": {"a\nb": 1}}, SECOND, 0.5),
}


@pytest.mark.parametrize("case", CASES)
def test_the_value_is_the_one_of_trec_eval_where_scorers_disagree(case: str) -> None:
    found, grades, ndcg, rr = CASES[case]
    scores = evaluate(run_of(found), grades, ["nDCG@10", "RR@10"])
    assert scores.means == pytest.approx({"nDCG@10": ndcg, "RR@10": rr}, abs=1e-9)
    assert scores.missing == ()


@pytest.mark.parametrize("query", ["no query", "no_query", "a\0b", "a", "\ud800", "-1", "0"])
@pytest.mark.parametrize("doc_id", ["a\0b", "a\0", "-1", "1", "\udfff", "", "no_query"])
def test_no_id_changes_a_value(query: str, doc_id: str) -> None:
    # trec_eval's C code starts from a query called "no query" (after a first call: "no_query") and cuts ids at a NUL.
    found = {query: [("a\0c", 3.0), (doc_id, 2.0)], "other": [(doc_id, 1.0)]}
    for _ in range(2):
        scores = evaluate(run_of(found), {query: {doc_id: 1, "2": 0}, "other": {doc_id: 1}}, ["nDCG@10", "RR@10", "AP"])
        expected = {"nDCG@10": SECOND, "RR@10": 0.5, "AP": 0.5}
        assert {name: values[query] for name, values in scores.values.items()} == pytest.approx(expected)


@pytest.mark.parametrize("grade", [-1, -2, -3, -1000])
@pytest.mark.parametrize("name", CUTOFF)
def test_a_query_with_only_negative_grades_scores_zero_after_any_other(grade: int, name: str) -> None:
    # Such a query made trec_eval's C code clear memory without end, when another query had come before it.
    number = {"never": "", "recall": "@0.1"}.get(CUTOFF[name], "@2")
    found = {query: [("a", 2.0), ("b", 1.0)] for query in "pqr"}
    grades = {"p": {"a": 2, "b": 0}, "q": {"a": grade, "c": grade}, "r": {"a": 1}}
    (values,) = evaluate(run_of(found), grades, [name + number]).values.values()
    assert values["q"] == (0.5 if name == "Judged" else 0.0)
    assert values["p"] > 0
    assert values["r"] > 0


def test_a_missing_query_counts_zero_and_is_named() -> None:
    scores = evaluate(run_of({"q": [("a", 1.0)]}), {"q": {"a": 1}, "r": {"b": 1}}, ["nDCG@10"], allow_missing=True)
    assert scores.values == {"nDCG@10": {"q": 1.0, "r": 0.0}}
    assert scores.missing == ("r",)
    assert scores.mean("nDCG@10") == 0.5


def test_a_query_without_a_judgment_is_left_out_when_that_is_asked_for() -> None:
    run = run_of({"q": [("a", 1.0)], "r": [("a", 1.0)], "s": [("a", 1.0)]})
    scores = evaluate(run, {"q": {"a": 1}, "r": {}}, ["RR@10"], drop_unjudged=True)
    assert scores.values == {"RR@10": {"q": 1.0}}


def test_own_documents_are_dropped_and_counted() -> None:
    run, dropped = drop_self(run_of({"q": [("q", 2.0), ("a", 1.0)], "r": [("a", 1.0)]}), {"q": {"a": 1}, "r": {"a": 1}})
    assert dropped == 1
    assert run == Run("case", {"q": ranking([("a", 1.0)]), "r": ranking([("a", 1.0)])})
    assert evaluate(run, {"q": {"a": 1}, "r": {"a": 1}}, ["nDCG@10"]).means == {"nDCG@10": 1.0}


def test_a_query_that_found_only_itself_keeps_its_place_with_an_empty_ranking() -> None:
    run, dropped = drop_self(run_of({"q": [("q", 2.0)]}), {"q": {"a": 1}})
    assert (run.rankings["q"].doc_ids, dropped) == ((), 1)


def test_queries_are_sorted_and_values_are_plain_floats() -> None:
    found = {query: [("a", 1.0)] for query in ("10", "9", "ü", "z", "1")}
    scores = evaluate(run_of(found), {query: {"a": 1} for query in found}, ["RR@10", "MRR@10", "AP"])
    assert list(scores.values) == ["RR@10", "AP"]
    assert list(scores.values["RR@10"]) == list(scores.values["AP"]) == ["1", "10", "9", "z", "ü"]
    assert {type(value) for values in scores.values.values() for value in values.values()} == {float}


def test_a_measure_is_the_same_alone_and_beside_others() -> None:
    found = {str(query): [(f"d{place}", float(place * query % 7)) for place in range(12)] for query in range(1, 9)}
    grades = {query: {f"d{place}": place % 4 - 1 for place in range(12)} for query in found}
    together = ["P(rel=2)@5", "AP(rel=3)", "nDCG@10", "RR(rel=2)@10", "RR@10", "Judged@5", "nDCG"]
    scores = evaluate(run_of(found), grades, together)
    for name in together:
        assert evaluate(run_of(found), grades, [name]).values[name] == scores.values[name]
