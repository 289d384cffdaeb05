"""From the vectors of a batch's tokens to the rows that its texts keep.

Shapes: N rows of a batch, D dimensions, V ids that a table knows.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from harness.encode.vectors import unit
from harness.errors import ModelError
from harness.model_spec import EncoderSpec


def skip_table(skiplist: frozenset[int]) -> Tensor:
    """Return which ids get no vector, (V,) bool; the last entry stands for all ids from there on."""
    skip_V = torch.zeros(max(skiplist, default=-1) + 2, dtype=torch.bool)
    skip_V[sorted(skiplist)] = True
    return skip_V


def pooled(rows_ND: Tensor, bounds: Sequence[tuple[int, int]], pooling: str) -> Tensor:
    """Return one row a text, (texts, D): its first token's for `cls`, the mean over its tokens for `mean`."""
    if pooling == "cls":
        return rows_ND[[start for start, _ in bounds]]
    return torch.stack([rows_ND[start:stop].mean(0) for start, stop in bounds])


def stored(rows_ND: Tensor, spec: EncoderSpec) -> Tensor:
    """Return rows as they are compared: float16, of unit norm for `cosine`.

    Raises:
        ModelError: a row has no direction, or is too large for float16.
    """
    if spec.similarity == "cosine":
        return unit(rows_ND)
    stored_ND = rows_ND.half()
    if not torch.isfinite(stored_ND).all():
        raise ModelError(f"{spec.name} gave a vector too large for float16", expected="65,504 at most")
    return stored_ND
