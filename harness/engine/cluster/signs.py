"""What a worker has done so far: told by the threads that do it, read by another one whenever the driver asks."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from harness.engine.cluster.messages import Told


class Signs:
    """Counts that only grow, so that an answer that is lost on its way loses nothing."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._lock = Lock()
        self._items = self._tokens = self._beats = 0
        self._spent: dict[str, float] = {}

    def advance(self, items: int, tokens: int = 0) -> None:
        """Take note of documents that are encoded."""
        with self._lock:
            self._items += items
            self._tokens += tokens
            self._beats += 1

    def spend(self, spent: Mapping[str, float]) -> None:
        """Take note of seconds by what they were spent on."""
        with self._lock:
            for name, seconds in spent.items():
                self._spent[name] = self._spent.get(name, 0.0) + seconds
            self._beats += 1

    def beat(self, _texts: int = 0, _tokens: int = 0) -> None:
        """Take note of a sign of life that is no document: queries are encoded."""
        with self._lock:
            self._beats += 1

    @property
    def told(self) -> Told:
        """All of it at this moment."""
        with self._lock:
            return Told(self._items, self._tokens, dict(self._spent), self._beats)
