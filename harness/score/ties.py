"""How much a value owes to the order of tied documents.

Documents of equal float32 score are put in an order that is fixed but says nothing about them (harness.retrieve.run).
Another tool may well choose another. What a mean could then be, at least and at most, tells whether that matters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness.data.collection import Qrels
from harness.retrieve.run import Ranking, Run
from harness.score.evaluate import evaluate
from harness.score.measures import cutoff, measure_name
from harness.score.scores import Scores

ORDERED = ("nDCG", "RR", "R", "P", "AP", "Success", "Rprec", "Bpref", "IPrec", "SetP", "SetR", "SetF", "SetAP")
"""Measures that never fall when a document of a higher grade moves up past one of a lower grade."""


@dataclass(frozen=True)
class TieExposure:
    """What the order of tied documents decides in one value."""

    across: int
    """Judged queries with the same score just inside and just outside the measure's cutoff."""
    queries: int
    """Judged queries whose value another order of tied documents would change."""
    least: float
    """The mean over all judged queries with tied documents in the worst order."""
    greatest: float
    """The same in the best order."""


def tie_exposure(run: Run, qrels: Qrels, scores: Scores, measure: str) -> TieExposure | None:
    """Return what the order of tied documents decides in the mean of `measure`.

    Ties with documents below the depth of the run are not seen: they count only where a tie reaches from the cutoff
    down to the last document that was kept.

    Args:
        run: as it was scored, with the scores of its search.
        qrels: the judgments it was scored by.
        scores: what `harness.score.evaluate.evaluate` made of both; holds `measure`.
        measure: the name of the measure.

    Returns:
        None for a measure whose best and worst order are not known (see `ORDERED`).
    """
    name = measure_name(measure)
    if name.partition("@")[0].partition("(")[0] not in ORDERED:
        return None
    looked_at = cutoff(name)
    values = scores.values[name]
    judged = {query: run.rankings[query] for query in values if query in run.rankings}
    tied = {query: found for query, found in judged.items() if _is_tied(found, looked_at)}
    least, greatest = (_values(tied, qrels, name, best=best) for best in (False, True))
    return TieExposure(
        across=sum(_ties_at(found, looked_at) for found in tied.values()),
        queries=sum(least[query] != greatest[query] for query in tied),
        least=_mean({**values, **least}),
        greatest=_mean({**values, **greatest}),
    )


def _is_tied(found: Ranking, looked_at: int | None) -> bool:
    reach = len(found) if looked_at is None else looked_at + 1
    scores = found.scores[:reach]
    return bool((scores[:-1] == scores[1:]).any())


def _ties_at(found: Ranking, looked_at: int | None) -> bool:
    return (
        looked_at is not None
        and len(found) > looked_at
        and bool(found.scores[looked_at - 1] == found.scores[looked_at])
    )


def _values(tied: Mapping[str, Ranking], qrels: Qrels, measure: str, *, best: bool) -> Mapping[str, float]:
    """Return the value of each tied query with its tied documents in the best or worst order."""
    if not tied:
        return {}
    ordered = {query: _ordered(found, qrels[query], best=best) for query, found in tied.items()}
    return evaluate(Run("ties", ordered), {query: qrels[query] for query in tied}, [measure]).values[measure]


def _ordered(found: Ranking, grades: Mapping[str, int], *, best: bool) -> Ranking:
    gains = np.array([grades.get(doc_id, 0) for doc_id in found.doc_ids])
    places = np.lexsort((-gains if best else gains, -found.scores))
    return Ranking(tuple(found.doc_ids[place] for place in places), found.scores[places])


def _mean(values: Mapping[str, float]) -> float:
    return math.fsum(values.values()) / len(values)
