"""Packed token vectors: what the encode stage hands on.

Shapes: N packed tokens (all texts end to end), D dimensions. Nothing is padded, so a score cannot depend on its batch
mates; a text without tokens owns no rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from harness.errors import ModelError


@dataclass(frozen=True, eq=False)
class TokenVectors:
    """The token vectors of a sequence of texts, end to end."""

    vectors_ND: Tensor
    """(N, D) float16, every row of unit norm."""
    offsets: Tensor
    """(texts + 1,) int64 on the CPU; text i owns rows offsets[i]:offsets[i + 1]."""

    def __post_init__(self) -> None:
        """Refuse offsets that do not belong to the rows."""
        if self.offsets.ndim != 1 or int(self.offsets[0]) != 0 or int(self.offsets[-1]) != len(self.vectors_ND):
            raise ValueError(f"offsets {self.offsets.tolist()[:4]}.. do not cover {len(self.vectors_ND)} rows")
        if self.vectors_ND.dtype != torch.float16:
            raise ValueError(f"token vectors are stored as float16, got {self.vectors_ND.dtype}")

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Tensor:
        """(texts,) int64: the tokens of each text."""
        return self.offsets.diff()

    def of(self, text: int) -> Tensor:
        """Return the (tokens, D) float16 vectors of one text."""
        return self.vectors_ND[int(self.offsets[text]) : int(self.offsets[text + 1])]


@dataclass(frozen=True)
class Encoded:
    """The vectors of one sequence of texts from every projection asked for, and what was met on the way."""

    by_dim: Mapping[int, TokenVectors]
    """By the width of the projection; smaller dimensions are cut from these where they are compared."""
    tokens: int
    """Tokens that went through the backbone."""
    empty: int
    """Texts without any character: they own no vectors."""
    truncated: int
    """Texts that were cut to the model's length."""


def pack(pieces: Sequence[Tensor], dim: int) -> TokenVectors:
    """Return the (tokens, dim) float16 `pieces`, one per text, as one packed value.

    >>> pack([torch.ones(2, 1).half(), torch.ones(0, 1).half(), torch.ones(1, 1).half()], 1).offsets
    tensor([0, 2, 2, 3])
    """
    lengths = torch.tensor([0, *(len(piece) for piece in pieces)], dtype=torch.int64)
    device = pieces[0].device if pieces else torch.device("cpu")
    vectors_ND = torch.cat([*pieces]) if pieces else torch.empty(0, dim, dtype=torch.float16, device=device)
    return TokenVectors(vectors_ND, lengths.cumsum(0))


def unit(vectors_ND: Tensor) -> Tensor:
    """Return every row scaled to unit norm: (N, D) float16, rounded once from float32.

    Raises:
        ModelError: a row is zero, or too large for its norm to be a number: it has no direction, and would score 0
            where every other vector scores less.
    """
    unit_ND = torch.nn.functional.normalize(vectors_ND.float(), dim=-1, eps=1e-12).half()
    if len(unit_ND) and not unit_ND.any(-1).all():
        raise ModelError("a token vector is zero", expected="a direction")
    return unit_ND
