"""A tiny collection with two causes of a gap whose size is known: own documents left in, documents cut short."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.spec import DatasetSpec, EncoderSpec, EngineSpec, RunSpec

OWN = (
    "the volcano erupted and lava covered the village",
    "a telescope observed the rings of saturn",
    "bakers knead dough for fresh bread every morning",
    "the orchestra played a symphony by beethoven",
    "glaciers melt faster in a warm summer",
    "a goalkeeper saved the penalty in the final match",
    "the parliament passed a law about taxes",
    "bees collect nectar and make honey",
    "the surgeon operated on the heart of a patient",
)
"""Queries that are documents of the corpus; the relevant document says the same in other words."""
FAR = (
    "ancient egyptian pyramids were tombs of pharaohs",
    "the submarine dived below the arctic ice",
)
"""What stands far behind in a long document, and what is asked for."""
FILLING = "it is said that there was some of this and some of that and then a bit more of the same as before"
LENGTH = 64


def _lines(folder: Path, name: str, texts: dict[str, str]) -> None:
    lines = (json.dumps({"_id": key, "title": "", "text": text}) + "\n" for key, text in texts.items())
    (folder / name).write_text("".join(lines), encoding="utf-8")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BEIR folder: a query's own document has the query's id and text and is not judged."""
    path = tmp_path_factory.mktemp("two-causes")
    own = {f"own{at}": text for at, text in enumerate(OWN)}
    answers = {f"answer{at}": f"as was told , {text.rpartition(' ')[0]}" for at, text in enumerate(OWN)}
    far = {f"far{at}": f"{FILLING} {FILLING} {text}" for at, text in enumerate(FAR)}
    others = {f"other{at}": f"{FILLING} {at} {FILLING} {at}" for at in range(30)}
    queries = own | {f"long{at}": text for at, text in enumerate(FAR)}
    _lines(path, "corpus.jsonl", own | answers | far | others)
    _lines(path, "queries.jsonl", queries)
    judged = [(f"own{at}", f"answer{at}") for at in range(len(OWN))] + [
        (f"long{at}", f"far{at}") for at in range(len(FAR))
    ]
    (path / "qrels").mkdir()
    lines = ["query-id\tcorpus-id\tscore", *(f"{query}\t{document}\t1" for query, document in judged)]
    (path / "qrels" / "test.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def neural(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> RunSpec:
    """The packaged miniature on the collection, own documents dropped, documents of 64 tokens."""
    dataset = DatasetSpec(name="two-causes", source="beir", path=str(folder), drop_self=True)
    model = EncoderSpec(
        name="mini", path="{package}/encode/mini", dims=(128,), dim_kind="head", head="linear.weight",
        document_length=LENGTH,
    )  # fmt: skip
    engine = EngineSpec(device="cpu", workers=1)
    return RunSpec(dataset=dataset, model=model, dims=(128,), engine=engine, out=str(tmp_path_factory.mktemp("runs")))
