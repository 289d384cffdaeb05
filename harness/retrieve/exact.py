"""One pass: read the corpus once, encode a block, score it against every query at every dimension, drop the vectors.

Shapes: Q queries, P documents of a block, K places of a top-k. Memory is a block and a top-k per search, whatever the
size of the corpus; nothing but the shards' tables is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from harness.data.collection import Collection, Document
from harness.encode.encoder import Advance, Encoder
from harness.encode.vectors import Encoded
from harness.retrieve import order
from harness.retrieve.maxsim import QueryTiles, maxsim, query_tiles
from harness.retrieve.met import Met
from harness.retrieve.shards import Shard
from harness.retrieve.table import Table, table


@dataclass(frozen=True)
class Searches:
    """The queries of a collection at every dimension, laid out for any number of documents."""

    by_width: Mapping[int, QueryTiles]
    """By the width of the projection, each good for all dimensions that are cut from it."""
    query_ids: tuple[str, ...]
    drop_self: bool
    depth: int
    tokens: int
    """Query tokens that were encoded."""
    truncated: int
    """Queries that were cut to the model's length."""


def prepare(collection: Collection, encoder: Encoder, dims: Sequence[int], depth: int, advance: Advance) -> Searches:
    """Return the queries of `collection`, encoded once for all of `dims`."""
    model = encoder.spec
    widths = tuple(dict.fromkeys(model.projection(dim) for dim in dims))
    encoded = encoder.queries([query.text for query in collection.queries], widths, advance)
    unit = model.similarity == "cosine"
    return Searches(
        by_width={
            width: query_tiles(vectors, model.cuts(width), unit=unit) for width, vectors in encoded.by_dim.items()
        },
        query_ids=tuple(query.query_id for query in collection.queries),
        drop_self=collection.spec.drop_self,
        depth=depth,
        tokens=encoded.tokens,
        truncated=encoded.truncated,
    )


@dataclass
class ShardSearch:
    """The running top-k of every dimension over one shard."""

    searches: Searches
    dims: Sequence[int]
    ranks_P: Tensor
    """(documents of the shard,) int64: the rank of each document's id within the shard."""
    met: dict[int, Met] = field(default_factory=dict)
    keys_QK: dict[int, Tensor] = field(default_factory=dict)

    def add(self, documents: Sequence[Document], first: int, encoded: Encoded) -> None:
        """Score one block against every query at every dimension and keep the best.

        Args:
            documents: the block.
            first: its place in the shard.
            encoded: its vectors.
        """
        ranks_P = self.ranks_P[first : first + len(documents)]
        pairs = self._own(documents)
        met = Met(len(documents), encoded.tokens, encoded.empty, encoded.truncated, len(pairs))
        for width, vectors in encoded.by_dim.items():
            tiles = self.searches.by_width[width]
            dims = [dim for dim in self.dims if dim in tiles.cuts]
            for dim, scores_QP in maxsim(tiles, vectors, dims).items():
                self._keep(dim, scores_QP, pairs, ranks_P)
                self.met[dim] = self.met.get(dim, Met()) + met

    def _keep(self, dim: int, scores_QP: Tensor, dropped: Sequence[tuple[int, int]], ranks_P: Tensor) -> None:
        for query, document in dropped:
            scores_QP[query, document] = -torch.inf
        found_QP = order.keys(scores_QP, ranks_P.to(scores_QP.device))
        held = [self.keys_QK[dim]] if dim in self.keys_QK else []
        self.keys_QK[dim] = order.best(torch.cat([*held, found_QP], dim=1), self.searches.depth)

    def _own(self, documents: Sequence[Document]) -> list[tuple[int, int]]:
        """Return (query, document) places of equal ids, where the dataset says to drop them."""
        if not self.searches.drop_self:
            return []
        place = {document.doc_id: row for row, document in enumerate(documents)}
        ids = enumerate(self.searches.query_ids)
        return [(row, place[query_id]) for row, query_id in ids if query_id in place]


@dataclass(frozen=True)
class ExactSearch:
    """Exact MaxSim of a query set with any shard of a collection."""

    collection: Collection
    encoder: Encoder
    searches: Searches
    block_documents: int

    def shard(self, shard: Shard, dims: Sequence[int], advance: Advance) -> dict[int, Table]:
        """Return the table of `shard` at each of `dims`, from one encoding of its documents."""
        documents = list(self.collection.corpus.documents(*shard))
        doc_ids = [document.doc_id for document in documents]
        state = ShardSearch(self.searches, dims, order.id_ranks(doc_ids))
        widths = [width for width, tiles in self.searches.by_width.items() if set(tiles.cuts) & set(dims)]
        for first in range(0, len(documents), self.block_documents):
            block = documents[first : first + self.block_documents]
            state.add(block, first, self.encoder.documents([document.text for document in block], widths, advance))
        by_rank = order.by_rank(doc_ids, state.ranks_P)
        return {dim: table(by_rank, state.keys_QK[dim].cpu(), state.met[dim]) for dim in dims}
