"""Vectors of jina-colbert-v2 as FastEmbed publishes them (its tests/test_late_interaction_embeddings.py).

They come from the ONNX export in float32, through another tokenizer and runtime; FastEmbed holds itself to 2e-3.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from torch import nn

from harness.model_spec import EncoderSpec

NAME = "jina-colbert-v2"
HIDDEN, LAYERS = 1024, 24
TEXT = "Hello World"
ATOL = 2e-3
DOCUMENT = (
    (0.0742, 0.0591, -0.2403, -0.1774, 0.02),
    (0.1318, 0.0882, -0.1138, -0.2066, 0.146),
    (-0.0183, -0.1354, -0.0139, -0.1079, -0.051),
    (0.0003, -0.1184, -0.07, -0.0479, -0.0649),
    (0.0766, 0.0452, -0.2343, -0.183, 0.0058),
)
"""The first five dimensions of all five vectors."""
QUERY = (
    (0.0477, 0.0255, -0.2224, -0.1085, -0.03),
    (0.0206, -0.0845, -0.0075, -0.1712, 0.0156),
)
"""The first five dimensions of the first two of 32 vectors."""


def is_published(spec: EncoderSpec, backbone: nn.Module) -> bool:
    """Return whether a checkpoint claims to be jina-colbert-v2: its name, and the sizes of the published weights."""
    config: Any = backbone.config
    named = NAME in (spec.name, PurePosixPath(spec.path).name)
    return named and (config.hidden_size, config.num_hidden_layers) == (HIDDEN, LAYERS)
