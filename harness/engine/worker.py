"""A worker process: it opens the model, encodes a slice of the queries, and searches the shards that it is given.

Started as `python -m harness.engine.worker FD` by harness.engine.crew, which holds the other end of the pipe FD. It
prints nothing: whatever happens goes up the pipe, and when the pipe's other end is gone it ends.
"""

from __future__ import annotations

import os
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from threading import Lock

import torch

from harness.engine.clock import COMMIT
from harness.engine.messages import (
    Begin,
    Down,
    Failed,
    Found,
    Moved,
    Over,
    Queries,
    Ready,
    Search,
    Slice,
    Up,
    Wanted,
    joined,
    sent,
)
from harness.errors import HarnessError
from harness.retrieve.shards import Shard
from harness.retrieve.table_bytes import to_bytes

EVERY = 0.2
"""Seconds between two reports of progress."""


@dataclass
class Pipe:
    """The worker's end of its pipe, which two threads write to; what is done is told now and then."""

    connection: Connection
    _lock: Lock = field(default_factory=Lock)
    _items: int = 0
    _tokens: int = 0
    _told: float = 0.0

    def send(self, message: Up) -> None:
        """Send a message up."""
        with self._lock:
            self.connection.send(message)

    def receive(self) -> Down:
        """Return the next message from above."""
        message: Down = self.connection.recv()
        return message

    def advance(self, items: int, tokens: int = 0) -> None:
        """Take note of `items` more, and tell of them if nothing was told lately."""
        self._items += items
        self._tokens += tokens
        if time.monotonic() > self._told + EVERY:
            self.spend({})

    def spend(self, spent: Mapping[str, float]) -> None:
        """Tell of what is done and what seconds were spent on."""
        self.send(Moved(self._items, self._tokens, dict(spent)))
        self._items = self._tokens = 0
        self._told = time.monotonic()

    def shards(self, wanted: Callable[[], bool]) -> Iterator[tuple[Shard, tuple[int, ...]]]:
        """Yield shards as they are given, each asked for when the one before it is read, while they are `wanted`."""
        while wanted():
            self.send(Wanted())
            while not self.connection.poll(EVERY):
                if not wanted():
                    return
            message = self.receive()
            if not isinstance(message, Search):
                return
            yield message.shard, message.dims


def serve(pipe: Pipe) -> None:
    """Do what comes down the pipe until there is no more to do."""
    begin = pipe.receive()
    if not isinstance(begin, Begin):
        raise TypeError(type(begin))
    task = begin.task
    torch.set_num_threads(begin.threads)
    encoder = task.open()
    pipe.send(Ready())
    while isinstance(message := pipe.receive(), Slice):
        texts = [query.text for query in task.collection.queries[message.start : message.stop]]
        vectors = encoder.queries(texts, task.widths, pipe.advance).by_dim
        pipe.spend({})
        pipe.send(sent(message.start, vectors))
    if not isinstance(message, Queries):
        raise TypeError(type(message))
    searching = task.searching(encoder, joined(message.slices, encoder.device))
    for shard, tables in searching.tables(pipe.shards, pipe):
        started = time.perf_counter()
        content = {dim: to_bytes(found) for dim, found in tables.items()}
        pipe.spend({COMMIT: time.perf_counter() - started})
        pipe.send(Found(shard, content))
    pipe.send(Over(searching.details, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))


def main() -> None:
    """Serve the pipe whose descriptor the command line names."""
    pipe = Pipe(Connection(int(sys.argv[1])))
    try:
        serve(pipe)
    except (EOFError, ConnectionError):
        # Whoever gave the work is gone, and with it whoever could be told or would wait for a tidy end.
        os._exit(1)
    except HarnessError as error:
        pipe.send(Failed(error, ""))
    except Exception:  # noqa: BLE001 - told where there is somebody to read it
        pipe.send(Failed(None, traceback.format_exc()))


if __name__ == "__main__":
    main()
