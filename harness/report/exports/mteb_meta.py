"""The model_meta.json of MTEB's tree, and the names of its experiments (mteb.models.model_meta)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harness.report.exports.systems import System
from harness.report.exports.tasks import Tasks
from harness.report.record import Result
from harness.storage import sha256

LONGEST = 200
"""Letters of an experiment's name; MTEB hashes longer ones."""


def experiment_values(variant: Mapping[str, str]) -> dict[str, str] | None:
    """Return a variant as MTEB's experiment_kwargs; None for the system itself.

    Letters that MTEB would put an underscore for are spelled by their number, so that no two variants have one name.

    >>> experiment_values({"dataset.join": '" | "', "dim": "64"})
    {'dataset.join': '_22__20__7c__20__22_', 'dim': '64'}
    """
    if not variant:
        return None
    return {re.sub(r"[^A-Za-z0-9._-]", "_", name): _spelled(value) for name, value in sorted(variant.items())}


def experiment_name(variant: Mapping[str, str]) -> str | None:
    """Return the folder that MTEB gives an experiment of these values; None for the system itself.

    >>> experiment_name({"dim": "64", "dim_kind": "prefix"})
    'dim_64__dim_kind_prefix'
    """
    values = experiment_values(variant)
    if values is None:
        return None
    name = "__".join(f"{key}_{value}" for key, value in sorted(values.items()))
    return name if len(name) <= LONGEST else f"exp_{sha256(name.encode())[:16]}"


def model_meta(result: Result, system: System, tasks: Tasks) -> dict[str, Any]:
    """Return what ModelMeta reads; null is what neither the result nor the configuration says."""
    model = result.spec["model"]
    kind = _kind(model)
    trained = [tasks.tasks[name].name if name in tasks.tasks else name for name in model.get("trained_on") or ()]
    return {
        "loader": None,
        "name": system.name,
        "revision": system.revision,
        "release_date": None,
        "languages": None,
        "n_parameters": None,
        "memory_usage_mb": None,
        "max_tokens": model.get("document_length") or model.get("length"),
        "embed_dim": result.dim,
        "license": None,
        "open_weights": True if system.published else None,
        "public_training_code": None,
        "public_training_data": None,
        "framework": ["NumPy"] if kind == "sparse" else ["PyTorch"],
        "reference": f"https://huggingface.co/{system.name}" if system.published else None,
        "similarity_fn_name": _similarity(kind, model),
        "use_instructions": None,
        "training_datasets": trained or None,
        "model_type": [kind],
        "experiment_kwargs": experiment_values(system.variant),
    }


def _kind(model: Mapping[str, Any]) -> str:
    if "pooling" in model:
        return "late-interaction" if model["pooling"] in (None, "none") else "dense"
    return "sparse" if "k1" in model else "cross-encoder"


def _similarity(kind: str, model: Mapping[str, Any]) -> str | None:
    if kind == "late-interaction":
        return "MaxSim"
    return str(model.get("similarity")) if kind == "dense" else None


def _spelled(value: str) -> str:
    text = re.sub(r"[^A-Za-z0-9.+-]", lambda letter: f"_{ord(letter[0]):x}_", value)
    return text if len(text) <= LONGEST else f"sha256-{sha256(value.encode('utf-8', 'backslashreplace'))[:16]}"
