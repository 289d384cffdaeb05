"""How far two rankings agree: the share of the first documents that both have, and rank-biased overlap."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from harness.retrieve.run import Run

PERSISTENCE = 0.9
"""p of rank-biased overlap: the first ten documents then have 86 % of the weight."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far the rankings of two runs agree, as means over the queries for which exact search found something."""

    queries: int
    overlaps: Mapping[int, float]
    """Depth -> the share of the exact ranking's first documents; no depth that one of the runs does not reach."""
    rbo: float


def agreement(exact: Run, other: Run, depth: int, depths: Sequence[int]) -> Agreement | None:
    """Return how far two runs agree down to `depth`; None where exact search found nothing at all."""
    pairs = [
        (ranking.doc_ids[:depth], other.rankings[query].doc_ids[:depth] if query in other.rankings else ())
        for query, ranking in exact.rankings.items()
        if len(ranking)
    ]
    if not pairs:
        return None
    return Agreement(
        queries=len(pairs),
        overlaps={at: _mean(pairs, partial(overlap, depth=at)) for at in depths if at <= depth},
        rbo=_mean(pairs, rank_biased_overlap),
    )


def overlap(reference: Sequence[str], other: Sequence[str], depth: int) -> float:
    """Return the share of the first `depth` documents of `reference` that are among the first `depth` of `other`.

    Of a reference that has fewer, the share of those; of one without any it is 1, for nothing is missing.

    >>> overlap(["a", "b", "c"], ["b", "x", "a"], 2)
    0.5
    """
    wanted = reference[:depth]
    return len(set(wanted) & set(other[:depth])) / len(wanted) if wanted else 1.0


def rank_biased_overlap(one: Sequence[str], other: Sequence[str], p: float = PERSISTENCE) -> float:
    """Return the rank-biased overlap of two rankings, extrapolated from the depth that is seen: 0 to 1.

    RBO_EXT for rankings of different lengths (Webber, Moffat and Zobel: A similarity measure for indefinite rankings,
    ACM TOIS 28(4), 2010, equation 32). It is the same both ways round. Two empty rankings agree, an empty one agrees
    with no other.

    Args:
        one: documents, best first, each once.
        other: the same.
        p: the weight of a depth is p times that of the depth before it; above 0, below 1.
    """
    short, long = sorted((one, other), key=len)
    if not short:
        return float(not long)
    common = _common(short, long)
    s, last = len(short), len(long)
    at_s, at_last = common[s - 1], common[last - 1]
    seen = [common[d - 1] / d * p**d for d in range(1, last + 1)]
    # Below its end the shorter one is taken to go on as it did.
    beyond = [at_s * (d - s) / (s * d) * p**d for d in range(s + 1, last + 1)]
    rest = ((at_last - at_s) / last + at_s / s) * p**last
    return min(1.0, (1 - p) / p * math.fsum([*seen, *beyond]) + rest)


def _common(short: Sequence[str], long: Sequence[str]) -> list[int]:
    """Return, for every depth of the longer ranking, how many documents both have down to there."""
    found, mine, theirs, count = [], set[str](), set[str](), 0
    for depth, document in enumerate(long):
        theirs.add(document)
        count += document in mine
        if depth < len(short):
            mine.add(short[depth])
            count += short[depth] in theirs
        found.append(count)
    return found


def _mean(
    pairs: Sequence[tuple[Sequence[str], Sequence[str]]], of: Callable[[Sequence[str], Sequence[str]], float]
) -> float:
    return math.fsum(of(one, two) for one, two in pairs) / len(pairs)
