"""Exact MaxSim on CUDA by plain products: the answers of `harness.retrieve.fused` without Triton.

float16 vectors are multiplied exactly and added up in float32 (`out_dtype`), at the speed of tensor cores; TF32 has no
part in it. Products are written and read again, which is what takes the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from harness.encode.vectors import TokenVectors
from harness.retrieve.fused_layout import DocumentRows, QueryRows, document_rows, ends

SIDE = 32
"""Documents of a product: few launches, and 2,600 x 4,096 float32 results for 82 tokens each about fill the cache."""
ROWS = 8192
"""The most document rows of a product: longer documents take several."""
COLUMNS = 4096
"""Query rows of a product, about: a whole number of queries."""


def tiles_maxsim(queries: QueryRows, documents: TokenVectors, dims: Sequence[int] = ()) -> dict[int, Tensor]:
    """Return `scores_QP`, float32, for each of `dims`, on the device of the documents.

    A document without tokens scores -inf; a vector that is no number, or zero where it is cut to, gives NaN.

    Args:
        queries: rows of the query set, on the same device.
        documents: float16 vectors.
        dims: some of the queries' cuts; none for all.
    """
    asked = tuple(cut for cut in queries.cuts if cut in dims or not dims)
    laid = document_rows(documents, queries, side=SIDE, deep=1)
    scores_dQP = laid.scales_SN.new_empty(len(asked), queries.queries, len(documents))
    scores_dQP[:, :, laid.empty] = -torch.inf
    per_tile = max(1, COLUMNS // queries.length)
    for group, (start, stop) in enumerate(pairwise(laid.bounds)):
        skipped = 0 if group else laid.filling
        owners = laid.owners_GW[group, skipped:].long()
        for first in range(0, queries.queries, per_tile):
            some = slice(first, min(first + per_tile, queries.queries))
            best = _best(queries, laid, some, slice(start * SIDE, stop * SIDE), asked)
            for scores_qP, best_WC in zip(scores_dQP[:, some], best, strict=True):
                scores_qP[:, owners] = best_WC.view(SIDE, -1, queries.length).sum(-1)[skipped:].T
    return dict(zip(asked, scores_dQP, strict=True))


def _best(queries: QueryRows, laid: DocumentRows, some: slice, rows: slice, dims: Sequence[int]) -> list[Tensor]:
    """Return the scaled maximum of each document for each query row, (W, C) float32, by dimension."""
    columns = slice(some.start * queries.length, some.stop * queries.length)
    best: dict[int, Tensor] = {}
    for start in range(rows.start, rows.stop, ROWS):
        here = slice(start, min(start + ROWS, rows.stop))
        for dim, product_RC in _products(queries, laid, columns, here, dims):
            found_WC = product_RC.view(-1, SIDE, product_RC.shape[1]).amax(0)
            best[dim] = torch.maximum(best[dim], found_WC) if dim in best else found_WC
    for dim in best:
        if dim in queries.scaled:
            best[dim] *= queries.scales_SN[queries.scaled.index(dim), columns]
    return [best[dim] for dim in dims]


def _products(
    queries: QueryRows, laid: DocumentRows, columns: slice, rows: slice, dims: Sequence[int]
) -> Iterator[tuple[int, Tensor]]:
    """Yield each dimension and its (R, C) float32 similarities, before the scale of the queries."""
    query_CD, token_RD = queries.rows_ND[columns], laid.rows_ND[rows]
    sum_RC: Tensor | None = None
    for cut, (start, stop) in zip(queries.cuts, pairwise((0, *ends(queries.cuts))), strict=True):
        if cut > max(dims):
            return
        product_RC = exact_product(token_RD[:, start:stop], query_CD[:, start:stop].T)
        sum_RC = product_RC if sum_RC is None else sum_RC.add_(product_RC)
        if cut in dims and cut in queries.scaled:
            yield cut, sum_RC * laid.scales_SN[queries.scaled.index(cut), rows, None]
        elif cut in dims:
            yield cut, sum_RC


def exact_product(one_RD: Tensor, other_DC: Tensor) -> Tensor:
    """Return the (R, C) float32 product of float16 matrices, added up in float32.

    `out_dtype` is for CUDA alone; elsewhere float32 copies give the same, since they hold the same numbers.
    """
    if one_RD.is_cuda:
        return torch.mm(one_RD, other_DC, out_dtype=torch.float32)
    return one_RD.float() @ other_DC.float()
