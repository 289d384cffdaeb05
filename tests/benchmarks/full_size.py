"""A model of the published size, random weights: how much of an evaluation is encoding, at three dimensions."""

from __future__ import annotations

from pathlib import Path

import torch

from tests.benchmarks import process
from tests.benchmarks.names import FULL_SIZE
from tests.benchmarks.record import Record
from tests.benchmarks.setting import Setting
from tests.benchmarks.text import scifact, write_beir
from tests.fixtures.published.flash_xlmr import write_jina_colbert_v2

DIMS = (128, 96, 64)


def run(setting: Setting) -> tuple[Record, ...]:
    """Return the seconds of whole processes and of their parts."""
    model = checkpoint(setting)
    count = setting.size(300, 30)
    folder = _collection(setting.folder(f"scifact-{count}"), count)
    arguments = (
        "model=folder", f"model.path={model}", "model.name=full-size", "model.dim_kind=prefix",
        f"model.dims={list(DIMS)}".replace(" ", ""), "dim=all",
        "dataset=folder", "dataset.name=scifact-part", f"dataset.path={folder}", "engine.workers=1",
    )  # fmt: skip
    runs = [process.run(setting, arguments, "full-size") for _ in range(setting.turns(1))]
    documents = int(runs[0].stages["encode and search"]["documents"])
    layers = "2 layers" if setting.small else "24 layers, 1,024 wide, bfloat16"
    return (
        Record(
            name=FULL_SIZE,
            what=f"A model of jina-colbert-v2's layout with random weights ({layers}) over {documents:,} documents of "
            f"SciFact and {count} queries, {runs[0].tokens:,} tokens, dimensions {', '.join(map(str, DIMS))}; "
            f"a process of its own, from its start to its end; threads: {setting.threads}",
            parts=True,
            variants=process.variants(runs),
            values={
                "peak memory, MiB": max(one.peak_mib for one in runs),
                "share of encoding in the stages that read queries and documents": _of_the_pass(runs[-1]),
            },
        ),
    )


def checkpoint(setting: Setting) -> Path:
    """Return the checkpoint, made where it is not: 2.2 GB at full size, with its head of 64."""
    folder = setting.work / setting.size("full-size", "full-size-small") / "model"
    if not (folder.with_name("model-64") / "model.safetensors").is_file():
        dtype = setting.size(torch.bfloat16, torch.float32)
        write_jina_colbert_v2(folder, dtype, full=not setting.small)
    return folder


def _of_the_pass(one: process.Run) -> float:
    stages = ("encode queries", "encode and search")
    return one.encoding / sum(float(one.stages[stage]["seconds"]) for stage in stages)


def _collection(folder: Path, count: int) -> Path:
    """Write the first `count` queries, what is judged for them, and other documents up to `count`."""
    source = scifact()
    queries = source.queries()[:count]
    asked = {query["_id"] for query in queries}
    judgments = [one for one in source.judgments() if one[0] in asked]
    judged = {document for _, document, _ in judgments}
    documents = source.documents()
    others = [row for row in documents if row["_id"] not in judged][: max(0, count - len(judged))]
    write_beir(folder, [*(row for row in documents if row["_id"] in judged), *others], queries, judgments)
    return folder
