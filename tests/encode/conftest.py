"""Tiny checkpoints with random weights, written as real folders: config.json, model.safetensors, tokenizer files."""

from __future__ import annotations

import shutil
import string
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoModel, PreTrainedTokenizerFast

from harness.encode.encoder import Encoder, open_encoder
from harness.spec import EncoderSpec, EngineSpec

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[Q]", "[D]"]
WORDS = ["river", "town", "drug", "aspirin", "bridge", "north", "old", "stone", "the", "of", "##s", "##ing", "##ward"]
# Heads of 16 or 32 dimensions: with 8, MKL's products differ in the last bit from one thread's buffer to another.
SHAPE = {"num_hidden_layers": 2, "num_attention_heads": 2, "pad_token_id": 0}
BACKBONES: dict[str, tuple[str, dict[str, Any]]] = {
    "bert": ("Bert", {"hidden_size": 32, "intermediate_size": 64, "max_position_embeddings": 256}),
    "xlm-roberta": ("XLMRoberta", {"hidden_size": 32, "intermediate_size": 64, "max_position_embeddings": 256}),
    "xmod": (
        "Xmod",
        {
            "hidden_size": 32,
            "intermediate_size": 64,
            "max_position_embeddings": 256,
            "languages": ["en_XX", "de_DE"],
            "default_language": "de_DE",
        },
    ),
    "modernbert": (
        "ModernBert",
        {
            "hidden_size": 48,
            "num_attention_heads": 3,
            "intermediate_size": 64,
            "max_position_embeddings": 256,
            # One global layer, one that sees 8 tokens to each side: texts longer than that tell whether it is obeyed.
            "global_attn_every_n_layers": 2,
            "local_attention": 16,
            "bos_token_id": 2,
            "eos_token_id": 3,
            "cls_token_id": 2,
            "sep_token_id": 3,
        },
    ),
    "jina": (
        "JinaEmbeddingsV3",
        {"hidden_size": 64, "intermediate_size": 96, "bos_token_id": 2, "eos_token_id": 3},
    ),
    "eurobert": (
        "EuroBert",
        {"hidden_size": 32, "intermediate_size": 64, "num_key_value_heads": 1, "bos_token_id": 2, "eos_token_id": 3},
    ),
    "llama": ("Llama", {"hidden_size": 32, "intermediate_size": 64, "bos_token_id": 2, "eos_token_id": 3}),
}
Folder = Callable[..., Path]


def finished(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    numbers = [("[CLS]", tokenizer.token_to_id("[CLS]")), ("[SEP]", tokenizer.token_to_id("[SEP]"))]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=numbers)
    names = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        additional_special_tokens=["[Q]", "[D]"],
        **{f"{name}_token": token for name, token in names.items()},
    )


@pytest.fixture(scope="session")
def wordpiece() -> PreTrainedTokenizerFast:
    letters = [*string.ascii_lowercase, *string.digits]
    tokens = [*SPECIAL, *string.punctuation, *letters, *(f"##{letter}" for letter in letters), *WORDS]
    tokenizer = Tokenizer(
        models.WordPiece({token: number for number, token in enumerate(tokens)}, unk_token="[UNK]")  # noqa: S106
    )
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return finished(tokenizer)


@pytest.fixture(scope="session")
def unigram() -> PreTrainedTokenizerFast:
    """Return a tokenizer with XLM-R's habit: a piece at the start of a word is another piece than within one."""
    signs = [sign for sign in string.punctuation if sign not in "~^"]  # two that the vocabulary does not know
    pieces = ["▁", *(f"▁{sign}" for sign in '(-"'), *signs, *string.ascii_lowercase, "▁river", "▁town", "▁old"]
    scored = [(token, 0.0) for token in SPECIAL] + [(piece, -float(len(piece) == 1) * 4 - 2) for piece in pieces]
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=1))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return finished(tokenizer)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, wordpiece: PreTrainedTokenizerFast) -> Folder:
    """Return a function that writes the checkpoint of an architecture, once a session."""
    written: dict[tuple[str, str], Path] = {}

    def write(name: str = "bert", dtype: torch.dtype = torch.float32) -> Path:
        if (name, str(dtype)) not in written:
            path = tmp_path_factory.mktemp(name)
            class_name, shape = BACKBONES[name]
            config = getattr(transformers, f"{class_name}Config")(
                vocab_size=len(wordpiece), initializer_range=0.2, **(SHAPE | shape)
            )
            torch.manual_seed(7)
            AutoModel.from_config(config).to(dtype).save_pretrained(path)
            wordpiece.save_pretrained(path)
            tensors = load_file(path / "model.safetensors")
            tensors["linear.weight"] = torch.randn(16, config.hidden_size, dtype=dtype)
            save_file(tensors, path / "model.safetensors", metadata={"format": "pt"})
            written[name, str(dtype)] = path
        return written[name, str(dtype)]

    return write


@pytest.fixture
def damaged(folder: Folder, tmp_path: Path) -> Path:
    """Return a copy of a sound checkpoint, for a test to damage."""
    return Path(shutil.copytree(folder("bert"), tmp_path / "checkpoint"))


@pytest.fixture(scope="session")
def spec_of() -> Callable[..., EncoderSpec]:
    """Return a function that describes the checkpoint in a folder."""

    def describe(path: Path, **changes: Any) -> EncoderSpec:
        config = transformers.AutoConfig.from_pretrained(path)
        width = 16 if changes.get("head") == "linear.weight" else config.hidden_size
        settings: dict[str, Any] = {"name": "tiny", "path": str(path), "dims": (width,), "document_length": 60}
        return EncoderSpec(**(settings | changes))

    return describe


@pytest.fixture(scope="session")
def encoder_of(folder: Folder, spec_of: Callable[..., EncoderSpec]) -> Callable[..., Encoder]:
    """Return a function that gives the encoder of an architecture on the CPU, opened once a session."""
    opened: dict[tuple[Any, ...], Encoder] = {}

    def give(name: str = "bert", batch_tokens: int = 128, **changes: Any) -> Encoder:
        key = (name, *sorted(changes.items()))
        if key not in opened:
            opened[key] = open_encoder(spec_of(folder(name), **changes), EngineSpec(device="cpu"))
        return replace(opened[key], batch_tokens=batch_tokens)

    return give
