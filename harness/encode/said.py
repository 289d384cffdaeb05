"""What three libraries write down of how a checkpoint's texts become tokens: read field by field, or refused."""

from __future__ import annotations

import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import ModelError, short
from harness.json_text import parse_json
from harness.storage import read_capped

METADATA = "artifact.metadata"
SENTENCE = "config_sentence_transformers.json"
LARGEST = 256 * 1024 * 1024
"""Bytes of a JSON file of a checkpoint; tokenizer.json of a vocabulary of 250,000 has 17 MB."""
Said = dict[str, Any]
"""Settings by the names of EncoderSpec's fields."""


def read_json(path: Path) -> dict[str, Any]:
    """Return the mapping in a JSON file of a checkpoint.

    Raises:
        ModelError: it is not there, or no mapping.
    """
    try:
        found = parse_json(read_capped(path, LARGEST, ModelError))
    except FileNotFoundError as error:
        raise ModelError(f"{path.parent} is no checkpoint", got=f"no {path.name}") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be loaded", got=short(str(error)), expected="JSON") from error
    if not isinstance(found, dict):
        raise ModelError(f"{path} cannot be loaded", got=short(found), expected="a mapping")
    return found


def stanford(folder: Path) -> Said:
    """Return what artifact.metadata says, the file of Stanford's ColBERT (infra/config/settings.py)."""
    path = folder / METADATA
    found = read_json(path)
    if (similarity := _field(path, found, "similarity", str)) != "cosine":
        raise ModelError(f"{path}: similarity", got=short(similarity), expected="cosine")
    return {
        "query_length": _field(path, found, "query_maxlen", int),
        "document_length": _field(path, found, "doc_maxlen", int),
        "query_marker": _field(path, found, "query_token_id", str),
        "document_marker": _field(path, found, "doc_token_id", str),
        "expand_queries": True,
        "attend_to_expansion": _field(path, found, "attend_to_mask_tokens", bool),
        "skiplist": "stanford" if _field(path, found, "mask_punctuation", bool) else "none",
        "head": "linear.weight",
    }


def pylate(folder: Path, found: Mapping[str, Any]) -> Said:
    """Return what PyLate's settings say (models/colbert.py)."""
    path = folder / SENTENCE
    return {
        "query_length": _field(path, found, "query_length", int),
        "document_length": _field(path, found, "document_length", int),
        "query_marker": _field(path, found, "query_prefix", str),
        "document_marker": _field(path, found, "document_prefix", str),
        "expand_queries": bool(found.get("do_query_expansion", True)),
        "attend_to_expansion": _field(path, found, "attend_to_expansion_tokens", bool),
        "skiplist": _words(path, found.get("skiplist_words", [])),
        "head": _dense(folder),
    }


def multi_vector(folder: Path, found: Mapping[str, Any]) -> Said:
    """Return what sentence-transformers' MultiVectorEncoder has saved."""
    path = folder / "sentence_bert_config.json"
    lengths = read_json(path)
    expansion = lengths.get("query_expansion") or {}
    if expansion and expansion.get("strategy") != "fixed":
        raise ModelError(f"{path}: query_expansion", got=short(expansion.get("strategy")), expected="fixed")
    prompts = found.get("prompts") or {}
    mask = folder / module_folder(folder, "MultiVectorMask")
    words = read_json(mask / "config.json").get("skiplist_words", []) if mask != folder else []
    return {
        "query_length": _field(path, expansion or lengths, "length" if expansion else "query_length", int),
        "document_length": _field(path, lengths, "document_length", int),
        "query_marker": _token(folder, prompts.get("query")),
        "document_marker": _token(folder, prompts.get("document")),
        "expand_queries": bool(expansion),
        "attend_to_expansion": bool(expansion.get("attend", True)),
        "skiplist": _words(mask / "config.json", words),
        "head": _dense(folder),
    }


def _field(path: Path, found: Mapping[str, Any], name: str, kind: type) -> Any:
    value = found.get(name)
    if type(value) is not kind:
        expected = {int: "a whole number", str: "text", bool: "true or false"}[kind]
        raise ModelError(f"{path}: {name}", got=short(value) if name in found else "nothing", expected=expected)
    return value


def _words(path: Path, words: Any) -> str:
    """Return the rule that a list of words to skip is: all of ASCII's punctuation, or none."""
    if not words:
        return "none"
    if not isinstance(words, list) or set(words) != set(string.punctuation):
        raise ModelError(f"{path}: skiplist_words", got=short(words), expected="the ASCII punctuation, or nothing")
    return "words"


def _token(folder: Path, prompt: Any) -> str:
    """Return the token that a prompt is: PyLate's end in a blank, others stand before one."""
    path = folder / "tokenizer.json"
    added = read_json(path).get("added_tokens") if path.is_file() else None
    text = str(prompt or "")
    return text if any(one.get("content") == text for one in added or []) else text.strip()


def module_folder(folder: Path, kind: str) -> str:
    """Return the folder of the one module of a kind that modules.json names; empty where there is none."""
    try:
        modules = parse_json(read_capped(folder / "modules.json", LARGEST, ModelError))
        paths = [str(one["path"]) for one in modules if str(one["type"]).rpartition(".")[2] == kind]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}/modules.json cannot be loaded", got=short(str(error))) from error
    if len(paths) > 1 or any(Path(path).name != path for path in paths):
        raise ModelError(f"{folder}/modules.json: {kind}", got=short(paths), expected="one at most, in a folder here")
    return paths[0] if paths else ""


def _dense(folder: Path) -> str:
    """Return the projection of a sentence-transformers folder, as `1_Dense/linear.weight`."""
    place = module_folder(folder, "Dense")
    if not place:
        raise ModelError(f"{folder}/modules.json has no projection", expected="one module of type Dense")
    found = read_json(folder / place / "config.json")
    if found.get("bias") or str(found.get("activation_function", "Identity")).rpartition(".")[2] != "Identity":
        got = f"bias {found.get('bias')}, {found.get('activation_function')}"
        raise ModelError(f"{folder / place}: the projection", got=got, expected="a plain product without a bias")
    return f"{place}/linear.weight"


def refuse_unused_projection(folder: Path) -> None:
    """Refuse a folder with a projection whose settings are of no known layout: hidden states are another system."""
    if (folder / "modules.json").is_file() and (place := module_folder(folder, "Dense")):
        expected = "the settings of PyLate (query_prefix) or of a MultiVectorEncoder (model_type)"
        what = f"{folder / SENTENCE} does not say how texts are projected"
        raise ModelError(what, got=f"a projection in {place}", expected=expected)
