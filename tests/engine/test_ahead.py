"""The thread ahead: order, bounds, faults and ends, all made to happen by events and none by the clock."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from harness.engine.ahead import Wanted, ahead


def running() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "ahead"]


def test_items_come_in_their_order_and_the_thread_is_gone_at_the_end() -> None:
    with ahead(lambda _: (n for n in range(100)), 3) as items:
        assert list(items) == list(range(100))
    assert running() == []


def test_no_more_lie_ready_than_there_is_room_for() -> None:
    made: list[int] = []
    full = threading.Event()

    def make(_: Wanted) -> Generator[int]:
        for n in range(10):
            made.append(n)
            if n == 3:
                full.set()
            yield n

    with ahead(make, 3) as items:
        # Three lie ready and the fourth is in hand: nothing but taking one lets the fifth be made.
        assert full.wait(60)
        assert made == [0, 1, 2, 3]
        assert list(items) == list(range(10))


def test_a_fault_comes_out_behind_the_items_that_were_made_before_it() -> None:
    def make(_: Wanted) -> Generator[int]:
        yield 1
        yield 2
        raise KeyError("gone")

    seen: list[int] = []
    with pytest.raises(KeyError, match="gone"), ahead(make, 5) as items:
        seen.extend(items)
    assert seen == [1, 2]
    assert running() == []


def test_a_consumer_that_stops_ends_a_thread_that_waits_for_room() -> None:
    closed = threading.Event()

    def make(_: Wanted) -> Generator[int]:
        try:
            yield from range(10**9)
        finally:
            closed.set()

    with ahead(make, 1) as items:
        assert next(items) == 0
    assert running() == []
    assert closed.is_set(), "what was being read is closed"


def test_a_long_item_ends_once_it_looks_whether_it_is_wanted() -> None:
    begun = threading.Event()

    def make(wanted: Wanted) -> Generator[int]:
        begun.set()
        while wanted():
            pass
        yield 1

    with ahead(make, 1):
        assert begun.wait(60)
    assert running() == []


def test_a_consumer_that_is_behind_still_gets_what_was_made_before_the_end() -> None:
    over = threading.Event()

    def make(_: Wanted) -> Generator[str]:
        yield "a"
        yield "b"
        over.set()

    with ahead(make, 2) as items:
        assert over.wait(60)
        assert list(items) == ["a", "b"]
