"""The missing shards of a pass on this machine: on several worker processes, or in this one where one is enough.

Tables come to this process as bytes, and it writes them; it holds the locks on the shards its workers have. Nothing
here enters a key, for nothing here changes a byte: shards know nothing of each other.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from harness.encode.encoder import Encoder
from harness.engine.claims import Claims
from harness.engine.clock import COMMIT
from harness.engine.crew import Worker, crew, messages
from harness.engine.messages import Begin, Found, Moved, Over, Queries, Ready, Search, Slice, Up, Vectors, Wanted
from harness.engine.places import Places
from harness.engine.task import Task
from harness.retrieve.passes import Pass
from harness.retrieve.shards import Shard
from harness.retrieve.table import Table
from harness.retrieve.table_bytes import to_bytes
from harness.watch import Stage, Watch

Todo = Mapping[Shard, Sequence[int]]
"""The missing shards, each with the dimensions it is to be searched at."""
QUERIES, DOCUMENTS = "encode queries", "encode and search"
"""The stages of a pass."""


def work_here(one: Pass, todo: Todo, task: Task, encoder: Encoder, watch: Watch) -> dict[str, object]:
    """Search the shards of `todo` in this process, and commit each while the next one is encoded.

    Returns how the model ran.

    Raises:
        HarnessError: a fault its reader can mend; finished shards are kept.
    """
    with watch.stage(QUERIES, len(one.collection.queries), "queries") as stage:
        texts = [query.text for query in one.collection.queries]
        searching = task.searching(encoder, encoder.queries(texts, task.widths, stage.advance).by_dim)
    with (
        Claims(one, todo, watch.tell) as claims,
        watch.stage(DOCUMENTS, _documents(todo)) as stage,
        ThreadPoolExecutor(1, "commit") as writer,
    ):
        pending: Future[float] | None = None
        with closing(searching.tables(claims.stream, stage)) as found:
            for shard, tables in found:
                _committed(pending, stage)
                pending = writer.submit(_commit, one, claims, shard, tables)
        _committed(pending, stage)
    return searching.details | {"workers": 1}


def _commit(one: Pass, claims: Claims, shard: Shard, tables: Mapping[int, Table]) -> float:
    started = time.perf_counter()
    one.commit(shard, {dim: to_bytes(found) for dim, found in tables.items()})
    claims.finish(shard)
    return time.perf_counter() - started


def _committed(pending: Future[float] | None, stage: Stage) -> None:
    if pending is not None:
        stage.spend({COMMIT: pending.result()})


def work_apart(one: Pass, todo: Todo, task: Task, places: Places, watch: Watch) -> dict[str, object]:
    """Search the shards of `todo` on worker processes and commit them; return how the model ran there.

    Raises:
        HarnessError: a fault its reader can mend, or a worker died; finished shards are kept.
    """
    with crew(places) as workers:
        stream = messages(workers)
        with watch.stage("load model", len(workers), "workers") as stage:
            for worker in workers:
                worker.send(Begin(task, places.threads))
            _loaded(len(workers), stream, stage)
        asked = len(one.collection.queries)
        with watch.stage(QUERIES, asked, "queries") as stage:
            bounds = [asked * number // len(workers) for number in range(len(workers) + 1)]
            for worker, start, stop in zip(workers, bounds, bounds[1:], strict=False):
                worker.send(Slice(start, stop))
            vectors = _encoded(len(workers), stream, stage)
            for worker in workers:
                worker.send(vectors)
        with Claims(one, todo, watch.tell) as claims, watch.stage(DOCUMENTS, _documents(todo)) as stage:
            ends = Deal(one, workers, claims, stage).through()
    peak = max(end.peak_memory_mib for end in ends)
    return ends[0].details | {"workers": len(ends), "worker_peak_memory_mib": peak}


def _loaded(workers: int, stream: Iterator[tuple[Worker, Up]], stage: Stage) -> None:
    """Return once all workers have loaded the model."""
    for _, message in stream:
        stage.advance(isinstance(message, Ready))
        if stage.items == workers:
            return


def _encoded(workers: int, stream: Iterator[tuple[Worker, Up]], stage: Stage) -> Queries:
    """Return the vectors of all queries, once all workers have encoded theirs."""
    slices: list[Vectors] = []
    for _, message in stream:
        if isinstance(message, Moved):
            stage.advance(message.items, message.tokens)
        if isinstance(message, Vectors):
            slices.append(message)
            if len(slices) == workers:
                break
    return Queries(tuple(sorted(slices, key=lambda one: one.start)))


@dataclass
class Deal:
    """The shards of a pass, dealt out to workers."""

    one: Pass
    workers: Sequence[Worker]
    claims: Claims
    stage: Stage

    def through(self) -> list[Over]:
        """Deal out and commit all shards; return what each worker said at its end."""
        ends: list[Over] = []
        for worker, message in messages(self.workers, self._deal):
            match message:
                case Moved(items, tokens, spent):
                    self.stage.advance(items, tokens)
                    self.stage.spend(spent)
                case Wanted():
                    worker.asks = True
                    self._deal()
                case Found(shard, tables):
                    worker.held.remove(shard)
                    # Before the tables are written: nobody waits for a disk.
                    self._deal()
                    started = time.perf_counter()
                    with ThreadPoolExecutor(1, "commit") as writer:
                        # In a thread: a signal that ends the job lets what is being committed come to its end.
                        writer.submit(self.one.commit, shard, tables).result()
                    self.claims.finish(shard)
                    self.stage.spend({COMMIT: time.perf_counter() - started})
                case Over():
                    ends.append(message)
        return ends

    def _deal(self) -> None:
        """Give a shard to each worker that asks for one and is due.

        One that has nothing is; one that has a shard in work, and could read the next, only while enough are left that
        nobody is short of one for it.
        """
        for worker in self.workers:
            ahead = len(worker.held) == 1 and len(self.claims.left) > len(self.workers)
            if worker.asks and (ahead or not worker.held):
                self._answer(worker)

    def _answer(self, worker: Worker) -> None:
        """Give a worker the next shard, or word that there is none; none while others hold all that are left."""
        taken = self.claims.take()
        if taken is not None:
            worker.held.append(taken.shard)
            worker.send(Search(taken.shard, tuple(taken.dims)))
        elif self.claims.left:
            if not worker.held:
                self.claims.wait()
            return
        else:
            worker.send(None)
        worker.asks = False


def _documents(todo: Todo) -> int:
    return sum(stop - start for start, stop in todo)
