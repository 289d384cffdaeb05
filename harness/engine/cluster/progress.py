"""How far a job on a cluster is: told while it goes on, and put together at its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from harness.engine.cluster.messages import Done, Told
from harness.engine.cluster.slots import Slot
from harness.engine.messages import Over
from harness.retrieve.shards import Shard


class Report(Protocol):
    """Who is told how it goes."""

    def ready(self) -> None:
        """Take note of a worker that is ready."""
        ...

    def moved(self, items: int, tokens: int, spent: dict[str, float]) -> None:
        """Take note of what is done; of less than nothing where it was lost."""
        ...

    def say(self, line: str) -> None:
        """Tell a line."""
        ...


class Progress:
    """What is done, and what workers say of how they run."""

    def __init__(self, report: Report) -> None:
        """Keep who is told."""
        self.report = report
        self._details: dict[int, Mapping[str, object]] = {}
        self._hosts: set[str] = set()
        self._peak = 0

    def show(self, slot: Slot, told: Told) -> None:
        """Tell what a worker has done since it was last asked."""
        before, slot.told = slot.told, told
        if told.beats == before.beats:
            return
        slot.shown += told.items - before.items
        spent = {name: seconds - before.spent.get(name, 0.0) for name, seconds in told.spent.items()}
        self.report.moved(told.items - before.items, told.tokens - before.tokens, spent)

    def finish(self, slot: Slot, shard: Shard, done: Done) -> None:
        """Take note that a worker has done a shard."""
        self.show(slot, done.told)
        slot.shown -= shard.stop - shard.start
        self._details[slot.number] = done.details
        self._hosts.add(slot.host)
        self._peak = max(self._peak, done.peak_memory_mib)

    def forget(self, slot: Slot) -> None:
        """Take back what is shown of a shard that a worker has begun."""
        self.report.moved(-slot.shown, 0, {})
        slot.shown = 0

    @property
    def over(self) -> Over:
        """How the model ran: where workers differ, each of their values once."""
        found: dict[str, object] = {}
        for name in dict.fromkeys(name for one in self._details.values() for name in one):
            values = list(dict.fromkeys(one.get(name) for one in self._details.values()))
            found[name] = values[0] if len(values) == 1 else ", ".join(sorted(map(str, values)))
        return Over(found | {"workers": len(self._details), "hosts": len(self._hosts)}, self._peak)
