"""Every backbone, packed, against the same backbone in transformers' own attention, one document at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoModel, AutoTokenizer

from harness.encode.encoder import Encoder
from harness.encode.vectors import TokenVectors
from harness.errors import ModelError

ARCHITECTURES = ["bert", "xlm-roberta", "xmod", "modernbert", "jina", "eurobert"]
TEXTS = [
    "the old bridge",
    "aspirin is a drug; the town is north of the river.",
    "a",
    "",
    "stone " * 40,
    "river town north old",
    "zqx 17 (bridges)",
    "drug aspirin stone the",
    "the river, the town, the bridge and the stones of the north, " * 3,
]


def alone(path: Path, text: str, attention: str, length: int) -> torch.Tensor:
    """Return the unit float32 hidden states of one text, by transformers and nothing else."""
    model = AutoModel.from_pretrained(path, attn_implementation=attention).eval()
    inputs = AutoTokenizer.from_pretrained(path)(text, truncation=True, max_length=length, return_tensors="pt")
    with torch.no_grad():
        hidden = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).last_hidden_state[0]
    return torch.nn.functional.normalize(hidden, dim=-1)


def hidden_states(encoder: Encoder, texts: list[str]) -> list[torch.Tensor]:
    """Return each text's unit float32 vectors before they are rounded to float16."""
    # Rounding hides what the comparison is after; the last step before it is the one looked at.
    from harness.encode.batches import batches  # noqa: PLC0415

    found: list[torch.Tensor] = [torch.empty(0)] * len(texts)
    for batch in batches([tokens.ids for tokens in encoder.tokens.documents(texts)], encoder.batch_tokens):
        vectors = torch.nn.functional.normalize(encoder._vectors(batch), dim=-1)
        for text, (start, stop) in zip(batch.texts, batch.bounds(torch.ones(batch.used)), strict=True):
            found[text] = vectors[int(start) : int(stop)]
    return found
