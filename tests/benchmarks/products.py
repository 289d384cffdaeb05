"""Matrix products alone: what the processor does in the same minute, beside which the rest is held."""

from __future__ import annotations

import torch


class Product:
    """A matrix product of one shape, done a number of times into the same place."""

    def __init__(self, rows: int, inner: int, columns: int, times: int = 1, dtype: torch.dtype = torch.float32) -> None:
        drawn = torch.Generator().manual_seed(1)
        self.left = torch.randn(rows, inner, generator=drawn).to(dtype)
        # As a layer holds its weights.
        self.right = torch.randn(columns, inner, generator=drawn).to(dtype).T
        self.out = torch.empty(rows, columns, dtype=dtype)
        self.times = times
        self.flop = 2.0 * rows * inner * columns * times

    def multiply(self) -> None:
        """Do it."""
        for _ in range(self.times):
            torch.mm(self.left, self.right, out=self.out)
