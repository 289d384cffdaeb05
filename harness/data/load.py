"""A dataset spec becomes a `Collection`: the source is opened, everything in it read once and checked.

>>> sorted(SOURCES)
['beir', 'irds']
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.data.beir import BeirFolder
from harness.data.checks import check_count, few, gather, judged_queries, other_form
from harness.data.collection import Collection, Counts, Fingerprints, Inventory, Qrels, Query
from harness.data.inventory import Fingerprint, silent, take_inventory
from harness.data.irds import IrdsSource
from harness.data.source import Source
from harness.errors import DataError, lookup
from harness.spec import DatasetSpec

SOURCES: Mapping[str, Callable[[DatasetSpec], Source]] = {"beir": BeirFolder, "irds": IrdsSource}
"""Where collections come from, by the name that `DatasetSpec.source` gives; the names are `spec.SOURCE_KINDS`."""


def load(spec: DatasetSpec, progress: Callable[[int], None] = silent) -> Collection:
    """Return the collection that `spec` names: documents stream, queries and judgments are held.

    Judgments and queries are checked first, so that a fault there is told before a large corpus is read.
    `progress` is told the documents read so far, now and then (the whole corpus is read once).

    Raises:
        ConfigError: a setting of the spec cannot be meant (unknown id, no such folder or field).
        DataError: the content cannot be trusted, or is not the expected one.
        StorageError: the disk has no room for a download.
    """
    source = lookup("dataset source", spec.source, SOURCES)(spec)
    qrels = _qrels(spec, source)
    queries, unjudged = judged_queries(source, qrels)
    check_count(spec, "queries", len(queries), source)
    missing = {doc_id for grades in qrels.values() for doc_id in grades}
    inventory, corpus = take_inventory(source, missing, progress)
    check_count(spec, "documents", inventory.documents, source, more=inventory.repeated)
    _check_missing(spec, source, missing)
    counts = _counts(inventory, qrels, unjudged=unjudged, missing=len(missing))
    return Collection(spec, corpus, queries, qrels, counts, _fingerprints(inventory, queries, qrels))


def load_qrels(spec: DatasetSpec) -> Qrels:
    """Return the judgments of the collection that `spec` names; its corpus and its queries are not read.

    Raises:
        ConfigError: a setting of the spec cannot be meant.
        DataError: the judgments cannot be trusted, or are not the expected ones.
    """
    return _qrels(spec, lookup("dataset source", spec.source, SOURCES)(spec))


def _qrels(spec: DatasetSpec, source: Source) -> Qrels:
    qrels = gather(source.judgments(), lambda number: source.place("qrels", number))
    check_count(spec, "qrels", sum(len(grades) for grades in qrels.values()), source)
    return qrels


def _check_missing(spec: DatasetSpec, source: Source, missing: set[str]) -> None:
    if len(missing) <= spec.missing_judged:
        return
    known = f"If they are known to be missing, set dataset.missing_judged={len(missing)}"
    remedy = other_form(missing, (document.doc_id for document in source.documents(0))) or f"{source.remedy}. {known}"
    got = f"{len(missing):,}: {few(sorted(missing))}"
    expected = f"{spec.missing_judged:,} at most"
    raise DataError(
        f"{spec.name}: judged documents that are not in the corpus", got=got, expected=expected, remedy=remedy
    )


def _counts(inventory: Inventory, qrels: Qrels, *, unjudged: int, missing: int) -> Counts:
    return Counts(
        documents=inventory.documents,
        queries=len(qrels),
        qrels=sum(len(grades) for grades in qrels.values()),
        repeated_documents=inventory.repeated,
        unjudged_queries=unjudged,
        missing_judged=missing,
        queries_without_positive=sum(max(grades.values()) <= 0 for grades in qrels.values()),
    )


def _fingerprints(inventory: Inventory, queries: tuple[Query, ...], qrels: Qrels) -> Fingerprints:
    """Return the three fingerprints; queries and judgments are sorted, since their order changes no result."""
    of_queries, of_qrels = Fingerprint(), Fingerprint()
    for query_id, text in sorted(queries):
        of_queries.add(query_id.encode(), text.encode())
    for query_id, grades in sorted(qrels.items()):
        for doc_id, grade in sorted(grades.items()):
            of_qrels.add(query_id.encode(), doc_id.encode(), str(grade).encode())
    return Fingerprints(inventory.fingerprint, str(of_queries), str(of_qrels))
