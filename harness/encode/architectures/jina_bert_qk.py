"""JinaBERT's class with norms on query and key: jina-embeddings-v2-base-es.

a = LayerNorm(x + attention(x)), x = layer_norm_1(x + a), x = layer_norm_2(x + down(up * gelu(gate))): what came in is
added twice, as in the published code. The gate is the second half, where JinaBERT's is the first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from harness.encode.architectures.alibi import AlibiConfig, Attention
from harness.encode.architectures.jina_bert import load_bert
from harness.encode.packing import Packing


class GatedMlp(nn.Module):
    """down(up * gelu(gate)), the gate the second half of up_gated_layer."""

    def __init__(self, config: AlibiConfig) -> None:
        super().__init__()
        self.up_gated_layer = nn.Linear(config.hidden_size, 2 * config.intermediate_size, bias=False)
        self.down_layer = nn.Linear(config.intermediate_size, config.hidden_size)

    def forward(self, hidden_1TH: Tensor) -> Tensor:
        """Return (1, T, H)."""
        up, gate = self.up_gated_layer(hidden_1TH).chunk(2, dim=-1)
        down_1TH: Tensor = self.down_layer(up * nn.functional.gelu(gate))
        return down_1TH


class Layer(nn.Module):
    """Attention with a norm of its own, then two more sums with norms around the MLP."""

    def __init__(self, config: AlibiConfig) -> None:
        super().__init__()
        self.attention = Attention(config, norms=True)
        self.mlp = GatedMlp(config)
        self.layer_norm_1 = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)
        self.layer_norm_2 = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)

    def forward(self, hidden_1TH: Tensor, alibi_H: Tensor, packing: Packing) -> Tensor:
        """Return (1, T, H)."""
        mixed_1TH = self.layer_norm_1(hidden_1TH + self.attention(hidden_1TH, alibi_H, packing))
        normed_1TH: Tensor = self.layer_norm_2(mixed_1TH + self.mlp(mixed_1TH))
        return normed_1TH


def load(folder: Path, config: dict[str, Any]) -> nn.Module:
    """Return the backbone of a checkpoint of this class on the CPU, in its weights' own dtype, ready to run.

    Args:
        folder: with model.safetensors; names may begin with `bert.`, as in Stanford's layout.
        config: what config.json says.

    Raises:
        ModelError: the configuration is of another architecture, or a tensor is missing, unexpected or misshapen.
    """
    return load_bert(folder, config, Layer)
