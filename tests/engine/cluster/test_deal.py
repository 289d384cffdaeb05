"""Which worker has which shard: on a cluster that is played here, where time passes as it is told to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from harness.engine.claims import Claim
from harness.engine.cluster.commits import Commits
from harness.engine.cluster.deal import Deal, Terms
from harness.engine.cluster.messages import Asked, Code, Done, Hello, Opened, Told
from harness.engine.cluster.slots import LostError
from harness.engine.messages import Failed
from harness.errors import HarnessError, ModelError, ShardError, StorageError
from harness.retrieve.shards import Shard, shards

CODE = Code("1", None, "2")
PATIENCE = 100.0
SIZE = 10
LATE = 60.0


class Call(NamedTuple):
    number: int
    worker: int
    what: str
    given: Any


@dataclass
class Played:
    """A cluster whose workers do with a shard what `play` says of it and of how often it was tried before."""

    play: Callable[[int, int], str] = lambda _shard, _tries: "done"
    host: Callable[[int], str] = lambda _worker: "here"
    opens: Callable[[int], Any] = lambda _worker: Opened()
    code: Code = CODE
    now: float = 0.0
    workers: int = 0
    tables: set[Shard] = field(default_factory=set)
    searched: list[tuple[int, int]] = field(default_factory=list)
    """(worker, shard) in the order of the calls."""
    begun: list[int] = field(default_factory=list)
    """Shards that were to be read ahead."""
    stopped: list[int] = field(default_factory=list)
    calls: int = 0
    done: Counter[int] = field(default_factory=Counter)
    """Documents by worker."""
    lost: bool = False
    """Whether tables go to a folder that nobody sees."""

    def start(self) -> object:
        self.workers += 1
        return self.workers

    def ask(self, worker: Any, what: str, given: Sequence[Any]) -> Hashable:
        self.calls += 1
        if what != "search":
            return Call(self.calls, worker, what, None)
        shard, then = given[0].shard.start // SIZE, given[1]
        tries = Counter(number for _, number in self.searched)[shard]
        self.searched.append((worker, shard))
        self.begun += [then.shard.start // SIZE] if then else []
        return Call(self.calls, worker, self.play(shard, tries), given[0])

    def answered(self, calls: Sequence[Any], seconds: float) -> Sequence[Hashable]:
        self.now += seconds
        found = [call for call in calls if call.what != "hang" and self.host(call.worker)]
        return [call for call in found if call.what != "slow" or self.now % 300 > 250]

    def answer(self, call: Any) -> object:
        if call.what in {"exit", "late"}:
            self.tables |= {call.given.shard} if call.what == "late" else set()
            raise LostError("the process is gone")
        shard = call.given.shard.start // SIZE if call.given else None
        faults = {"raise": Failed(None, "Traceback\nRuntimeError: odd"), "full": Failed(StorageError("full"), "")}
        faults["refuse"] = Failed(ModelError(f"shard {shard} is bad"), "")
        if call.what in {"hello", "open", "signs"}:
            # Whoever is slow gives signs of life, one that hangs does not.
            done = self.done[call.worker]
            beats = done + (int(self.now) if self.play(self._at(call.worker), 0) == "slow" else 0)
            hello = Hello(self.host(call.worker), self.code)
            return {"hello": hello, "open": self.opens(call.worker), "signs": Told(done, 0, {}, beats)}[call.what]
        if call.what in faults:
            return faults[call.what]
        if not self.lost:
            self.tables.add(call.given.shard)
        self.done[call.worker] += SIZE
        return Done(
            Told(self.done[call.worker], 0, {}, self.done[call.worker] + int(self.now)),
            {"device": f"of {call.worker}"},
            call.worker,
        )

    def stop(self, worker: Any) -> None:
        self.stopped.append(worker)

    def _at(self, worker: int) -> int:
        return next((shard for who, shard in reversed(self.searched) if who == worker), -1)


@dataclass
class Taken:
    """Claims that no other process shares."""

    left: dict[Shard, list[int]]
    finished: list[Shard] = field(default_factory=list)

    def take(self) -> Claim | None:
        return Claim(*self.left.popitem()) if self.left else None

    def finish(self, shard: Shard) -> None:
        assert shard not in self.finished
        self.finished.append(shard)

    def wait(self) -> None:
        raise AssertionError


@dataclass
class Heard:
    lines: list[str] = field(default_factory=list)
    items: int = 0

    def ready(self) -> None:
        pass

    def moved(self, items: int, tokens: int, spent: dict[str, float]) -> None:
        self.items += items

    def say(self, line: str) -> None:
        self.lines.append(line)


@dataclass
class Game:
    played: Played
    number: int = 8
    workers: int = 2
    heard: Heard = field(default_factory=Heard)

    def __post_init__(self) -> None:
        every = shards(self.number * SIZE, SIZE)
        self.claims = Taken({shard: [4] for shard in reversed(every)})
        store = SimpleNamespace(folder=Path("folder"))
        one: Any = SimpleNamespace(missing_of=lambda shard: [] if shard in self.played.tables else [4], store=store)
        claims: Any = self.claims
        terms = Terms(self.workers, PATIENCE, CODE, lambda: self.played.now)
        self.deal = Deal(self.played, "order", claims, Commits(one, LATE), self.heard, terms)

    @property
    def tries(self) -> Counter[int]:
        return Counter(shard for _, shard in self.played.searched)


def only(shard: int, how: str, times: int = 100) -> Callable[[int, int], str]:
    """Return a play in which one shard goes wrong, at its first tries."""
    return lambda number, tries: how if number == shard and tries < times else "done"


def test_every_shard_is_done_once_by_workers_that_share_them() -> None:
    game = Game(Played())
    over = game.deal.through()
    assert game.tries == Counter(range(8))
    assert {worker for worker, _ in game.played.searched} == {1, 2}
    assert len(game.claims.finished) == 8
    assert game.heard.items == 80
    assert over.details == {"device": "of 1, of 2", "workers": 2, "hosts": 1}
    assert over.peak_memory_mib == 2


def test_the_next_shard_is_named_ahead_and_goes_to_the_same_worker_while_enough_are_left() -> None:
    game = Game(Played(), number=9)
    game.deal.through()
    assert 0 < len(game.played.begun) < 8
    by_worker = {worker: [shard for who, shard in game.played.searched if who == worker] for worker in (1, 2)}
    for ahead in game.played.begun:
        (worker,) = (worker for worker, own in by_worker.items() if ahead in own)
        assert by_worker[worker].index(ahead) > 0


@pytest.mark.parametrize("how", ["exit", "late", "raise", "hang"])
def test_a_shard_whose_worker_breaks_once_is_done_by_another_and_no_other_shard_twice(how: str) -> None:
    game = Game(Played(only(3, how, 1)))
    game.deal.through()
    assert game.tries == Counter([*range(8), 3])
    first, second = (worker for worker, shard in game.played.searched if shard == 3)
    assert first != second
    assert game.played.stopped == [first]
    assert game.played.workers == 3
    assert len(game.heard.lines) == 1
    assert game.heard.lines[0].startswith(f"worker {first} on here: ")
    assert game.heard.lines[0].endswith("; another one is started")
    assert game.heard.items == 80, "what was lost is not counted"


@pytest.mark.parametrize("how", ["exit", "raise", "refuse", "hang"])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_shard_that_fails_every_time_is_tried_three_times_and_named_and_the_others_are_done(
    how: str, workers: int
) -> None:
    game = Game(Played(only(3, how)), workers=workers)
    with pytest.raises(ShardError) as caught:
        game.deal.through()
    assert game.tries == Counter([*range(8), 3, 3])
    assert caught.value.exit_code == 5
    told = str(caught.value)
    assert told.startswith("1 shard failed 3 times: got documents 30 to 40 (")
    assert told.endswith("No result is written; 7 others were done and are kept: start again once the cause is gone")
    assert {"exit": "gone", "raise": "RuntimeError: odd", "refuse": "3 is bad", "hang": "silent for 100 s"}[how] in told
    assert len(game.claims.finished) == 8, "its lock is let go"
    assert (game.played.stopped == []) is (how == "refuse"), "a process that met a fault it knows goes on"
    if workers == 3:
        assert len({worker for worker, shard in game.played.searched if shard == 3}) == 3, "each time somewhere else"


def test_of_many_shards_that_fail_the_first_are_named_and_the_others_counted() -> None:
    game = Game(Played(lambda shard, _: "refuse" if shard % 2 else "done"), number=10)
    with pytest.raises(ShardError, match=r"^5 shards failed 3 times: got documents 10 .*; and 2 more\. No result"):
        game.deal.through()
    assert len(game.played.tables) == 5


def test_where_nothing_at_all_can_be_done_it_is_not_tried_with_every_shard() -> None:
    game = Game(Played(lambda *_: "refuse"), number=100)
    with pytest.raises(ShardError, match=r"^[34] shards failed 3 times"):
        game.deal.through()
    assert len(game.played.searched) < 20


def test_a_full_disk_ends_the_job_as_what_it_is() -> None:
    game = Game(Played(lambda shard, _: "full" if shard > 3 else "done"), number=100)
    with pytest.raises(StorageError, match=r"^full$"):
        game.deal.through()
    assert len(game.played.searched) < 20


def test_a_worker_that_is_slow_but_alive_is_left_alone() -> None:
    game = Game(Played(only(3, "slow")), workers=1)
    game.deal.through()
    assert game.played.now > 2 * PATIENCE
    assert game.played.stopped == []
    assert game.tries == Counter(range(8))


def test_what_a_lost_worker_had_only_begun_to_read_is_not_to_blame() -> None:
    game = Game(Played(only(0, "exit")), number=9, workers=1)
    with pytest.raises(ShardError, match=r"^1 shard failed 3 times: got documents 0 to 10 "):
        game.deal.through()
    assert game.tries == Counter([*range(9), 0, 0])


def test_a_model_that_cannot_be_opened_ends_the_job_at_once() -> None:
    game = Game(Played(opens=lambda _: Failed(ModelError("no such checkpoint"), "")))
    with pytest.raises(ModelError, match=r"^no such checkpoint$"):
        game.deal.through()
    assert game.played.searched == []


def test_a_place_where_no_worker_comes_up_is_given_up_after_three_and_the_others_go_on() -> None:
    broken = {1, 3, 4}
    game = Game(Played(opens=lambda worker: Failed(None, "RuntimeError: CUDA error") if worker in broken else Opened()))
    game.deal.through()
    assert game.played.stopped == [1, 3, 4]
    assert game.heard.lines[-1] == "worker 1 on here: RuntimeError: CUDA error; it is not started again"
    assert {worker for worker, _ in game.played.searched} == {2}
    assert game.tries == Counter(range(8))


def test_without_any_worker_left_the_job_ends_with_why() -> None:
    game = Game(Played(opens=lambda _: Failed(None, "RuntimeError: CUDA error")), workers=2)
    with pytest.raises(ModelError, match=r"^no worker is left: got worker \d on here: RuntimeError: CUDA error\."):
        game.deal.through()
    assert game.played.workers == 6


def test_a_worker_that_there_is_no_room_for_is_not_waited_for() -> None:
    game = Game(Played(host=lambda worker: "here" if worker == 2 else ""))
    game.deal.through()
    assert game.tries == Counter(range(8))
    assert game.played.now < PATIENCE


def test_a_cluster_without_any_room_is_told() -> None:
    game = Game(Played(host=lambda _: ""))
    with pytest.raises(ModelError, match=r"^the cluster has started no worker: got none in 900 s\."):
        game.deal.through()


def test_a_host_with_other_code_is_refused() -> None:
    game = Game(Played(code=Code("1", "abc", "3")))
    with pytest.raises(HarnessError, match=r"host here runs other code: got harness 1 \(abc\), torch 3, expected"):
        game.deal.through()


def test_tables_that_are_nowhere_to_be_seen_are_told() -> None:
    game = Game(Played(lost=True))
    with pytest.raises(StorageError) as caught:
        game.deal.through()
    assert str(caught.value).startswith("host here wrote to another folder: got no tables of documents ")
    assert "expected a folder that all hosts of the cluster share" in str(caught.value)
    assert game.played.now >= LATE


def test_tables_that_a_file_server_shows_late_are_waited_for() -> None:
    game = Game(Played(lost=True))
    real = game.played.answered

    def late(calls: Sequence[Any], seconds: float) -> Sequence[Hashable]:
        if game.played.now > LATE / 2:
            game.played.tables |= set(shards(8 * SIZE, SIZE))
        return real(calls, seconds)

    game.played.answered = late  # type: ignore[method-assign]
    game.deal.through()
    assert game.tries == Counter(range(8))
    assert len(game.claims.finished) == 8


def test_a_shard_that_is_asked_for_names_its_dimensions() -> None:
    seen: list[Asked] = []
    game = Game(Played(), number=2)
    ask = game.played.ask

    def note(worker: Any, what: str, given: Sequence[Any]) -> Hashable:
        seen.extend(given[:1] if what == "search" else ())
        return ask(worker, what, given)

    game.played.ask = note  # type: ignore[method-assign]
    game.deal.through()
    assert sorted(seen) == [Asked(Shard(0, 10), (4,)), Asked(Shard(10, 20), (4,))]
