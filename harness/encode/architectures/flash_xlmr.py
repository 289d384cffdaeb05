"""What the configs of Jina's flash XLM-R have in common, whichever class of transformers hosts the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import ModelError

SAME = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act",
    "max_position_embeddings", "type_vocab_size", "layer_norm_eps", "pad_token_id", "bos_token_id", "eos_token_id",
)  # fmt: skip
"""Keys that mean the same in the published config and in transformers' own."""


def same_settings(folder: Path, config: Mapping[str, Any], model: str, *more: str) -> dict[str, Any]:
    """Return the settings that mean the same in a published config and in transformers' own.

    Args:
        folder: the checkpoint, for messages.
        config: what its config.json says.
        model: whose keys they are, for messages.
        more: further keys that have to be there.

    Raises:
        ModelError: a key is missing.
    """
    missing = [key for key in (*SAME, *more) if config.get(key) is None]
    if missing:
        raise ModelError(f"{folder}/config.json", got=f"no {', '.join(missing)}", expected=f"{model}'s keys")
    return {key: config[key] for key in SAME}
