"""Which worker has which shard, and what happens to the shard of one that fails, is lost or hangs.

Ray starts the workers, and no more: it neither restarts one nor repeats a call. Both would happen unseen, and a worker
that Ray means to restart keeps its shard until a host has room for it. Here each loss is seen at once: the shard goes
to whoever is free, its tries are counted exactly, and a new worker is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from harness.engine.claims import Claims
from harness.engine.cluster.commits import Commits
from harness.engine.cluster.messages import Asked, Code, Done, Hello, Opened, Told
from harness.engine.cluster.progress import Progress, Report
from harness.engine.cluster.slots import Cluster, Slot
from harness.engine.cluster.tries import TRIES, Tries
from harness.engine.cluster.workers import Lost, Workers
from harness.engine.messages import Failed, Over
from harness.errors import HarnessError, ModelError


class Terms(NamedTuple):
    """What is asked of workers."""

    workers: int
    patience: float
    """Seconds without a sign of life after which one is given up."""
    code: Code
    """What they must run."""
    clock: Callable[[], float] = time.monotonic
    """Gives seconds."""


class Deal:
    """The shards of a pass, dealt out to workers of a cluster until all are done or given up."""

    def __init__(
        self, cluster: Cluster, order: object, claims: Claims, commits: Commits, report: Report, terms: Terms
    ) -> None:
        """Keep what there is to do and with what.

        Args:
            cluster: starts workers and calls them.
            order: what a worker opens.
            claims: the shards that are missing.
            commits: sees whether what workers committed is there.
            report: is told how it goes.
            terms: how many workers there are to be, and what is asked of them.
        """
        self._order, self._claims, self._commits, self._terms = order, claims, commits, terms
        self._workers = Workers(cluster, terms.workers, terms.patience, terms.clock)
        self._progress = Progress(report)
        self._say = report.say
        self._tries = Tries()

    def through(self) -> Over:
        """Deal out all shards; return how the model ran.

        Raises:
            ShardError: some shards failed every time; all others are done.
            HarnessError: a fault that no other worker would be spared.
        """
        for slot in self._workers.slots:
            self._workers.start(slot)
        while self._goes_on():
            for slot in self._workers.slots:
                if slot.open and slot.work is None:
                    self._hand_out(slot)
            for slot, event in self._workers.events():
                self._hear(slot, event)
            for shard in self._commits.seen(self._terms.clock()):
                self._claims.finish(shard)
        self._tries.refuse(self._commits.count)
        return self._progress.over

    def _goes_on(self) -> bool:
        if len(self._tries.named) >= TRIES and not self._commits.any:
            # None at all could be done: it is nothing about these shards.
            return False
        in_work = any(slot.work or slot.next for slot in self._workers.slots)
        return bool(in_work or self._claims.left or self._tries.again or self._commits.unseen)

    def _hand_out(self, slot: Slot) -> None:
        asked, slot.next = slot.next or self._next(slot), None
        if asked is None:
            if self._claims.left and not any(other.work for other in self._workers.slots):
                self._claims.wait()
            return
        # One that failed is worked on alone, so that nothing else can be to blame; and another one is read ahead only
        # while enough are left that nobody is short of it.
        ahead = asked.shard not in self._tries.places and len(self._claims.left) > len(self._workers.slots)
        slot.work, slot.next = asked, self._claimed() if ahead else None
        self._workers.ask(slot, "search", asked, slot.next)

    def _next(self, slot: Slot) -> Asked | None:
        able = [other.number for other in self._workers.slots if other.open]
        # First what has failed: a disk that is full, or a model that is damaged, fails at every shard.
        return self._tries.take(slot.number, able) or self._claimed()

    def _claimed(self) -> Asked | None:
        claim = self._claims.take()
        return None if claim is None else Asked(claim.shard, tuple(claim.dims))

    def _hear(self, slot: Slot, event: object) -> None:
        match event:
            case Hello(host, code):
                self._refuse_other(host, code)
                self._workers.ask(slot, "open", self._order)
            case Opened():
                slot.open = True
                self._progress.report.ready()
            case Told():
                self._progress.show(slot, event)
            case Done():
                self._finish(slot, event)
            case Failed(error, trace):
                self._fail(slot, error, trace)
            case Lost(why):
                self._lose(slot, why)

    def _refuse_other(self, host: str, code: Code) -> None:
        if code != self._terms.code:
            remedy = "Install the same everywhere: a result is of one code"
            raise ModelError(
                f"host {host} runs other code", got=code.words, expected=self._terms.code.words, remedy=remedy
            )

    def _finish(self, slot: Slot, done: Done) -> None:
        if slot.work is None:
            raise RuntimeError(f"{slot.name} has done a shard that it was not given")
        shard, slot.work, slot.losses = slot.work.shard, None, 0
        self._progress.finish(slot, shard, done)
        self._commits.add(shard, slot.host)

    def _fail(self, slot: Slot, error: HarnessError | None, trace: str) -> None:
        """Take note of a fault that a worker met: in its shard, or before it had one."""
        if error is None:
            # Whatever broke may have left the process broken (a GPU does): a new one goes on.
            self._lose(slot, trace.strip().rpartition("\n")[2])
        elif slot.work is None:
            # Others would meet it too.
            raise error
        else:
            asked, slot.work = slot.work, None
            self._put_back(slot)
            self._tried(slot, asked, error)

    def _lose(self, slot: Slot, why: str) -> None:
        """Put another worker where one is lost, and its shards back."""
        self._workers.stop(slot)
        self._put_back(slot)
        said, asked, slot.work = f"{slot.name}: {why}", slot.work, None
        slot.losses += 1
        # The last that can work at all is not given up: what it fails at are shards.
        given_up = slot.losses >= TRIES and not (slot.open and len(self._workers.slots) == 1)
        self._say(f"{said}; {'it is not started again' if given_up else 'another one is started'}")
        if asked is not None:
            self._tried(slot, asked, said)
        if not given_up:
            self._workers.start(slot)
            return
        self._workers.slots.remove(slot)
        if not self._workers.slots:
            raise ModelError("no worker is left", got=said, remedy="Start again: only what is missing is done")

    def _put_back(self, slot: Slot) -> None:
        """Take back what a worker has begun, and what is shown of it."""
        self._progress.forget(slot)
        if slot.next is not None:
            self._tries.again.append(slot.next)
            slot.next = None

    def _tried(self, slot: Slot, asked: Asked, why: HarnessError | str) -> None:
        if self._tries.fail(asked, slot.number, why):
            self._claims.finish(asked.shard)
            self._say(f"documents {asked.shard.start:,} to {asked.shard.stop:,}: failed {TRIES} times, given up")
