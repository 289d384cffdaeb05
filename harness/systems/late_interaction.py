"""Exact MaxSim over a late-interaction encoder, resumable shard by shard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from harness.data.collection import Collection
from harness.encode.checkpoint import fingerprint
from harness.encode.encoder import Encoder, open_encoder
from harness.keys import pass_key, search_key
from harness.placeholders import located
from harness.retrieve.exact import ExactSearch, prepare
from harness.retrieve.passes import Pass
from harness.retrieve.shards import ShardStore, shards
from harness.retrieve.table import run
from harness.spec import EncoderSpec, RunSpec
from harness.systems.base import Found
from harness.watch import Watch


class LateInteraction:
    """Exact MaxSim over a late-interaction encoder, which is opened when the first document has to be encoded."""

    def __init__(self, model: EncoderSpec) -> None:
        self.model = model
        self.fingerprint = fingerprint(located(model.path))
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
        with watch.stage("merge", len(one.searches), "runs") as stage:
            tables = one.tables()
            stage.advance(len(tables))
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
