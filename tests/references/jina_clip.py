"""jina-clip-v1's text tower, from the block of Jina's flash BERT.

x = emb_ln(word + type); per layer x = norm1(x + attention(x)) with ALiBi, x = norm2(x + wo(gelu(gate) * up)), the gate
the first half of gated_layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from tests.references.blocks import alibi, attention, gelu, read_json, read_weights

PUBLISHED = {"num_attention_heads": 12, "num_hidden_layers": 12, "layer_norm_eps": 1e-12}
"""What the flash code's own configuration says where config.json does not override it."""


def hidden_states(folder: Path, ids: Sequence[int], attended: Sequence[bool] | None = None) -> Tensor:
    """Return the last hidden states of one text, (T, H) float32."""
    config = PUBLISHED | read_json(folder / "config.json")["text_config"]["hf_model_config_kwargs"]
    weights = read_weights(folder, "text_model.transformer.")
    heads, epsilon = int(config["num_attention_heads"]), config["layer_norm_eps"]
    x_TH = weights["embeddings.word_embeddings.weight"][list(ids)]
    x_TH = x_TH + weights["embeddings.token_type_embeddings.weight"][0]
    x_TH = weights.norm("emb_ln", x_TH, epsilon)
    for layer in range(int(config["num_hidden_layers"])):
        name = f"encoder.layers.{layer}"
        query_TH, key_TH, value_TH = weights.linear(f"{name}.mixer.Wqkv", x_TH).chunk(3, dim=1)
        mixed_TH = attention((query_TH, key_TH, value_TH), heads, attended, alibi(heads))
        x_TH = weights.norm(f"{name}.norm1", x_TH + weights.linear(f"{name}.mixer.out_proj", mixed_TH), epsilon)
        gate_TI, up_TI = weights.linear(f"{name}.mlp.gated_layers", x_TH, bias=False).chunk(2, dim=1)
        x_TH = weights.norm(f"{name}.norm2", x_TH + weights.linear(f"{name}.mlp.wo", gelu(gate_TI) * up_TI), epsilon)
    return x_TH.float()
