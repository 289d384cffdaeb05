"""Exact MaxSim on CUDA by a fused kernel: every dimension from one product, which is never written to memory.

float16 vectors are multiplied exactly and added up in float32; TF32 has no part in it. A score is the same bits
whatever other queries and documents are scored with it. `harness.retrieve.tiles_cuda` gives the same answers without
Triton, by products that are written and read again.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from harness.encode.vectors import TokenVectors
from harness.retrieve.fused_layout import GRAIN, PER, DocumentRows, QueryRows, document_rows, ends

KEPT = 128
"""The widest rows that a program keeps: 128 query rows and three tiles of documents fill 80 KiB of shared memory."""


class Shape(NamedTuple):
    """How a program cuts its work; decides the time, and the order in which 32 query rows are summed."""

    queries: int = 4
    """Queries of a program: 4 x 32 rows read each tile of documents once, which is what the cache can give."""
    side: int = 16
    """Documents side by side; their maxima stay in registers."""
    deep: int = 4
    """Tokens of each document in a tile; what fills a document up is below this."""
    warps: int = 8
    stages: int = 3
    """Tiles under way from memory."""
    registers: int | None = None
    """The most that a thread may take; None for what the compiler likes."""


def shape(dims: int, width: int) -> Shape:
    """Return the shape for so many dimensions out of rows so wide.

    Chosen from what compilers for compute capability 8.0 and 9.0 make of it (registers, spills, shared memory): two
    programs fit on a multiprocessor where rows are kept, and nothing spills inside the loop over tiles.
    """
    if width <= KEPT:
        return Shape(registers=128)
    return Shape(deep=8) if dims == 1 else Shape()


def importable() -> bool:
    """Return whether Triton is installed: torch's builds for CUDA bring it, others do not."""
    return importlib.util.find_spec("triton") is not None


def fused_maxsim(
    queries: QueryRows, documents: TokenVectors, dims: Sequence[int] = (), shape_used: Shape | None = None
) -> dict[int, Tensor]:
    """Return `scores_QP`, float32, for each of `dims`, on the device of the documents.

    A document without tokens scores -inf; a vector that is no number, or zero where it is cut to, gives NaN.

    Args:
        queries: rows of the query set, on the same device.
        documents: float16 vectors.
        dims: some of the queries' cuts; none for all.
        shape_used: how to cut the work; None for `shape`.
    """
    asked = tuple(cut for cut in queries.cuts if cut in dims or not dims)
    cut = shape_used or shape(len(asked), queries.rows_ND.shape[1])
    laid = document_rows(documents, queries, side=cut.side, deep=cut.deep)
    scores_dQP = laid.scales_SN.new_empty(len(asked), queries.queries, len(documents))
    scores_dQP[:, :, laid.empty] = -torch.inf
    if queries.queries and len(laid.owners_GW):
        _launch(queries, laid, scores_dQP, asked, cut)
    return dict(zip(asked, scores_dQP, strict=True))


def _launch(queries: QueryRows, laid: DocumentRows, scores_dQP: Tensor, dims: Sequence[int], cut: Shape) -> None:
    from harness.retrieve.fused_kernel import maxsim  # noqa: PLC0415 - imports Triton, which not every machine has

    width = queries.rows_ND.shape[1]
    stops = ends(queries.cuts)[: queries.cuts.index(max(dims)) + 1]
    chunk = 0 if width <= KEPT else max(size for size in (64, 32, GRAIN) if not any(stop % size for stop in stops))
    steps, taken = _steps(queries.cuts, stops, dims, chunk)
    sets, groups = -(-queries.queries // cut.queries), len(laid.owners_GW)
    # Long runs read a query's rows less often; short ones keep every multiprocessor busy when there are few queries.
    run = min(8, max(1, sets * groups // 4096))
    bounds = torch.tensor(laid.bounds, dtype=torch.int32, device=scores_dQP.device)
    with torch.cuda.device(scores_dQP.get_device()):
        for first in range(0, queries.length, PER):
            maxsim[(sets * -(-groups // run),)](
                queries.rows_ND,
                queries.scales_SN,
                laid.rows_ND,
                laid.scales_SN,
                bounds,
                laid.owners_GW,
                scores_dQP,
                queries.length,
                first,
                queries.queries,
                scores_dQP.shape[2],
                groups,
                len(laid.rows_ND),
                run,
                WIDTH=width,
                STEPS=steps,
                TAKEN=taken,
                SCALES=tuple(queries.scaled.index(dim) if dim in queries.scaled else -1 for dim in dims),
                PER=PER,
                QUERIES=cut.queries,
                SIDE=cut.side,
                HALVINGS=cut.deep.bit_length() - 1,
                CHUNK=chunk,
                num_warps=cut.warps,
                num_stages=cut.stages,
                maxnreg=cut.registers,
                # Said, since Triton's default differs between versions.
                enable_fp_fusion=False,
            )


def _steps(
    cuts: Sequence[int], stops: Sequence[int], dims: Sequence[int], chunk: int
) -> tuple[tuple[tuple[int, int], ...], tuple[int, ...]]:
    """Return the columns added in each step, and which of `dims` each step completes (-1 for none).

    Kept rows are tensors whose widths are powers of two; others are read in chunks, any number of them in a step.

    >>> _steps((64, 128), (64, 128), (128,), 0)
    (((0, 64), (64, 128)), (-1, 0))
    >>> _steps((96,), (96,), (96,), 0)
    (((0, 64), (64, 96)), (-1, 0))
    """
    steps: list[tuple[int, int]] = []
    taken: list[int] = []
    for cut, (start, stop) in zip(cuts, pairwise((0, *stops)), strict=False):
        at = start
        while at < stop:
            size = stop - at if chunk else 1 << (stop - at).bit_length() - 1
            steps.append((at, at + size))
            at += size
            taken.append(list(dims).index(cut) if cut in dims and at == stop else -1)
    return tuple(steps), tuple(taken)
