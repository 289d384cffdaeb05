"""A checkpoint folder to a backbone, its projections and a tokenizer, from safetensors alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from harness.encode.architectures import load_backbone
from harness.encode.files import own_width, read_tokenizer
from harness.encode.heads import OWN_HEAD, head_folder, read_head, shares_backbone
from harness.encode.running import cast
from harness.encode.said import read_json
from harness.encode.weights import WEIGHTS
from harness.errors import ModelError
from harness.model_spec import EncoderSpec

POSITIONS_FROM_PADDING = ("roberta", "xlm-roberta", "camembert", "xmod", "xlm-roberta-xl")
"""Model types whose first position is the padding id + 1 (fairseq's numbering)."""


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint folder holds, ready to run on one device."""

    backbone: nn.Module
    heads: Mapping[int, Tensor]
    """Dimension -> (D, hidden) projection without a bias; empty where token vectors are the hidden states."""
    tokenizer: Any
    first_position: int
    """The position of a text's first token."""
    width: int
    """Dimensions of its own token vectors."""
    dtype: torch.dtype
    """What the weights are in, and so what is computed in."""


def open_checkpoint(
    spec: EncoderSpec,
    folder: Path,
    device: torch.device,
    dims: Sequence[int] | None = None,
    dtype: torch.dtype | None = None,
) -> Checkpoint:
    """Return the checkpoint in `folder`, its weights on `device`.

    Args:
        spec: settled (harness.encode.layouts).
        folder: the checkpoint.
        device: where it is to run.
        dims: the widths of the projections that will be asked for; None for all that the spec has.
        dtype: what weights and projections are rounded to; None for the dtype they are stored in.

    Raises:
        ModelError: a file is missing, damaged or of an architecture that cannot run packed; a head is not there or is
            not as wide as the spec says; a text may be longer than the model has positions for.
    """
    backbone = cast(load_backbone(folder, read_json(folder / "config.json")), dtype).to(device)
    _check_attention(folder, spec, backbone)
    config: Any = backbone.config
    runs_in = next(backbone.parameters()).dtype
    asked = list(spec.projections if dims is None else dims)
    read = _heads(spec, folder, asked, config.hidden_size)
    heads = {dim: head.to(device, runs_in) for dim, head in read.items()}
    width = own_width(spec, folder)
    if spec.dims and width != spec.dims[0]:
        raise ModelError(f"{folder} gives token vectors of another width", got=width, expected=spec.dims[0])
    _check_lengths(spec, backbone)
    return Checkpoint(
        backbone=backbone,
        heads=heads,
        tokenizer=read_tokenizer(folder),
        first_position=_first_position(config),
        width=width,
        dtype=runs_in,
    )


def _heads(spec: EncoderSpec, folder: Path, dims: Sequence[int], hidden: int) -> dict[int, Tensor]:
    if spec.head is None:
        return {}
    own = read_head(folder, spec.head)
    _check_head(folder, spec.head, own, (len(own), hidden))
    found = {}
    for dim in dims:
        found[dim] = own
        if spec.dims and dim != spec.dims[0]:
            place = head_folder(spec, dim)
            if not shares_backbone(folder, place):
                expected = "a checkpoint with the same backbone"
                raise ModelError(f"{place} is no head of {folder}", got="another backbone", expected=expected)
            found[dim] = read_head(place, OWN_HEAD)
            _check_head(place, OWN_HEAD, found[dim], (dim, hidden))
    return found


def _check_head(folder: Path, name: str, head: Tensor, shape: tuple[int, int]) -> None:
    if tuple(head.shape) != shape:
        raise ModelError(f"{folder / WEIGHTS}: {name}", got=tuple(head.shape), expected=f"({shape[0]}, {shape[1]})")
    if not torch.isfinite(head).all() or not head.any():
        raise ModelError(f"{folder / WEIGHTS}: {name}", got="zeros, or values that are not finite", expected="weights")


def _check_attention(folder: Path, spec: EncoderSpec, model: nn.Module) -> None:
    """Refuse a model whose tokens cannot all see each other, packed; choose its language adapter where it has any."""
    what, got = f"{folder} cannot run packed", type(model).__name__
    if not getattr(model, "_supports_attention_backend", False):
        raise ModelError(what, got=got, expected="attention backends")
    if any(getattr(layer, "is_causal", False) for layer in model.modules()):
        raise ModelError(what, got=f"causal {got}", expected="attention in both directions")
    config: Any = model.config
    if config.model_type == "xmod":
        speak(folder, model, spec.adapter or config.default_language)


def speak(folder: Path, model: Any, adapter: str | None) -> None:
    """Let an X-MOD backbone use one language adapter for all texts.

    Raises:
        ModelError: it has no such adapter.
    """
    if adapter not in model.config.languages:
        expected = f"one of {', '.join(model.config.languages)}"
        raise ModelError(f"{folder}: default_language", got=repr(adapter), expected=expected)
    model.set_default_language(adapter)


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


def _first_position(config: Any) -> int:
    return int(config.pad_token_id) + 1 if config.model_type in POSITIONS_FROM_PADDING else 0
