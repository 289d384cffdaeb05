"""The collections with results that fill no cell of the card: a row a system, a column a language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.report.place import column_of, finished, labels_of, obstacle, row_of, system_order
from harness.report.published import PublishedTable
from harness.report.record import Result
from harness.report.registered import Registered

Collection = tuple[str, str, str, bool]
"""Dataset, measure, counts as in `Outside`, and whether the dataset has languages."""
Row = Mapping[str, Sequence[Result]]
"""Language, empty for a dataset without any -> the results that fit, the one that finished last at the end."""


@dataclass(frozen=True, kw_only=True)
class Outside:
    """The results on one collection some of which fill no cell of the card."""

    dataset: str
    measure: str
    counts: str
    """How many documents and queries it has where they are not the registered ones; empty where they are."""
    languages: tuple[str, ...]
    """Those that were run, in order; one that is empty where the dataset has none."""
    missing: int
    """How many more languages the registered dataset has."""
    rows: Mapping[str, Row]
    """A system's label, with what tells it apart from the others -> its results."""


def outside(tables: Sequence[PublishedTable], results: Sequence[Result], known: Registered) -> tuple[Outside, ...]:
    """Return the results that fill no cell of `tables`: one value per collection and measure, in order of their names.

    Beside them stand those on the same collections that do fill one. Results on as many documents or queries as are not
    the dataset's own are of another collection.

    Raises:
        DataError: a result has a time that is none.
    """
    found: dict[Collection, list[Result]] = {}
    for result in sorted(results, key=finished):
        found.setdefault(_collection(result, known), []).append(result)
    return tuple(
        _outside(collection, found[collection], known)
        for collection in sorted(found)
        if not all(any(_fills(table, result, known) for table in tables) for result in found[collection])
    )


def _collection(result: Result, known: Registered) -> Collection:
    return result.dataset, result.measure, _counts(result, known), result.language is not None


def _fills(table: PublishedTable, result: Result, known: Registered) -> bool:
    has_cell = row_of(table, result) is not None and column_of(table, result) is not None
    return has_cell and obstacle(table, result, known) is None


def _counts(result: Result, known: Registered) -> str:
    spec = known.datasets.get((result.dataset, result.language))
    wanted = (None, None) if spec is None else (spec.documents, spec.queries)
    documents, queries = result.counts.get("documents"), result.counts.get("queries")
    # Languages of a dataset without registered counts differ in theirs, and are one dataset all the same.
    if (documents, queries) == wanted or (None in wanted and result.language is not None):
        return ""
    return " and ".join(
        f"{'?' if number is None else f'{number:,}'} {what}"
        for number, what in ((documents, "documents"), (queries, "queries"))
    )


def _outside(collection: Collection, results: Sequence[Result], known: Registered) -> Outside:
    dataset, measure, counts, _ = collection
    rows: dict[str, dict[str, list[Result]]] = {}
    first: dict[str, Result] = {}
    for label, result in zip(labels_of(results, known), results, strict=True):
        rows.setdefault(label, {}).setdefault(result.language or "", []).append(result)
        first.setdefault(label, result)
    languages = sorted({result.language or "" for result in results})
    registered = {language for name, language in known.datasets if name == dataset}
    order = sorted(rows, key=lambda label: (*system_order(first[label]), label))
    return Outside(
        dataset=dataset,
        measure=measure,
        counts=counts,
        languages=tuple(languages),
        missing=len(registered - {*languages, None}),
        rows={label: dict(sorted(rows[label].items())) for label in order},
    )
