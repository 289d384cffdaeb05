"""Random unit vectors of queries and documents, with the lengths of mixed text. Seeded."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

QUERY_LENGTH = 32
LONGEST = 300


class Vectors(NamedTuple):
    """Queries and documents as (tokens, D) float32 matrices whose values float16 holds exactly."""

    queries: list[Tensor]
    documents: list[Tensor]

    @property
    def document_tokens(self) -> int:
        """The tokens of all documents."""
        return sum(len(one) for one in self.documents)

    def flop(self, width: int) -> float:
        """Return the operations of every product of a query token with a document token, `width` wide."""
        return 2.0 * width * sum(len(one) for one in self.queries) * self.document_tokens


def vectors(queries: int, documents: int, width: int = 128) -> Vectors:
    """Return random vectors; documents have log-normal lengths, median 105, at most 300."""
    drawn = torch.Generator().manual_seed(7)
    lengths = (105 * (0.65 * torch.randn(documents, generator=drawn)).exp()).round().clamp(4, LONGEST).int()
    return Vectors(
        [_unit(QUERY_LENGTH, width, drawn) for _ in range(queries)],
        [_unit(int(length), width, drawn) for length in lengths],
    )


def _unit(tokens: int, width: int, drawn: torch.Generator) -> Tensor:
    rows = torch.randn(tokens, width, generator=drawn)
    return torch.nn.functional.normalize(rows, dim=-1).half().float()


def float64_scores(found: Vectors, queries: int, dim: int) -> Tensor:
    """Return MaxSim of the first queries with every document by its definition, (queries, P) float64.

    Vectors are cut to `dim` and brought to unit norm again where they are wider.
    """
    cut_q = torch.stack([_cut(one, dim) for one in found.queries[:queries]])
    best = [(cut_q @ _cut(one, dim).T).amax(-1).sum(-1) for one in found.documents]
    return torch.stack(best, dim=1)


def _cut(rows: Tensor, dim: int) -> Tensor:
    wide = rows.double()
    return wide if dim == rows.shape[1] else torch.nn.functional.normalize(wide[:, :dim], dim=-1)
