"""Exact MaxSim beside what the processor's matrix product does in the same minute, and beside two libraries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tests.benchmarks import ours, serve
from tests.benchmarks.checkpoint import minilm
from tests.benchmarks.libraries import Libraries, libraries
from tests.benchmarks.names import LARGE, MAXSIM, PYLATE, SCORING, SENTENCE, TILE
from tests.benchmarks.products import Product
from tests.benchmarks.record import Record, Value, Variant
from tests.benchmarks.rounds import Action, interleave
from tests.benchmarks.setting import Setting
from tests.benchmarks.vectors import Vectors, float64_scores, vectors

WIDTH = 128
CHECKED = 16
"""Queries whose scores are held against float64."""


def run(setting: Setting) -> tuple[Record, ...]:
    """Return the seconds of scoring every query with every document, and of matrix products by turns with it."""
    torch.set_num_threads(setting.threads)
    found = vectors(setting.size(300, 20), setting.size(600, 24), WIDTH)
    packed = ours.packed(found.documents)
    laid_out = ours.tiles(ours.packed(found.queries), (WIDTH,))
    products = {LARGE: Product(4096, 4096, 4096), TILE: Product(512, WIDTH, 1024, setting.size(1000, 10))}
    with libraries(setting, minilm(setting.work / "minilm-head"), (PYLATE, SENTENCE)) as peers:
        _hand_over(peers, found, setting.folder("vectors"))
        actions: dict[str, Action] = {SCORING: lambda: _nothing(ours.scores(laid_out, packed, (WIDTH,)))}
        actions |= {name: product.multiply for name, product in products.items()}
        actions |= {name: lambda worker=worker: worker.seconds("score") for name, worker in peers.workers.items()}
        seconds = interleave(actions, setting.turns(7))
        answers = _answers(peers, setting.folder("vectors"))
    answers[SCORING] = ours.scores(laid_out, packed, (WIDTH,))[WIDTH]
    flop = dict.fromkeys(seconds, found.flop(WIDTH)) | {name: product.flop for name, product in products.items()}
    return (
        Record(
            name=MAXSIM,
            what=f"{len(found.queries)} queries of 32 vectors with {len(found.documents)} documents of "
            f"{found.document_tokens:,}, {WIDTH} wide; threads: {setting.threads}; padding is not counted as work",
            variants={
                name: Variant(seconds=tuple(rounds), amount=flop[name], unit="FLOP") for name, rounds in seconds.items()
            },
            values=_errors(found, answers),
            notes=peers.notes,
        ),
    )


def _nothing(_: object) -> None:
    """Let the caller's clock be the one that counts."""


def _hand_over(peers: Libraries, found: Vectors, folder: Path) -> None:
    for name, matrices in (("queries", found.queries), ("documents", found.documents)):
        serve.save(folder / f"{name}.npz", serve.pack([one.numpy() for one in matrices]))
    request = {name: str(folder / f"{name}.npz") for name in ("queries", "documents")}
    for worker in peers.workers.values():
        worker.ask("load", request)


def _answers(peers: Libraries, folder: Path) -> dict[str, Tensor]:
    found = {}
    for name, worker in peers.workers.items():
        path = folder / "scores.npy"
        worker.ask("save_scores", {"path": str(path)})
        found[name] = torch.from_numpy(np.load(path))
    return found


def _errors(found: Vectors, answers: dict[str, Tensor]) -> dict[str, Value]:
    truth_QP = float64_scores(found, CHECKED, WIDTH)
    values: dict[str, Value] = {}
    for name, scores_QP in answers.items():
        checked_QP = scores_QP[: len(truth_QP)].double()
        values[f"{name}: largest error of a score"] = float((checked_QP - truth_QP).abs().max())
    return values
