"""What the encoders with symmetric ALiBi share: their sizes, slopes, embeddings, attention and the way through layers.

Shapes: a batch is one row of T packed tokens, H hidden width. Modules bear the names of the published tensors, so that
weights are filled in by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutput

from harness.encode.attention import packed_attention
from harness.encode.packing import Packing
from harness.errors import ModelError


@dataclass(frozen=True)
class AlibiConfig:
    """The sizes of an encoder with ALiBi, by the names that config.json gives them."""

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    vocab_size: int
    type_vocab_size: int
    layer_norm_eps: float
    max_position_embeddings: int
    pad_token_id: int
    model_type: str


def read_config(said: Mapping[str, Any], fixed: Mapping[str, object], where: Path) -> AlibiConfig:
    """Return the sizes that a configuration states.

    Args:
        said: the configuration.
        fixed: what it has to say, for the architecture to be the one that is written here.
        where: the configuration's file, for messages.

    Raises:
        ModelError: a size is missing or no number, heads do not share the width, or the architecture is another.
    """
    for name, value in fixed.items():
        if said.get(name) != value:
            raise ModelError(f"{where}: {name}", got=repr(said.get(name)), expected=repr(value))
    kinds: dict[str, type] = dict.fromkeys(AlibiConfig.__annotations__, int)
    kinds |= {"layer_norm_eps": float, "model_type": str}
    for name, kind in kinds.items():
        if type(said.get(name)) is not kind:
            raise ModelError(f"{where}: {name}", got=repr(said.get(name)), expected=f"a value of type {kind.__name__}")
    config = AlibiConfig(**{name: said[name] for name in kinds})
    if config.num_attention_heads < 1 or config.hidden_size % config.num_attention_heads:
        expected = f"a divisor of hidden_size = {config.hidden_size}"
        raise ModelError(f"{where}: num_attention_heads", got=config.num_attention_heads, expected=expected)
    return config


def slopes(heads: int) -> tuple[float, ...]:
    """Return the slope of each head (Press et al. 2022).

    A power of two has a geometric series that ends at 2 ** -8. Other numbers take the series of the next lower power,
    then every second slope of the next higher power's.

    >>> [round(slope, 6) for slope in slopes(3)]
    [0.0625, 0.003906, 0.25]
    """
    lower = 1 << (heads.bit_length() - 1)
    between = _series(2 * lower)[::2][: heads - lower]
    return _series(lower) + between


def _series(heads: int) -> tuple[float, ...]:
    return tuple(2.0 ** (-8.0 * place / heads) for place in range(1, heads + 1))


class Attention(nn.Module):
    """Attention with ALiBi, its projection, and the norm of both with what came in."""

    def __init__(self, config: AlibiConfig, *, norms: bool) -> None:
        """With `norms`, queries and keys pass a norm over the whole width before they are cut into heads."""
        super().__init__()
        width = config.hidden_size
        self.heads = config.num_attention_heads
        self.norms = norms
        self.self = nn.ModuleDict({name: nn.Linear(width, width) for name in ("query", "key", "value")})
        if norms:
            for name in ("layer_norm_q", "layer_norm_k"):
                self.self[name] = nn.LayerNorm(width, config.layer_norm_eps)
        norm = nn.LayerNorm(width, config.layer_norm_eps)
        self.output = nn.ModuleDict({"dense": nn.Linear(width, width), "LayerNorm": norm})

    def forward(self, hidden_1TH: Tensor, alibi_H: Tensor, packing: Packing) -> Tensor:
        """Return LayerNorm(x + attention(x)), (1, T, H)."""
        query, key, value = (self.self[name](hidden_1TH) for name in ("query", "key", "value"))
        if self.norms:
            query, key = self.self["layer_norm_q"](query), self.self["layer_norm_k"](key)
        heads = [
            rearrange(states, "row token (head dim) -> row head token dim", head=self.heads)
            for states in (query, key, value)
        ]
        scaling = 1.0 / math.sqrt(heads[0].shape[-1])
        mixed, _ = packed_attention(self, *heads, packing=packing, scaling=scaling, alibi_H=alibi_H)
        joined_1TH = rearrange(mixed, "row token head dim -> row token (head dim)")
        normed_1TH: Tensor = self.output["LayerNorm"](hidden_1TH + self.output["dense"](joined_1TH))
        return normed_1TH


class AlibiEncoder(nn.Module):
    """Embeddings without positions, then layers that are told ALiBi's slopes."""

    # What transformers' classes say of themselves where their attention can be replaced; here it is packed already.
    _supports_attention_backend = True
    alibi = True
    """Its attention is told slopes, which not every kernel knows."""

    def __init__(self, config: AlibiConfig, layer: Callable[[AlibiConfig], nn.Module]) -> None:
        super().__init__()
        self.config = config
        width = config.hidden_size
        self.embeddings = nn.ModuleDict(
            {
                "word_embeddings": nn.Embedding(config.vocab_size, width),
                "token_type_embeddings": nn.Embedding(config.type_vocab_size, width),
                "LayerNorm": nn.LayerNorm(width, config.layer_norm_eps),
            }
        )
        layers = nn.ModuleList(layer(config) for _ in range(config.num_hidden_layers))
        self.encoder = nn.ModuleDict({"layer": layers})

    def forward(self, input_ids: Tensor, position_ids: Tensor, packing: Packing) -> BaseModelOutput:
        """Return the hidden states of packed texts, as `last_hidden_state` (1, T, H).

        Args:
            input_ids: (1, T), text after text.
            position_ids: not looked at: ALiBi knows distances alone.
            packing: the texts' boundaries, and the kernel that keeps to them.
        """
        del position_ids
        alibi_H = torch.tensor(slopes(self.config.num_attention_heads), device=input_ids.device)
        words_1TH = self.embeddings["word_embeddings"](input_ids)
        types_1TH = self.embeddings["token_type_embeddings"](torch.zeros_like(input_ids))
        hidden_1TH = self.embeddings["LayerNorm"](words_1TH + types_1TH)
        layers: Any = self.encoder["layer"]
        for layer in layers:
            hidden_1TH = layer(hidden_1TH, alibi_H, packing)
        return BaseModelOutput(last_hidden_state=hidden_1TH)
