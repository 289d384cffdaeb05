"""JinaBERT and the class with norms on query and key: BERT with ALiBi in place of positions, and a gated MLP.

JinaBERT: x = LayerNorm(x + attention(x)); x = layernorm(x + wo(gelu(gate) * up)), the gate the first half of
gated_layers. With norms: queries and keys pass a LayerNorm over the whole width before they are cut into heads;
a = LayerNorm(x + attention(x)), x = layer_norm_1(x + a), x = layer_norm_2(x + down(up * gelu(gate))), the gate the
second half.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from tests.references.blocks import Weights, alibi, attention, gelu, read_json, read_weights


def hidden_states(folder: Path, ids: Sequence[int], attended: Sequence[bool] | None = None) -> Tensor:
    """Return the last hidden states of one text, (T, H) float32."""
    config = read_json(folder / "config.json")
    weights = read_weights(folder, "bert." if config["architectures"] == ["HF_ColBERT"] else "")
    heads, epsilon = config["num_attention_heads"], config["layer_norm_eps"]
    with_norms = "-qk-" in config["auto_map"]["AutoModel"]
    x_TH = weights["embeddings.word_embeddings.weight"][list(ids)]
    x_TH = x_TH + weights["embeddings.token_type_embeddings.weight"][0]
    x_TH = weights.norm("embeddings.LayerNorm", x_TH, epsilon)
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        query_TH, key_TH, value_TH = (
            weights.linear(f"{name}.attention.self.{part}", x_TH) for part in ("query", "key", "value")
        )
        if with_norms:
            query_TH = weights.norm(f"{name}.attention.self.layer_norm_q", query_TH, epsilon)
            key_TH = weights.norm(f"{name}.attention.self.layer_norm_k", key_TH, epsilon)
        mixed_TH = attention((query_TH, key_TH, value_TH), heads, attended, alibi(heads))
        mixed_TH = weights.linear(f"{name}.attention.output.dense", mixed_TH)
        mixed_TH = weights.norm(f"{name}.attention.output.LayerNorm", x_TH + mixed_TH, epsilon)
        x_TH = (
            _with_norms(weights, name, x_TH, mixed_TH, epsilon)
            if with_norms
            else _plain(weights, name, mixed_TH, epsilon)
        )
    return x_TH.float()


def _plain(weights: Weights, name: str, x_TH: Tensor, epsilon: float) -> Tensor:
    gate_TI, up_TI = weights.linear(f"{name}.mlp.gated_layers", x_TH, bias=False).chunk(2, dim=1)
    return weights.norm(
        f"{name}.mlp.layernorm", x_TH + weights.linear(f"{name}.mlp.wo", gelu(gate_TI) * up_TI), epsilon
    )


def _with_norms(weights: Weights, name: str, before_TH: Tensor, mixed_TH: Tensor, epsilon: float) -> Tensor:
    x_TH = weights.norm(f"{name}.layer_norm_1", before_TH + mixed_TH, epsilon)
    up_TI, gate_TI = weights.linear(f"{name}.mlp.up_gated_layer", x_TH, bias=False).chunk(2, dim=1)
    return weights.norm(
        f"{name}.layer_norm_2", x_TH + weights.linear(f"{name}.mlp.down_layer", up_TI * gelu(gate_TI)), epsilon
    )
