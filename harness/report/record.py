"""A result: everything that made one number, and the number, as one JSON file.

The record holds facts only; where it stands against a published value is worked out by the report. It is written
last, after the run it describes, so a result that can be read is a finished one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import DataError, short
from harness.score.scores import Scores
from harness.spec import STRICT
from harness.storage import read_capped, write_atomically

SCHEMA = 1
RESULT = "result.json"
LARGEST = 64 * 1024 * 1024
"""Bytes of a result; 10,000 queries with six measures each take 3 MB."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One system (a model at one dimension) over one dataset: spec, scores, counts, provenance."""

    key: str
    """Hash of every field that can change the result."""
    model: str
    """The model's name, as published tables' columns name systems."""
    dim: int | None
    """Width of the token vectors; None for a model without any."""
    dim_kind: str | None
    """`full`, `prefix` or `head`; None for a model without vectors."""
    dataset: str
    """The dataset's name, as published tables' rows name datasets."""
    language: str | None
    measure: str
    """The measure of the dataset's published table."""
    scores: Scores
    counts: Mapping[str, int]
    """What was found in the collection and what was left out (harness.data.collection.Counts)."""
    search: Mapping[str, int]
    """What the search met: documents, tokens, empty and truncated documents, own documents dropped."""
    spec: Mapping[str, Any]
    """The whole RunSpec as plain values."""
    provenance: Mapping[str, Any]
    """Versions, device, seconds per stage, memory, fingerprints, commit: how it came about."""
    schema: int = field(default=SCHEMA)

    @property
    def value(self) -> float:
        """The mean of the dataset's measure, a fraction."""
        return self.scores.mean(self.measure)

    @property
    def precision(self) -> object:
        """The spec's `precision`; a record without one is older than the choice, and strict."""
        return self.spec.get("precision", STRICT)

    @property
    def system(self) -> str:
        """The model with its dimension: what a column of a table is headed with."""
        return self.model if self.dim is None else f"{self.model} dim={self.dim}"

    @property
    def row(self) -> str:
        """The dataset with its language: what a row of a table is headed with."""
        return self.dataset if self.language is None else f"{self.dataset} {self.language}"


def write_result(path: Path, result: Result) -> None:
    """Write `result` to `path` as JSON, all or nothing; means are written beside the per-query values."""
    data = asdict(result)
    data["scores"]["means"] = result.scores.means
    text = json.dumps(data, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
    write_atomically(path, (text + "\n").encode())


def read_result(path: Path) -> Result:
    """Return the result written at `path`.

    Raises:
        DataError: the file is no result of this version of the format.
    """
    try:
        data = json.loads(read_capped(path, LARGEST))
        if data["schema"] != SCHEMA:
            raise DataError(f"{path} is another version of a result", got=data["schema"], expected=SCHEMA)
        _check_spec(data["spec"])
        scores = Scores(values=data["scores"]["values"], missing=tuple(data["scores"]["missing"]))
        return Result(**{**data, "scores": scores})
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        remedy = "Move it away and run the job again"
        raise DataError(f"{path} is no result", got=short(str(error)), remedy=remedy) from error


def _check_spec(spec: Mapping[str, Any]) -> None:
    for group in ("dataset", "model"):
        if not isinstance(spec[group], dict):
            raise TypeError(f"{group} is no mapping")


def read_results(folder: Path) -> Iterator[Result]:
    """Yield every result under `folder`, in the order of their paths; none where there is no such folder."""
    for path in sorted(folder.glob(f"**/{RESULT}")):
        yield read_result(path)
