"""jina-colbert-v2's backbone: XLM-R with rotary positions, in the files as published.

transformers hosts the block as JinaEmbeddingsV3Model and knows the published tensor names (fused Wqkv, `roberta.`
prefix). Its defaults are another checkpoint's: above all rope_theta 20000, with which this model ranks plausibly and
wrongly. So the config is built from the checkpoint's own, key by key, and what was built is looked at.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import JinaEmbeddingsV3Config, JinaEmbeddingsV3Model

from harness.encode.architectures.flash_xlmr import same_settings
from harness.encode.architectures.native import from_pretrained, loading
from harness.errors import ModelError, short

THETA = "rotary_emb_base"


def load(folder: Path, config: dict[str, Any]) -> nn.Module:
    """Return the backbone.

    Raises:
        ModelError: a key of the config is missing, or its rotary frequencies are not those of its theta.
    """
    sizes = same_settings(folder, config, "jina-colbert-v2", THETA)
    theta = config[THETA]
    if not isinstance(theta, int | float) or isinstance(theta, bool) or not theta > 1:
        raise ModelError(f"{folder}/config.json: {THETA}", got=short(theta), expected="a number above 1")
    with loading(folder):
        ours = JinaEmbeddingsV3Config(
            **sizes,
            rope_parameters={"rope_type": "default", "rope_theta": float(theta)},
        )
    model = from_pretrained(JinaEmbeddingsV3Model, folder, ours)
    _check_rotation(folder, model, float(theta), ours.hidden_size // ours.num_attention_heads)
    return model


def _check_rotation(folder: Path, model: nn.Module, theta: float, dim: int) -> None:
    """See that every rotary buffer holds theta's frequencies: an uninitialised one makes a position-blind model."""
    expected = 1.0 / theta ** (torch.arange(0, dim, 2, dtype=torch.float32) / dim)
    found = [buffer for name, buffer in model.named_buffers() if name.rpartition(".")[2] == "inv_freq"]
    if not found or not all(torch.allclose(one.float().cpu(), expected, rtol=1e-5, atol=0) for one in found):
        got = "none" if not found else short([round(float(value), 5) for value in found[0][:3]])
        wanted = [round(float(value), 5) for value in expected[:3]]
        raise ModelError(f"{folder}: rotary frequencies after loading", got=got, expected=wanted)
