"""A checkpoint's tensors as a whole: a module filled with them, every one accounted for, and what they hash to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from harness.encode.weights import WEIGHTS, some
from harness.errors import ModelError


def fill(module: nn.Module, tensors: Mapping[str, Tensor], unused: Sequence[str], where: Path) -> nn.Module:
    """Return `module` with every parameter and buffer taken from `tensors`, in their dtype.

    Args:
        module: its own values may be on the meta device.
        tensors: by the module's own names.
        unused: patterns (regular expressions, whole names) of tensors that may be there and are not used.
        where: the checkpoint, for messages.

    Raises:
        ModelError: a tensor is missing, unexpected or of another shape.
    """
    wanted = module.state_dict()
    missing = sorted(wanted.keys() - tensors.keys())
    other = sorted(name for name in wanted.keys() & tensors.keys() if wanted[name].shape != tensors[name].shape)
    refuse_unaccounted(where, missing, other, [name for name in tensors if name not in wanted], unused)
    module.load_state_dict({name: tensors[name] for name in wanted}, strict=True, assign=True)
    return module


def refuse_unaccounted(
    where: Path, missing: Sequence[str], other: Sequence[str], unexpected: Sequence[str], unused: Sequence[str]
) -> None:
    """Refuse a checkpoint some of whose tensors are not accounted for.

    Raises:
        ModelError: a tensor is missing, of another shape, or there for no purpose that is known.
    """
    if missing or other:
        got = f"{len(missing)} missing, {len(other)} of another shape, {[*missing, *other][0]} the first"
        raise ModelError(f"{where / WEIGHTS} lacks tensors that config.json asks for", got=got)
    strange = sorted(name for name in unexpected if not any(re.fullmatch(pattern, name) for pattern in unused))
    if strange:
        expected = "those of its architecture and nothing else"
        raise ModelError(f"{where / WEIGHTS} has tensors of no known purpose", got=some(strange), expected=expected)


def tensors_sha256(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 over names, dtypes, shapes and bytes of `tensors`, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}\n".encode())
        digest.update(tensor.view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
