"""The folder of one pass: a table per search and shard, each a file that checks itself.

A table is written beside its target, fsynced and renamed: then it is there, and no list has to say so. So any number of
processes commit tables of one pass side by side, and a pass that was killed at any moment goes on with the shards that
have no table yet. Tables that two processes make of one shard are equal, whichever of them is renamed last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from harness.errors import DataError, StorageError
from harness.retrieve.about import TABLE, table_name
from harness.retrieve.locks import Lock, take
from harness.retrieve.sealed import check_size, sealed, unsealed
from harness.retrieve.table import Table
from harness.retrieve.table_bytes import from_bytes, to_bytes
from harness.storage import write_atomically


class Shard(NamedTuple):
    """Documents start to stop (exclusive) of a corpus."""

    start: int
    stop: int


def shards(documents: int, size: int) -> list[Shard]:
    """Return the shards of a corpus: `size` documents each, fewer in the last.

    >>> shards(5, 2)
    [Shard(start=0, stop=2), Shard(start=2, stop=4), Shard(start=4, stop=5)]
    """
    return [Shard(start, min(start + size, documents)) for start in range(0, documents, size)]


@dataclass(frozen=True)
class ShardStore:
    """The finished tables of one pass, by the key of their search and by shard."""

    folder: Path
    tell: Callable[[str], None]
    """Told, in one line, of every table that was damaged and is done again."""

    def has(self, search: str, shard: Shard) -> bool:
        """Return whether there is a table that is as long as it was; a damaged one is moved aside and told of.

        Raises:
            StorageError: it cannot be read.
        """
        path = self._path(search, shard)
        try:
            check_size(path)
        except (DataError, OSError) as error:
            self._lost(path, error)
            return False
        return True

    def read(self, search: str, shard: Shard, queries: int, depth: int) -> Table | None:
        """Return the table, or None where there is none; a damaged one is moved aside and told of.

        Raises:
            StorageError: it cannot be read.
        """
        path = self._path(search, shard)
        try:
            return from_bytes(unsealed(path.read_bytes()), queries, depth)
        except (DataError, OSError) as error:
            self._lost(path, error)
            return None

    def commit(self, search: str, shard: Shard, found: Table) -> None:
        """Write the table of one search over one shard."""
        self.enter(search, shard, to_bytes(found))

    def enter(self, search: str, shard: Shard, content: bytes) -> None:
        """Write a table that is bytes already (harness.retrieve.table_bytes)."""
        write_atomically(self._path(search, shard), sealed(content))

    def forget(self, search: str) -> None:
        """Remove every table of a search.

        Raises:
            StorageError: one cannot be removed.
        """
        for path in self.folder.glob(f"{search}-*{TABLE}"):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StorageError(f"{path} cannot be removed", got=error.strerror) from error

    def lock(self, shard: Shard) -> Lock | None:
        """Return the lock on a shard, or None where another process has it in work.

        It is one for all searches, for the tables of all come from one reading.

        Raises:
            StorageError: the folder cannot be written, or its file system has no locks.
        """
        return take(self.folder / f"{shard.start:09d}-{shard.stop:09d}.lock")

    def sweep(self) -> None:
        """Remove the files of locks that processes held when they were killed.

        Raises:
            StorageError: as `harness.retrieve.locks.take` does.
        """
        for path in self.folder.glob("*.lock"):
            if (left := take(path)) is not None:
                left.release()

    def _path(self, search: str, shard: Shard) -> Path:
        return self.folder / table_name(search, *shard)

    def _lost(self, path: Path, error: DataError | OSError) -> None:
        """Move a damaged table aside; one that is not there needs no word."""
        if isinstance(error, FileNotFoundError):
            return
        if isinstance(error, OSError):
            raise StorageError(f"{path} cannot be read", got=error.strerror) from error
        aside = path.with_name(f"{path.name}.damaged")
        try:
            path.replace(aside)
        except FileNotFoundError:
            # Another process has seen it too, and was first.
            return
        except OSError as refused:
            raise StorageError(f"{path} is damaged and cannot be moved aside", got=refused.strerror) from refused
        self.tell(f"{path}: {error}; moved to {aside.name}, done again")
