"""A pass that others work on too, or whose tables turn out to be damaged: the same bytes, in the end."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.encode.encoder import Encoder
from harness.errors import StorageError
from harness.pipeline import evaluate
from harness.retrieve.locks import Lock, take
from harness.retrieve.sealed import HEAD
from harness.retrieve.shards import Shard, ShardStore
from harness.spec import RunSpec
from harness.watch import Watch

Job = Callable[..., RunSpec]
SHARDS, DIMS = 8, 2


def runs(spec: RunSpec) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in sorted(Path(spec.out, "results").glob("**/run.trec"))}


def tables(spec: RunSpec) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path(spec.out).rglob("*.table"))}


def unscored(spec: RunSpec) -> None:
    for path in Path(spec.out).rglob("result.json"):
        path.unlink()


class Heard(Watch):
    """Keeps what is told, and does something when a line has certain words."""

    def __init__(self, words: str = "", do: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._words, self._do = words, do

    def tell(self, line: str) -> None:
        self.lines.append(line)
        if self._words and self._words in line:
            self._do()


def held(spec: RunSpec, like: RunSpec, shard: Shard) -> Lock:
    """Return the lock on a shard of a pass that has not begun."""
    (folder,) = Path(like.out, "passes").iterdir()
    lock = take(Path(spec.out, "passes", folder.name, f"{shard.start:09d}-{shard.stop:09d}.lock"))
    assert lock is not None
    return lock


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_shard_that_another_process_holds_is_done_last_and_only_if_it_is_left(job: Job, workers: int) -> None:
    evaluate(job("alone", 1))
    lock = held(job("beside", workers), job("alone", 1), Shard(5, 10))
    watch = Heard("waiting for 1 shard of another process", lock.release)
    evaluate(job("beside", workers), watch=watch)
    assert watch.lines == [
        "waiting for 1 shard of another process",
        "going on with documents 5 to 10: another process has left them",
    ]
    assert runs(job("beside", workers)) == runs(job("alone", 1))
    assert tables(job("beside", workers)) == tables(job("alone", 1))
    assert not list(Path(job("beside", workers).out).rglob("*.lock"))


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_process_that_finds_every_shard_done_by_others_encodes_nothing_and_merges(job: Job, workers: int) -> None:
    spec = job("beside", workers)
    evaluate(job("alone", 1))
    locks = [held(spec, job("alone", 1), Shard(start, start + 5)) for start in range(0, 40, 5)]
    (folder,) = Path(spec.out, "passes").iterdir()

    def finish() -> None:
        for path in Path(job("alone", 1).out).rglob("*.table"):
            (folder / path.name).write_bytes(path.read_bytes())
        for lock in locks:
            lock.release()

    watch = Heard("waiting for 8 shards of another process", finish)
    result, _ = evaluate(spec, watch=watch)
    assert len(watch.lines) == 1
    assert "documents" not in result.provenance["stages"]["encode and search"]
    assert runs(spec) == runs(job("alone", 1))


def flipping(monkeypatch: pytest.MonkeyPatch, times: int) -> list[str]:
    """Have the last bit of the first tables flipped that are written; return their names."""
    damaged: list[str] = []
    enter = ShardStore.enter

    def entered(self: ShardStore, search: str, shard: Shard, content: bytes) -> None:
        enter(self, search, shard, content)
        if len(damaged) < times:
            path = self._path(search, shard)
            path.write_bytes(path.read_bytes()[:-1] + bytes([path.read_bytes()[-1] ^ 1]))
            damaged.append(path.name)

    monkeypatch.setattr(ShardStore, "enter", entered)
    return damaged


def test_tables_that_are_damaged_before_they_are_merged_are_done_again_at_once(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate(job("sound", 1))
    damaged = flipping(monkeypatch, 5)
    watch = Heard()
    evaluate(job("damaged", 1), watch=watch)
    assert [name for name in damaged if not any(name in line and "done again" in line for line in watch.lines)] == []
    assert watch.lines[-1] == "going on: 5 of 8 shards are done"
    assert runs(job("damaged", 1)) == runs(job("sound", 1))
    assert tables(job("damaged", 1)) == tables(job("sound", 1))


def test_a_disk_that_damages_all_that_is_written_ends_the_job_in_one_line(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    flipping(monkeypatch, 10**6)
    with pytest.raises(StorageError, match=r"shard tables were lost: got 8 in .*\. Start again: only what is missing"):
        evaluate(job("damaged", 1))
    assert runs(job("damaged", 1)) == {}


class Counting(io.FileIO):
    """Counts the bytes that are read of all files."""

    read_of_all = 0

    def read(self, size: int | None = -1, /) -> bytes:  # type: ignore[override]
        content = super().read(-1 if size is None else size)
        Counting.read_of_all += len(content)
        return content


def test_no_table_is_read_before_the_first_document_is_encoded_again(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate(job("out", 1))
    unscored(job("out", 1))
    before = tables(job("out", 1))
    next(Path(job("out", 1).out).rglob("*-000000035-000000040.table")).unlink()
    opened, documents = Path.open, Encoder.documents
    seen: list[int] = []

    def counted(self: Path, *args: Any, **kwargs: Any) -> Any:
        return Counting(self) if self.suffix == ".table" else opened(self, *args, **kwargs)

    def encoded(self: Encoder, texts: Sequence[str], *rest: Any) -> Any:
        seen.append(Counting.read_of_all)
        return documents(self, texts, *rest)

    monkeypatch.setattr(Path, "open", counted)
    monkeypatch.setattr(Encoder, "documents", encoded)
    monkeypatch.setattr(Counting, "read_of_all", 0)
    evaluate(job("out", 1))
    heads = (SHARDS * DIMS - 1) * HEAD.size
    # And once more those of the shard that is done: before it is locked and after.
    assert heads <= seen[0] <= heads + 2 * HEAD.size
    assert Counting.read_of_all >= seen[0] + sum(map(len, before.values()))
    monkeypatch.undo()
    assert tables(job("out", 1)) == before
