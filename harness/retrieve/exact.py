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

    by_dim: Mapping[int, QueryTiles]
    query_ids: tuple[str, ...]
    drop_self: bool
    depth: int
    tokens: int
    """Query tokens that were encoded."""
    truncated: int
    """Queries that were cut to the model's length."""


def prepare(collection: Collection, encoder: Encoder, dims: Sequence[int], depth: int, advance: Advance) -> Searches:
    """Return the queries of `collection`, encoded once for all of `dims`."""
    encoded = encoder.queries([query.text for query in collection.queries], dims, advance)
    return Searches(
        by_dim={dim: query_tiles(vectors) for dim, vectors in encoded.by_dim.items()},
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
        for dim in self.dims:
            scores_QP = maxsim(self.searches.by_dim[dim], encoded.by_dim[dim])
            for query, document in pairs:
                scores_QP[query, document] = -torch.inf
            found_QP = order.keys(scores_QP, ranks_P.to(scores_QP.device))
            held = [self.keys_QK[dim]] if dim in self.keys_QK else []
            self.keys_QK[dim] = order.best(torch.cat([*held, found_QP], dim=1), self.searches.depth)
            self.met[dim] = self.met.get(dim, Met()) + met

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
        for first in range(0, len(documents), self.block_documents):
            block = documents[first : first + self.block_documents]
            state.add(block, first, self.encoder.documents([document.text for document in block], dims, advance))
        by_rank = order.by_rank(doc_ids, state.ranks_P)
        return {dim: table(by_rank, state.keys_QK[dim].cpu(), state.met[dim]) for dim in dims}
