"""BERT, and X-MOD with one language's adapters: x = LayerNorm(x + attention(x)), x = LayerNorm(x + MLP(x)).

X-MOD (Pfeiffer et al. 2022) keeps the sum m = x + MLP(x), norms it, and adds the adapter of the text's language:
n = LayerNorm(m); x = LayerNorm(n + dense2(gelu(dense1(n)))), one LayerNorm for both. Its first position is the padding
id + 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from tests.references.blocks import Weights, attention, gelu, read_json, read_weights


def hidden_states(
    folder: Path, ids: Sequence[int], attended: Sequence[bool] | None = None, language: str | None = None
) -> Tensor:
    """Return the last hidden states of one text, (T, H) float32; X-MOD's `language` is its default one if None."""
    config = read_json(folder / "config.json")
    adapted = config["model_type"] == "xmod"
    language = (language or config["default_language"]) if adapted else None
    prefix = "roberta." if adapted else "bert."
    weights = read_weights(folder, prefix if config["architectures"] == ["HF_ColBERT"] else "")
    epsilon, first = config["layer_norm_eps"], config["pad_token_id"] + 1 if adapted else 0
    x_TH = weights["embeddings.word_embeddings.weight"][list(ids)]
    x_TH = x_TH + weights["embeddings.token_type_embeddings.weight"][0]
    x_TH = x_TH + weights["embeddings.position_embeddings.weight"][first : first + len(ids)]
    x_TH = weights.norm("embeddings.LayerNorm", x_TH, epsilon)
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        query_TH, key_TH, value_TH = (
            weights.linear(f"{name}.attention.self.{part}", x_TH) for part in ("query", "key", "value")
        )
        mixed_TH = attention((query_TH, key_TH, value_TH), config["num_attention_heads"], attended)
        mixed_TH = weights.linear(f"{name}.attention.output.dense", mixed_TH)
        x_TH = weights.norm(f"{name}.attention.output.LayerNorm", x_TH + mixed_TH, epsilon)
        x_TH = x_TH + weights.linear(f"{name}.output.dense", gelu(weights.linear(f"{name}.intermediate.dense", x_TH)))
        x_TH = weights.norm(f"{name}.output.LayerNorm", x_TH, epsilon)
        if language is not None:
            x_TH = weights.norm(f"{name}.output.LayerNorm", x_TH + _adapter(weights, name, language, x_TH), epsilon)
    return x_TH.float()


def _adapter(weights: Weights, name: str, language: str, x_TH: Tensor) -> Tensor:
    adapter = f"{name}.output.adapter_modules.{language}"
    return weights.linear(f"{adapter}.dense2", gelu(weights.linear(f"{adapter}.dense1", x_TH)))
