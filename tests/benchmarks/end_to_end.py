"""Encode, score everything, keep the best: the harness beside two libraries, on the same texts and checkpoint."""

from __future__ import annotations

import torch

from tests.benchmarks import ours
from tests.benchmarks.checkpoint import minilm
from tests.benchmarks.libraries import libraries
from tests.benchmarks.names import END_TO_END, FAST, PYLATE, SENTENCE, STRICT
from tests.benchmarks.record import Record, timed
from tests.benchmarks.rounds import Action, interleave
from tests.benchmarks.setting import Setting
from tests.benchmarks.text import mixed, scifact

DEPTH = 100


def run(setting: Setting) -> tuple[Record, ...]:
    """Return the seconds from texts to the best documents of every query."""
    torch.set_num_threads(setting.threads)
    documents = mixed(scifact(), setting.size(400, 16))
    queries = [row["text"] for row in scifact().queries()][: setting.size(300, 8)]
    checkpoint = minilm(setting.work / "minilm-head")
    models = {STRICT: ours.encoder(checkpoint), FAST: ours.encoder(checkpoint, ours.FAST)}
    request = {"documents": setting.texts("documents", documents), "queries": setting.texts("queries", queries)}
    with libraries(setting, checkpoint, (PYLATE, SENTENCE)) as peers:
        actions: dict[str, Action] = {
            name: lambda worker=worker: worker.seconds("evaluate", {**request, "depth": DEPTH})
            for name, worker in peers.workers.items()
        }
        for name, model in models.items():
            actions[name] = lambda model=model: _evaluate(model, documents, queries)
        seconds = interleave(actions, setting.turns(5))
    return (
        Record(
            name=END_TO_END,
            what=f"{len(documents)} documents of mixed length and {len(queries)} queries: encoded, every query scored "
            f"with every document, the best {DEPTH} kept; threads: {setting.threads}",
            variants=timed(seconds, len(documents), "documents"),
            notes=(
                *peers.notes,
                "The libraries score exactly too: blocks of 32 documents ordered by length, which pads them least.",
            ),
        ),
    )


def _evaluate(model: ours.Encoder, documents: list[str], queries: list[str]) -> None:
    width = model.checkpoint.width
    laid_out = ours.tiles(ours.queries(model, queries), (width,))
    ours.best(laid_out, ours.documents(model, documents), width, DEPTH)
