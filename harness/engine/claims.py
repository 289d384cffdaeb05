"""Which shard is next: one that has no table yet and that no other process has in work.

Processes that are started on one pass, on one machine or on several that share its folder, divide it so: each locks a
shard before it reads it and lets go of it once its tables are there. What is held by others is waited for, and taken
over from those that are gone. Nothing here enters a key, for whoever does a shard writes the same bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import NamedTuple

from harness.engine.ahead import Wanted
from harness.retrieve.locks import Lock
from harness.retrieve.passes import Pass
from harness.retrieve.shards import Shard

EVERY = 0.3
"""Seconds between two looks at what others hold."""


class Claim(NamedTuple):
    """A shard that is locked here, with the dimensions it is to be searched at."""

    shard: Shard
    dims: Sequence[int]


class Claims:
    """The missing shards of a pass, given out one by one; when the block is left, nothing is held any more."""

    def __init__(self, one: Pass, todo: Mapping[Shard, Sequence[int]], tell: Callable[[str], None]) -> None:
        """Keep what there is to do: the missing shards, each with the dimensions it is to be searched at."""
        self.left = dict(todo)
        """Shards that are not given out here, and not known to be done."""
        self._pass = one
        self._tell = tell
        self._held: dict[Shard, Lock] = {}
        self._waiting = 0

    def __enter__(self) -> Claims:
        """Give these claims."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Let go of what is held still: of shards that were broken off."""
        for shard in list(self._held):
            self.finish(shard)

    def take(self) -> Claim | None:
        """Return the next shard that is missing and free; None where all that are left are held by others.

        Raises:
            StorageError: as `harness.retrieve.locks.take` does.
        """
        for shard in list(self.left):
            if self._missing(shard) and (lock := self._pass.store.lock(shard)) is not None:
                # Whoever held the lock until now has finished it, or has left it.
                dims = self._missing(shard)
                if dims:
                    self._held[shard] = lock
                    return self._given(shard, dims)
                lock.release()
        return None

    def finish(self, shard: Shard) -> None:
        """Let go of a shard whose tables are there."""
        self._held.pop(shard).release()

    def wait(self) -> None:
        """Say, once for every number, how many shards are waited for."""
        if len(self.left) != self._waiting:
            self._waiting = len(self.left)
            self._tell(f"waiting for {self._waiting} shard{'s' * (self._waiting > 1)} of another process")

    def stream(self, wanted: Wanted) -> Iterator[Claim]:
        """Yield shards, each when it is asked for, until none are left or none are wanted."""
        while self.left and wanted():
            if (taken := self.take()) is not None:
                yield taken
            elif self.left:
                self.wait()
                time.sleep(EVERY)

    def _missing(self, shard: Shard) -> list[int]:
        """Return the dimensions that a shard is to be searched at still; one that has none is struck."""
        missing = self._pass.missing_of(shard)
        dims = [dim for dim in self.left[shard] if dim in missing]
        if not dims:
            del self.left[shard]
        return dims

    def _given(self, shard: Shard, dims: Sequence[int]) -> Claim:
        del self.left[shard]
        if self._waiting:
            self._waiting = 0
            self._tell(f"going on with documents {shard.start:,} to {shard.stop:,}: another process has left them")
        return Claim(shard, dims)
