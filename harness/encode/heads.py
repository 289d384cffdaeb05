"""Projections from hidden states to token vectors: a model's own, and those of its checkpoints of other widths.

The published models of fewer dimensions share a backbone with the first and have a projection of their own, trained
beside it; it is no prefix of the wider one. A checkpoint of a head is a whole checkpoint, or a file with the projection
alone that names the backbone it belongs to.
"""

from __future__ import annotations

from pathlib import Path

from safetensors import safe_open
from torch import Tensor

from harness.encode.filling import tensors_sha256
from harness.encode.hub import checkpoint_folder, sibling
from harness.encode.weights import read_tensors, weight_files, weight_names
from harness.errors import ModelError
from harness.model_spec import EncoderSpec

OWN_HEAD = "linear.weight"
"""What the projection is called in Stanford's layout, which the checkpoints of other widths have."""
NOT_BACKBONE = (OWN_HEAD,)
UNUSED_PREFIXES = ("pooler.", "roberta.pooler.", "bert.pooler.")


def read_head(folder: Path, name: str) -> Tensor:
    """Return the (D, hidden) projection called `name`: a tensor of the checkpoint, or `folder/tensor` within it.

    Raises:
        ModelError: it is not there.
    """
    place, _, tensor = name.rpartition("/")
    if tensor not in weight_names(folder / place):
        remedy = "Without its head the model's vectors are hidden states, which is another system"
        raise ModelError(
            f"{folder / place / 'model.safetensors'} has no projection", expected=repr(tensor), remedy=remedy
        )
    return read_tensors(folder / place, [tensor])[tensor]


def head_folder(spec: EncoderSpec, dim: int) -> Path:
    """Return the checkpoint that holds the projection to `dim` dimensions.

    Raises:
        ModelError: none is named, or it cannot be had.
    """
    others = ",".join(str(other) for other in spec.dims if other != dim)
    remedy = f"Leave it out (dim=[{others}]), or ask for a prefix, which is another system: model.dim_kind=prefix"
    named = next((head for head in spec.heads if head.dim == dim), None)
    if named is None:
        raise ModelError(f"{spec.name} has no projection to {dim} dimensions", remedy=remedy)
    path = sibling(named.path, spec.path)
    try:
        return checkpoint_folder(path, named.revision)
    except ModelError as error:
        raise ModelError(f"{spec.name} has no projection to {dim} dimensions: {error}", remedy=remedy) from error


def shares_backbone(folder: Path, head: Path) -> bool:
    """Return whether the head in `head` belongs to the backbone in `folder`: equal tensors, or named by the file."""
    names = weight_names(head)
    if set(names) == set(NOT_BACKBONE):
        with safe_open(weight_files(head)[0], framework="pt") as file:
            told = (file.metadata() or {}).get("backbone")
        if told != backbone_fingerprint(folder):
            expected = "the SHA-256 of its backbone among the file's metadata"
            raise ModelError(f"{head} is no head of {folder}", got=repr(told), expected=expected)
        return True
    return backbone_fingerprint(folder) == backbone_fingerprint(head)


def backbone_fingerprint(folder: Path) -> str:
    """Return the SHA-256 over the tensors of a checkpoint's backbone: all but projection and pooler."""
    names = [name for name in weight_names(folder) if name not in NOT_BACKBONE and not name.startswith(UNUSED_PREFIXES)]
    return tensors_sha256(read_tensors(folder, names))


def head_fingerprint(folder: Path, name: str) -> str:
    """Return the SHA-256 over one projection."""
    return tensors_sha256({"head": read_head(folder, name)})
