"""How queries and documents lie in memory for products that give every dimension at once.

Shapes: N rows (one token each), D columns, S dimensions that are scaled, G groups, W documents side by side.

Documents go by length into groups of W. A group is filled up to its longest: a document repeats its last vector, which
can tie with a maximum and never beat it, so there is no mask. Token t of all W lies in W neighbouring rows: the maximum
over a document's tokens is taken row by row, and what is left over by the filling is little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from harness.encode.vectors import TokenVectors
from harness.retrieve.cuts import cuts_of

GRAIN = 16
"""The smallest step of columns that the products take: what a tensor core adds up at once."""
PER = 32
"""Query rows that are summed together, always: the order of a sum must not depend on a query's mates."""


@dataclass(frozen=True)
class QueryRows:
    """The vectors of a query set, laid out once for any number of documents."""

    rows_ND: Tensor
    """(queries * length, D) float16, columns as in `spaced`; rows of zeros fill a query up to `length`."""
    scales_SN: Tensor
    """(S, queries * length) float32: 1 / norm in the first dimensions; 0 for rows that fill up."""
    length: int
    """Rows of each query: the tokens of the longest, up to a multiple of 32."""
    queries: int
    cuts: tuple[int, ...]
    """The dimensions that can be asked for, smallest first."""
    scaled: tuple[int, ...]
    """The S cuts that are brought to unit norm."""


@dataclass(frozen=True)
class DocumentRows:
    """The vectors of a block of documents, W side by side."""

    rows_ND: Tensor
    """(N, D) float16, columns as in `spaced`."""
    scales_SN: Tensor
    """(S, N) float32: 1 / norm in the first dimensions."""
    bounds: tuple[int, ...]
    """(G + 1): group g owns the tiles bounds[g]:bounds[g + 1]; a tile is `deep` tokens of W documents."""
    owners_GW: Tensor
    """(G, W) int32 on the device: which document each is; -1 for what fills up the first group."""
    filling: int
    """How many fill up the first group; they come first."""
    empty: Tensor
    """int64 on the device: the documents without tokens, which are in no group."""


def query_rows(queries: TokenVectors, cuts: Sequence[int] = (), *, unit: bool = True) -> QueryRows:
    """Return the rows of a query set, on the device of its vectors.

    Args:
        queries: float16 vectors.
        cuts: the dimensions that may be asked for, smallest first; none for the full width alone.
        unit: whether vectors that are cut are brought to unit norm again (cosine) or compared as they are (dot).
    """
    vectors_ND = queries.vectors_ND
    width = vectors_ND.shape[1]
    steps, scaled = cuts_of(width, cuts, unit=unit)
    length = -(-max(1, int(queries.lengths.max()) if len(queries) else 1) // PER) * PER
    owners_N = torch.repeat_interleave(torch.arange(len(queries)), queries.lengths)
    places_N = owners_N * length + torch.arange(len(owners_N)) - queries.offsets[owners_N]
    places_N = places_N.to(vectors_ND.device)
    spaced_ND = spaced(vectors_ND, steps)
    rows_ND = spaced_ND.new_zeros(len(queries) * length, spaced_ND.shape[1])
    rows_ND[places_N] = spaced_ND
    scales_SN = rows_ND.new_zeros(len(scaled), len(rows_ND), dtype=torch.float32)
    scales_SN[:, places_N] = _to_unit(vectors_ND, scaled)
    return QueryRows(rows_ND, scales_SN, length, len(queries), steps, scaled)


def document_rows(documents: TokenVectors, queries: QueryRows, *, side: int, deep: int) -> DocumentRows:
    """Return the rows of a block of documents, on the device of their vectors.

    Args:
        documents: float16 vectors.
        queries: whose cuts and scales are wanted.
        side: documents of a group.
        deep: tokens of each in a tile; a group is filled up to a multiple.
    """
    device = documents.vectors_ND.device
    lengths = documents.lengths
    filled = torch.nonzero(lengths)[:, 0]
    ordered = filled[torch.sort(lengths[filled], stable=True).indices]
    # What fills up the first group repeats its shortest document: the last group's would be the longest.
    filling = -len(ordered) % side
    owners_GW = torch.cat([ordered[:1].expand(filling), ordered]).view(-1, side)
    shown_GW = owners_GW.int()
    shown_GW.view(-1)[:filling] = -1
    tiles_G = -(-lengths[owners_GW].amax(1) // deep) if len(owners_GW) else lengths.new_empty(0)
    bounds = torch.nn.functional.pad(tiles_G.cumsum(0), (1, 0))
    rows_N = _rows(documents, owners_GW, bounds, deep)
    scales_SN = _to_unit(documents.vectors_ND, queries.scaled)
    return DocumentRows(
        rows_ND=spaced(documents.vectors_ND, queries.cuts).index_select(0, rows_N),
        scales_SN=scales_SN.index_select(1, rows_N),
        bounds=tuple(bounds.tolist()),
        owners_GW=shown_GW.to(device),
        filling=filling,
        empty=torch.nonzero(lengths == 0)[:, 0].to(device),
    )


def _rows(documents: TokenVectors, owners_GW: Tensor, bounds: Tensor, deep: int) -> Tensor:
    """Return which packed row lies in each laid-out row, (tiles * deep * W) int64 on the device."""
    device = documents.vectors_ND.device
    tiles = int(bounds[-1])
    groups = torch.arange(len(owners_GW), device=device)
    group_T = torch.repeat_interleave(groups, bounds.diff().to(device), output_size=tiles)
    step_T = torch.arange(tiles, device=device) - bounds.to(device)[group_T]
    token_TU1 = (step_T[:, None] * deep + torch.arange(deep, device=device))[:, :, None]
    last_GW, first_GW = (documents.lengths - 1)[owners_GW].to(device), documents.offsets[owners_GW].to(device)
    rows_TUW = torch.minimum(token_TU1, last_GW[group_T][:, None]) + first_GW[group_T][:, None]
    return rows_TUW.flatten()


def ends(cuts: Sequence[int]) -> tuple[int, ...]:
    """Return the column at which each cut ends in `spaced` rows.

    >>> ends([64, 96, 128]), ends([5, 20])
    ((64, 96, 128), (16, 32))
    """
    found = [0]
    for start, stop in pairwise((0, *cuts)):
        found.append(found[-1] + -((start - stop) // GRAIN) * GRAIN)
    return tuple(found[1:])


def spaced(vectors_ND: Tensor, cuts: Sequence[int]) -> Tensor:
    """Return the columns up to the last cut, each cut filled up to a multiple of 16 with zeros, which add exactly 0."""
    if ends(cuts) == tuple(cuts):
        return vectors_ND[:, : cuts[-1]]
    pieces = [vectors_ND[:, start:stop] for start, stop in pairwise((0, *cuts))]
    return torch.cat([torch.nn.functional.pad(piece, (0, -piece.shape[1] % GRAIN)) for piece in pieces], dim=1)


def _to_unit(vectors_ND: Tensor, cuts: Sequence[int]) -> Tensor:
    """Return (S, N) float32: 1 / norm of the first dimensions; where that is infinite, scores become NaN."""
    scales_SN = vectors_ND.new_empty(len(cuts), len(vectors_ND), dtype=torch.float32)
    for row, cut in enumerate(cuts):
        scales_SN[row] = 1.0 / torch.linalg.vector_norm(vectors_ND[:, :cut], dim=-1, dtype=torch.float32)
    return scales_SN
