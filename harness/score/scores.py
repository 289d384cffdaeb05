"""What the score stage hands on: the value of every measure for every judged query, and their means."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Scores:
    """Per-query values of one run, as fractions in [0, 1]; the mean is over all judged queries."""

    values: Mapping[str, Mapping[str, float]]
    """Measure name -> query id -> value, query ids sorted."""
    missing: tuple[str, ...] = ()
    """Judged queries that the run does not have: they count 0."""

    def mean(self, measure: str) -> float:
        """Return the mean of `measure` over all judged queries, summed exactly (math.fsum)."""
        per_query = self.values[measure]
        return math.fsum(per_query.values()) / len(per_query)

    @property
    def means(self) -> dict[str, float]:
        """The mean of every measure."""
        return {measure: self.mean(measure) for measure in self.values}

    @property
    def queries(self) -> int:
        """The number of judged queries: the denominator of every mean."""
        return len(next(iter(self.values.values()), {}))
