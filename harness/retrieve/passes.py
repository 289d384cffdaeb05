"""From a collection and a model to runs: the shards that have no table yet, then their merged tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.data.collection import Collection
from harness.errors import StorageError
from harness.retrieve.shards import Shard, ShardStore
from harness.retrieve.table import Table, merge_all


class TablesLostError(StorageError):
    """Tables that were there turned out to be damaged, or are gone: their shards are missing again."""


@dataclass(frozen=True)
class Pass:
    """One reading of the corpus for any number of dimensions, resumable shard by shard, by any number of processes."""

    collection: Collection
    store: ShardStore
    shards: Sequence[Shard]
    searches: Mapping[int, str]
    """Dimension -> the key of its search, under which its tables are kept."""
    depth: int

    def missing(self) -> dict[Shard, list[int]]:
        """Return the dimensions that have no table yet, by shard.

        Of the tables that are there only the size is checked: a job that is broken off again and again must not spend
        its time on reading what it did before. Their content is checked by `tables`.
        """
        wanted = {shard: self.missing_of(shard) for shard in self.shards}
        return {shard: dims for shard, dims in wanted.items() if dims}

    def missing_of(self, shard: Shard) -> list[int]:
        """Return the dimensions at which one shard has no table yet."""
        return [dim for dim, search in self.searches.items() if not self.store.has(search, shard)]

    def done(self) -> str:
        """Return how many shards are finished, in words."""
        return f"{len(self.shards) - len(self.missing())} of {len(self.shards)} shards are done"

    def commit(self, shard: Shard, found: Mapping[int, bytes]) -> None:
        """Write the tables of one shard, as bytes, by dimension; any process may, at any time, and more than once."""
        for dim, content in found.items():
            self.store.enter(self.searches[dim], shard, content)

    def tables(self) -> dict[int, Table]:
        """Return the merged table of every dimension over the whole corpus.

        Raises:
            TablesLostError: some are damaged or gone; all were looked at, and the damaged ones are moved aside.
        """
        found: dict[int, Table] = {}
        lost: TablesLostError | None = None
        for dim in self.searches:
            try:
                found[dim] = merge_all(self._all(dim))
            except TablesLostError as error:
                # Of the other dimensions too, so that what is damaged is done again in one go.
                lost = error
        if lost is not None:
            raise lost
        return found

    def forget(self) -> None:
        """Remove every table of these searches, so that all shards are done again: what `force` begins with.

        Another process that works on the same pass misses them when it merges, and does its share of them again. It
        ends for both: tables are removed once, by whoever is told to begin anew, when it begins.
        """
        for search in self.searches.values():
            self.store.forget(search)

    def _all(self, dim: int) -> Iterator[Table]:
        lost = 0
        for shard in self.shards:
            found = self.store.read(self.searches[dim], shard, len(self.collection.queries), self.depth)
            if found is None:
                lost += 1
            elif not lost:
                yield found
        if lost:
            remedy = "Start again: only what is missing is done"
            raise TablesLostError("shard tables were lost", got=f"{lost} in {self.store.folder}", remedy=remedy)
