"""MaxSim from its definition in float64, and how far float32 sums may be from it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from harness.encode.vectors import TokenVectors, pack


def texts(generator: torch.Generator, lengths: Sequence[int], width: int) -> TokenVectors:
    """Return unit vectors of texts with these numbers of tokens."""
    pieces = [torch.randn(length, width, generator=generator) for length in lengths]
    return pack([torch.nn.functional.normalize(piece, dim=-1).half() for piece in pieces], width)


def by_definition(queries: TokenVectors, documents: TokenVectors, dim: int, *, unit: bool = True) -> Tensor:
    """Return (Q, P) float64: for each query token the best document token, one pair of texts at a time, summed."""
    scores_QP = torch.full((len(queries), len(documents)), -torch.inf, dtype=torch.float64)
    for row in range(len(queries)):
        for column in range(len(documents)):
            query_LD, document_ND = (side.double()[:, :dim] for side in (queries.of(row), documents.of(column)))
            if unit and dim < queries.vectors_ND.shape[1]:
                query_LD = query_LD / query_LD.norm(dim=1, keepdim=True)
                document_ND = document_ND / document_ND.norm(dim=1, keepdim=True)
            if len(document_ND):
                scores_QP[row, column] = (query_LD @ document_ND.T).amax(1).sum()
    return scores_QP


def tolerance(queries: TokenVectors, dim: int) -> float:
    """Return how far a score of unit vectors may be from the exact one.

    Products of float16 numbers are exact in float32. A sum of n terms is off by at most n u times the sum of their
    sizes, whatever its order (Higham, Accuracy and Stability, 4.2); for unit vectors that sum is at most 1. So a
    similarity is off by (D + 4) u, two scales, two norms and their products among the 4, and a sum of L of them by
    L (D + 4) u + L L u. u is 2^-23 and not 2^-24, since tensor cores may cut bits off where others round.
    """
    length = int(queries.lengths.max()) if len(queries) else 0
    return length * (dim + length + 4) * 2.0**-23


def assert_close(found_QP: Tensor, exact_QP: Tensor, atol: float) -> None:
    """Assert float32 scores within `atol`; infinite ones stand in the same places."""
    assert found_QP.dtype == torch.float32
    torch.testing.assert_close(found_QP.double().cpu(), exact_QP, rtol=0, atol=atol)
