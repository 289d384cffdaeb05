"""Backbones that transformers hosts under the checkpoint's own model type: BERT, XLM-R, X-MOD, ModernBERT, others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from torch import nn
from transformers import CONFIG_MAPPING, AutoConfig, AutoModel
from transformers.utils import logging as transformers_logging

from harness.encode.attention import register
from harness.encode.filling import refuse_unaccounted
from harness.encode.weights import weight_files
from harness.errors import ModelError, short

UNUSED = (
    r"linear\.weight",  # the projection of ColBERT, which is read on its own
    r"(.*\.)?pooler\..*",
    r"(cls|lm_head|classifier|head|decoder)\..*",  # heads of the training task
    r"(.*\.)?embeddings\.position_ids",  # stored by older transformers
)
"""Tensors that a checkpoint of a backbone may hold and that no token vector depends on."""
INTERNAL = "_attn_implementation_internal"


def load(folder: Path, config: dict[str, Any]) -> nn.Module:
    """Return the backbone of the architecture that `config` names.

    Raises:
        ModelError: transformers does not host it, or a tensor is not accounted for.
    """
    if INTERNAL in config:
        # Some versions of transformers fetch and run the code that it names (CVE-2026-4372).
        raise ModelError(f"{folder}/config.json: {INTERNAL}", got=short(config[INTERNAL]), expected="no such key")
    if not config.get("model_type"):
        got = f"no model_type, architectures {short(config.get('architectures'))}"
        raise ModelError(f"{folder}/config.json names no known architecture", got=got)
    if config["model_type"] not in list(CONFIG_MAPPING.keys()):
        # transformers would rather have the checkpoint's own code run than name the type.
        got, expected = f"model_type {short(config['model_type'])}", "an architecture that transformers hosts"
        raise ModelError(f"{folder} cannot be loaded", got=got, expected=expected)
    with loading(folder):
        ours = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    return from_pretrained(AutoModel, folder, ours)


def from_pretrained(kind: Any, folder: Path, config: Any) -> nn.Module:
    """Return a model of transformers' class `kind` with packed attention, every tensor accounted for.

    Raises:
        ModelError: it cannot be loaded, or a tensor is missing, of another shape, or there for no known purpose.
    """
    weight_files(folder)
    with loading(folder):
        model, found = kind.from_pretrained(
            folder,
            config=config,
            attn_implementation=register(),
            dtype="auto",
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are looked at below, one line for all
        )
    missing = sorted(name for name in found["missing_keys"] if not name.startswith("pooler."))
    other = sorted(name for name, *_ in found["mismatched_keys"])
    refuse_unaccounted(folder, missing, other, sorted(found["unexpected_keys"]), UNUSED)
    backbone: nn.Module = model.eval().requires_grad_(requires_grad=False)
    return backbone


@contextmanager
def loading(folder: Path) -> Iterator[None]:
    """Turn what transformers raises about a folder into one line, and keep it from reporting what is checked here."""
    try:
        with quiet():
            yield
    except (ValueError, OSError, KeyError, TypeError, SafetensorError, StrictDataclassError) as error:
        expected = "an architecture that transformers hosts, with sound safetensors"
        raise ModelError(f"{folder} cannot be loaded", got=short(str(error), 200), expected=expected) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers from reporting, and leave its settings as they were."""
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
