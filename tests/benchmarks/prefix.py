"""Matryoshka dimensions from one product, beside the widest alone and beside a product for each."""

from __future__ import annotations

import torch

from tests.benchmarks import ours
from tests.benchmarks.names import ALONE, APART, PREFIX, TOGETHER
from tests.benchmarks.record import Record, timed
from tests.benchmarks.rounds import interleave
from tests.benchmarks.setting import Setting
from tests.benchmarks.vectors import Vectors, float64_scores, vectors

DIMS = (128, 96, 64)
CHECKED = 8


def run(setting: Setting) -> tuple[Record, ...]:
    """Return the seconds of MaxSim alone, at one dimension and at three."""
    torch.set_num_threads(setting.threads)
    found = vectors(setting.size(300, 20), setting.size(600, 24), DIMS[0])
    queries, documents = ours.packed(found.queries), ours.packed(found.documents)
    one, three = ours.tiles(queries, DIMS[:1]), ours.tiles(queries, DIMS)
    passes = [
        (ours.tiles(ours.packed(_cut(found.queries, dim)), (dim,)), ours.packed(_cut(found.documents, dim)), dim)
        for dim in DIMS
    ]
    actions = {
        ALONE: lambda: _nothing(ours.scores(one, documents, DIMS[:1])),
        TOGETHER: lambda: _nothing(ours.scores(three, documents, DIMS)),
        APART: lambda: _nothing([ours.scores(tiles, cut, (dim,)) for tiles, cut, dim in passes]),
    }
    seconds = interleave(actions, setting.turns(9))
    scores = ours.scores(three, documents, DIMS)
    return (
        Record(
            name=PREFIX,
            what=f"{len(found.queries)} queries of 32 vectors with {len(found.documents)} documents of "
            f"{found.document_tokens:,}; threads: {setting.threads}; scoring alone, nothing is encoded",
            variants=timed(seconds),
            values={f"dim {dim}: largest error of a score": _error(found, scores[dim], dim) for dim in DIMS},
        ),
    )


def _nothing(_: object) -> None:
    """Let the caller's clock be the one that counts."""


def _cut(matrices: list[torch.Tensor], dim: int) -> list[torch.Tensor]:
    return [torch.nn.functional.normalize(rows[:, :dim], dim=-1) for rows in matrices]


def _error(found: Vectors, scores_QP: torch.Tensor, dim: int) -> float:
    truth_QP = float64_scores(found, CHECKED, dim)
    return float((scores_QP[: len(truth_QP)].double() - truth_QP).abs().max())
