from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import StorageError
from harness.retrieve import order
from harness.retrieve.met import Met
from harness.retrieve.sealed import HEAD, unsealed
from harness.retrieve.shards import Shard, ShardStore, shards
from harness.retrieve.table import Table, table
from harness.retrieve.table_bytes import to_bytes

ONE, TWO = Shard(0, 3), Shard(3, 6)


def found(scores: list[float]) -> Table:
    ids = [f"d{place}" for place in range(len(scores))]
    return table(ids, order.best(order.keys(torch.tensor([scores]), order.id_ranks(ids)), 3), Met(documents=3))


def same(left: Table | None, right: Table) -> bool:
    return left is not None and to_bytes(left) == to_bytes(right)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path: Path, told: list[str]) -> ShardStore:
    """Return a store with two finished shards of one search."""
    made = ShardStore(tmp_path, told.append)
    made.commit("abc", ONE, found([3.0, 1.0, 2.0]))
    made.commit("abc", TWO, found([1.0, 1.0, 1.0]))
    return made


def file_of(folder: Path, shard: Shard) -> Path:
    (path,) = folder.glob(f"abc-{shard.start:09d}-*.table")
    return path


def read(folder: Path, told: list[str], shard: Shard) -> Table | None:
    return ShardStore(folder, told.append).read("abc", shard, 1, 3)


@given(documents=st.integers(0, 60), size=st.integers(1, 70))
def test_shards_cover_every_document_once_in_order(documents: int, size: int) -> None:
    cut = shards(documents, size)
    assert [place for shard in cut for place in range(*shard)] == list(range(documents))
    assert all(shard.stop - shard.start == size for shard in cut[:-1])


def test_a_table_comes_back_from_another_process(store: ShardStore, told: list[str]) -> None:
    assert same(read(store.folder, told, ONE), found([3.0, 1.0, 2.0]))
    assert same(read(store.folder, told, TWO), found([1.0, 1.0, 1.0]))
    assert not told


def test_the_same_tables_give_the_same_bytes_in_whatever_order_they_are_done(store: ShardStore, tmp_path: Path) -> None:
    other = ShardStore(tmp_path / "other", print)
    other.commit("abc", TWO, found([1.0, 1.0, 1.0]))
    other.commit("abc", ONE, found([3.0, 1.0, 2.0]))
    for name in (file_of(store.folder, ONE).name, file_of(store.folder, TWO).name):
        assert (other.folder / name).read_bytes() == (store.folder / name).read_bytes()


@pytest.mark.parametrize("keep", [0, 1, 47, 48, 60, -1])
def test_a_truncated_table_is_moved_aside_told_in_one_line_and_done_again(
    store: ShardStore, told: list[str], keep: int
) -> None:
    path = file_of(store.folder, ONE)
    path.write_bytes(path.read_bytes()[:keep])
    again = ShardStore(store.folder, told.append)
    assert not again.has("abc", ONE)
    assert again.read("abc", ONE, 1, 3) is None
    assert len(told) == 1
    assert told[0].startswith(f"{path}: another size: got ")
    assert told[0].endswith(f"moved to {path.name}.damaged, done again")
    assert not path.exists()
    assert path.with_name(f"{path.name}.damaged").exists()
    assert same(again.read("abc", TWO, 1, 3), found([1.0, 1.0, 1.0]))
    again.commit("abc", ONE, found([3.0, 1.0, 2.0]))
    assert same(read(store.folder, told, ONE), found([3.0, 1.0, 2.0]))
    assert len(told) == 1


def test_one_flipped_bit_is_found_wherever_it_is(store: ShardStore, told: list[str]) -> None:
    path = file_of(store.folder, ONE)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert read(store.folder, told, ONE) is None, place
        assert len(told) == place + 1
        assert path.with_name(f"{path.name}.damaged").exists()
    assert {line.removeprefix(f"{path}: ").partition(": got")[0] for line in told} == {
        "no table of this version", "another size", "another SHA-256",
    }  # fmt: skip


def test_only_the_head_of_a_table_is_read_to_know_that_it_is_there(
    store: ShardStore, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file_of(store.folder, ONE)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read"))
    assert store.has("abc", ONE)
    assert not told


def test_a_table_that_is_gone_is_missing(store: ShardStore, told: list[str]) -> None:
    file_of(store.folder, ONE).unlink()
    assert not store.has("abc", ONE)
    assert read(store.folder, told, ONE) is None
    assert not told


def test_a_table_of_the_layout_before_is_neither_read_nor_touched(store: ShardStore, told: list[str]) -> None:
    path = file_of(store.folder, ONE)
    old = path.with_suffix(".safetensors")
    old.write_bytes(unsealed(path.read_bytes()))
    path.unlink()
    assert read(store.folder, told, ONE) is None
    assert old.exists()
    path.write_bytes(old.read_bytes())
    assert read(store.folder, told, ONE) is None
    assert "no table of this version" in told[0]


def test_a_head_that_promises_terabytes_takes_no_memory(store: ShardStore, told: list[str]) -> None:
    path = file_of(store.folder, ONE)
    path.write_bytes(HEAD.pack(b"harness1", 2**62, bytes(32)) + b"x")
    assert read(store.folder, told, ONE) is None
    assert f"another size: got 1 bytes, expected {2**62:,}" in told[0]


def test_a_table_that_cannot_be_read_is_one_line_and_not_done_again(store: ShardStore, told: list[str]) -> None:
    path = file_of(store.folder, ONE)
    path.unlink()
    path.mkdir()
    for look in (lambda: store.has("abc", ONE), lambda: store.read("abc", ONE, 1, 3)):
        with pytest.raises(StorageError, match="cannot be read: got Is a directory"):
            look()
    assert not told


def test_of_two_who_see_the_damage_one_moves_it_aside_and_nobody_fails(
    store: ShardStore, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file_of(store.folder, ONE)
    path.write_bytes(b"damaged")
    replace = Path.replace

    def late(self: Path, target: Path) -> Path:
        replace(self, target)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", late)
    assert store.read("abc", ONE, 1, 3) is None
    assert not told
    assert path.with_name(f"{path.name}.damaged").read_bytes() == b"damaged"


def test_writers_side_by_side_leave_whole_tables_and_nothing_else(tmp_path: Path, told: list[str]) -> None:
    """Eight at a time, each of them in a store of its own, all of the same tables."""
    tables = {shard: found([float(shard.start), 1.0, 2.0]) for shard in shards(60, 3)}

    def write(_: int) -> None:
        store = ShardStore(tmp_path, told.append)
        for shard, one in tables.items():
            store.commit("abc", shard, one)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    store = ShardStore(tmp_path, told.append)
    assert all(same(store.read("abc", shard, 1, 3), one) for shard, one in tables.items())
    assert len(list(tmp_path.iterdir())) == len(tables)
    assert not told


def test_stray_part_files_are_not_looked_at(store: ShardStore, told: list[str]) -> None:
    path = file_of(store.folder, ONE)
    path.with_name(f"{path.name}.4711.part").write_bytes(b"half a ta")
    assert same(read(store.folder, told, ONE), found([3.0, 1.0, 2.0]))
    assert not told


def test_no_part_file_is_left_by_a_commit(store: ShardStore) -> None:
    assert not list(store.folder.glob("*.part"))
    assert len(list(store.folder.iterdir())) == 2


def test_a_table_of_other_queries_or_depth_is_not_believed(store: ShardStore, told: list[str]) -> None:
    assert ShardStore(store.folder, told.append).read("abc", ONE, 2, 3) is None
    assert len(told) == 1
    assert "a shard table has another shape" in told[0]


def test_forgetting_a_search_leaves_the_others(store: ShardStore, told: list[str]) -> None:
    store.commit("abcd", ONE, found([5.0, 1.0, 2.0]))
    store.forget("abc")
    again = ShardStore(store.folder, told.append)
    assert again.read("abc", ONE, 1, 3) is None
    assert again.read("abc", TWO, 1, 3) is None
    assert same(again.read("abcd", ONE, 1, 3), found([5.0, 1.0, 2.0]))
    assert not told


def test_another_shard_of_the_same_start_is_another_table(store: ShardStore, told: list[str]) -> None:
    assert read(store.folder, told, Shard(0, 2)) is None
    assert not told
