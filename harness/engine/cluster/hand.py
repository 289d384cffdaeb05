"""A worker of the cluster: an actor that opens the model once, then searches shards and commits their tables itself.

A shard is an idempotent task: its tables have the same bytes and the same names whoever makes them, however often.
"""

from __future__ import annotations

import os
import platform
import resource
import time
import traceback
from collections.abc import Callable, Mapping
from typing import TypeVar

import torch

from harness.encode.files import fingerprint
from harness.encode.heads import OWN_HEAD, head_fingerprint, head_folder
from harness.encode.hub import checkpoint_folder
from harness.engine.clock import COMMIT
from harness.engine.cluster.bench import Bench
from harness.engine.cluster.messages import Asked, Code, Done, Hello, Opened, Order, Told
from harness.engine.cluster.signs import Signs
from harness.engine.messages import Failed
from harness.engine.task import Task
from harness.errors import HarnessError, ModelError, StorageError
from harness.report.provenance import environment
from harness.retrieve.table_bytes import to_bytes

T = TypeVar("T")


class Hand:
    """What runs in the worker's process. Every method but `signs` is called by one thread, one after another."""

    def __init__(self, variables: Mapping[str, str], folder: str) -> None:
        """Take over the environment and the working folder of whoever asked."""
        os.environ.update(variables)
        self._folder = folder
        self._signs = Signs()

    def hello(self) -> Hello | Failed:
        """Return where this worker is and which code it runs."""
        return _answer(self._hello)

    def open(self, order: Order) -> Opened | Failed:
        """Load the model and encode the queries."""
        return _answer(lambda: self._open(order))

    def search(self, asked: Asked, then: Asked | None) -> Done | Failed:
        """Search one shard and commit its tables; `then`, the shard that comes next, is begun meanwhile."""
        return _answer(lambda: self._search(asked, then))

    def signs(self) -> Told:
        """Return what is done so far; it is answered while the others work."""
        return self._signs.told

    def _hello(self) -> Hello:
        try:
            os.chdir(self._folder)
        except OSError as error:
            got, expected = f"{self._folder} ({error.strerror})", "the folder that the job was started in"
            remedy = "Start it in a folder that all hosts share"
            raise StorageError(f"host {platform.node()}", got=got, expected=expected, remedy=remedy) from error
        return Hello(platform.node(), code())

    def _open(self, order: Order) -> Opened:
        task = order.task
        torch.set_num_threads(order.threads)
        if content(task) != order.content:
            remedy = "Use a checkpoint that all hosts share"
            raise ModelError(f"host {platform.node()} has other weights in {task.model.path}", remedy=remedy)
        self._signs.beat()
        encoder = task.open()
        self._signs.beat()
        texts = [query.text for query in task.collection.queries]
        # All of them in every worker: one that is replaced needs nobody, and they are few beside the documents.
        vectors = encoder.queries(texts, task.widths, self._signs.beat).by_dim
        self._searching = task.searching(encoder, vectors)
        self._bench = Bench(self._searching, self._signs)
        self._pass = order.one
        return Opened()

    def _search(self, asked: Asked, then: Asked | None) -> Done:
        tables = self._bench.tables(asked, then)
        started = time.perf_counter()
        self._pass.commit(asked.shard, {dim: to_bytes(found) for dim, found in tables.items()})
        self._signs.spend({COMMIT: time.perf_counter() - started})
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return Done(self._signs.told, self._searching.details, peak)


def code() -> Code:
    """Return the code that this process runs."""
    here = environment()
    # What stands behind the plus says for which devices it was built: a host without a GPU may start the job.
    return Code(here["harness"], here["commit"], torch.__version__.partition("+")[0])


def content(task: Task) -> str:
    """Return what the checkpoint of a task hashes to, with the heads that other checkpoints have.

    Raises:
        ModelError: one is not there.
    """
    model = task.model
    found = [fingerprint(checkpoint_folder(model.path, model.revision))]
    named = {head.dim for head in model.heads}
    found += [head_fingerprint(head_folder(model, width), OWN_HEAD) for width in task.widths if width in named]
    return " ".join(found)


def _answer(work: Callable[[], T]) -> T | Failed:
    """Return what `work` returns, or the fault that it met."""
    try:
        return work()
    except HarnessError as error:
        return Failed(error, "")
    except Exception:  # noqa: BLE001 - it is told where somebody can do something about it
        return Failed(None, traceback.format_exc())
