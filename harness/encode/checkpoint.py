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
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from harness.encode.attention import register
from harness.errors import ModelError, short
from harness.placeholders import located
from harness.spec import EncoderSpec
from harness.storage import file_sha256

WEIGHTS = "model.safetensors"
FILES = ("config.json", WEIGHTS, "tokenizer.json")
OPTIONAL_FILES = ("tokenizer_config.json", "special_tokens_map.json")
"""Name special tokens and lengths; in the fingerprint where they are there."""
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
            is not as wide as the spec says; a text may be longer than the model has positions for.
    """
    folder = located(spec.path)
    sha256 = fingerprint(folder)
    backbone = _backbone(folder).to(device)
    config: Any = backbone.config
    head_DH = None if spec.head is None else _head(folder, spec.head, config.hidden_size).to(device, _dtype(backbone))
    width = config.hidden_size if head_DH is None else len(head_DH)
    if width != spec.dims[0]:
        raise ModelError(f"{folder} gives token vectors of another width", got=width, expected=spec.dims[0])
    _check_lengths(spec, backbone)
    return Checkpoint(
        backbone=backbone,
        head_DH=head_DH,
        tokenizer=_tokenizer(folder),
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
                ignore_mismatched_sizes=True,  # they are looked at below, one line for all
            )
    except (ValueError, OSError, KeyError, TypeError, SafetensorError, StrictDataclassError) as error:
        expected = "an architecture that transformers hosts, with sound safetensors"
        raise ModelError(f"{folder} cannot be loaded", got=short(str(error), 200), expected=expected) from error
    missing = sorted(name for name in found["missing_keys"] if not name.startswith("pooler."))
    other = sorted(name for name, *_ in found["mismatched_keys"])
    if missing or other:
        got = f"{len(missing)} missing, {len(other)} of another shape, {[*missing, *other][0]} the first"
        raise ModelError(f"{folder / WEIGHTS} lacks tensors that config.json asks for", got=got)
    _check_attention(folder, model)
    backbone: nn.Module = model.eval().requires_grad_(requires_grad=False)
    return backbone


def _check_attention(folder: Path, model: nn.Module) -> None:
    """Refuse a model whose tokens cannot all see each other, packed, through a function that is not its own."""
    what, got = f"{folder} cannot run packed", type(model).__name__
    if not getattr(model, "_supports_attention_backend", False):
        raise ModelError(what, got=got, expected="attention backends")
    if any(getattr(layer, "is_causal", False) for layer in model.modules()):
        raise ModelError(what, got=f"causal {got}", expected="attention in both directions")
    config: Any = model.config
    if config.model_type == "xmod" and config.default_language not in config.languages:
        expected = f"one of {', '.join(config.languages)}"
        raise ModelError(f"{folder}: default_language", got=repr(config.default_language), expected=expected)


def _check_lengths(spec: EncoderSpec, backbone: nn.Module) -> None:
    """Refuse texts longer than the table of learned positions; rotary positions have no end."""
    table = getattr(getattr(backbone, "embeddings", None), "position_embeddings", None)
    if not isinstance(table, nn.Embedding):
        return
    room = table.num_embeddings - _first_position(backbone.config)
    for name in ("query_length", "document_length"):
        if getattr(spec, name) > room:
            what = f"{spec.path} has no positions for model.{name}"
            raise ModelError(what, got=getattr(spec, name), expected=f"{room} at most")


def _tokenizer(folder: Path) -> Any:
    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (ValueError, OSError, KeyError, TypeError) as error:
        got = f"{type(error).__name__}: {short(str(error), 200)}"
        raise ModelError(f"{folder}: its tokenizer cannot be loaded", got=got) from error


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


def _head(folder: Path, name: str, hidden: int) -> Tensor:
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        if name not in file.keys():  # noqa: SIM118 - safe_open is no mapping
            remedy = "Without its head the model's vectors are hidden states, which is another system"
            raise ModelError(f"{folder / WEIGHTS} has no projection", expected=repr(name), remedy=remedy)
        head: Tensor = file.get_tensor(name)
    if head.ndim != 2 or head.shape[1] != hidden:
        raise ModelError(f"{folder / WEIGHTS}: {name}", got=tuple(head.shape), expected=f"(width, {hidden})")
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
    for name in (*FILES, *(name for name in OPTIONAL_FILES if (folder / name).is_file())):
        digest.update(f"{name} {file_sha256(folder / name)}\n".encode())
    return digest.hexdigest()
