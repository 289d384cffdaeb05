"""What a checkpoint's files are and say."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from harness.doctor.check import Check, passed
from harness.encode.checkpoint import Checkpoint
from harness.encode.files import described, fingerprint
from harness.model_spec import EncoderSpec

SETTINGS = ("query_length", "document_length", "expand_queries", "attend_to_expansion", "skiplist", "head", "adapter")


class Placed(NamedTuple):
    """A model with every setting filled in, and where its checkpoint lies."""

    spec: EncoderSpec
    folder: Path


def placed_in(folder: Path, model: EncoderSpec, language: str) -> Placed:
    """Return `model` with the settings and the width it left open, as an evaluation fills them in.

    Raises:
        ModelError: the checkpoint's files say too little, or nothing that can be read.
    """
    return Placed(described(model, folder, language), folder)


def check_fingerprint(folder: Path) -> Check:
    """Return where the checkpoint was found, and the SHA-256 that results will be recorded with.

    Raises:
        ModelError: a file is missing.
    """
    return passed("checkpoint", f"{folder}, sha256 {fingerprint(folder)}")


def check_settings(placed: Placed) -> Check:
    """Return the settings that hold, the checkpoint's own where the model's configuration leaves them open."""
    spec = placed.spec
    said = [f"{name} {value}" for name in SETTINGS if (value := getattr(spec, name)) is not None]
    return passed("settings", ", ".join([f"dims {'/'.join(map(str, spec.dims))}", *said]))


def check_weights(checkpoint: Checkpoint) -> Check:
    """Return what was loaded; that every tensor is accounted for was seen when it was."""
    backbone = checkpoint.backbone
    millions = sum(parameter.numel() for parameter in backbone.parameters()) / 1e6
    dtype = str(checkpoint.dtype).removeprefix("torch.")
    text = f"{type(backbone).__name__}, {millions:,.1f} million parameters, {dtype}, vectors of {checkpoint.width}"
    return passed("weights", text)
