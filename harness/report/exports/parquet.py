"""Parquet of the value of every measure for every query, for those who go on with data frames."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.util import find_spec

from harness.errors import ConfigError
from harness.report.exports.labels import Label, labels
from harness.report.exports.material import File, Material
from harness.report.record import Result

COLUMNS = {
    "key": "category",
    "model": "category",
    "dim": "Int64",
    "dim_kind": "category",
    "precision": "category",
    "label": "category",
    "standing": "category",
    "dataset": "category",
    "language": "category",
    "measure": "category",
    "query": "str",
    "value": "float64",
}


def parquet(material: Material) -> Iterator[File]:
    """Yield queries.parquet, a line per result, measure and query, with the very ids and values of the results.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    if find_spec("pyarrow") is None:
        remedy = "pip install 'late-interaction-harness[parquet]'"
        raise ConfigError("export=parquet needs pyarrow", got="it is not installed", remedy=remedy)
    results = material.results
    if results:
        lines = [
            line
            for result, label in zip(results, labels(results, material.known), strict=True)
            for line in _lines(result, label)
        ]
        yield File("queries.parquet", _bytes(lines))


def _bytes(lines: list[list[object]]) -> bytes:
    import pandas as pd  # noqa: PLC0415 - takes half a second, and only this format needs it

    file = io.BytesIO()
    frame = pd.DataFrame(lines, columns=list(COLUMNS)).astype(COLUMNS)
    frame.to_parquet(file, engine="pyarrow", index=False, compression="zstd")
    return file.getvalue()


def _lines(result: Result, label: Label) -> Iterator[list[object]]:
    of = [result.key, result.model, result.dim, result.dim_kind, label.precision, label.text, label.standing]
    for measure, values in result.scores.values.items():
        where = [*of, result.dataset, result.language, measure]
        for query, value in values.items():
            yield [*where, query, value]
