"""Which shard is next where several processes work on one pass: each is done once, and nobody waits in vain."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from harness.engine import claims as claims_module
from harness.engine.claims import Claim, Claims
from harness.retrieve.passes import Pass
from harness.retrieve.shards import Shard, ShardStore, shards

ALL = shards(12, 3)
DIMS = [128, 64]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims_module, "EVERY", 0.001)


@pytest.fixture
def one(tmp_path: Path) -> Pass:
    nothing = cast(Any, None)
    return Pass(nothing, ShardStore(tmp_path, print), ALL, {dim: f"search{dim}" for dim in DIMS}, 10)


@pytest.fixture
def told() -> list[str]:
    return []


def do(one: Pass, claim: Claim | None, claims: Claims) -> Shard:
    """Commit a shard and let go of it."""
    assert claim is not None
    one.commit(claim.shard, dict.fromkeys(claim.dims, b"table"))
    claims.finish(claim.shard)
    return claim.shard


def wanted() -> bool:
    return True


def test_two_who_take_turns_do_every_shard_once(one: Pass, told: list[str]) -> None:
    with Claims(one, one.missing(), told.append) as left, Claims(one, one.missing(), told.append) as right:
        taken = [left.take(), right.take(), right.take(), left.take()]
        assert [claim.shard for claim in taken if claim] == ALL
        assert left.take() is None
        assert [left.left, right.left] == [{ALL[1]: DIMS, ALL[2]: DIMS}, {ALL[0]: DIMS, ALL[3]: DIMS}]
        for claim, claims in zip(taken, [left, right, right, left], strict=True):
            do(one, claim, claims)
        assert left.take() is None
        assert right.take() is None
        assert not left.left
        assert not right.left
    assert one.missing() == {}
    assert not list(one.store.folder.glob("*.lock"))
    assert not told


def test_a_shard_is_given_with_the_dimensions_that_it_misses_then(one: Pass, told: list[str]) -> None:
    todo = one.missing()
    one.commit(ALL[0], {64: b"table"})
    one.commit(ALL[1], {64: b"table", 128: b"table"})
    with Claims(one, todo, told.append) as claims:
        assert claims.take() == Claim(ALL[0], [128])
        assert claims.take() == Claim(ALL[2], DIMS)


def test_what_is_finished_between_the_look_and_the_lock_is_not_done_again(
    one: Pass, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = ShardStore.lock

    def late(self: ShardStore, shard: Shard) -> object:
        if shard == ALL[0]:
            one.commit(shard, dict.fromkeys(DIMS, b"table"))
        return lock(self, shard)

    with Claims(one, one.missing(), told.append) as claims:
        monkeypatch.setattr(ShardStore, "lock", late)
        assert claims.take() == Claim(ALL[1], DIMS)
        assert not (one.store.folder / "000000000-000000003.lock").exists()


def test_what_was_broken_off_is_free_again_when_the_block_is_left(one: Pass, told: list[str]) -> None:
    with suppress(KeyboardInterrupt), Claims(one, one.missing(), told.append) as claims:
        claims.take()
        claims.take()
        assert len(list(one.store.folder.glob("*.lock"))) == 2
        raise KeyboardInterrupt
    assert not list(one.store.folder.glob("*.lock"))
    with Claims(one, one.missing(), told.append) as again:
        assert again.take() == Claim(ALL[0], DIMS)


def test_what_another_holds_is_waited_for_and_left_to_it(
    one: Pass, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Claims(one, one.missing(), told.append) as other, Claims(one, one.missing(), told.append) as claims:
        held = [other.take(), other.take()]
        naps: Iterator[Claim | None] = iter(held)
        monkeypatch.setattr("time.sleep", lambda _: do(one, next(naps), other))
        assert [do(one, claim, claims) for claim in claims.stream(wanted)] == ALL[2:]
    assert told == ["waiting for 2 shards of another process", "waiting for 1 shard of another process"]
    assert one.missing() == {}


def test_what_another_held_until_it_died_is_taken_over(
    one: Pass, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = one.store.lock(ALL[1])
    assert lock is not None
    one.commit(ALL[1], {128: b"table"})
    # As the kernel does when a process is gone; the file stays.
    monkeypatch.setattr("time.sleep", lambda _: os.close(lock.handle))
    with Claims(one, one.missing(), told.append) as claims:
        found = list(claims.stream(wanted))
    assert [claim.shard for claim in found] == [ALL[0], ALL[2], ALL[3], ALL[1]]
    assert found[-1].dims == [64]
    assert told == [
        "waiting for 1 shard of another process",
        "going on with documents 3 to 6: another process has left them",
    ]


def test_who_is_not_wanted_any_more_waits_no_longer(one: Pass, told: list[str]) -> None:
    locks = [one.store.lock(shard) for shard in ALL]
    looks = iter([True, True, True])
    with Claims(one, one.missing(), told.append) as claims:
        assert list(claims.stream(lambda: next(looks, False))) == []
    assert told == ["waiting for 4 shards of another process"]
    for lock in locks:
        assert lock is not None
        lock.release()


def test_a_search_of_its_own_takes_turns_with_another_over_the_same_shards(one: Pass, told: list[str]) -> None:
    other = Pass(one.collection, one.store, ALL[:1], {32: "other"}, 10)
    with Claims(one, one.missing(), told.append) as left, Claims(other, other.missing(), told.append) as right:
        claim = left.take()
        assert right.take() is None
        do(one, claim, left)
        assert right.take() == Claim(ALL[0], [32])
