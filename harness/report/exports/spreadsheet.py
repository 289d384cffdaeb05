"""CSV for spreadsheets: a line per result and measure, and a line per query; `key` joins the two."""

from __future__ import annotations

from collections.abc import Iterator

from harness.report.exports.labels import Label, labels
from harness.report.exports.material import File, Material
from harness.report.exports.texts import csv_lines
from harness.report.place import in_training_data
from harness.report.record import Result

RESULTS = (
    "key", "model", "dim", "dim_kind", "precision", "label", "standing", "dataset", "language", "measure", "value",
    "queries", "documents", "trained_on_it", "finished",
)  # fmt: skip
QUERIES = ("key", "model", "dim", "dim_kind", "precision", "dataset", "language", "query", "measure", "value")


def spreadsheet(material: Material) -> Iterator[File]:
    """Yield results.csv and queries.csv; nothing where there is no result."""
    results = material.results
    if not results:
        return
    pairs = list(zip(results, labels(results, material.known), strict=True))
    yield File("results.csv", csv_lines(RESULTS, (row for pair in pairs for row in _means(*pair))))
    yield File("queries.csv", csv_lines(QUERIES, (row for pair in pairs for row in _queries(*pair))))


def _means(result: Result, label: Label) -> Iterator[list[object]]:
    trained = "yes" if in_training_data(result) else "no"
    for measure, mean in result.scores.means.items():
        yield [
            result.key, result.model, result.dim, result.dim_kind, label.precision, label.text, label.standing,
            result.dataset, result.language, measure, mean, result.scores.queries, result.counts.get("documents"),
            trained, result.provenance.get("finished"),
        ]  # fmt: skip


def _queries(result: Result, label: Label) -> Iterator[list[object]]:
    of: list[object] = [
        result.key,
        result.model,
        result.dim,
        result.dim_kind,
        label.precision,
        result.dataset,
        result.language,
    ]
    for measure, values in result.scores.values.items():
        for query, value in values.items():
            yield [*of, query, measure, value]
