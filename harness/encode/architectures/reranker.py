"""jina-reranker-v2: XLM-R with learned positions and a score on top, in the names of Jina's flash code.

transformers hosts it as XLMRobertaForSequenceClassification; the published files have the same tensors under other
names, with query, key and value in one matrix. Its defaults are other sizes, so the config is built from the
checkpoint's own, key by key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import XLMRobertaConfig, XLMRobertaForSequenceClassification

from harness.encode.architectures.flash_xlmr import same_settings
from harness.encode.architectures.native import loading
from harness.encode.attention import register
from harness.encode.filling import fill
from harness.encode.weights import WEIGHTS, read_tensors
from harness.errors import ModelError, short

FIXED = {"position_embedding_type": "absolute", "hidden_act": "gelu"}
"""What the architecture is, where the config could say another."""
NAMES = (
    (r"emb_ln\.", "embeddings.LayerNorm."),
    (r"encoder\.layers\.", "encoder.layer."),
    (r"mixer\.out_proj\.", "attention.output.dense."),
    (r"norm1\.", "attention.output.LayerNorm."),
    (r"mlp\.fc1\.", "intermediate.dense."),
    (r"mlp\.fc2\.", "output.dense."),
    (r"norm2\.", "output.LayerNorm."),
)
"""Flash XLM-R's names and transformers'."""
FUSED = "mixer.Wqkv."
UNUSED = (r"roberta\.embeddings\.position_ids", r"roberta\.pooler\.dense\.(weight|bias)")
"""Stored by older transformers; and of no use to a score, which the first token's own state gives."""


def load(folder: Path, config: Mapping[str, Any]) -> Any:
    """Return the cross-encoder on the CPU, ready to run packed: its backbone in its weights' own dtype.

    Its head is in float32: bfloat16 has 8 bits for a score, and many documents of a query would share one.

    Args:
        folder: with model.safetensors.
        config: what config.json says.

    Raises:
        ModelError: the configuration is of another architecture, or a tensor is missing, unexpected or misshapen.
    """
    where = folder / "config.json"
    sizes = same_settings(folder, config, "jina-reranker-v2")
    for key, value in FIXED.items():
        if config.get(key, value) != value:
            raise ModelError(f"{where}: {key}", got=short(config[key]), expected=repr(value))
    settings = {**sizes, "num_labels": 1, "attn_implementation": register()}
    with loading(folder):
        ours = XLMRobertaConfig(**settings)
        with torch.device("meta"):
            model: Any = XLMRobertaForSequenceClassification(ours)
    fill(model, renamed(read_tensors(folder), folder), UNUSED, folder)
    _place_buffers(model, folder)
    model.classifier.float()
    return model.eval().requires_grad_(requires_grad=False)


def renamed(tensors: Mapping[str, Tensor], folder: Path) -> dict[str, Tensor]:
    """Return a checkpoint's tensors by transformers' names; those of no known name keep their own.

    Raises:
        ModelError: two tensors have one name.
    """
    pairs = [pair for name, tensor in tensors.items() for pair in _parts(name, tensor)]
    named = dict(pairs)
    if len(named) != len(pairs):
        raise ModelError(f"{folder / WEIGHTS} has tensors twice", got="two names of one tensor")
    return named


def _parts(name: str, tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    ours = name
    for theirs, own in NAMES:
        ours = re.sub(rf"(?<![^.]){theirs}", own, ours)
    if FUSED not in ours:
        yield ours, tensor
        return
    for part, rows in zip(("query", "key", "value"), tensor.chunk(3), strict=True):
        yield ours.replace(FUSED, f"attention.self.{part}."), rows


def _place_buffers(model: Any, folder: Path) -> None:
    """Give the model the tables that no file holds: built without values, it has them without values too."""
    embeddings = model.roberta.embeddings
    places = torch.arange(model.config.max_position_embeddings)[None]
    embeddings.register_buffer("position_ids", places, persistent=False)
    embeddings.register_buffer("token_type_ids", torch.zeros_like(places), persistent=False)
    modules: nn.Module = model
    empty = [name for name, buffer in modules.named_buffers() if buffer.is_meta]
    if empty:
        raise ModelError(f"{folder} cannot be loaded", got=f"no values for {', '.join(empty)}")
