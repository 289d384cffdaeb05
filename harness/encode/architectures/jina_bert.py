"""JinaBERT: BERT's post-norm encoder with symmetric ALiBi and a gated MLP.

jina-colbert-v1-en and jina-embeddings-v2 in English, German and Chinese. transformers does not host it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from harness.encode.architectures.alibi import AlibiConfig, AlibiEncoder, Attention, read_config
from harness.encode.filling import fill
from harness.encode.packing import Packing
from harness.encode.weights import WEIGHTS, read_tensors
from harness.errors import ModelError

PREFIX = "bert."
FIXED = {"position_embedding_type": "alibi", "feed_forward_type": "geglu", "hidden_act": "gelu"}
"""What config.json has to say: the class has other kinds of positions and MLPs, which are not written here."""
UNUSED = (r"linear\.weight", r"pooler\.dense\.(weight|bias)", r"cls\..*", r"embeddings\.position_ids")
"""A retriever's projection, and the heads that pre-training left."""


class GatedMlp(nn.Module):
    """layernorm(x + wo(gelu(gate) * up)), the gate the first half of gated_layers."""

    def __init__(self, config: AlibiConfig) -> None:
        super().__init__()
        self.gated_layers = nn.Linear(config.hidden_size, 2 * config.intermediate_size, bias=False)
        self.wo = nn.Linear(config.intermediate_size, config.hidden_size)
        self.layernorm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)

    def forward(self, hidden_1TH: Tensor) -> Tensor:
        """Return (1, T, H)."""
        gate, up = self.gated_layers(hidden_1TH).chunk(2, dim=-1)
        normed_1TH: Tensor = self.layernorm(hidden_1TH + self.wo(nn.functional.gelu(gate) * up))
        return normed_1TH


class Layer(nn.Module):
    """Attention, then the gated MLP, each with its norm behind it."""

    def __init__(self, config: AlibiConfig) -> None:
        super().__init__()
        self.attention = Attention(config, norms=False)
        self.mlp = GatedMlp(config)

    def forward(self, hidden_1TH: Tensor, alibi_H: Tensor, packing: Packing) -> Tensor:
        """Return (1, T, H)."""
        mixed_1TH: Tensor = self.mlp(self.attention(hidden_1TH, alibi_H, packing))
        return mixed_1TH


def load(folder: Path, config: dict[str, Any]) -> nn.Module:
    """Return the backbone of a JinaBERT checkpoint on the CPU, in its weights' own dtype, ready to run.

    Args:
        folder: with model.safetensors; names may begin with `bert.`, as in Stanford's layout.
        config: what config.json says.

    Raises:
        ModelError: the configuration is of another architecture, or a tensor is missing, unexpected or misshapen.
    """
    return load_bert(folder, config, Layer)


def load_bert(folder: Path, config: Mapping[str, Any], layer: Callable[[AlibiConfig], nn.Module]) -> nn.Module:
    """Return the backbone made of layers that `layer` builds, filled from BERT's names with or without `bert.`.

    Raises:
        ModelError: as `load` does.
    """
    sizes = read_config(config, FIXED, folder / "config.json")
    tensors = read_tensors(folder)
    named = {name.removeprefix(PREFIX): tensor for name, tensor in tensors.items()}
    if len(named) != len(tensors):
        expected = f"each name with {PREFIX} or without"
        raise ModelError(f"{folder / WEIGHTS} has tensors twice", got="both spellings of a name", expected=expected)
    return filled(sizes, layer, named, UNUSED, folder)


def filled(
    sizes: AlibiConfig,
    layer: Callable[[AlibiConfig], nn.Module],
    tensors: Mapping[str, Tensor],
    unused: tuple[str, ...],
    folder: Path,
) -> nn.Module:
    """Return the encoder of these sizes with `tensors` in it, in eval mode and without gradients.

    Raises:
        ModelError: a tensor is missing, unexpected or misshapen.
    """
    with torch.device("meta"):
        model = AlibiEncoder(sizes, layer)
    return fill(model, tensors, unused, folder).eval().requires_grad_(requires_grad=False)
