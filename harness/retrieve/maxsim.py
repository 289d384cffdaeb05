"""Exact MaxSim (Khattab and Zaharia 2020): for each query token the best document token, summed.

Shapes: Q queries, P documents, N packed document tokens, D dimensions, L tokens of the longest query, C = L x queries
of a tile, R rows of a product. Document vectors are packed, so no padding can ever win a maximum; queries are filled up
with zero vectors, which add exactly 0 to every score. Every product has the shape (R, D) x (D, C), and sums run over
query tokens one after another in float32, so a score depends on its query and its document and on nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor

from harness.encode.vectors import TokenVectors
from harness.errors import ModelError

ROWS = 512
"""Document tokens of one product: 512 x 1,024 float32 results stay in a core's cache."""
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


def query_tiles(queries: TokenVectors) -> QueryTiles:
    """Return the tiles of a query set; the last one is filled up with queries of zero vectors."""
    length = max(1, int(queries.lengths.max())) if len(queries) else 1
    per_tile = max(1, COLUMNS // length)
    tiles = []
    for start in range(0, len(queries), per_tile):
        filled_qLD = queries.vectors_ND.new_zeros((per_tile, length, queries.vectors_ND.shape[1]), dtype=torch.float32)
        for row, query in enumerate(range(start, min(start + per_tile, len(queries)))):
            vectors_ND = queries.of(query)
            filled_qLD[row, : len(vectors_ND)] = vectors_ND
        tiles.append(rearrange(filled_qLD, "query token dim -> dim (token query)").contiguous())
    return QueryTiles(tuple(tiles), length, len(queries))


def maxsim(queries: QueryTiles, documents: TokenVectors) -> Tensor:
    """Return `scores_QP`, float32: sum over query tokens of the maximum over document tokens.

    A document without tokens scores -inf.

    Args:
        queries: tiles of the query set.
        documents: float16 vectors; multiplied and added up in float32.

    Raises:
        ModelError: a score is NaN or +inf.

    >>> query = TokenVectors(torch.eye(2).half(), torch.tensor([0, 2]))
    >>> vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]).half()
    >>> maxsim(query_tiles(query), TokenVectors(vectors, torch.tensor([0, 2, 3, 3])))
    tensor([[ 2., -1., -inf]])
    """
    blocks_RD, owners_R = _blocks(documents)
    tiles = [_tile_scores(tile_DC, queries.length, blocks_RD, owners_R, len(documents)) for tile_DC in queries.tiles_DC]
    scores_QP = torch.cat(tiles)[: queries.queries] if tiles else torch.empty(0, len(documents))
    if torch.isnan(scores_QP).any() or torch.isposinf(scores_QP).any():
        query, document = (int(place) for place in (~(scores_QP < torch.inf)).nonzero()[0])
        raise ModelError("a score is no number", got=f"query {query}, document {document} of the block")
    return scores_QP


def _blocks(documents: TokenVectors) -> tuple[list[Tensor], list[Tensor]]:
    """Return the document tokens in float32 blocks of R rows, and which document owns each row.

    Rows that fill up the last block are owned by a document past the last one.
    """
    vectors_ND = documents.vectors_ND.float()
    fill = -len(vectors_ND) % ROWS
    vectors_ND = torch.nn.functional.pad(vectors_ND, (0, 0, 0, fill))
    owners_N = torch.repeat_interleave(torch.arange(len(documents)), documents.lengths)
    owners_N = torch.nn.functional.pad(owners_N, (0, fill), value=len(documents)).to(vectors_ND.device)
    if not len(vectors_ND):
        return [], []
    return list(torch.split(vectors_ND, ROWS)), list(torch.split(owners_N, ROWS))


def _tile_scores(
    tile_DC: Tensor, length: int, blocks_RD: Sequence[Tensor], owners_R: Sequence[Tensor], documents: int
) -> Tensor:
    """Return (queries of the tile, P) float32 scores."""
    best_PC = tile_DC.new_full((documents + 1, tile_DC.shape[1]), -torch.inf)
    for block_RD, owner_R in zip(blocks_RD, owners_R, strict=True):
        similarity_RC = block_RD @ tile_DC
        best_PC.scatter_reduce_(0, owner_R[:, None].expand_as(similarity_RC), similarity_RC, "amax")
    best_LqP = rearrange(best_PC[:documents], "document (token query) -> token query document", token=length)
    scores_qP = best_LqP[0].clone()
    for best_qP in best_LqP[1:]:
        scores_qP += best_qP
    return scores_qP
