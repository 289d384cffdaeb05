"""What three kinds of process say to each other: the one that asked, the one that drives the cluster, and workers.

The driver is a process of its own, for Ray takes over the process that it is started in: its signals, its logging, its
end. Between driver and workers these are arguments and answers of calls; a fault is an answer too, so that what Ray
raises is always the loss of a worker.
"""

from __future__ import annotations

from typing import NamedTuple

from harness.engine.task import Task
from harness.retrieve.passes import Pass
from harness.retrieve.shards import Shard


def silent(_line: str) -> None:
    """Tell nobody: a worker has nobody to tell, the driver tells for all."""


class Order(NamedTuple):
    """All that a worker has to know to do any shard of a pass."""

    task: Task
    one: Pass
    """Its folder is absolute, and is the same one on every host."""
    threads: int
    content: str
    """What the checkpoint hashes to where the job was started."""


class Room(NamedTuple):
    """The workers that there are to be."""

    workers: int
    gpus: float
    """Of one worker; 0 for one that runs on the processor."""
    cores: int
    """Of one worker."""
    memory: int
    """Bytes of one worker; 0 where none are asked for."""


class Drive(NamedTuple):
    """From the process that asked to the driver, once: the work, and where it is to be done."""

    order: Order
    todo: dict[Shard, list[int]]
    address: str | None
    """Of a cluster; None to start Ray on this machine."""
    room: Room | None
    """Of this machine; None to look at what the cluster has."""
    weights: int
    """Bytes of the model's weights."""
    folder: str
    """Where Ray may put its files; it is removed at the end."""
    here: str
    """The working folder that relative paths are below."""


class Joined(NamedTuple):
    """From the driver: Ray is there, and so many workers are asked for."""

    workers: int


class Said(NamedTuple):
    """From the driver: a line to tell."""

    line: str


class Asked(NamedTuple):
    """To a worker: a shard to search, and at which dimensions."""

    shard: Shard
    dims: tuple[int, ...]


class Code(NamedTuple):
    """What a result depends on beside its settings: it has to be the same in every process."""

    harness: str
    commit: str | None
    torch: str

    @property
    def words(self) -> str:
        """It in words."""
        return f"harness {self.harness} ({(self.commit or 'no commit')[:10]}), torch {self.torch}"


class Hello(NamedTuple):
    """From a worker that has been started."""

    host: str
    code: Code


class Opened(NamedTuple):
    """From a worker: the model is loaded and the queries are encoded."""


class Told(NamedTuple):
    """From a worker, when it is asked: all that it has done so far."""

    items: int
    """Documents encoded."""
    tokens: int
    spent: dict[str, float]
    """Seconds by what they were spent on."""
    beats: int
    """Signs of life."""


class Done(NamedTuple):
    """From a worker: a shard's tables are committed."""

    told: Told
    details: dict[str, object]
    """How the model runs there."""
    peak_memory_mib: int
