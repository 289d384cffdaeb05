"""A model as the pipeline sees it: something with a fingerprint that turns a collection into one run per dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Protocol

from harness.data.collection import Collection
from harness.encode.checkpoint import fingerprint
from harness.encode.encoder import Encoder, open_encoder
from harness.keys import bm25_parameters, pass_key, search_key
from harness.retrieve.bm25 import BM25Settings, search_bm25
from harness.retrieve.exact import ExactSearch, prepare
from harness.retrieve.passes import Pass
from harness.retrieve.run import Run
from harness.retrieve.shards import ShardStore, shards
from harness.retrieve.table import run
from harness.spec import EncoderSpec, LexicalSpec, RunSpec
from harness.watch import Watch


@dataclass(frozen=True)
class Found:
    """One run and what its search met."""

    run: Run
    met: Mapping[str, int]


class System(Protocol):
    """A model that retrieves."""

    @property
    def fingerprint(self) -> str:
        """What it is made of, as far as its spec does not say it: weights, or the versions of word lists."""
        ...

    @property
    def details(self) -> Mapping[str, object]:
        """How it runs here, for the record."""
        ...

    def runs(
        self, spec: RunSpec, collection: Collection, dims: Sequence[int | None], watch: Watch
    ) -> dict[int | None, Found]:
        """Return a run for each of `dims`."""
        ...


class LateInteraction:
    """Exact MaxSim over a late-interaction encoder, which is opened when the first document has to be encoded."""

    def __init__(self, model: EncoderSpec) -> None:
        self.model = model
        self.fingerprint = fingerprint(Path(model.path))
        self.details: dict[str, object] = {}
        self._encoder: Encoder | None = None

    def runs(
        self, spec: RunSpec, collection: Collection, dims: Sequence[int | None], watch: Watch
    ) -> dict[int | None, Found]:
        """Return a run for each of `dims`, all from one pass over the shards that have no table yet."""
        widths = [dim for dim in dims if dim is not None]
        folder = Path(spec.out) / "passes" / pass_key(spec, collection, self.fingerprint)
        one = Pass(
            collection=collection,
            store=ShardStore(folder, watch.tell),
            shards=shards(collection.counts.documents, spec.engine.shard_size(collection.counts.documents)),
            searches={dim: search_key(spec, collection, dim) for dim in widths},
            depth=spec.search.depth,
        )
        if spec.force:
            one.forget()
        self._work(one, spec, watch)
        query_ids = [query.query_id for query in collection.queries]
        with watch.stage("merge"):
            tables = one.tables()
        return {
            dim: Found(run(table, query_ids, f"{spec.model.name}-dim{dim}"), asdict(table.met))
            for dim, table in tables.items()
        }

    def _work(self, one: Pass, spec: RunSpec, watch: Watch) -> None:
        todo = one.missing()
        if not todo:
            return
        done = len(one.shards) - len(todo)
        if done:
            watch.tell(f"going on: {done} of {len(one.shards)} shards are done")
        encoder = self._open(spec, watch)
        widths = sorted({dim for dims in todo.values() for dim in dims}, reverse=True)
        with watch.stage("encode queries", len(one.collection.queries), "queries") as stage:
            searches = prepare(one.collection, encoder, widths, spec.search.depth, stage.advance)
        with watch.stage("encode and search", sum(stop - start for start, stop in todo)) as stage:
            one.work(todo, ExactSearch(one.collection, encoder, searches, spec.engine.block_documents), stage.advance)

    def _open(self, spec: RunSpec, watch: Watch) -> Encoder:
        if self._encoder is None:
            with watch.stage("load model"):
                self._encoder = open_encoder(self.model, spec.engine)
            self.details.update(self._encoder.details)
        return self._encoder


class Lexical:
    """BM25; its index is of the whole corpus, so it has no shards and starts afresh when it was broken off."""

    def __init__(self, model: LexicalSpec) -> None:
        self.model = model
        self.fingerprint = " ".join(f"{name} {metadata.version(name)}" for name in ("bm25s", "PyStemmer", "stop-words"))
        self.details: dict[str, object] = {"device": "cpu"}

    def runs(
        self, spec: RunSpec, collection: Collection, dims: Sequence[int | None], watch: Watch
    ) -> dict[int | None, Found]:
        """Return the one run that BM25 gives."""
        k1, b = bm25_parameters(spec, self.model)
        settings = BM25Settings(
            language=spec.dataset.text_language,
            k1=k1,
            b=b,
            depth=spec.search.depth,
            drop_self=spec.dataset.drop_self,
        )
        documents = collection.counts.documents
        with watch.stage("index and search", documents) as stage:
            found = search_bm25(collection.corpus.documents(0, documents), collection.queries, settings, stage.advance)
        rankings, counts = found
        met = {
            "documents": counts.documents,
            "tokens": counts.tokens,
            "empty": counts.empty_documents,
            "truncated": 0,
            "dropped_self": counts.dropped_self,
        }
        return {dim: Found(Run(self.model.name, rankings), met) for dim in dims}


def open_system(model: EncoderSpec | LexicalSpec) -> System:
    """Return the system that `model` describes; nothing large is loaded yet.

    Raises:
        ModelError: its checkpoint is not there.
    """
    return Lexical(model) if isinstance(model, LexicalSpec) else LateInteraction(model)
