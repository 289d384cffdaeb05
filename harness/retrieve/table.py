"""The top-k table of one search over one shard, and how tables merge.

Shapes: Q queries, K places. Merging is associative and does not depend on the order of the shards: every table is the
top-k of its documents in one total order (harness.retrieve.order), and so is a merged one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from harness.retrieve import order
from harness.retrieve.met import Met
from harness.retrieve.run import Ranking, Run

AT_A_TIME = 2**22
"""Keys that are merged at a time."""


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


def merge(*tables: Table) -> Table:
    """Return the best K of one or more tables, which have K places each; no document may stand in two."""
    depth = tables[0].keys_QK.shape[1]
    keys_QK = order.best(torch.cat([one.keys_QK for one in tables], dim=1), depth)
    # What has a lower score than the last of K is out whatever its id: most ids need not be put in order.
    least_Q1 = keys_QK[:, -1:] >> 32
    left = [
        table(one.doc_ids, one.keys_QK.masked_fill(one.keys_QK >> 32 < least_Q1, order.NOTHING), one.met)
        for one in tables
    ]
    doc_ids = tuple(doc_id for one in left for doc_id in one.doc_ids)
    ranks = order.id_ranks(doc_ids)
    of_table = torch.split(ranks, [len(one.doc_ids) for one in left])
    moved_QK = torch.cat([order.with_ranks(one.keys_QK, own) for one, own in zip(left, of_table, strict=True)], dim=1)
    met = sum((one.met for one in left), Met())
    return table(order.by_rank(doc_ids, ranks), order.best(moved_QK, depth), met)


def merge_all(tables: Iterable[Table]) -> Table:
    """Return the best K of any number of tables, at least one; as many at a time as fit in 32 MiB of keys."""
    held: list[Table] = []
    for one in tables:
        if len(held) > 1 and (len(held) + 1) * one.keys_QK.numel() > AT_A_TIME:
            held = [merge(*held)]
        held.append(one)
    return merge(*held)


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
