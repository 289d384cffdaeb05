"""From a collection and a model to runs: the shards that have no table yet, then their merged tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.data.collection import Collection
from harness.errors import StorageError
from harness.retrieve.shards import Shard, ShardStore
from harness.retrieve.table import Table, merge_all


@dataclass(frozen=True)
class Pass:
    """One reading of the corpus for any number of dimensions, resumable shard by shard."""

    collection: Collection
    store: ShardStore
    shards: Sequence[Shard]
    searches: Mapping[int, str]
    """Dimension -> the key of its search, under which its tables are kept."""
    depth: int

    def missing(self) -> dict[Shard, list[int]]:
        """Return the dimensions that have no sound table yet, by shard."""
        wanted = {shard: [dim for dim in self.searches if self._read(dim, shard) is None] for shard in self.shards}
        return {shard: dims for shard, dims in wanted.items() if dims}

    def done(self) -> str:
        """Return how many shards are finished, in words."""
        count = sum(all(self.store.has(search, shard) for search in self.searches.values()) for shard in self.shards)
        return f"{count} of {len(self.shards)} shards are done"

    def commit(self, shard: Shard, found: Mapping[int, bytes]) -> None:
        """Enter the tables of one shard, as bytes, by dimension."""
        for dim, content in found.items():
            self.store.enter(self.searches[dim], shard, content)

    def tables(self) -> dict[int, Table]:
        """Return the merged table of every dimension over the whole corpus."""
        return {dim: merge_all(self._all(dim)) for dim in self.searches}

    def forget(self) -> None:
        """Strike every table of these searches, so that all shards are done again."""
        for search in self.searches.values():
            self.store.forget(search)

    def _all(self, dim: int) -> Iterator[Table]:
        for shard in self.shards:
            found = self._read(dim, shard)
            if found is None:
                remedy = "Start again: only what is missing is done"
                raise StorageError("a shard table was lost while the job ran", got=self.store.folder, remedy=remedy)
            yield found

    def _read(self, dim: int, shard: Shard) -> Table | None:
        return self.store.read(self.searches[dim], shard, len(self.collection.queries), self.depth)
