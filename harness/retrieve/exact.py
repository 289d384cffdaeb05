"""Exact search over a shard: every block is scored against every query at every dimension, and dropped.

Shapes: Q queries, P documents of a block, K places of a top-k. Memory is a block and a top-k per search, whatever the
size of the corpus. Which shards, in which processes, is for harness.engine to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from harness.data.collection import Collection, Document
from harness.encode.vectors import Encoded, TokenVectors
from harness.model_spec import EncoderSpec
from harness.retrieve import order
from harness.retrieve.met import Met
from harness.retrieve.scoring import Scorer, scorer
from harness.retrieve.table import Table, table
from harness.retrieve.topk import TopK


@dataclass(frozen=True)
class Searches:
    """The queries of a collection at every dimension, laid out for any number of documents."""

    by_width: Mapping[int, Scorer]
    """By the width of the projection, each good for all dimensions that are cut from it."""
    query_ids: tuple[str, ...]
    drop_self: bool
    depth: int

    def widths(self, dims: Sequence[int]) -> list[int]:
        """Return the projections that `dims` are cut from."""
        return [width for width, one in self.by_width.items() if set(one.cuts) & set(dims)]


def laid_out(
    collection: Collection, model: EncoderSpec, vectors: Mapping[int, TokenVectors], depth: int, maxsim: str = "auto"
) -> Searches:
    """Return the queries of `collection`, whose vectors are given by the width of their projection.

    Raises:
        ConfigError: as harness.retrieve.scoring.scorer does.
        ModelError: the same.
    """
    unit = model.similarity == "cosine"
    return Searches(
        by_width={
            width: scorer(queries, model.cuts(width), unit=unit, path=maxsim) for width, queries in vectors.items()
        },
        query_ids=tuple(query.query_id for query in collection.queries),
        drop_self=collection.spec.drop_self,
        depth=depth,
    )


@dataclass
class ShardSearch:
    """The running top-k of every dimension over one shard."""

    searches: Searches
    dims: Sequence[int]
    ranks_P: Tensor
    """(documents of the shard,) int64: the rank of each document's id within the shard."""
    met: dict[int, Met] = field(default_factory=dict)
    found: dict[int, TopK] = field(default_factory=dict)

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
            asked = self.searches.by_width[width]
            dims = [dim for dim in self.dims if dim in asked.cuts]
            for dim, scores_QP in asked.scores(vectors, dims).items():
                self._keep(dim, scores_QP, pairs, ranks_P)
                self.met[dim] = self.met.get(dim, Met()) + met

    def tables(self, doc_ids: Sequence[str]) -> dict[int, Table]:
        """Return the table of every dimension, once every block of the shard was added; `doc_ids` are in its order."""
        by_rank = order.by_rank(doc_ids, self.ranks_P)
        return {dim: table(by_rank, self.found[dim].best().cpu(), self.met[dim]) for dim in self.dims}

    def _keep(self, dim: int, scores_QP: Tensor, dropped: Sequence[tuple[int, int]], ranks_P: Tensor) -> None:
        for query, document in dropped:
            scores_QP[query, document] = -torch.inf
        self.found.setdefault(dim, TopK(self.searches.depth)).add(scores_QP, ranks_P.to(scores_QP.device))

    def _own(self, documents: Sequence[Document]) -> list[tuple[int, int]]:
        """Return (query, document) places of equal ids, where the dataset says to drop them."""
        if not self.searches.drop_self:
            return []
        place = {document.doc_id: row for row, document in enumerate(documents)}
        ids = enumerate(self.searches.query_ids)
        return [(row, place[query_id]) for row, query_id in ids if query_id in place]
