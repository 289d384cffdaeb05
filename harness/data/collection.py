"""What the data stage hands on: a judged collection whose documents stream and whose queries and judgments are held.

A `Collection` is made by a source (`harness.data.beir`, `harness.data.irds`) through `harness.data.load`, which has
read the corpus once by then: every id is valid, counts are the expected ones, the fingerprint is of the content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from harness.spec import DatasetSpec

Qrels = Mapping[str, Mapping[str, int]]
"""Query id -> document id -> grade."""


class Document(NamedTuple):
    """One document, its fields already joined to the text that is encoded."""

    doc_id: str
    text: str


class Query(NamedTuple):
    """One query."""

    query_id: str
    text: str


@dataclass(frozen=True)
class Inventory:
    """What one reading of the whole corpus found."""

    documents: int
    """Documents that count: repeated ones once."""
    repeated: int
    """Documents left out because an earlier one has the same id and the same text."""
    fingerprint: str
    """SHA-256 over id and text of every document, in order; equal content from another source is equal here."""


class Corpus(Protocol):
    """The documents of a collection, readable from any place any number of times."""

    def documents(self, start: int, stop: int) -> Iterator[Document]:
        """Yield documents start to stop (exclusive) of the corpus, in its order, repeated ones left out."""
        ...


@dataclass(frozen=True)
class Counts:
    """What was found in a collection, beside what was left out of it."""

    documents: int
    queries: int
    """Judged queries, which are the ones searched with."""
    qrels: int
    repeated_documents: int = 0
    unjudged_queries: int = 0
    """Queries without a judgment: not encoded, not scored."""
    missing_judged: int = 0
    """Judged documents that are not in the corpus."""
    queries_without_positive: int = 0
    """Judged queries none of whose documents is relevant: they score 0 and stay in the mean."""


@dataclass(frozen=True)
class Fingerprints:
    """SHA-256 of the content of each part of a collection."""

    documents: str
    queries: str
    qrels: str


@dataclass(frozen=True)
class Collection:
    """A judged collection, checked against its spec."""

    spec: DatasetSpec
    corpus: Corpus
    queries: tuple[Query, ...]
    """The judged queries, in the order of the source."""
    qrels: Qrels
    counts: Counts
    fingerprints: Fingerprints
