"""What a checkpoint's own files say about its texts, and a spec with every open setting filled in from them.

Three layouts say it: Stanford's ColBERT (artifact.metadata), PyLate and sentence-transformers' MultiVectorEncoder
(modules.json, config_sentence_transformers.json). A folder with none of them says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.encode.said import (
    METADATA,
    SENTENCE,
    Said,
    multi_vector,
    pylate,
    read_json,
    refuse_unused_projection,
    stanford,
)
from harness.errors import ModelError
from harness.model_spec import EncoderSpec

UNSAID: Mapping[str, Any] = {
    "query_length": 32,
    "document_length": 300,
    "query_marker": "",
    "document_marker": "",
    "expand_queries": False,
    "attend_to_expansion": True,
    "skiplist": "none",
}
"""What holds where neither the spec nor the checkpoint says anything; recorded with every result."""


def settled(spec: EncoderSpec, folder: Path, language: str | None = None) -> EncoderSpec:
    """Return `spec` with every setting it left open: the checkpoint's own, else that of `UNSAID`.

    Args:
        spec: what is set here stays.
        folder: the checkpoint.
        language: of the texts (ISO 639-1), for a backbone with language adapters; None leaves the adapter open.

    Raises:
        ModelError: the files say too little, or nothing that can be read; no adapter knows the language.
    """
    said = {**UNSAID, **(said_by(folder) if spec.pooling == "none" else {})}
    filled = {name: value for name, value in said.items() if getattr(spec, name, None) is None}
    if spec.pooling == "none" and (spec.head or filled.get("head")) is None:
        refuse_unused_projection(folder)
    if language is not None and spec.adapter is None:
        config = read_json(folder / "config.json")
        filled["adapter"] = adapter_of(folder, config, language) if config.get("model_type") == "xmod" else None
    return replace(spec, **filled)


def said_by(folder: Path) -> Said:
    """Return what the files in `folder` say about its texts; nothing for a plain backbone.

    Raises:
        ModelError: a layout is there in part, or says what is not done here.
    """
    if (folder / METADATA).is_file():
        return stanford(folder)
    found = read_json(folder / SENTENCE) if (folder / SENTENCE).is_file() else {}
    if "query_prefix" in found:
        return pylate(folder, found)
    if found.get("model_type") == "MultiVectorEncoder":
        return multi_vector(folder, found)
    config = read_json(folder / "config.json")
    if "HF_ColBERT" in (config.get("architectures") or []):
        what = f"{folder} is a ColBERT checkpoint without its settings"
        raise ModelError(what, got=f"no {METADATA}", remedy="Fetch it: without it markers and lengths would be guessed")
    return {}


def adapter_of(folder: Path, config: Mapping[str, Any], language: str) -> str:
    """Return the language adapter for texts in `language`, as in sw_KE for sw.

    Raises:
        ModelError: the model has none.
    """
    adapters = config.get("languages") or []
    found = next((str(one) for one in adapters if str(one).split("_")[0] == language), None)
    if found is None:
        known = ", ".join(sorted({str(one).split("_")[0] for one in adapters})) or "none"
        remedy = "Choose another language, or an adapter by name: model.adapter=..."
        raise ModelError(f"{folder} has no adapter for the language", got=language, expected=known, remedy=remedy)
    return found
