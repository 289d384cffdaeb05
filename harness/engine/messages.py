"""What a worker and the process that started it say to each other, through a pipe of their own.

Down go the task, a slice of the queries, the vectors of all queries, then a shard whenever one is asked for; up come
vectors, tables as bytes, and how far the work is. A pipe belongs to one worker: one that is killed holds up no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from harness.encode.vectors import TokenVectors
from harness.engine.task import Task
from harness.errors import HarnessError
from harness.retrieve.shards import Shard


class Begin(NamedTuple):
    """The task, and the threads to do it with."""

    task: Task
    threads: int


class Slice(NamedTuple):
    """Queries start to stop (exclusive) are to be encoded."""

    start: int
    stop: int


class Vectors(NamedTuple):
    """The vectors of a slice of the queries."""

    start: int
    """The first of them."""
    rows: dict[int, NDArray[np.float16]]
    """Width of the projection -> (tokens, width)."""
    lengths: dict[int, NDArray[np.int64]]
    """Width -> the tokens of each query."""


class Queries(NamedTuple):
    """The vectors of all queries, slice by slice in their order."""

    slices: tuple[Vectors, ...]


class Search(NamedTuple):
    """A shard is to be searched at these dimensions."""

    shard: Shard
    dims: tuple[int, ...]


class Ready(NamedTuple):
    """The model is loaded."""


class Moved(NamedTuple):
    """So much more is done."""

    items: int
    tokens: int
    spent: dict[str, float]
    """Seconds by what they were spent on, once a block."""


class Wanted(NamedTuple):
    """The next shard is wanted: the last one that was given is read."""


class Found(NamedTuple):
    """A shard is done."""

    shard: Shard
    tables: dict[int, bytes]
    """Dimension -> its table."""


class Over(NamedTuple):
    """There are no more shards, and all that were given are done."""

    details: dict[str, object]
    """How the model ran there."""
    peak_memory_mib: int


class Failed(NamedTuple):
    """The worker has met a fault and ends."""

    error: HarnessError | None
    """A fault that its reader can mend."""
    trace: str
    """Any other, with where it was."""


Up = Ready | Vectors | Moved | Wanted | Found | Over | Failed
Down = Begin | Slice | Queries | Search | None
"""None where there are no more shards."""


def sent(start: int, vectors: Mapping[int, TokenVectors]) -> Vectors:
    """Return vectors by width as they are sent."""
    rows = {width: of_queries.vectors_ND.cpu().numpy() for width, of_queries in vectors.items()}
    return Vectors(start, rows, {width: of_queries.lengths.numpy() for width, of_queries in vectors.items()})


def joined(slices: Sequence[Vectors], device: torch.device) -> dict[int, TokenVectors]:
    """Return the vectors of all slices, end to end, by width."""
    found = {}
    for width in slices[0].rows:
        vectors_ND = torch.from_numpy(np.concatenate([one.rows[width] for one in slices]))
        lengths = torch.from_numpy(np.concatenate([one.lengths[width] for one in slices]))
        found[width] = TokenVectors(vectors_ND.to(device), torch.nn.functional.pad(lengths.cumsum(0), (1, 0)))
    return found
