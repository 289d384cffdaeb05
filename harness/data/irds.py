"""A collection of ir_datasets, by its id; what is not on this machine is fetched by that package.

`ir_datasets` is imported when the first such collection is opened and not before: importing it takes half a second
and makes folders under IR_DATASETS_HOME. It reads texts its own way (MS MARCO's passages with broken characters
repaired, for one), so the fingerprint, which is of the text read, may differ from a BEIR folder's.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from harness.data.collection import Document, Query
from harness.data.fetch import home, told
from harness.data.lines import Place
from harness.data.source import Judgment, joined
from harness.errors import ConfigError, DataError, short
from harness.spec import DatasetSpec


class IrdsSource:
    """A `Source` over an ir_datasets id."""

    def __init__(self, spec: DatasetSpec) -> None:
        """Find the dataset; nothing is fetched yet.

        Raises:
            ConfigError: there is no such id, it lacks documents, queries or judgments, or the fields asked for.
        """
        self._spec = spec
        self._name = str(spec.id)
        self._join = spec.join
        with told(self._name):
            self._dataset = _find(self._name)
            self._docs = self._dataset.docs_handler()
            offered = self._docs.docs_cls()._fields
            self._query_field = _query_field(spec, self._dataset.queries_handler().queries_cls()._fields)
        self._fields = tuple(name for name in spec.fields if name in offered)
        if not self._fields:
            remedy = f"Choose from them, as in dataset.fields=[{offered[1]}]"
            got = f"documents with the fields {', '.join(offered)}"
            raise ConfigError(f"{self._name} has none of dataset.fields={list(spec.fields)}", got=got, remedy=remedy)
        self._paused: tuple[int, Iterator[Any]] | None = None

    def __reduce__(self) -> tuple[type[IrdsSource], tuple[DatasetSpec]]:
        """Return how another process opens it again: ir_datasets' own objects stay where they are."""
        return IrdsSource, (self._spec,)

    @property
    def remedy(self) -> str:
        """Where to look when the content is not the expected one."""
        return f"A download may have been cut short: remove the files of {self._name} under {home()} and start again"

    def documents(self, start: int) -> Iterator[Document]:
        """Yield the documents from record `start` on; going on where the last reading stopped skips nothing.

        Raises:
            DataError: they cannot be fetched or read.
        """
        with told(self._name):
            record, records = self._resume(start)
            for found in records:
                record += 1
                try:
                    yield self._document(found)
                except GeneratorExit:
                    self._paused = (record, records)
                    raise

    def queries(self) -> Iterator[Query]:
        """Yield every query.

        Raises:
            DataError: they cannot be fetched or read.
        """
        with told(self._name):
            for found in self._dataset.queries_handler().queries_iter():
                yield Query(found.query_id, self._value(found, self._query_field))

    def judgments(self) -> Iterator[Judgment]:
        """Yield every judgment.

        Raises:
            DataError: they cannot be fetched or read.
        """
        with told(self._name):
            for number, found in enumerate(self._dataset.qrels_handler().qrels_iter(), 1):
                if not isinstance(found.relevance, int):
                    raise DataError(f"{self.place('qrels', number)}: grade", got=found.relevance, expected="an integer")
                yield Judgment(number, found.query_id, found.doc_id, found.relevance)

    def place(self, part: str, number: int) -> Place:
        """Return id, part and record."""
        return Place(f"{self._name}, {part}", number, "record")

    def _resume(self, start: int) -> tuple[int, Iterator[Any]]:
        """Return records from `start` on, with the number of the first.

        A store that ir_datasets has built jumps there. A plain file (MIRACL's, say) is read on from where it was left;
        asking ir_datasets for a slice of it would build a store of the whole corpus first.
        """
        paused, self._paused = self._paused, None
        if paused is None or paused[0] > start:
            records = self._docs.docs_iter()
            if isinstance(records, importlib.import_module("ir_datasets.indices.lz4_pickle").Lz4PickleIter):
                return start, records[start:]
            paused = (0, records)
        position, records = paused
        next(islice(records, start - position, start - position), None)
        return start, records

    def _document(self, found: Any) -> Document:
        return Document(found.doc_id, joined((self._value(found, name) for name in self._fields), self._join))

    def _value(self, found: object, name: str) -> str:
        value = getattr(found, name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise ConfigError(f"{self._name}: the field {name} is no text", got=short(value, 60))
        return value


def _find(name: str) -> Any:
    package = importlib.import_module("ir_datasets")
    try:
        dataset = package.load(name)
    except KeyError:
        near = difflib.get_close_matches(name, list(package.registry), n=3, cutoff=0.6)
        remedy = f"Did you mean {' or '.join(near)}?" if near else "https://ir-datasets.com lists them"
        raise ConfigError("unknown ir_datasets id", got=short(name), remedy=remedy) from None
    lacks = [part for part in ("docs", "queries", "qrels") if not dataset.has(part)]
    if lacks:
        inside = [item for item in package.registry if item.startswith(f"{name}/") and package.load(item).has("qrels")]
        hint = f"Those with judgments are {', '.join(inside[:8])}" if inside else None
        raise ConfigError(f"{name} has no {' and no '.join(lacks)}", remedy=hint)
    return dataset


def _query_field(spec: DatasetSpec, offered: tuple[str, ...]) -> str:
    if spec.query_field in offered:
        return spec.query_field
    remedy = f"Choose one of them, as in dataset.query_field={offered[1]}"
    got = f"queries with the fields {', '.join(offered)}"
    raise ConfigError(f"{spec.id} has no dataset.query_field={spec.query_field}", got=got, remedy=remedy)
