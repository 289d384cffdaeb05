"""A thread that makes the next items while the last one is used: reading and tokenising go on while a device works."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from threading import Condition, Thread
from typing import Generic, TypeVar

T = TypeVar("T")
Wanted = Callable[[], bool]
"""Whether items are still wanted."""


@contextmanager
def ahead(make: Callable[[Wanted], Generator[T]], room: int) -> Iterator[Iterator[T]]:
    """Give the items that `make` yields, in their order, made by a thread of their own up to `room` ahead.

    What `make` raises is raised where its next item is asked for. When the block is left, the thread ends as soon as
    `make` yields or looks at what it was given, and the block waits for that.

    Args:
        make: given a function to look at where an item takes long: once it says False, no item is wanted any more.
        room: items that lie ready at most.
    """
    line: _Line[T] = _Line(room)
    thread = Thread(target=line.fill, args=(make,), name="ahead", daemon=True)
    thread.start()
    try:
        yield line.items()
    finally:
        line.stop()
        thread.join()


class _Line(Generic[T]):
    """Items that lie ready, between the thread that makes them and the one that takes them."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._ready: deque[T] = deque()
        self._change = Condition()
        self._stopped = self._over = False
        self._fault: BaseException | None = None

    def fill(self, make: Callable[[Wanted], Generator[T]]) -> None:
        """Put the items of `make` in line until there are no more, or no more are wanted."""
        fault = None
        try:
            with closing(make(lambda: not self._stopped)) as items:
                for item in items:
                    if not self._put(item):
                        break
        except BaseException as error:  # noqa: BLE001 - it is raised again, in the thread that asks
            fault = error
        with self._change:
            self._fault, self._over = fault, True
            self._change.notify_all()

    def items(self) -> Iterator[T]:
        """Yield the items as they come."""
        while True:
            with self._change:
                self._change.wait_for(lambda: self._ready or self._over)
                if not self._ready:
                    break
                item = self._ready.popleft()
                self._change.notify_all()
            yield item
        if self._fault is not None:
            raise self._fault

    def stop(self) -> None:
        """Say that no more items are wanted."""
        with self._change:
            self._stopped = True
            self._change.notify_all()

    def _put(self, item: T) -> bool:
        with self._change:
            self._change.wait_for(lambda: self._stopped or len(self._ready) < self._room)
            if not self._stopped:
                self._ready.append(item)
                self._change.notify_all()
            return not self._stopped
