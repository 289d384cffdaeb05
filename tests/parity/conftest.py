"""Checkpoints in the published layouts, written once, and the harness's vectors before they are rounded to float16."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from harness.encode.batches import batches
from harness.encode.encoder import Encoder
from harness.encode.rows import pooled
from tests.fixtures.published import WRITERS

Folder = Callable[[str], Path]
Vectors = Callable[[Encoder, str, Sequence[str], int], list[Tensor]]


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Return a function that writes a system's checkpoint once a session and gives its folder."""
    root = tmp_path_factory.mktemp("published")

    def give(name: str) -> Path:
        if not (root / name).exists():
            WRITERS[name](root / name)
        return root / name

    return give


@pytest.fixture
def copied(published: Folder, tmp_path: Path) -> Folder:
    """Return a function that gives a copy of a system's checkpoint, and of its sibling, for a test to change."""

    def give(name: str) -> Path:
        for path in (published(name), published(name).with_name(f"{name}-64")):
            if path.is_dir():
                shutil.copytree(path, tmp_path / path.name)
        return tmp_path / name

    return give


@pytest.fixture(scope="session")
def vectors_of() -> Vectors:
    """Return a function from an encoder, `queries` or `documents`, texts and a dimension to float32 vectors by text."""
    return _vectors


@torch.inference_mode()
def _vectors(encoder: Encoder, role: str, texts: Sequence[str], dim: int) -> list[Tensor]:
    """Return what the encoder has before it rounds, having seen that it hands on the same, rounded."""
    tokens = getattr(encoder.tokens, role)(texts)
    skipped = torch.tensor(sorted(encoder.tokens.skiplist if role == "documents" else ()), dtype=torch.int64)
    found: list[Tensor] = [torch.empty(0, dim)] * len(texts)
    for batch in batches([text.ids for text in tokens], encoder.batch_tokens, [text.attended for text in tokens]):
        vectors_TD = encoder._vectors(batch, [dim])[dim]
        kept_T = ~torch.isin(batch.ids_T[: batch.used], skipped)
        bounds = batch.bounds(torch.ones_like(kept_T))
        for text, (start, stop) in zip(batch.texts, bounds, strict=True):
            rows_ND = vectors_TD[start:stop][kept_T[start:stop]]
            if encoder.spec.pooling != "none":
                rows_ND = pooled(rows_ND, [(0, len(rows_ND))], encoder.spec.pooling)
            cut_ND = rows_ND[:, :dim]
            found[text] = torch.nn.functional.normalize(cut_ND) if encoder.spec.similarity == "cosine" else cut_ND
    rounded = getattr(encoder, role)(texts, [dim]).by_dim[dim]
    for text, vectors_ND in enumerate(found):
        torch.testing.assert_close(rounded.of(text).float(), vectors_ND, atol=1e-3, rtol=1e-3)
    return found
