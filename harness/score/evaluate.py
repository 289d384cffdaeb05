"""Runs against judgments: `evaluate` gives every judged query its value, through ir_measures, in one order.

ir_measures hands nDCG, AP, P and R to pytrec_eval and RR@k to its msmarco provider, and the two break ties the opposite
way (terrierteam/ir_measures#18). Here they never see a tie: a ranking goes in as strictly falling integers, so every
provider scores the order that the run has. The providers are named, so that what else is installed changes no number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ir_measures

from harness.data.collection import Qrels
from harness.errors import ConfigError, DataError, short
from harness.retrieve.run import Ranking, Run
from harness.score.measures import measure
from harness.score.scores import Scores

if TYPE_CHECKING:
    from ir_measures import Measure

PROVIDERS = (ir_measures.pytrec_eval, ir_measures.judged, ir_measures.msmarco)
LARGEST_GRADE = 1000
"""trec_eval keeps a table as long as the largest grade; at 2**40 pytrec_eval gave nDCG 0.0 or 2e18."""


def evaluate(
    run: Run,
    qrels: Qrels,
    measures: Sequence[str],
    *,
    allow_missing: bool = False,
    drop_unjudged: bool = False,
) -> Scores:
    """Return the value of every measure for every judged query, and which judged queries the run does not have.

    A query is judged when it has a judgment, be it of grade 0. One whose ranking is empty, or that the run does not
    have, scores 0 and stays in the mean. A grade below 0 gains nothing. Values are under the names of
    `harness.score.measures.measure_name`.

    Args:
        run: the order of each ranking is what is scored; its scores are not read.
        qrels: query id -> document id -> grade.
        measures: names of measures, or aliases.
        allow_missing: score a run that lacks judged queries.
        drop_unjudged: leave out queries of the run that have no judgment.

    Raises:
        ConfigError: a measure is unknown, or there is none.
        DataError: the run or the judgments are empty, a grade is no integer, the run lacks a judged query or has one
            that is not judged.
    """
    wanted = {str(one): one for one in map(measure, measures)}
    if not wanted:
        raise ConfigError("no measure to score with", expected="at least one, as in nDCG@10")
    judged = _judged(qrels)
    missing = _missing(run, judged, allow_missing=allow_missing)
    if not drop_unjudged:
        _refuse_unjudged(run, judged)
    found = {query: run.rankings[query] for query in judged if len(run.rankings.get(query, ()))}
    if not found:
        raise DataError(f"the run {short(run.name)} found no document for any judged query", remedy=_same_ids(judged))
    return Scores(values=_values(found, judged, wanted), missing=missing)


def drop_self(run: Run, qrels: Qrels) -> tuple[Run, int]:
    """Return `run` without each query's own document (the one with the query's id), and how many there were.

    For runs of other tools over datasets whose spec says `drop_self`; the harness's own searches have done it.

    Raises:
        DataError: a query's own document is judged relevant for it, so dropping it would cost a hit.
    """
    dropped = 0
    rankings: dict[str, Ranking] = {}
    for query, found in run.rankings.items():
        rankings[query] = found
        if query in found.doc_ids:
            if qrels.get(query, {}).get(query, 0) > 0:
                what = "a query's own document is judged relevant and would be dropped"
                raise DataError(what, got=short(query), remedy="Set dataset.drop_self=false")
            keep = [place for place, doc_id in enumerate(found.doc_ids) if doc_id != query]
            rankings[query] = Ranking(tuple(found.doc_ids[place] for place in keep), found.scores[keep])
            dropped += 1
    return Run(run.name, rankings), dropped


def _judged(qrels: Qrels) -> dict[str, dict[str, int]]:
    judged = {query: dict(grades) for query, grades in sorted(qrels.items()) if grades}
    if not judged:
        raise DataError("there are no judgments", expected="at least one judged query")
    for query, grades in judged.items():
        for doc_id, grade in grades.items():
            if type(grade) is not int or abs(grade) > LARGEST_GRADE:
                what = f"the grade of document {short(doc_id)} for query {short(query)}"
                raise DataError(what, got=short(grade), expected=f"an integer up to {LARGEST_GRADE}")
    return judged


def _missing(run: Run, judged: dict[str, dict[str, int]], *, allow_missing: bool) -> tuple[str, ...]:
    missing = tuple(query for query in judged if query not in run.rankings)
    if missing and not allow_missing:
        what = f"the run {short(run.name)} lacks {len(missing):,} of {len(judged):,} judged queries"
        remedy = "Search with all of them, or set allow_missing=true: they then count 0"
        raise DataError(what, got=_some(missing), remedy=remedy)
    return missing


def _refuse_unjudged(run: Run, judged: dict[str, dict[str, int]]) -> None:
    unjudged = sorted(query for query in run.rankings if query not in judged)
    if unjudged:
        what = f"the run {short(run.name)} has {len(unjudged):,} queries without a judgment"
        remedy = "Check that the run is of this dataset, or set drop_unjudged=true"
        raise DataError(what, got=_some(unjudged), expected="only judged queries", remedy=remedy)


def _values(
    found: dict[str, Ranking], judged: dict[str, dict[str, int]], wanted: dict[str, Measure]
) -> dict[str, dict[str, float]]:
    values = {name: dict.fromkeys(judged, 0.0) for name in wanted}
    queries = list(found)
    runs, qrels = _numbered([(found[query], judged[query]) for query in queries])
    left = dict(wanted)
    for provider in PROVIDERS:
        mine = [left.pop(name) for name, one in wanted.items() if name in left and provider.supports(one)]
        for metric in provider.iter_calc(mine, qrels, runs) if mine else ():
            query, value = queries[int(metric.query_id)], float(metric.value)
            if not 0.0 <= value <= 1.0 + 1e-9:
                raise ValueError(f"{metric.measure} of query {query!r} is {value}")
            values[str(metric.measure)][query] = value
    if left:
        raise ConfigError("ir_measures cannot score", got=", ".join(left))
    return values


def _numbered(
    cases: Sequence[tuple[Ranking, dict[str, int]]],
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, int]]]:
    """Return rankings and grades with numbers for ids: a query's is its place in `cases`, a document's its rank.

    pytrec_eval is C below, and not every id or grade is safe in it (trec_eval: form_res_rels.c; pytrec_eval-terrier
    0.5.11): it cuts ids at a NUL, it takes a query called "no query" for one that it has done already, and a query
    whose grades are all below -1 is a segmentation fault. Where no grade is above -1 they are given as 0, which is
    worth the same.
    """
    deepest = max(len(ranking) for ranking, _ in cases)
    # Made once and shared: at a thousand documents for each of seven thousand queries it is most of the memory.
    ranks, falling = [str(rank) for rank in range(1, deepest + 1)], [float(deepest - place) for place in range(deepest)]
    runs: dict[str, dict[str, float]] = {}
    qrels: dict[str, dict[str, int]] = {}
    for case, (ranking, grades) in enumerate(cases):
        numbers = dict(zip(ranking.doc_ids, ranks, strict=False))
        runs[str(case)] = dict(zip(numbers.values(), falling, strict=False))
        lowest = 0 if max(grades.values()) < 0 else -LARGEST_GRADE
        named = enumerate(grades.items(), start=1)
        qrels[str(case)] = {numbers.get(doc_id, f"-{place}"): max(grade, lowest) for place, (doc_id, grade) in named}
    return runs, qrels


def _some(ids: Sequence[str]) -> str:
    return ", ".join(short(one, 40) for one in ids[:5]) + (", ..." if len(ids) > 5 else "")


def _same_ids(judged: dict[str, dict[str, int]]) -> str:
    return f"Check that run and dataset are the same: the dataset's queries are called as {_some(list(judged)[:1])}"
