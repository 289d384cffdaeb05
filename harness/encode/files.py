"""The files of a checkpoint folder beside its backbone: tokenizer, width, and what all of them hash to."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

from harness.encode.architectures.native import quiet
from harness.encode.heads import read_head
from harness.encode.hub import VOCABULARIES
from harness.encode.layouts import settled
from harness.encode.said import read_json
from harness.encode.weights import WEIGHTS, weight_files
from harness.errors import ModelError, short
from harness.model_spec import EncoderSpec
from harness.storage import file_sha256

OPTIONAL_FILES = ("tokenizer_config.json", "special_tokens_map.json")
"""Name special tokens and lengths; in the fingerprint where they are there."""
BLOB = re.compile(r"[0-9a-f]{64}")
EXPECTED = f"config.json, {WEIGHTS}, {VOCABULARIES[0]}"


def fingerprint(folder: Path) -> str:
    """Return the SHA-256 over config, weights and tokenizer of a checkpoint folder.

    Raises:
        ModelError: a file is missing.
    """
    weights = [path.name for path in weight_files(folder)]
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} is no checkpoint", got="no config.json", expected=EXPECTED)
    digest = hashlib.sha256()
    optional = [name for name in OPTIONAL_FILES if (folder / name).is_file()]
    for name in ("config.json", *weights, _vocabulary(folder), *optional):
        digest.update(f"{name} {_hashed(folder / name)}\n".encode())
    return digest.hexdigest()


def _hashed(path: Path) -> str:
    """Return the SHA-256 of a file; in the hub's cache a large one is called by it.

    Raises:
        ModelError: it is not what it is called.
    """
    found, blob = file_sha256(path), path.resolve()
    if blob.parent.name == "blobs" and BLOB.fullmatch(blob.name) and blob.name != found:
        remedy = f"Remove {blob} and start again: it is fetched anew"
        raise ModelError(f"{path} is damaged", got=f"sha256 {found}", expected=f"sha256 {blob.name}", remedy=remedy)
    return found


def described(spec: EncoderSpec, folder: Path, language: str | None = None) -> EncoderSpec:
    """Return `spec` with every setting it left open, and with the checkpoint's own width where it names no dimension.

    Raises:
        ModelError: as `harness.encode.layouts.settled` does.
    """
    found = settled(spec, folder, language)
    return found if found.dims else replace(found, dims=(own_width(found, folder),))


def own_width(spec: EncoderSpec, folder: Path) -> int:
    """Return the dimensions of the vectors that the checkpoint itself gives, without loading its backbone."""
    if spec.head is not None:
        return len(read_head(folder, spec.head))
    config = read_json(folder / "config.json")
    sizes = config.get("text_config", config)
    width = sizes.get("hidden_size") or sizes.get("embed_dim")
    if type(width) is not int:
        raise ModelError(f"{folder}/config.json: hidden_size", got=short(width), expected="a whole number")
    return width


def read_tokenizer(folder: Path) -> Any:
    """Return the tokenizer of a checkpoint, made by transformers from its files.

    Raises:
        ModelError: there is none, or it cannot be loaded.
    """
    _vocabulary(folder)
    try:
        # Quietly: a large vocabulary in a folder makes transformers warn of another model's pattern.
        with quiet():
            return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (ValueError, OSError, KeyError, TypeError) as error:
        got = f"{type(error).__name__}: {short(str(error), 200)}"
        raise ModelError(f"{folder}: its tokenizer cannot be loaded", got=got) from error


def _vocabulary(folder: Path) -> str:
    """Return the name of the file that the tokenizer is made from."""
    found = next((name for name in VOCABULARIES if (folder / name).is_file()), None)
    # vocab.txt is looked at only beside a tokenizer_config.json that says which kind of tokenizer it is for.
    if found is None or (found != VOCABULARIES[0] and not (folder / OPTIONAL_FILES[0]).is_file()):
        raise ModelError(f"{folder} is no checkpoint", got=f"no {VOCABULARIES[0]}", expected=EXPECTED)
    return found
