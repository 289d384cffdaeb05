"""One vector a text from its hidden states."""

from __future__ import annotations

import torch
from torch import Tensor


def mean(hidden_TH: Tensor) -> Tensor:
    """Return the mean over all tokens of a text, (H,) float32; special tokens count."""
    total_H = torch.zeros(hidden_TH.shape[1], dtype=torch.float64)
    for row_H in hidden_TH:
        total_H += row_H.double()
    return (total_H / len(hidden_TH)).float()


def first(hidden_TH: Tensor) -> Tensor:
    """Return the first token's state, (H,): what is called CLS pooling."""
    return hidden_TH[0]


def unit(vector: Tensor) -> Tensor:
    """Return a vector, or each row of a matrix, divided by its length."""
    wide = vector.double()
    return (wide / wide.square().sum(-1, keepdim=True).sqrt()).float()
