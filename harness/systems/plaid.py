"""An encoder's vectors searched by way of a PLAID index: an own search kind, with its loss told beside exact search.

An index is of the whole corpus: all its vectors are held, there are no shards, and what was broken off starts afresh.
Every dimension has an index of its own, all from one encoding. The run has the scores that the index gives, in the
order that all runs have.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from torch import Tensor

from harness.data.collection import Collection, Document
from harness.encode.encoder import Encoder
from harness.encode.vectors import Encoded
from harness.engine.places import available_memory
from harness.engine.task import Task
from harness.errors import StorageError
from harness.plaid_spec import PlaidSpec
from harness.retrieve import plaid_package
from harness.retrieve.met import Met
from harness.retrieve.plaid import Found as Hits
from harness.retrieve.plaid import cut, open_index, pieces, refuse_small_disk, refuse_too_many_vectors
from harness.retrieve.run import Ranking, Run, ranking
from harness.spec import RunSpec
from harness.systems.base import Found
from harness.watch import Stage, Watch

T = TypeVar("T")
QUERIES_AT_A_TIME = 64


@dataclass(frozen=True)
class Corpus:
    """The documents of a collection, encoded."""

    doc_ids: tuple[str, ...]
    by_width: Mapping[int, Sequence[Tensor]]
    """The (tokens, D) float16 vectors of each document on the CPU, by the width of the projection."""
    met: Met


@dataclass(frozen=True)
class Indexed:
    """Search by way of an index, of one collection with one encoder."""

    spec: RunSpec
    settings: PlaidSpec
    collection: Collection
    encoder: Encoder
    watch: Watch

    @property
    def details(self) -> dict[str, object]:
        """How it runs here, for the record; complete once documents have been encoded."""
        return {**self.encoder.details, "workers": 1, "fast-plaid": plaid_package.version()}

    def runs(self, task: Task) -> dict[int | None, Found]:
        """Return the run of each dimension of `task`.

        Raises:
            DataError: the vectors of the collection do not fit in memory.
            ModelError: as the encoder does, or there is no such device.
            StorageError: there is no room for an index.
        """
        texts = [query.text for query in self.collection.queries]
        with self.watch.stage("encode queries", len(texts), "queries") as stage:
            queries = self.encoder.queries(texts, task.widths, stage.advance)
        with self.watch.stage("encode", self.collection.counts.documents) as stage:
            corpus = self._encoded(task.widths, stage)
        return {dim: self._found(dim, task.model.projection(dim), corpus, queries) for dim in task.dims}

    def _encoded(self, widths: Sequence[int], stage: Stage) -> Corpus:
        documents, free = self.collection.counts.documents, available_memory()
        by_width: dict[int, list[Tensor]] = {width: [] for width in widths}
        doc_ids: list[str] = []
        met, held = Met(), 0
        size = self.spec.engine.block_size(self.encoder.device.type)
        for block in _blocks(self.collection.corpus.documents(0, documents), size):
            one = self.encoder.documents([document.text for document in block], widths, stage.advance)
            for width, vectors in one.by_dim.items():
                by_width[width] += pieces(vectors)
            doc_ids += [document.doc_id for document in block]
            met += Met(len(block), one.tokens, one.empty, one.truncated, self._own(block))
            held += sum(vectors.vectors_ND.nbytes for vectors in one.by_dim.values())
            refuse_too_many_vectors(self.spec.dataset.name, held, len(doc_ids), documents, free)
        return Corpus(tuple(doc_ids), by_width, met)

    def _own(self, block: Sequence[Document]) -> int:
        """Return how many documents are queries too, where the dataset says to drop them."""
        own = {query.query_id for query in self.collection.queries} if self.spec.dataset.drop_self else set()
        return sum(document.doc_id in own for document in block)

    def _found(self, dim: int, width: int, corpus: Corpus, queries: Encoded) -> Found:
        documents = cut(corpus.by_width[width], dim)
        # What has no vector is in no index, and no query.
        held = [place for place, vectors in enumerate(documents) if len(vectors)]
        doc_ids = [corpus.doc_ids[place] for place in held]
        hits, size = self._hits(dim, [documents[place] for place in held], cut(pieces(queries.by_dim[width]), dim))
        rankings = {
            query.query_id: self._ranking(query.query_id, [(doc_ids[place], score) for place, score in found])
            for query, found in zip(self.collection.queries, hits, strict=True)
        }
        return Found(
            Run(f"{self.spec.model.name}-dim{dim}-plaid", rankings), {**asdict(corpus.met), "index_bytes": size}
        )

    def _hits(self, dim: int, documents: Sequence[Tensor], queries: Sequence[Tensor]) -> tuple[Hits, int]:
        """Return what the index finds for each query, and the bytes that it takes on the disk."""
        out = Path(self.spec.out)
        refuse_small_disk(out, sum(map(len, documents)), dim, self.settings)
        asked = [place for place, vectors in enumerate(queries) if len(vectors)]
        found: list[Sequence[tuple[int, float]]] = [()] * len(queries)
        if not documents:
            return found, 0
        depth = self.spec.search.depth + self.spec.dataset.drop_self
        try:
            folder = tempfile.TemporaryDirectory(prefix=".plaid-", dir=out)
        except OSError as error:
            raise StorageError(f"{out} takes no index", got=error.strerror) from error
        with folder as place:
            with self.watch.stage(f"index dim={dim}") as stage:
                index = open_index(Path(place), self.settings)
                index.build(documents)
                stage.advance(len(documents))
            with self.watch.stage(f"search dim={dim}", len(asked), "queries") as stage:
                for some in _blocks(asked, QUERIES_AT_A_TIME):
                    for query, hits in zip(some, index.search([queries[one] for one in some], depth), strict=True):
                        found[query] = hits
                    stage.advance(len(some))
            size = sum(file.stat().st_size for file in Path(place).rglob("*") if file.is_file())
        return found, size

    def _ranking(self, query_id: str, found: Sequence[tuple[str, float]]) -> Ranking:
        dropped = query_id if self.spec.dataset.drop_self else None
        whole = ranking((doc_id, score) for doc_id, score in found if doc_id != dropped)
        depth = self.spec.search.depth
        return Ranking(whole.doc_ids[:depth], whole.scores[:depth])


def _blocks(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield `items` in tuples of `size`, the last one of what is left."""
    source = iter(items)
    while block := tuple(islice(source, size)):
        yield block
