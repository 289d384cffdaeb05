"""A checkpoint folder to a backbone, a projection and a tokenizer, from safetensors alone.

The backbone is any architecture that transformers hosts natively and that supports attention backends; code from a
hub is never run and pickled weights are never read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from harness.encode.attention import register
from harness.errors import ModelError, short
from harness.spec import EncoderSpec
from harness.storage import file_sha256

WEIGHTS = "model.safetensors"
FILES = ("config.json", WEIGHTS, "tokenizer.json")
POSITIONS_FROM_PADDING = ("roberta", "xlm-roberta", "camembert", "xmod", "xlm-roberta-xl")
"""Model types whose first position is the padding id + 1 (fairseq's numbering)."""


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint folder holds, ready to run on one device."""

    backbone: nn.Module
    head_DH: Tensor | None
    """(D, hidden) projection without a bias; None where token vectors are the hidden states."""
    tokenizer: Any
    first_position: int
    """The position of a text's first token."""
    width: int
    """Dimensions of a token vector."""
    dtype: torch.dtype
    """What the weights are stored in, and so what is computed in."""
    fingerprint: str
    """SHA-256 over the folder's config, weights and tokenizer."""


def open_checkpoint(spec: EncoderSpec, device: torch.device) -> Checkpoint:
    """Return the checkpoint in `spec.path`, its weights in their own dtype on `device`.

    Raises:
        ModelError: a file is missing, damaged or of an architecture that cannot run packed; the head is not there or
            is not as wide as the spec says.
    """
    folder = Path(spec.path)
    sha256 = fingerprint(folder)
    backbone = _backbone(folder).to(device)
    config: Any = backbone.config
    head_DH = None if spec.head is None else _head(folder, spec.head).to(device, _dtype(backbone))
    width = config.hidden_size if head_DH is None else len(head_DH)
    if width != spec.dims[0]:
        raise ModelError(f"{folder} gives token vectors of another width", got=width, expected=spec.dims[0])
    return Checkpoint(
        backbone=backbone,
        head_DH=head_DH,
        tokenizer=AutoTokenizer.from_pretrained(folder, trust_remote_code=False),
        first_position=_first_position(config),
        width=width,
        dtype=_dtype(backbone),
        fingerprint=sha256,
    )


def _backbone(folder: Path) -> nn.Module:
    try:
        with _quiet():
            model, found = AutoModel.from_pretrained(
                folder,
                attn_implementation=register(),
                dtype="auto",
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except (ValueError, OSError, KeyError, SafetensorError) as error:
        expected = "an architecture that transformers hosts, with sound safetensors"
        raise ModelError(f"{folder} cannot be loaded", got=short(str(error), 200), expected=expected) from error
    missing = sorted(name for name in found["missing_keys"] if not name.startswith("pooler."))
    if missing:
        raise ModelError(f"{folder / WEIGHTS} lacks tensors", got=f"{len(missing)} missing, {missing[0]} the first")
    if not getattr(model, "_supports_attention_backend", False):
        raise ModelError(f"{folder} cannot run packed", got=type(model).__name__, expected="attention backends")
    if any(getattr(layer, "is_causal", False) for layer in model.modules()):
        expected = "attention in both directions"
        raise ModelError(f"{folder} is a decoder", got=f"causal {type(model).__name__}", expected=expected)
    backbone: nn.Module = model.eval().requires_grad_(requires_grad=False)
    return backbone


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from reporting what is checked here, and leave its settings as they were."""
    logging: Any = transformers_logging
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _head(folder: Path, name: str) -> Tensor:
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        if name not in file.keys():  # noqa: SIM118 - safe_open is no mapping
            remedy = "Without its head the model's vectors are hidden states, which is another system"
            raise ModelError(f"{folder / WEIGHTS} has no projection", expected=repr(name), remedy=remedy)
        head: Tensor = file.get_tensor(name)
    return head


def _dtype(backbone: nn.Module) -> torch.dtype:
    return next(backbone.parameters()).dtype


def _first_position(config: Any) -> int:
    return int(config.pad_token_id) + 1 if config.model_type in POSITIONS_FROM_PADDING else 0


def fingerprint(folder: Path) -> str:
    """Return the SHA-256 over config, weights and tokenizer of a checkpoint folder.

    Raises:
        ModelError: a file is missing.
    """
    for name in FILES:
        if not (folder / name).is_file():
            got = "only pickled weights" if (folder / "pytorch_model.bin").is_file() else f"no {name}"
            raise ModelError(f"{folder} is no checkpoint", got=got, expected=", ".join(FILES))
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(f"{name} {file_sha256(folder / name)}\n".encode())
    return digest.hexdigest()
