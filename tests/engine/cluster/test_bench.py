"""Where a worker searches its shards: what is begun ahead, and what is left of a fault."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any

import pytest

from harness.engine.cluster.bench import Bench
from harness.engine.cluster.messages import Asked
from harness.engine.cluster.signs import Signs
from harness.errors import ModelError
from harness.retrieve.shards import Shard

FIRST, SECOND, THIRD = (Asked(Shard(start, start + 10), (4,)) for start in (0, 10, 20))


class Searching:
    """Gives a table's place in the order of work; goes wrong where it is told to."""

    def __init__(self, bad: int = -1) -> None:
        self.bad = bad
        self.begun: list[int] = []
        self.came = threading.Condition()

    def tables(self, todo: Any, _listener: Any) -> Generator[tuple[Shard, Any]]:
        for shard, dims in todo(lambda: True):
            with self.came:
                self.begun.append(shard.start)
                self.came.notify_all()
            if shard.start == self.bad:
                self.bad = -1
                raise ModelError("bad")
            yield shard, {dim: len(self.begun) for dim in dims}

    def wait(self, number: int) -> bool:
        with self.came:
            return self.came.wait_for(lambda: len(self.begun) >= number, 60)


def bench(searching: Searching) -> Bench:
    given: Any = searching
    return Bench(given, Signs())


def running() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "ahead"]


def test_the_next_shard_is_worked_on_before_it_is_asked_for_and_none_twice() -> None:
    searching = Searching()
    one = bench(searching)
    assert one.tables(FIRST, SECOND) == {4: 1}
    assert searching.wait(2)
    assert one.tables(SECOND, None) == {4: 2}
    assert one.tables(THIRD, None) == {4: 3}
    assert searching.begun == [0, 10, 20]
    one.close()
    assert running() == []


def test_a_shard_that_was_begun_and_is_not_wanted_any_more_is_dropped() -> None:
    searching = Searching()
    one = bench(searching)
    one.tables(FIRST, SECOND)
    assert one.tables(THIRD, None)[4]
    assert searching.begun[-1] == 20
    one.close()
    assert running() == []


def test_a_fault_ahead_is_met_where_its_shard_is_asked_for_and_the_next_try_begins_anew() -> None:
    one = bench(Searching(bad=10))
    assert one.tables(FIRST, SECOND)
    with pytest.raises(ModelError, match="bad"):
        one.tables(SECOND, THIRD)
    assert running() == []
    assert one.tables(SECOND, None)
    assert one.tables(THIRD, None)
    one.close()


def test_signs_only_grow_and_queries_are_signs_of_life_but_no_documents() -> None:
    signs = Signs()
    signs.advance(3, 40)
    signs.spend({"encode": 1.0})
    signs.spend({"encode": 0.5, "search": 2.0})
    signs.beat(7, 70)
    assert signs.told == (3, 40, {"encode": 1.5, "search": 2.0}, 4)
