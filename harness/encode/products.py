"""A backbone's matrix products on the CPU, with weights laid out once for oneDNN, and bias and GELU within the product.

torch's own linear layers lay weights out anew for every batch, and pass over the result again for the bias and again
for GELU: a tenth of the time of a small encoder. Shapes: T tokens of a batch, K columns in, N columns out.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers.activations import GELUActivation

GELU_BEHIND = (("dense", "intermediate_act_fn"), ("fc1", "activation_fn"))
"""Names of a linear layer and of the activation that follows it and nothing else, in BERT, XLM-R, X-MOD and Jina's."""


class Product(nn.Module):
    """x times the weights, plus the bias, perhaps through GELU in its exact form."""

    def __init__(self, linear: nn.Linear, rows: int, *, gelu: bool) -> None:
        """Lay out the weights for batches of `rows` tokens; others are right too, and slower."""
        super().__init__()
        operations: Any = torch.ops.mkldnn
        self.weight: Tensor = operations._reorder_linear_weight(linear.weight.detach(), rows)
        self.bias = None if linear.bias is None else linear.bias.detach()
        self.then: tuple[str, list[float], str] = ("gelu", [], "none") if gelu else ("none", [], "")
        self.multiply = operations._linear_pointwise

    def forward(self, states_1TK: Tensor) -> Tensor:
        """Return (1, T, N)."""
        states_1TN: Tensor = self.multiply(states_1TK, self.weight, self.bias, *self.then)
        return states_1TN


def lay_out(backbone: nn.Module, rows: int) -> None:
    """Put a `Product` in the place of every linear layer, where this machine has oneDNN's kernels for its dtype.

    Args:
        backbone: on the CPU; its linear layers are not to be changed afterwards.
        rows: the tokens of a batch.
    """
    if not has_products(next(backbone.parameters()).dtype):
        return
    for module in [*backbone.modules()]:
        for name, child in [*module.named_children()]:
            if type(child) is nn.Linear:
                behind = dict(GELU_BEHIND).get(name, "")
                gelu = _is_gelu(getattr(module, behind, None))
                setattr(module, name, Product(child, rows, gelu=gelu))
                if gelu:
                    setattr(module, behind, nn.Identity())


def has_products(dtype: torch.dtype) -> bool:
    """Return whether oneDNN multiplies `dtype` here with kernels of its own."""
    onednn: Any = torch.backends.mkldnn
    wide = onednn.is_available() and torch.backends.cpu.get_cpu_capability() == "AVX512"
    return bool(wide) and dtype in (torch.float32, torch.bfloat16)


def _is_gelu(layer: object) -> bool:
    if isinstance(layer, nn.GELU):
        return layer.approximate == "none"
    return isinstance(layer, GELUActivation) and layer.act is nn.functional.gelu
