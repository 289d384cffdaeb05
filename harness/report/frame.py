"""Results as a data frame, for those who go on in pandas; nothing else in the harness imports pandas for reporting."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from harness.report.record import Result

COLUMNS = {
    "key": "str",
    "model": "str",
    "dim": "Int64",
    "dim_kind": "str",
    "precision": "str",
    "dataset": "str",
    "language": "str",
    "measure": "str",
    "value": "float64",
    "queries": "int64",
    "documents": "Int64",
    "finished": "str",
}


def frame(results: Iterable[Result]) -> pd.DataFrame:
    """Return a line per result and measure: what was run, the mean over judged queries, counts, when it finished."""
    lines = [
        {
            "key": result.key,
            "model": result.model,
            "dim": result.dim,
            "dim_kind": result.dim_kind,
            "precision": result.precision,
            "dataset": result.dataset,
            "language": result.language,
            "measure": measure,
            "value": mean,
            "queries": result.scores.queries,
            "documents": result.counts.get("documents"),
            "finished": result.provenance.get("finished"),
        }
        for result in results
        for measure, mean in result.scores.means.items()
    ]
    return pd.DataFrame(lines, columns=list(COLUMNS)).astype(COLUMNS)
