from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.retrieve import order
from harness.retrieve.met import Met
from harness.retrieve.shards import MANIFEST, Shard, ShardStore, shards
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
    (path,) = folder.glob(f"abc-{shard.start:09d}-*.safetensors")
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
    for name in (MANIFEST, file_of(store.folder, ONE).name, file_of(store.folder, TWO).name):
        assert (other.folder / name).read_bytes() == (store.folder / name).read_bytes()


@pytest.mark.parametrize("keep", [0, 1, 8, 60, -1])
def test_a_truncated_table_is_moved_aside_told_in_one_line_and_done_again(
    store: ShardStore, told: list[str], keep: int
) -> None:
    path = file_of(store.folder, ONE)
    path.write_bytes(path.read_bytes()[:keep])
    again = ShardStore(store.folder, told.append)
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


@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.999])
def test_one_flipped_bit_is_found(store: ShardStore, told: list[str], place: float) -> None:
    path = file_of(store.folder, ONE)
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 1
    path.write_bytes(content)
    assert read(store.folder, told, ONE) is None
    assert len(told) == 1
    assert "another SHA-256: got " in told[0]


def test_a_table_that_is_gone_is_told_and_done_again(store: ShardStore, told: list[str]) -> None:
    path = file_of(store.folder, ONE)
    path.unlink()
    assert read(store.folder, told, ONE) is None
    assert told == [f"{path}: gone; done again"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"a": 1}', b'{"a": {"bytes": 1}}', b"null"])
def test_a_damaged_manifest_is_moved_aside_and_all_is_done_again(
    store: ShardStore, told: list[str], content: bytes
) -> None:
    manifest = store.folder / MANIFEST
    manifest.write_bytes(content)
    again = ShardStore(store.folder, told.append)
    assert again.read("abc", ONE, 1, 3) is None
    assert len(told) == 1
    assert "\n" not in told[0]
    assert "moved to manifest.json.damaged, done again" in told[0]
    assert manifest.with_name("manifest.json.damaged").read_bytes() == content
    again.commit("abc", ONE, found([3.0, 1.0, 2.0]))
    assert list(json.loads(manifest.read_bytes())) == [file_of(store.folder, ONE).name]


def test_a_table_that_the_manifest_does_not_name_is_not_read(store: ShardStore, told: list[str]) -> None:
    manifest = store.folder / MANIFEST
    entries = json.loads(manifest.read_bytes())
    del entries[file_of(store.folder, TWO).name]
    manifest.write_text(json.dumps(entries))
    assert read(store.folder, told, TWO) is None
    assert same(read(store.folder, told, ONE), found([3.0, 1.0, 2.0]))
    assert not told


def test_stray_part_files_are_not_looked_at(store: ShardStore, told: list[str]) -> None:
    for path in (file_of(store.folder, ONE), store.folder / MANIFEST):
        path.with_name(f"{path.name}.4711.part").write_bytes(b"half a ta")
    assert same(read(store.folder, told, ONE), found([3.0, 1.0, 2.0]))
    assert not told


def test_no_part_file_is_left_by_a_commit(store: ShardStore) -> None:
    assert not list(store.folder.glob("*.part"))
    assert len(list(store.folder.iterdir())) == 3


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
