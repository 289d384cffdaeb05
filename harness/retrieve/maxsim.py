"""Exact MaxSim (Khattab and Zaharia 2020): for each query token the best document token, summed.

Shapes: Q queries, P documents, N packed document tokens, D dimensions, L tokens of the longest query, C = L x queries
of a tile, R rows of a product. Document vectors are packed, so no padding can ever win a maximum; queries are filled up
with zero vectors, which add exactly 0 to every score. Every product has the shape (R, D) x (D, C), and sums run over
query tokens one after another in float32, so a score depends on its query and its document and on nothing else.

All dimensions that are cut from one projection come out of one product: it is summed up from cut to cut, and what it
is at a cut, times what brings both vectors to unit norm there, is the similarity at that dimension.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from einops import rearrange
from torch import Tensor

from harness.encode.threads import one_thread, side_by_side
from harness.encode.vectors import TokenVectors
from harness.retrieve.cuts import cuts_of

ROWS = 128
"""Document tokens of one product: 128 x 1,024 float32 results and their scaled copy stay in a core's cache."""
COLUMNS = 1024
"""Query tokens of one product, about: a whole number of queries."""


@dataclass(frozen=True)
class QueryTiles:
    """The vectors of a query set, laid out once for any number of documents."""

    tiles_DC: tuple[Tensor, ...]
    """(D, C) float32 each; column token * queries + query, so that one token of all queries is contiguous."""
    length: int
    """Tokens of the longest query."""
    queries: int
    cuts: tuple[int, ...]
    """The dimensions that can be asked for, smallest first; products are summed up in these steps, always."""
    scales_C: Mapping[int, tuple[Tensor, ...]]
    """Dimension -> what brings each column of each tile to unit norm; no entry where it is 1."""


def query_tiles(queries: TokenVectors, cuts: Sequence[int] = (), *, unit: bool = True) -> QueryTiles:
    """Return the tiles of a query set; the last one is filled up with queries of zero vectors.

    Args:
        queries: float16 vectors.
        cuts: the dimensions that may be asked for, smallest first; none for the full width alone.
        unit: whether vectors that are cut are brought to unit norm again (cosine) or compared as they are (dot).
    """
    width = queries.vectors_ND.shape[1]
    steps, cut = cuts_of(width, cuts, unit=unit)
    length = max(1, int(queries.lengths.max())) if len(queries) else 1
    per_tile = max(1, COLUMNS // length)
    tiles: list[Tensor] = []
    scales: dict[int, list[Tensor]] = {dim: [] for dim in cut}
    for start in range(0, len(queries), per_tile):
        filled_qLD = queries.vectors_ND.new_zeros((per_tile, length, width), dtype=torch.float32)
        for row, query in enumerate(range(start, min(start + per_tile, len(queries)))):
            vectors_ND = queries.of(query)
            filled_qLD[row, : len(vectors_ND)] = vectors_ND
        tiles.append(rearrange(filled_qLD, "query token dim -> dim (token query)").contiguous())
        for dim in cut:
            scales[dim].append(rearrange(_to_unit(filled_qLD[..., :dim]), "query token -> (token query)"))
    scales_C = {dim: tuple(by_tile) for dim, by_tile in scales.items()}
    return QueryTiles(tuple(tiles), length, len(queries), steps, scales_C)


def maxsim(queries: QueryTiles, documents: TokenVectors, dims: Sequence[int] = ()) -> dict[int, Tensor]:
    """Return `scores_QP`, float32, for each of `dims`: sum over query tokens of the maximum over document tokens.

    A document without tokens scores -inf; a vector that is no number gives NaN or an infinity, which
    harness.retrieve.scoring refuses.

    Args:
        queries: tiles of the query set.
        documents: float16 vectors; multiplied and added up in float32.
        dims: some of the tiles' cuts; none for all.

    >>> query = TokenVectors(torch.eye(2).half(), torch.tensor([0, 2]))
    >>> vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]).half()
    >>> maxsim(query_tiles(query), TokenVectors(vectors, torch.tensor([0, 2, 3, 3])))
    {2: tensor([[ 2., -1., -inf]])}
    """
    asked = tuple(dim for dim in queries.cuts if dim in dims or not dims)
    with one_thread() as threads:
        blocks = _blocks(queries, documents, asked)

        @torch.inference_mode()
        def tile_scores(tile: int) -> dict[int, Tensor]:
            # Inference mode halves what Python does between two products, and threads wait for each other there.
            best = _best(queries, tile, blocks, asked, len(documents))
            return {dim: _summed(best_PC, queries.length) for dim, best_PC in best.items()}

        found = [scores for _, scores in side_by_side(tile_scores, iter(range(len(queries.tiles_DC))), threads)]
    scores = {}
    for dim in asked:
        tiles_qP = [by_dim[dim] for by_dim in found]
        scores[dim] = torch.cat(tiles_qP)[: queries.queries] if tiles_qP else torch.empty(0, len(documents))
    return scores


class _Block(NamedTuple):
    """R document tokens, float32; rows that fill up the last block are zero."""

    parts_Rd: tuple[Tensor, ...]
    """The columns of each step of the sum."""
    owners_RC: Tensor
    """int64: which document owns each row; past the last document for filling."""
    scales_R1: Mapping[int, Tensor]
    """Dimension -> what brings each row to unit norm."""


def _steps(queries: QueryTiles, dims: Sequence[int]) -> list[tuple[int, int]]:
    """Return the columns that are added in each step, as far as `dims` need them."""
    return list(pairwise((0, *(cut for cut in queries.cuts if cut <= max(dims)))))


def _blocks(queries: QueryTiles, documents: TokenVectors, dims: Sequence[int]) -> list[_Block]:
    vectors_ND = documents.vectors_ND.float()
    if not len(vectors_ND) or not queries.tiles_DC:
        return []
    steps, columns = _steps(queries, dims), queries.tiles_DC[0].shape[1]
    fill = -len(vectors_ND) % ROWS
    owners_N = torch.repeat_interleave(torch.arange(len(documents)), documents.lengths)
    owners_N = torch.nn.functional.pad(owners_N, (0, fill), value=len(documents)).to(vectors_ND.device)
    vectors_ND = torch.nn.functional.pad(vectors_ND, (0, 0, 0, fill))
    return [
        _Block(
            tuple(rows_RD[:, start:stop] for start, stop in steps),
            owners_R[:, None].expand(-1, columns),
            {dim: _to_unit(rows_RD[:, :dim])[:, None] for dim in dims if dim in queries.scales_C},
        )
        for rows_RD, owners_R in zip(torch.split(vectors_ND, ROWS), torch.split(owners_N, ROWS), strict=True)
    ]


def _best(
    queries: QueryTiles, tile: int, blocks: Sequence[_Block], dims: Sequence[int], documents: int
) -> dict[int, Tensor]:
    """Return each document's maximum for each query token of a tile, (P, C) float32, by dimension."""
    tile_DC = queries.tiles_DC[tile]
    steps = _steps(queries, dims)
    parts_dC = [tile_DC[start:stop] for start, stop in steps]
    best = {dim: tile_DC.new_full((documents + 1, tile_DC.shape[1]), -torch.inf) for dim in dims}
    product_RC, scaled_RC = (tile_DC.new_empty((ROWS, tile_DC.shape[1])) for _ in range(2))
    plan = [
        (start, stop, columns_dC, best.get(stop)) for (start, stop), columns_dC in zip(steps, parts_dC, strict=True)
    ]
    for rows, owners_RC, scales_R1 in blocks:
        for (start, stop, columns_dC, best_PC), rows_Rd in zip(plan, rows, strict=True):
            if start:
                product_RC.addmm_(rows_Rd, columns_dC)
            else:
                torch.mm(rows_Rd, columns_dC, out=product_RC)
            if best_PC is None:
                continue
            scale_R1 = scales_R1.get(stop)
            similarity_RC = product_RC if scale_R1 is None else torch.mul(product_RC, scale_R1, out=scaled_RC)
            best_PC.scatter_reduce_(0, owners_RC, similarity_RC, "amax")
    for dim, scales_C in queries.scales_C.items():
        if dim in best:
            best[dim] *= scales_C[tile]
    return {dim: best_PC[:documents] for dim, best_PC in best.items()}


def _summed(best_PC: Tensor, length: int) -> Tensor:
    """Return (queries of the tile, P) float32 scores, summed over query tokens one after another."""
    best_PLq = rearrange(best_PC, "document (token query) -> document token query", token=length)
    scores_Pq = best_PLq[:, 0].clone()
    for token in range(1, length):
        scores_Pq += best_PLq[:, token]
    return scores_Pq.T


def _to_unit(rows: Tensor) -> Tensor:
    """Return what brings each row (of the last axis) to unit norm; 1 for zeros, which fill up."""
    norms = torch.linalg.vector_norm(rows, dim=-1)
    return torch.where(norms > 0, 1.0 / norms, 1.0)
