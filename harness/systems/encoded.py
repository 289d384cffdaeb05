"""Exact search over an encoder's vectors, a vector a token or one a text, resumable shard by shard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from harness.data.collection import Collection
from harness.encode.checkpoint import speak
from harness.encode.encoder import Encoder
from harness.encode.files import described, fingerprint
from harness.encode.heads import OWN_HEAD, head_fingerprint, head_folder, shares_backbone
from harness.encode.hub import checkpoint_folder
from harness.encode.weights import weight_files
from harness.engine.cluster.start import work_on_ray
from harness.engine.local import work_apart, work_here
from harness.engine.places import places
from harness.engine.task import Task
from harness.keys import Weights, dim_kind, pass_key, result_key, search_key
from harness.model_spec import EncoderSpec
from harness.plaid_spec import PlaidSpec
from harness.retrieve.passes import Pass, TablesLostError
from harness.retrieve.shards import ShardStore, shards
from harness.retrieve.table import Table, run
from harness.spec import RunSpec
from harness.systems import begun
from harness.systems.base import Found
from harness.systems.plaid import Indexed
from harness.watch import Watch

AGAIN = 2
"""Times that shards are done again whose tables turn out to be damaged: from then on it is the disk."""


class Encoded:
    """Exact search over an encoder's vectors; the encoder is opened when the first document has to be encoded."""

    def __init__(self, model: EncoderSpec) -> None:
        self.model = model
        self.folder = checkpoint_folder(model.path, model.revision)
        self.details: dict[str, object] = {}
        self._fingerprint = fingerprint(self.folder)
        self._weights: dict[int, Weights] = {}
        self._encoders: dict[str, Encoder] = {}

    def settled(self, spec: RunSpec) -> RunSpec:
        """Return `spec` with the settings and dimensions it left open filled in from the checkpoint."""
        model = described(self.model, self.folder, spec.dataset.text_language)
        return replace(spec, model=model, dims=spec.dims or model.dims)

    def weights(self, spec: RunSpec, dim: int | None) -> Weights:
        """Return the checkpoint that encodes at `dim`, and the projection where another checkpoint has it.

        A projection belongs to this backbone only if its checkpoint holds the same backbone, tensor for tensor;
        otherwise that checkpoint is a model of its own, and gets a pass of its own.
        """
        if dim is None or dim_kind(spec, dim) != "head":
            return Weights(self._fingerprint)
        if dim not in self._weights:
            place = head_folder(self.model, dim)
            if shares_backbone(self.folder, place):
                self._weights[dim] = Weights(self._fingerprint, head_fingerprint(place, OWN_HEAD))
            else:
                self._weights[dim] = Weights(fingerprint(place))
        return self._weights[dim]

    def runs(
        self, spec: RunSpec, collection: Collection, dims: Sequence[int | None], watch: Watch
    ) -> dict[int | None, Found]:
        """Return a run for each of `dims`: one pass for all that share a backbone."""
        groups: dict[str, list[int]] = {}
        for dim in dims:
            if dim is not None:
                groups.setdefault(self.weights(spec, dim).model, []).append(dim)
        found: dict[int | None, Found] = {}
        for model, widths in groups.items():
            results = {dim: result_key(spec, collection, self.weights(spec, dim), dim) for dim in widths}
            found |= self._pass(self._own(spec, model, widths), collection, results, watch)
        return found

    def _own(self, spec: RunSpec, model: str, widths: Sequence[int]) -> RunSpec:
        """Return the spec for a pass of one backbone: this model's, or that of a head's own checkpoint."""
        if model == self._fingerprint or not isinstance(spec.model, EncoderSpec):
            return spec
        place = head_folder(self.model, widths[0])
        return replace(spec, dims=(widths[0],), model=replace(spec.model, path=str(place), dims=(widths[0],), heads=()))

    def _pass(
        self, spec: RunSpec, collection: Collection, results: Mapping[int, str], watch: Watch
    ) -> dict[int | None, Found]:
        widths = list(results)
        if spec.search.plaid is not None:
            return self._indexed(spec, collection, widths, spec.search.plaid, watch)
        weights = {dim: self.weights(spec, dim) for dim in widths}
        folder = Path(spec.out) / "passes" / pass_key(spec, collection, weights[widths[0]])
        one = Pass(
            collection=collection,
            store=ShardStore(folder, watch.tell),
            shards=shards(collection.counts.documents, spec.engine.shard_size(collection.counts.documents)),
            searches={dim: search_key(spec, collection, dim, weights[dim]) for dim in widths},
            depth=spec.search.depth,
        )
        if spec.force:
            one.forget()
        query_ids = [query.query_id for query in collection.queries]
        tables = self._tables(one, spec, results, watch)
        return {
            dim: Found(run(table, query_ids, f"{spec.model.name}-dim{dim}"), asdict(table.met))
            for dim, table in tables.items()
        }

    def _tables(
        self, one: Pass, spec: RunSpec, results: Mapping[int, str], watch: Watch, again: int = AGAIN
    ) -> dict[int, Table]:
        """Return the merged tables, once the shards that miss one are done."""
        try:
            self._work(one, spec, results, watch)
        except KeyboardInterrupt as end:
            end.add_note(one.done())
            raise
        try:
            with watch.stage("merge", len(one.searches), "runs") as stage:
                tables = one.tables()
                stage.advance(len(tables))
        except TablesLostError:
            if not again:
                raise
            return self._tables(one, spec, results, watch, again - 1)
        one.store.sweep()
        return tables

    def _work(self, one: Pass, spec: RunSpec, results: Mapping[int, str], watch: Watch) -> None:
        todo = one.missing()
        if not todo:
            return
        begun.enter(one, spec, results)
        done = len(one.shards) - len(todo)
        if done:
            watch.tell(f"going on: {done} of {len(one.shards)} shards are done")
        asked = sorted({dim for dims in todo.values() for dim in dims}, reverse=True)
        task = _task(spec, one.collection, asked)
        weights = sum(path.stat().st_size for path in weight_files(self.folder))
        if spec.engine.kind == "ray":
            # A model that is held here for another language is no use to workers.
            self._encoders.clear()
            self.details.update(work_on_ray(one, todo, task, weights, watch))
            return
        found = places(spec.engine, list(todo), weights)
        if found.workers < found.wanted:
            watch.tell(f"{found.workers} workers, not {found.wanted}: there is no memory for more")
        if found.workers == 1:
            self.details.update(work_here(one, todo, task, self._open(task, watch), watch))
        else:
            # Its workers have the memory for it; a model that is held here for another language is no use to them.
            self._encoders.clear()
            self.details.update(work_apart(one, todo, task, found, watch))

    def _indexed(
        self, spec: RunSpec, collection: Collection, widths: Sequence[int], settings: PlaidSpec, watch: Watch
    ) -> dict[int | None, Found]:
        task = _task(spec, collection, widths)
        indexed = Indexed(spec, settings, collection, self._open(task, watch), watch)
        found = indexed.runs(task)
        self.details.update(indexed.details)
        return found

    def _open(self, task: Task, watch: Watch) -> Encoder:
        key = f"{task.model.path} {list(task.widths)} {task.precision}"
        if key not in self._encoders:
            # One model at a time: a second one of full size would not fit beside the first.
            self._encoders.clear()
            with watch.stage("load model"):
                self._encoders[key] = task.open()
        elif task.model.adapter is not None:
            speak(self.folder, self._encoders[key].checkpoint.backbone, task.model.adapter)
        return self._encoders[key]


def _task(spec: RunSpec, collection: Collection, dims: Sequence[int]) -> Task:
    if not isinstance(spec.model, EncoderSpec):
        raise TypeError(type(spec.model))
    # Judgments are nothing to whoever encodes.
    blind = replace(collection, qrels={})
    return Task(blind, spec.model, spec.engine, spec.precision, tuple(dims), spec.search.depth)
