"""What the teacher, multilingual-e5-small, makes of a text: a vector for each character's token, kept on disk."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import AutoModel, AutoTokenizer

from harness.storage import write_atomically
from tests.fixtures.e5 import write_encoder

LONGEST = 300
TOKENS = 4096
"""Padded tokens in a batch."""
PREFIXES = {"query": "query: ", "passage": "passage: "}
"""How multilingual-e5 wants its texts introduced."""


class Seen(NamedTuple):
    """Texts as the teacher sees them: the vectors of all their tokens and which characters each token covers."""

    vectors_NH: NDArray[np.float16]
    spans_N2: NDArray[np.int32]
    """First character and the one after the last, in the text without its prefix."""
    starts: NDArray[np.int64]
    """Where each text's tokens begin, and the end."""

    def text(self, number: int) -> tuple[NDArray[np.float16], NDArray[np.int32]]:
        """Return the vectors and spans of one text."""
        part = slice(self.starts[number], self.starts[number + 1])
        return self.vectors_NH[part], self.spans_N2[part]


class Teacher:
    """The encoder out of its wheel, written once to `folder` and loaded from there."""

    def __init__(self, folder: Path) -> None:
        """Load the encoder."""
        if not (folder / "encoder" / "config.json").is_file():
            write_encoder(folder / "encoder")
        self.folder = folder
        self.model: Any = AutoModel.from_pretrained(
            folder / "encoder", dtype=torch.float32, add_pooling_layer=False
        ).eval()
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder / "encoder")._tokenizer

    def word_embeddings(self, pieces: Sequence[str]) -> Tensor:
        """Return the word embeddings (pieces, hidden) of XLM-R's `pieces`."""
        ids = torch.tensor([self.tokenizer.token_to_id(piece) for piece in pieces])
        table: Tensor = self.model.embeddings.word_embeddings.weight.detach()[ids]
        return table

    def seen(self, texts: Sequence[str], kind: str) -> Seen:
        """Return the last hidden states of `texts`, from disk if they were made before."""
        key = hashlib.sha256("\n".join([kind, *texts]).encode()).hexdigest()[:16]
        path = self.folder / f"{key}.npz"
        if not path.is_file():
            made = self._make(texts, PREFIXES[kind])
            content = io.BytesIO()
            np.savez(content, vectors_NH=made.vectors_NH, spans_N2=made.spans_N2, starts=made.starts)
            write_atomically(path, content.getvalue())
        with np.load(path) as kept:
            return Seen(*(kept[name] for name in Seen._fields))

    def _make(self, texts: Sequence[str], prefix: str) -> Seen:
        encoded = self.tokenizer.encode_batch([prefix + text for text in texts])
        lengths = [min(len(encoding.ids), LONGEST) for encoding in encoded]
        vectors: list[NDArray[np.float16]] = [np.zeros(0, np.float16)] * len(texts)
        for batch in _batches(lengths):
            for number, states in zip(batch, self._states([encoded[n].ids[:LONGEST] for n in batch]), strict=True):
                vectors[number] = states
        spans, rows = [], []
        for encoding, states in zip(encoded, vectors, strict=True):
            bounds = np.array(encoding.offsets[: len(states)], np.int32).reshape(-1, 2) - len(prefix)
            inside = bounds[:, 1] > 0
            spans.append(np.maximum(bounds[inside], 0))
            rows.append(states[inside])
        starts = np.cumsum([0, *(len(row) for row in rows)])
        return Seen(np.concatenate(rows), np.concatenate(spans), starts)

    @torch.no_grad()
    def _states(self, ids: Sequence[Sequence[int]]) -> list[NDArray[np.float16]]:
        longest = max(map(len, ids))
        ids_BT = torch.tensor([[*row, *[1] * (longest - len(row))] for row in ids])
        mask_BT = (ids_BT != 1).long()
        states_BTH = self.model(input_ids=ids_BT, attention_mask=mask_BT).last_hidden_state
        return [states[: len(row)].half().numpy() for states, row in zip(states_BTH, ids, strict=True)]


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Return the texts' numbers, shortest first, as many together as fit `TOKENS` when padded."""
    batches: list[list[int]] = [[]]
    for number in sorted(range(len(lengths)), key=lambda n: (lengths[n], n)):
        if (len(batches[-1]) + 1) * lengths[number] > TOKENS and batches[-1]:
            batches.append([])
        batches[-1].append(number)
    return batches
