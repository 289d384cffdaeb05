"""A place for a worker: who is there now, what it has in work, when it was last heard of."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.engine.cluster.messages import Asked, Told

NOTHING = Told(0, 0, {}, 0)


class LostError(Exception):
    """A worker is gone: its process, its host, or the way there."""


class Cluster(Protocol):
    """What is asked of Ray: workers, calls of their methods, and answers as they come."""

    def start(self) -> object:
        """Return a new worker; it comes to be as soon as there is room for it."""
        ...

    def ask(self, worker: object, what: str, given: Sequence[object]) -> Hashable:
        """Return a call of a worker's method; nothing is waited for."""
        ...

    def answered(self, calls: Sequence[Hashable], seconds: float) -> Sequence[Hashable]:
        """Return those of `calls` that are answered, once one is; none after `seconds`."""
        ...

    def answer(self, call: Hashable) -> object:
        """Return the answer of a call that is answered.

        Raises:
            LostError: the worker is gone.
        """
        ...

    def stop(self, worker: object) -> None:
        """Have a worker gone, whatever it does."""
        ...


@dataclass(eq=False)
class Slot:
    """One place; workers come and go."""

    number: int
    """From 1."""
    worker: object | None = None
    host: str = ""
    """Of the worker; empty until it has been started."""
    open: bool = False
    """Whether its model is loaded."""
    work: Asked | None = None
    """The shard that it has in work."""
    next: Asked | None = None
    """The shard that it has begun to read, and that is its next."""
    heard: float = 0.0
    """When it last gave a sign of life."""
    told: Told = NOTHING
    """What it last said of itself."""
    shown: int = 0
    """Documents that are shown as done, and belong to no shard that is."""
    losses: int = 0
    """Workers that were lost here since a shard was last done."""

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"worker {self.number}" + (f" on {self.host}" if self.host else "")

    @property
    def busy(self) -> bool:
        """Whether it is to be heard of: it loads, or has a shard."""
        return bool(self.host) and (not self.open or self.work is not None)

    def begin(self, worker: object) -> None:
        """Put a new worker here."""
        self.worker, self.host, self.open = worker, "", False
        self.work = self.next = None
        self.told, self.shown = NOTHING, 0
