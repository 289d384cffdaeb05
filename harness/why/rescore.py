"""Other ways to score one stored run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.data.collection import Qrels
from harness.retrieve.run import Ranking, Run
from harness.score.evaluate import drop_self, evaluate

PerQuery = Mapping[str, float]


def rescored(run: Run, qrels: Qrels, measure: str, rules: frozenset[str]) -> PerQuery:
    """Return the value of every query that counts, with the run scored by other rules than the harness' own.

    Args:
        run: as it is stored.
        qrels: the judgments.
        measure: its name.
        rules: names out of `ORDERS` and `COUNTED`.

    Raises:
        DataError: a document that would be dropped is judged relevant.
    """
    for name, change in ORDERS.items():
        if name in rules:
            run = change(run, qrels)
    values = evaluate(run, qrels, [measure]).values[measure]
    for name, counts in COUNTED.items():
        if name in rules:
            values = {query: value for query, value in values.items() if counts(query, run, qrels)}
    return values


def _without_own(run: Run, qrels: Qrels) -> Run:
    return drop_self(run, qrels)[0]


def _lower_id_first(run: Run, qrels: Qrels) -> Run:
    return Run(run.name, {query: _ordered(found) for query, found in run.rankings.items()})


def _ordered(found: Ranking) -> Ranking:
    scores = found.scores.tolist()
    places = sorted(range(len(found)), key=lambda place: (-scores[place], found.doc_ids[place].encode()))
    return Ranking(tuple(found.doc_ids[place] for place in places), found.scores[places])


ORDERS: Mapping[str, Callable[[Run, Qrels], Run]] = {"drop_self": _without_own, "lower id first": _lower_id_first}
"""Rules that change what is ranked where."""
COUNTED: Mapping[str, Callable[[str, Run, Qrels], bool]] = {
    "with a document found": lambda query, run, _: len(run.rankings[query]) > 0,
    "with a relevant document": lambda query, _, qrels: max(qrels[query].values()) > 0,
}
"""Rules that say which judged queries the mean is over."""
