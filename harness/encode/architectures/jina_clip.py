"""The text tower of jina-clip-v1: JinaBERT's layers under the names of Jina's flash BERT.

config.json names that code's own configuration and overrides parts of it, so what it leaves out is stated here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from harness.encode.architectures.alibi import read_config
from harness.encode.architectures.jina_bert import Layer, filled
from harness.encode.weights import WEIGHTS, read_tensors
from harness.errors import ModelError

CODE = "jinaai/jina-bert-flash-implementation"
PUBLISHED: dict[str, Any] = {
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "vocab_size": 30528,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 8192,
    "pad_token_id": 0,
    "model_type": "jina_clip",
    "hidden_act": "gelu",
    "position_embedding_type": "alibi",
    "mlp_type": "glu",
    "use_qk_norm": False,
}
"""The configuration of `CODE`."""
FIXED = {name: PUBLISHED[name] for name in ("hidden_act", "position_embedding_type", "mlp_type", "use_qk_norm")}
TOWER = "text_model.transformer."
NAMES = (
    (r"emb_ln\.", "embeddings.LayerNorm."),
    (r"encoder\.layers\.", "encoder.layer."),
    (r"mixer\.out_proj\.", "attention.output.dense."),
    (r"norm1\.", "attention.output.LayerNorm."),
    (r"norm2\.", "mlp.layernorm."),
)
"""Flash BERT's names and JinaBERT's."""
FUSED = "mixer.Wqkv."
UNUSED = (r"vision_model\..*", r"visual_projection\..*", "logit_scale", r"pooler\.dense\.(weight|bias)")
"""Images are not looked at, and a text's vector is the mean of its tokens."""


def load(folder: Path, config: dict[str, Any]) -> nn.Module:
    """Return the text tower of a jina-clip checkpoint on the CPU, in its weights' own dtype, ready to run.

    Args:
        folder: with model.safetensors.
        config: what config.json says.

    Raises:
        ModelError: the tower is of another architecture, or a tensor is missing, unexpected or misshapen.
    """
    where = folder / "config.json"
    tower = config.get("text_config") or {}
    for name, value in (("hf_model_name_or_path", CODE), ("proj_type", None)):
        if tower.get(name) != value:
            raise ModelError(f"{where}: text_config.{name}", got=repr(tower.get(name)), expected=repr(value))
    sizes = read_config(PUBLISHED | (tower.get("hf_model_config_kwargs") or {}), FIXED, where)
    return filled(sizes, Layer, _renamed(read_tensors(folder), folder), UNUSED, folder)


def _renamed(tensors: Mapping[str, Tensor], folder: Path) -> dict[str, Tensor]:
    """Return the tower's tensors by JinaBERT's names, and those outside of the tower by their own."""
    pairs = [pair for name, tensor in tensors.items() for pair in _parts(name, tensor)]
    named = dict(pairs)
    if len(named) != len(pairs):
        expected = f"the tower's tensors behind {TOWER} alone"
        raise ModelError(f"{folder / WEIGHTS} has tensors twice", got="two names of one tensor", expected=expected)
    return named


def _parts(name: str, tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    if not name.startswith(TOWER):
        yield name, tensor
        return
    ours = name.removeprefix(TOWER)
    for theirs, own in NAMES:
        ours = re.sub(rf"(?<![^.]){theirs}", own, ours)
    if FUSED not in ours:
        yield ours, tensor
        return
    for part, rows in zip(("query", "key", "value"), tensor.chunk(3), strict=True):
        yield ours.replace(FUSED, f"attention.self.{part}."), rows
