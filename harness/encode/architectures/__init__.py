"""From a checkpoint's config.json to its backbone: one file an architecture, and which config asks for which.

A checkpoint's own code is never run. What transformers hosts is loaded by transformers; what it does not host
(JinaBERT) has a small module here. Every loader accounts for every tensor of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from harness.encode.architectures import jina_bert, jina_bert_qk, jina_clip, jina_v3, native
from harness.encode.weights import weight_names

Loader = Callable[[Path, dict[str, Any]], nn.Module]
LOADERS: Mapping[str, Loader] = {
    "native": native.load,
    "jina-v3": jina_v3.load,
    "jina-bert": jina_bert.load,
    "jina-bert-qk": jina_bert_qk.load,
    "jina-clip-text": jina_clip.load,
}
QK_NORM = "attention.self.layer_norm_q.weight"
"""Ends the names of tensors that only the q/k-norm variant of JinaBERT has."""


def architecture_of(folder: Path, config: Mapping[str, Any]) -> str:
    """Return the name of the loader for the checkpoint in `folder`.

    Jina's own configs name no model type, or one that means another class in transformers: what they say about
    positions tells them apart (rotary: the XLM-R of jina-colbert-v2; alibi: JinaBERT).
    """
    if "text_config" in config and str(config.get("model_type", "")).startswith("jina_clip"):
        return "jina-clip-text"
    positions = config.get("position_embedding_type")
    if positions == "alibi":
        return "jina-bert-qk" if any(name.endswith(QK_NORM) for name in weight_names(folder)) else "jina-bert"
    if positions == "rotary" and config.get("model_type", "xlm-roberta") == "xlm-roberta":
        return "jina-v3"
    return "native"


def load_backbone(folder: Path, config: dict[str, Any]) -> nn.Module:
    """Return the backbone in evaluation mode, its weights in the checkpoint's own dtype on the CPU.

    Raises:
        ModelError: a damaged file, an unknown architecture, a tensor that is missing or of no known purpose.
    """
    return LOADERS[architecture_of(folder, config)](folder, config)
