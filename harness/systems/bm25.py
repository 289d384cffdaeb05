"""BM25 as a system: one run, no dimension, no shards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata

from harness.data.collection import Collection
from harness.keys import Weights, bm25_parameters
from harness.retrieve.bm25 import BM25Settings, search_bm25
from harness.retrieve.run import Run
from harness.spec import LexicalSpec, RunSpec
from harness.systems.base import Found
from harness.watch import Watch


class Lexical:
    """BM25; its index is of the whole corpus, so it has no shards and starts afresh when it was broken off."""

    def __init__(self, model: LexicalSpec) -> None:
        self.model = model
        versions = " ".join(f"{name} {metadata.version(name)}" for name in ("bm25s", "PyStemmer", "stop-words"))
        self._weights = Weights(versions)
        self.details: dict[str, object] = {"device": "cpu"}

    def settled(self, spec: RunSpec) -> RunSpec:
        """Return `spec`: it leaves nothing open."""
        return spec

    def weights(self, spec: RunSpec, dim: int | None) -> Weights:
        """Return the versions of its word lists."""
        return self._weights

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
            rankings, met = search_bm25(
                collection.corpus.documents(0, documents), collection.queries, settings, stage.advance
            )
        return {dim: Found(Run(self.model.name, rankings), asdict(met)) for dim in dims}
