"""MaxSim of one query set with any documents, by what the device of its vectors does best.

On the CPU float32 tiles (harness.retrieve.maxsim), whose bits depend on nothing but query and document. On CUDA the
fused kernel (harness.retrieve.fused), or plain products where Triton is not installed (harness.retrieve.tiles_cuda).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from harness.encode.vectors import TokenVectors
from harness.errors import ConfigError, ModelError
from harness.retrieve.cuts import cuts_of
from harness.retrieve.fused import fused_maxsim, importable
from harness.retrieve.fused_layout import query_rows
from harness.retrieve.maxsim import maxsim, query_tiles
from harness.retrieve.tiles_cuda import tiles_maxsim

Score = Callable[[TokenVectors, Sequence[int]], dict[int, Tensor]]


@dataclass(frozen=True)
class Scorer:
    """The MaxSim of one query set."""

    cuts: tuple[int, ...]
    """The dimensions that can be asked for, smallest first."""
    path: str
    """How it is computed, for the record."""
    scaled: tuple[int, ...]
    """The cuts at which vectors are brought to unit norm again."""
    score: Score

    def scores(self, documents: TokenVectors, dims: Sequence[int]) -> dict[int, Tensor]:
        """Return `scores_QP`, float32, for each of `dims`, on the device of the documents; -inf without tokens.

        Raises:
            ModelError: a score is NaN or +inf, or a vector is zero where it is cut to.
        """
        refuse_zeros(documents, [dim for dim in dims if dim in self.scaled])
        found = self.score(documents, dims)
        for scores_QP in found.values():
            _refuse_no_numbers(scores_QP)
        return found


def scorer(queries: TokenVectors, cuts: Sequence[int] = (), *, unit: bool = True, path: str = "auto") -> Scorer:
    """Return the scorer of a query set on the device of its vectors.

    Args:
        queries: float16 vectors.
        cuts: the dimensions that may be asked for, smallest first; none for the full width alone.
        unit: whether vectors that are cut are brought to unit norm again (cosine) or compared as they are (dot).
        path: `auto`, or `fused` or `plain` where CUDA's own choice is not wanted.

    Raises:
        ConfigError: `fused` was asked for where it cannot run.
        ModelError: a vector is zero where it is cut to.
    """
    steps, scaled = cuts_of(queries.vectors_ND.shape[1], cuts, unit=unit)
    refuse_zeros(queries, scaled)
    there = queries.vectors_ND.is_cuda and importable()
    if path == "fused" and not there:
        got = f"fused on {queries.vectors_ND.device.type}, Triton {'is' if importable() else 'is not'} installed"
        raise ConfigError("engine.maxsim", got=got, expected="CUDA and Triton", remedy="Write engine.maxsim=auto")
    if not queries.vectors_ND.is_cuda:
        tiles = query_tiles(queries, steps, unit=unit)
        return Scorer(steps, "float32 tiles", scaled, partial(maxsim, tiles))
    rows = query_rows(queries, steps, unit=unit)
    if there and path != "plain":
        return Scorer(steps, "fused kernel", scaled, partial(fused_maxsim, rows))
    return Scorer(steps, "plain products", scaled, partial(tiles_maxsim, rows))


def refuse_zeros(vectors: TokenVectors, dims: Sequence[int]) -> None:
    """Refuse a vector that is zero where it is cut to: it has no direction, and would score 0 where others score less.

    Raises:
        ModelError: there is one.
    """
    for dim in dims:
        if not vectors.vectors_ND[:, :dim].any(-1).all():
            raise ModelError(f"a token vector is zero in its first {dim} dimensions", expected="a direction")


def _refuse_no_numbers(scores_QP: Tensor) -> None:
    # The greatest of all is NaN where one is; it takes a tenth of the time of a mask.
    if scores_QP.numel() and not scores_QP.amax() < torch.inf:
        query, document = (int(place) for place in (~(scores_QP < torch.inf)).nonzero()[0])
        raise ModelError("a score is no number", got=f"query {query}, document {document} of the block")
