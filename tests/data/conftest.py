"""Collections made by hand: a folder in BEIR's layout whose every byte the test decides."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.data.collection import Collection
from harness.data.load import load
from harness.errors import DataError
from harness.spec import DatasetSpec

CORPUS = [
    {"_id": "d1", "title": "Aspirin", "text": "A drug."},
    {"_id": "d2", "title": "", "text": "A river."},
    {"_id": "d3", "text": "A town."},
]
QUERIES = [{"_id": "q1", "text": "which drug"}, {"_id": "q2", "text": "which river"}, {"_id": "q3", "text": "unjudged"}]
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td3\t0\nq2\td2\t1\n"


def lines(records: list[dict[str, object]]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def make(corpus: bytes | None = None, queries: bytes | None = None, qrels: str | bytes = QRELS) -> Path:
        (tmp_path / "qrels").mkdir(exist_ok=True)
        (tmp_path / "corpus.jsonl").write_bytes(lines(CORPUS) if corpus is None else corpus)
        (tmp_path / "queries.jsonl").write_bytes(lines(QUERIES) if queries is None else queries)
        (tmp_path / "qrels" / "test.tsv").write_bytes(qrels.encode() if isinstance(qrels, str) else qrels)
        return tmp_path

    return make


@pytest.fixture
def opened(folder: Callable[..., Path]) -> Callable[..., Collection]:
    def open_(
        *, corpus: bytes | None = None, query_file: bytes | None = None, qrels_file: str | bytes = QRELS, **spec: object
    ) -> Collection:
        path = folder(corpus, query_file, qrels_file)
        return load(DatasetSpec(**{"name": "hand", "source": "beir", "path": str(path), **spec}))  # type: ignore[arg-type]

    return open_


@pytest.fixture
def told_of(opened: Callable[..., Collection]) -> Callable[..., str]:
    def message(**parts: object) -> str:
        with pytest.raises(DataError) as caught:
            opened(**parts)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return message
