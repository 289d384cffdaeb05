"""One evaluation of synthetic documents by the harness: REPORT.json DOCUMENTS QUERIES OUT."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from harness.pipeline import evaluate
from harness.report.record import Result
from harness.retrieve.trec import read_run
from harness.spec import DatasetSpec, EncoderSpec, EngineSpec, RunSpec
from harness.watch import Watch
from tests.benchmarks.memory_of import PAGE, own_pages
from tests.benchmarks.synthetic import WIDTH, Scores, Size, in_place_of_model_and_data, query_id

SHARD = 200_000
"""What the harness takes for a corpus of four millions or more."""


def main() -> None:
    """Evaluate, look at what came of it, and write what it took."""
    told, documents, queries, out = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    size = Size(documents, queries)
    scores, watch = Scores(size), Watch()
    before = own_pages(os.getpid()) * PAGE >> 20
    with in_place_of_model_and_data(scores):
        started, worked = time.perf_counter(), time.process_time()
        (result,) = evaluate(_spec(size, out), watch)
        wall, processor = time.perf_counter() - started, time.process_time() - worked
    content = {
        "wall": wall,
        "processor": processor,
        "began_mib": before,
        "stages": {stage.name: stage.record for stage in watch.stages},
        "looking_up": _looking_up(scores),
        "right": _right(scores, result, Path(out)),
    }
    told.write_text(json.dumps(content), encoding="utf-8")


def _spec(size: Size, out: str) -> RunSpec:
    model = EncoderSpec(name="mini", path="{package}/encode/mini", dims=(WIDTH,), dim_kind="head", head="linear.weight")
    dataset = DatasetSpec(
        name="synthetic", source="beir", path=f"{size.documents}x{size.queries}", fields=("text",), measure="RR@10",
        documents=size.documents, queries=size.queries,
    )  # fmt: skip
    engine = EngineSpec(device="cpu", workers=1, shard_documents=SHARD)
    return RunSpec(dataset=dataset, model=model, dims=(WIDTH,), engine=engine, out=out, force=True)


def _looking_up(scores: Scores) -> float:
    """Return the seconds that looking up the scores of a block takes, which is no plumbing: the median of some."""
    taken = []
    for block in range(9):
        started = time.perf_counter()
        scores.of(block * 512, min(512, scores.size.documents - block * 512))
        taken.append(time.perf_counter() - started)
    return sorted(taken)[4]


def _right(scores: Scores, result: Result, out: Path) -> bool:
    """Return whether the value is that of the planted documents, and runs are the sorts of all scores."""
    (path,) = out.glob("results/**/run.trec")
    run = read_run(path)
    planted = len(range(0, scores.size.queries, 2)) / scores.size.queries
    for query in (0, 1, scores.size.queries - 1):
        found = run.rankings[query_id(query)]
        if list(zip(found.doc_ids, found.scores.tolist(), strict=True)) != scores.best(query, len(found)):
            return False
    return abs(result.value - planted) < 1e-12


if __name__ == "__main__":
    main()
