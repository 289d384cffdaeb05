"""The workers of a job: asked for, called, listened to, and given up when nothing is heard of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import NamedTuple

from harness.engine.cluster.messages import Hello, Told
from harness.engine.cluster.slots import Cluster, LostError, Slot
from harness.errors import ModelError

EVERY = 0.2
"""Seconds between two looks at what is going on."""
FULL = 900.0
"""Seconds that a cluster may have no room for any worker."""


class Lost(NamedTuple):
    """A worker is gone, or taken for gone."""

    why: str


class Workers:
    """The slots of a job and the calls that are not answered yet."""

    def __init__(self, cluster: Cluster, number: int, patience: float, clock: Callable[[], float]) -> None:
        """Keep how many there are to be, and after how many seconds without a sign of life one is given up."""
        self.slots = [Slot(place) for place in range(1, number + 1)]
        self._cluster, self._patience, self._clock = cluster, patience, clock
        self._calls: dict[Hashable, tuple[Slot, object]] = {}
        self._polled: set[Slot] = set()
        self._placed = clock()

    def start(self, slot: Slot) -> None:
        """Ask for a new worker."""
        slot.begin(self._cluster.start())
        self.ask(slot, "hello")

    def ask(self, slot: Slot, what: str, *given: object) -> None:
        """Call a worker's method."""
        slot.heard = self._clock()
        self._calls[self._cluster.ask(slot.worker, what, given)] = (slot, slot.worker)

    def stop(self, slot: Slot) -> None:
        """Have the worker of a slot gone; nothing of it is heard any more."""
        self._cluster.stop(slot.worker)
        self._calls = {call: of for call, of in self._calls.items() if of[1] is not slot.worker}
        self._polled.discard(slot)

    def events(self) -> Iterator[tuple[Slot, object]]:
        """Yield what workers answer, and `Lost` for those that are gone or silent; nothing is waited for long.

        Raises:
            ModelError: the cluster has had no worker for too long.
        """
        for slot in self.slots:
            if slot.busy and slot not in self._polled:
                self._polled.add(slot)
                self._calls[self._cluster.ask(slot.worker, "signs", ())] = (slot, slot.worker)
        for call in self._cluster.answered(list(self._calls), EVERY):
            # Of those that came together an earlier one may have been the end of this one's worker.
            if call in self._calls:
                slot, _ = self._calls.pop(call)
                yield slot, self._answer(slot, call)
        for slot in list(self.slots):
            if slot.busy and self._clock() - slot.heard > self._patience:
                yield slot, Lost(f"silent for {self._patience:,.0f} s")
        self._refuse_none()

    def _answer(self, slot: Slot, call: Hashable) -> object:
        try:
            answer = self._cluster.answer(call)
        except LostError as lost:
            return Lost(str(lost))
        if isinstance(answer, Told):
            self._polled.discard(slot)
        if isinstance(answer, Hello):
            slot.host = answer.host
        if not isinstance(answer, Told) or answer.beats != slot.told.beats:
            slot.heard = self._clock()
        return answer

    def _refuse_none(self) -> None:
        if any(slot.host for slot in self.slots):
            self._placed = self._clock()
        elif self._clock() - self._placed > FULL:
            got, remedy = f"none in {FULL:,.0f} s", "See that it has room, and is not taken by other jobs"
            raise ModelError("the cluster has started no worker", got=got, remedy=remedy)
