"""The folder of one pass: a table per search and shard, and a manifest of those that are finished.

A table is written beside its target, fsynced and renamed, and only then entered in the manifest with its size and
SHA-256. What the manifest does not name is not there; what it names is checked before it is believed. So a pass that
was killed at any moment goes on with the shards that have no table yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from harness.errors import DataError, StorageError, short
from harness.retrieve.about import MANIFEST, table_name
from harness.retrieve.table import Table
from harness.retrieve.table_bytes import from_bytes, to_bytes
from harness.storage import read_capped, sha256, write_atomically

LARGEST = 16 * 1024 * 1024
"""Bytes of a manifest: 100,000 tables."""


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


@dataclass
class ShardStore:
    """The finished tables of one pass, by the key of their search and by shard."""

    folder: Path
    tell: Callable[[str], None]
    """Told, in one line, of every table that was damaged and is done again."""
    _entries: dict[str, dict[str, str | int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read the manifest; one that cannot be read is moved aside, and all shards are done again."""
        path = self.folder / MANIFEST
        if not path.exists():
            return
        try:
            entries = json.loads(read_capped(path, LARGEST))
            self._entries = {
                name: {"bytes": int(e["bytes"]), "sha256": str(e["sha256"])} for name, e in entries.items()
            }
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, DataError) as error:
            self._put_aside(path, f"no manifest ({short(str(error))})")

    def read(self, search: str, shard: Shard, queries: int, depth: int) -> Table | None:
        """Return the finished table, or None where there is none; a damaged one is moved aside and told of."""
        name = table_name(search, *shard)
        entry = self._entries.get(name)
        if entry is None:
            return None
        path = self.folder / name
        try:
            return from_bytes(_sound(path.read_bytes(), entry), queries, depth)
        except FileNotFoundError:
            self.tell(f"{path}: gone; done again")
        except DataError as error:
            self._put_aside(path, str(error))
        del self._entries[name]
        return None

    def has(self, search: str, shard: Shard) -> bool:
        """Return whether there is a finished table, without a look into it."""
        return table_name(search, *shard) in self._entries

    def commit(self, search: str, shard: Shard, found: Table) -> None:
        """Write the table of one search over one shard, then enter it in the manifest."""
        self.enter(search, shard, to_bytes(found))

    def enter(self, search: str, shard: Shard, content: bytes) -> None:
        """Write a table that is bytes already (harness.retrieve.table_bytes), then enter it in the manifest."""
        name = table_name(search, *shard)
        write_atomically(self.folder / name, content)
        self._entries[name] = {"bytes": len(content), "sha256": sha256(content)}
        self._write_manifest()

    def forget(self, search: str) -> None:
        """Strike every table of a search from the manifest."""
        kept = {name: entry for name, entry in self._entries.items() if not name.startswith(f"{search}-")}
        if len(kept) != len(self._entries):
            self._entries = kept
            self._write_manifest()

    def _write_manifest(self) -> None:
        text = json.dumps(self._entries, indent=1, sort_keys=True)
        write_atomically(self.folder / MANIFEST, text.encode())

    def _put_aside(self, path: Path, why: str) -> None:
        aside = path.with_name(f"{path.name}.damaged")
        try:
            path.replace(aside)
        except OSError as error:
            raise StorageError(f"{path} is damaged and cannot be moved aside", got=error.strerror) from error
        self.tell(f"{path}: {why}; moved to {aside.name}, done again")


def _sound(content: bytes, entry: dict[str, str | int]) -> bytes:
    """Return `content` if it is what the manifest entered."""
    if len(content) != entry["bytes"]:
        raise DataError("another size", got=f"{len(content):,} bytes", expected=f"{entry['bytes']:,}")
    if sha256(content) != entry["sha256"]:
        raise DataError("another SHA-256", got=sha256(content)[:12], expected=str(entry["sha256"])[:12])
    return content
