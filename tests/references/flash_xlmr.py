"""jina-colbert-v2's backbone and the reranker, from the block of Jina's flash XLM-R.

x = norm(word + type [+ position]); then per layer x = norm1(x + attention(x)) and x = norm2(x + fc2(gelu(fc1(x)))).
The retriever turns query and key by rotary angles (halves, all of a head's dimensions) and has no table of positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from tests.references.blocks import Weights, attention, gelu, read_json, read_weights


def hidden_states(folder: Path, ids: Sequence[int], attended: Sequence[bool] | None = None) -> Tensor:
    """Return the last hidden states of one text, (T, H) float32."""
    config = read_json(folder / "config.json")
    weights = read_weights(folder, "roberta.")
    heads, epsilon = config["num_attention_heads"], config["layer_norm_eps"]
    x_TH = weights["embeddings.word_embeddings.weight"][list(ids)]
    x_TH = x_TH + weights["embeddings.token_type_embeddings.weight"][0]
    rotary = config["position_embedding_type"] == "rotary"
    if not rotary:
        first = config["pad_token_id"] + 1
        x_TH = x_TH + weights["embeddings.position_embeddings.weight"][first : first + len(ids)]
    x_TH = weights.norm("emb_ln", x_TH, epsilon)
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layers.{layer}"
        query_TH, key_TH, value_TH = weights.linear(f"{name}.mixer.Wqkv", x_TH).chunk(3, dim=1)
        if rotary:
            query_TH, key_TH = (turned(part_TH, heads, config["rotary_emb_base"]) for part_TH in (query_TH, key_TH))
        mixed_TH = attention((query_TH, key_TH, value_TH), heads, attended)
        x_TH = weights.norm(f"{name}.norm1", x_TH + weights.linear(f"{name}.mixer.out_proj", mixed_TH), epsilon)
        x_TH = weights.norm(f"{name}.norm2", x_TH + _mlp(weights, name, x_TH), epsilon)
    return x_TH.float()


def _mlp(weights: Weights, name: str, x_TH: Tensor) -> Tensor:
    return weights.linear(f"{name}.mlp.fc2", gelu(weights.linear(f"{name}.mlp.fc1", x_TH)))


def turned(part_TH: Tensor, heads: int, base: float) -> Tensor:
    """Return queries or keys turned by their places: dimension i and i + half of a head are one pair.

    At place t pair i turns by t * base ** (-i / half).
    """
    tokens, hidden = part_TH.shape
    half = hidden // heads // 2
    found = part_TH.clone()
    for head in range(heads):
        for i in range(half):
            a, b = head * 2 * half + i, head * 2 * half + half + i
            angle = torch.arange(tokens).double() * base ** (-i / half)
            cosine, sine = angle.cos(), angle.sin()
            found[:, a] = part_TH[:, a] * cosine - part_TH[:, b] * sine
            found[:, b] = part_TH[:, b] * cosine + part_TH[:, a] * sine
    return found


def logit(folder: Path, ids: Sequence[int]) -> float:
    """Return the reranker's score of one pair, before any sigmoid: out_proj(tanh(dense(first token)))."""
    classifier = read_weights(folder, "classifier.")
    first_H = hidden_states(folder, ids)[0].double()
    return float(classifier.linear("out_proj", torch.tanh(classifier.linear("dense", first_H))))
