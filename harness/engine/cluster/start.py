"""The missing shards of a pass on Ray: a driver is started, and what it tells is shown here.

This process never imports Ray and keeps its own signals; it ends the driver, in whatever way it is left itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from itertools import chain
from pathlib import Path

from harness.engine.cluster.hand import content
from harness.engine.cluster.messages import Drive, Joined, Order, silent
from harness.engine.cluster.process import driving, ray_folder
from harness.engine.cluster.room import room_here
from harness.engine.local import DOCUMENTS, Todo
from harness.engine.messages import Moved, Over, Ready
from harness.engine.places import Places, places
from harness.engine.task import Task
from harness.retrieve.passes import Pass
from harness.watch import Watch


def work_on_ray(one: Pass, todo: Todo, task: Task, weights: int, watch: Watch) -> dict[str, object]:
    """Search the shards of `todo` on Ray, whose workers commit them; return how the model ran there.

    Args:
        one: the pass; its folder has to be the same one on every host.
        todo: the missing shards, each with the dimensions it is to be searched at.
        task: what a worker opens.
        weights: bytes of the model's weights.
        watch: who is told how it goes.

    Raises:
        ShardError: some shards failed every time; all others are done.
        HarnessError: a fault its reader can mend; finished shards are kept.
    """
    found = places(task.engine, list(todo), weights) if task.engine.address is None else None
    if found is not None and found.workers < found.wanted:
        watch.tell(f"{found.workers} workers, not {found.wanted}: there is no memory for more")
    with ray_folder() as folder, driving(folder, task.engine.address) as driver:
        driver.send(_drive(one, todo, task, weights, found, folder))
        stream = driver.heard(watch)
        with watch.stage("start Ray" if found is not None else "join the cluster"):
            joined = next(stream)
        if not isinstance(joined, Joined):
            raise TypeError(type(joined))
        return _shown(stream, joined.workers, sum(stop - start for start, stop in todo), watch)


def _drive(one: Pass, todo: Todo, task: Task, weights: int, found: Places | None, folder: str) -> Drive:
    # Judgments are nothing to whoever encodes, and lines are told by the driver.
    store = replace(one.store, folder=one.store.folder.absolute(), tell=silent)
    return Drive(
        order=Order(task, replace(one, collection=task.collection, store=store), 0, content(task)),
        todo={shard: list(dims) for shard, dims in todo.items()},
        address=task.engine.address,
        room=None if found is None else room_here(found),
        weights=weights,
        folder=folder,
        here=str(Path.cwd()),
    )


def _shown(stream: Iterator[object], workers: int, documents: int, watch: Watch) -> dict[str, object]:
    """Show what the driver tells until it is over; return how the model ran."""
    with watch.stage("load model", workers, "workers") as stage:
        # Until the first has it: the others come while it works. None may: another job can have done all meanwhile.
        first = next(message for message in stream if isinstance(message, Ready | Over))
        stage.advance(isinstance(first, Ready))
    with watch.stage(DOCUMENTS, documents) as stage:
        for message in chain((first,), stream):
            match message:
                case Moved(items, tokens, spent):
                    stage.advance(items, tokens)
                    stage.spend(spent)
                case Over(details, peak):
                    made = {"engine": "ray", "ray": version("ray"), "worker_peak_memory_mib": peak}
                    return details | made
    raise RuntimeError("the driver said nothing at its end")
