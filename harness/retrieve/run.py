"""A run: for every query the documents found, best first. The order is the truth; scores only explain it.

The order is total: float32 score descending, then document id descending by its UTF-8 bytes, which is trec_eval's rule
(`trec_eval: form_res_rels.c`), so that every scorer that follows trec_eval sees the order this harness saw.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, short


@dataclass(frozen=True, eq=False)
class Ranking:
    """The documents found for one query, best first, with their float32 scores."""

    doc_ids: tuple[str, ...]
    scores: NDArray[np.float32]

    def __post_init__(self) -> None:
        """Refuse what has no order: repeated documents, scores that are no finite numbers."""
        if len(self.doc_ids) != len(self.scores):
            raise ValueError(f"{len(self.doc_ids)} documents, {len(self.scores)} scores")
        if len(set(self.doc_ids)) != len(self.doc_ids):
            twice = next(doc_id for doc_id in self.doc_ids if self.doc_ids.count(doc_id) > 1)
            raise DataError("a run names a document twice for one query", got=short(twice))
        if not np.isfinite(self.scores).all():
            where = int(np.flatnonzero(~np.isfinite(self.scores))[0])
            got = f"{self.scores[where]} for document {short(self.doc_ids[where])}"
            raise DataError("a run has a score that is no finite float32 number", got=got)

    def __eq__(self, other: object) -> bool:
        """Rankings are equal when documents and scores are."""
        if not isinstance(other, Ranking):
            return NotImplemented
        return self.doc_ids == other.doc_ids and np.array_equal(self.scores, other.scores)

    def __hash__(self) -> int:
        """Return a hash of the documents; equal rankings have equal ones."""
        return hash(self.doc_ids)

    def __len__(self) -> int:
        """Return the number of documents found."""
        return len(self.doc_ids)


@dataclass(frozen=True)
class Run:
    """The rankings of a query set under a name; a query that found nothing has an empty ranking."""

    name: str
    rankings: Mapping[str, Ranking]


def ranking(found: Iterable[tuple[str, float]]) -> Ranking:
    """Return the ranking of (document id, score) pairs given in any order, in the total order.

    Scores are rounded to float32 before they are compared (as trec_eval 9.0 does).

    >>> ranking([("d1", 1.0), ("d9", 2.0), ("d2", 2.0)]).doc_ids
    ('d9', 'd2', 'd1')
    """
    with np.errstate(over="ignore"):
        pairs = [(np.float32(score), doc_id) for doc_id, score in found]
    pairs.sort(key=lambda pair: (pair[0], pair[1].encode("utf-8", "surrogatepass")), reverse=True)
    scores = np.array([score for score, _ in pairs], dtype=np.float32)
    return Ranking(tuple(doc_id for _, doc_id in pairs), scores)
