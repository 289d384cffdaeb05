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
from harness.json_text import parse_json
from harness.report.sound import fields_of
from harness.score.scores import Scores
from harness.spec import STRICT
from harness.storage import json_sha256, read_capped, write_atomically

SCHEMA = 1
RESULT = "result.json"
CHECK = "sha256"
"""The field of a file that holds the SHA-256 of all others."""
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
    ties: Mapping[str, float] | None = None
    """What the order of tied documents decides in the value (harness.score.ties.TieExposure); None in a record that is
    older than the question, and for a measure whose best order is not known."""
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
    """Write `result` to `path` as JSON, all or nothing; means are written beside the per-query values.

    So is a SHA-256 of what it says: a number that is damaged on a disk is a number still.
    """
    data = asdict(result)
    data["scores"]["means"] = result.scores.means
    data[CHECK] = _digest(data)
    text = json.dumps(data, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
    write_atomically(path, (text + "\n").encode())


def read_result(path: Path) -> Result:
    """Return the result written at `path`.

    Raises:
        DataError: the file is no result of this version of the format, or says something else than was written.
    """
    remedy = "Move it away and run the job again"
    try:
        data = _as_written(parse_json(read_capped(path, LARGEST)))
        if data["schema"] == SCHEMA:
            return Result(**fields_of(data))
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is no result", got=short(str(error), 160), remedy=remedy) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read", got=error.strerror, remedy=remedy) from error
    raise DataError(f"{path} is another version of a result", got=short(data["schema"]), expected=SCHEMA)


def read_results(folder: Path) -> Iterator[Result]:
    """Yield every result under `folder`, in the order of their paths; none where there is no such folder."""
    for path in sorted(folder.glob(f"**/{RESULT}")):
        yield read_result(path)


def _as_written(data: Any) -> dict[str, Any]:
    """Return the mapping of a file without the SHA-256 of it.

    Raises:
        TypeError: it is none.
        ValueError: it has another SHA-256 than it says.
    """
    if not isinstance(data, dict):
        raise TypeError(f"it is {short(data, 40)}")
    # A result that an older version wrote has none.
    check = data.pop(CHECK, None)
    if check is not None and check != _digest(data):
        raise ValueError("it does not say what was written: its SHA-256 is another")
    return data


def _digest(data: Mapping[str, Any]) -> str:
    # By way of JSON: what is read back has lists for tuples, and texts for the keys of every mapping.
    return json_sha256(json.loads(json.dumps(data, allow_nan=False)))
