"""The running top-k of one search, block after block; on a processor, what cannot enter it is looked at once.

Once K documents are held, a score has to reach the least of them. After n documents in no particular order that is one
score in n / K, so a block costs one comparison a score; the few keys that pass wait until there are as many of a query
as have room. Shapes: Q queries, P documents of a block, K places of a top-k, W that may wait, N scores that pass; the
documents of a block are in G groups of S, H of which hold a score that passes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from harness.retrieve import order

LEAST_WAITING = 64
"""Keys of a query that have room to wait, at least: a shallow top-k would be sorted for every few."""


GROUP = 64
"""Scores of one query whose greatest is looked at before any of them."""


class TopK:
    """The best `depth` documents of every query among those that were added."""

    def __init__(self, depth: int) -> None:
        """Begin with nothing."""
        self._depth = depth
        self._keys_QK = torch.empty(0, depth, dtype=torch.int64)
        self._least_Q1 = torch.empty(0, 1)
        """What a score has to reach: -inf where a place is free."""
        self._waiting_QW = torch.empty(0, max(depth, LEAST_WAITING), dtype=torch.int64)
        self._counts_Q = torch.empty(0, dtype=torch.int64)

    def add(self, scores_QP: Tensor, ranks_P: Tensor) -> None:
        """Enter one block.

        Args:
            scores_QP: float32 without NaN; -inf for a document that is not to be found.
            ranks_P: int64 ranks of the documents' ids, no two alike in all the blocks, on the same device.
        """
        if not len(self._keys_QK):
            self._begin(scores_QP, ranks_P)
        elif scores_QP.is_cuda:
            # A GPU would have to be waited for to know how many pass; it sorts whole blocks.
            self._enter(order.keys(scores_QP, ranks_P))
        else:
            self._filter(scores_QP, ranks_P)

    def best(self) -> Tensor:
        """Return (Q, K) int64 keys, best first; `order.NOTHING` where fewer documents were found."""
        self._settle()
        return self._keys_QK

    def _begin(self, scores_QP: Tensor, ranks_P: Tensor) -> None:
        queries, device = len(scores_QP), scores_QP.device
        self._keys_QK = self._keys_QK.new_empty(queries, 0, device=device)
        self._counts_Q = torch.zeros(queries, dtype=torch.int64)
        if not scores_QP.is_cuda:
            self._waiting_QW = torch.full((queries, self._waiting_QW.shape[1]), order.NOTHING)
        self._enter(order.keys(scores_QP, ranks_P))

    def _filter(self, scores_QP: Tensor, ranks_P: Tensor) -> None:
        """Let the scores wait that can still enter."""
        rows_N, columns_N = self._passing(scores_QP)
        more_Q = rows_N.bincount(minlength=len(scores_QP))
        room = self._waiting_QW.shape[1]
        if int(more_Q.max()) > room:
            # As in the first blocks of a shard, and wherever the best documents stand last.
            self._enter(order.keys(scores_QP, ranks_P))
            return
        if int((self._counts_Q + more_Q).max()) > room:
            self._settle()
        # Those of one query stand side by side: each has its place behind the first of them.
        first_Q = self._counts_Q - (more_Q.cumsum(0) - more_Q)
        places_N = first_Q[rows_N] + torch.arange(len(rows_N))
        self._waiting_QW[rows_N, places_N] = order.keys(scores_QP[rows_N, columns_N], ranks_P[columns_N])
        self._counts_Q += more_Q

    def _passing(self, scores_QP: Tensor) -> tuple[Tensor, Tensor]:
        """Return the places of the scores that can still enter, (N,) rows and (N,) columns, row by row.

        Greatest ones of groups are looked at first: that is a fifth of the time of a mask of all scores.
        """
        documents = scores_QP.shape[1]
        size = GROUP if documents % GROUP == 0 else documents
        groups_QGS = scores_QP.reshape(len(scores_QP), documents // size, size)
        rows_H, groups_H = (groups_QGS.amax(2) >= self._least_Q1).nonzero().unbind(1)
        passing_HS = groups_QGS[rows_H, groups_H] >= self._least_Q1[rows_H]
        hits_N, places_N = passing_HS.nonzero().unbind(1)
        return rows_H[hits_N], groups_H[hits_N] * size + places_N

    def _settle(self) -> None:
        """Enter the keys that wait."""
        most = int(self._counts_Q.max())
        if most:
            self._enter(self._waiting_QW[:, :most])
            self._waiting_QW[:, :most] = order.NOTHING
            self._counts_Q.zero_()

    def _enter(self, keys_QN: Tensor) -> None:
        """Enter keys into the top-k."""
        self._keys_QK = order.best(torch.cat([self._keys_QK, keys_QN], dim=1), self._depth)
        last_Q1 = self._keys_QK[:, -1:]
        self._least_Q1 = order.scores_of(last_Q1).masked_fill(last_Q1 == order.NOTHING, -torch.inf)
