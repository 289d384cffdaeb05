"""The top-k table of one search over one shard, and how tables merge.

Shapes: Q queries, K places. Merging is associative and does not depend on the order of the shards: every table is the
top-k of its documents in one total order (harness.retrieve.order), and so is a merged one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from harness.retrieve import order
from harness.retrieve.met import Met
from harness.retrieve.run import Ranking, Run


@dataclass(frozen=True, eq=False)
class Table:
    """The best K documents of every query among the documents of a shard."""

    doc_ids: tuple[str, ...]
    """The documents that any query found, sorted by UTF-8 bytes; a key's rank is an index into them."""
    keys_QK: Tensor
    """Keys of harness.retrieve.order, best first; `NOTHING` where fewer than K documents were found."""
    met: Met


def table(doc_ids: Sequence[str], keys_QK: Tensor, met: Met) -> Table:
    """Return the table of `keys_QK`, whose ranks index `doc_ids` (sorted by UTF-8 bytes), keeping only ids in use."""
    used = torch.unique(order.ranks_of(keys_QK[keys_QK != order.NOTHING]))
    new_ranks = torch.zeros(len(doc_ids), dtype=torch.int64)
    new_ranks[used] = torch.arange(len(used))
    return Table(tuple(doc_ids[rank] for rank in used.tolist()), order.with_ranks(keys_QK, new_ranks), met)


def merge(left: Table, right: Table) -> Table:
    """Return the best K of both tables, which have K places each; no document may stand in both."""
    doc_ids = (*left.doc_ids, *right.doc_ids)
    ranks = order.id_ranks(doc_ids)
    moved_QK = torch.cat(
        [
            order.with_ranks(left.keys_QK, ranks[: len(left.doc_ids)]),
            order.with_ranks(right.keys_QK, ranks[len(left.doc_ids) :]),
        ],
        dim=1,
    )
    return table(order.by_rank(doc_ids, ranks), order.best(moved_QK, left.keys_QK.shape[1]), left.met + right.met)


def run(found: Table, query_ids: Sequence[str], name: str) -> Run:
    """Return the run of a table over the whole corpus; a query that found nothing has an empty ranking."""
    found_Q = (found.keys_QK != order.NOTHING).sum(1).tolist()
    scores_QK = order.scores_of(found.keys_QK).numpy()
    ranks_QK = order.ranks_of(found.keys_QK).tolist()
    return Run(
        name,
        {
            query_id: Ranking(tuple(found.doc_ids[rank] for rank in ranks[:count]), scores[:count])
            for query_id, count, ranks, scores in zip(query_ids, found_Q, ranks_QK, scores_QK, strict=True)
        },
    )
