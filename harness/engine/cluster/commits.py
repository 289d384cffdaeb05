"""Tables that workers say they have committed, until they are seen here: the folder must be one and the same."""

from __future__ import annotations

from harness.errors import StorageError
from harness.retrieve.passes import Pass
from harness.retrieve.shards import Shard

LATE = 60.0
"""Seconds in which a file server shows a new file to all hosts (Linux' NFS keeps what it knows of a folder as long)."""


class Commits:
    """The shards that are done."""

    def __init__(self, one: Pass, late: float = LATE) -> None:
        """Keep the pass that they are of, and for how many seconds a table may be missed."""
        self.count = 0
        """How many are done and seen."""
        self.unseen: dict[Shard, str] = {}
        """Shard -> the host that committed it."""
        self._since: dict[Shard, float] = {}
        self._pass = one
        self._late = late

    @property
    def any(self) -> bool:
        """Whether any shard is done, seen or not."""
        return bool(self.count or self.unseen)

    def add(self, shard: Shard, host: str) -> None:
        """Take note that a worker on `host` says that a shard is done."""
        self.unseen[shard] = host

    def seen(self, now: float) -> list[Shard]:
        """Return the shards that are there, of those that were not seen before.

        Raises:
            StorageError: one is missed for too long.
        """
        found = [shard for shard in self.unseen if not self._pass.missing_of(shard)]
        for shard in found:
            del self.unseen[shard]
        self.count += len(found)
        for shard, host in self.unseen.items():
            if now - self._since.setdefault(shard, now) > self._late:
                got = f"no tables of documents {shard.start:,} to {shard.stop:,} in {self._pass.store.folder}"
                expected = "a folder that all hosts of the cluster share"
                remedy = "Name one with out=DIR, and start again"
                raise StorageError(f"host {host} wrote to another folder", got=got, expected=expected, remedy=remedy)
        return found
