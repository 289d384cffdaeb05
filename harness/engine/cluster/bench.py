"""Where a worker searches its shards: the next one is encoded while the tables of the last are committed."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from queue import Empty, SimpleQueue

from harness.engine.ahead import Wanted, ahead
from harness.engine.cluster.messages import Asked
from harness.engine.searching import Listener, Searching
from harness.retrieve.shards import Shard
from harness.retrieve.table import Table

MOMENT = 0.05
"""Seconds between two looks at whether more shards are wanted."""


class Bench:
    """A thread that searches shards in the order in which they are named."""

    def __init__(self, searching: Searching, listener: Listener) -> None:
        """Keep what is searched and who is told of it; the thread starts with the first shard."""
        self._searching = searching
        self._listener = listener
        self._line: SimpleQueue[Asked] = SimpleQueue()
        self._found: Iterator[tuple[Shard, dict[int, Table]]] | None = None
        self._begun: Asked | None = None
        self._stack = ExitStack()

    def tables(self, asked: Asked, then: Asked | None) -> dict[int, Table]:
        """Return the tables of a shard, by dimension; `then`, the shard that comes next, is begun meanwhile.

        Raises:
            HarnessError: the corpus or the model does not do what it should; the bench begins anew with the next shard.
        """
        try:
            return self._next(asked, then)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the thread; what was begun is dropped."""
        self._found = self._begun = None
        self._stack.close()

    def _next(self, asked: Asked, then: Asked | None) -> dict[int, Table]:
        if self._begun not in (None, asked):
            self.close()
        if self._found is None:
            self._line = SimpleQueue()
            self._found = self._stack.enter_context(ahead(self._work, 1))
        if self._begun is None:
            self._line.put(asked)
        if then is not None:
            self._line.put(then)
        self._begun = then
        shard, found = next(self._found)
        if shard != asked.shard:
            raise RuntimeError(f"{shard} was searched where {asked.shard} was asked for")
        return found

    def _work(self, wanted: Wanted) -> Generator[tuple[Shard, dict[int, Table]]]:
        yield from self._searching.tables(lambda reads: self._shards(lambda: reads() and wanted()), self._listener)

    def _shards(self, wanted: Wanted) -> Iterator[Asked]:
        while wanted():
            try:
                yield self._line.get(timeout=MOMENT)
            except Empty:
                continue
