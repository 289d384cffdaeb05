"""Shards that failed: how often, where and why; which are tried again, and which are named at the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

from harness.engine.cluster.messages import Asked
from harness.errors import HarnessError, ShardError, StorageError, short
from harness.retrieve.shards import Shard

TRIES = 3
"""How often a shard is tried, and a worker started, before it is given up."""
NAMED = 3
"""Shards that an error names; of more it tells the number."""


@dataclass
class Tries:
    """The failures of one job, which a restart forgets: it tries all that is missing."""

    again: deque[Asked] = field(default_factory=deque)
    """Shards that wait for another try."""
    places: dict[Shard, list[int]] = field(default_factory=dict)
    """Shard -> the worker of each of its failures."""
    named: dict[Shard, str] = field(default_factory=dict)
    """Shards that failed every time, each with why it did the last time."""

    def fail(self, asked: Asked, worker: int, why: HarnessError | str) -> bool:
        """Take note that a shard failed on a worker; return whether that was its last try.

        Raises:
            StorageError: as `why`, at the last try: a disk that takes no table takes none of the others either.
        """
        places = self.places.setdefault(asked.shard, [])
        places.append(worker)
        if len(places) < TRIES:
            self.again.append(asked)
            return False
        if isinstance(why, StorageError):
            raise why
        self.named[asked.shard] = str(why)
        return True

    def take(self, worker: int, others: Collection[int]) -> Asked | None:
        """Return a shard for `worker` that is to be tried again, one that failed there only if it did on all `others`.

        Args:
            worker: the number of the one that asks.
            others: the numbers of all workers that could be given it.
        """
        for asked in self.again:
            failed = self.places.get(asked.shard, ())
            if worker not in failed or not set(others) - set(failed):
                self.again.remove(asked)
                return asked
        return None

    def refuse(self, done: int) -> None:
        """Return where no shard was given up.

        Raises:
            ShardError: some were.
        """
        if not self.named:
            return
        first = sorted(self.named)[:NAMED]
        names = [f"documents {shard.start:,} to {shard.stop:,} ({short(self.named[shard], 300)})" for shard in first]
        more = len(self.named) - len(first)
        got = "; ".join(names) + (f"; and {more:,} more" if more else "")
        what = f"{len(self.named):,} shard{'s' * (len(self.named) > 1)} failed {TRIES} times"
        remedy = f"No result is written; {done:,} others were done and are kept: start again once the cause is gone"
        raise ShardError(what, got=got, remedy=remedy)
