"""The harness as the benchmarks use it: every call into it stands here, so that a change there is a change of one file.

Shapes: Q queries, P documents, N packed tokens, D dimensions, K places of a top-k.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor

from harness.encode.batches import batches
from harness.encode.encoder import Encoder, open_encoder
from harness.encode.tokens import TextTokenizer, Tokens
from harness.encode.vectors import TokenVectors, pack
from harness.retrieve import exact, order
from harness.retrieve.fused import fused_maxsim
from harness.retrieve.fused_layout import query_rows
from harness.retrieve.scoring import Scorer, scorer
from harness.retrieve.tiles_cuda import tiles_maxsim
from harness.spec import EncoderSpec, EngineSpec
from tests.benchmarks.names import FUSED, PLAIN
from tests.benchmarks.serve import Ragged

STRICT, FAST = "strict", "fast"


def encoder(folder: Path, precision: str = STRICT, device: str = "cpu") -> Encoder:
    """Return the encoder of a folder whose files say everything about it."""
    spec = EncoderSpec(name=folder.name, path=str(folder), dim_kind="head")
    return open_encoder(spec, EngineSpec(device=device), None, precision)


def documents(model: Encoder, texts: Sequence[str]) -> TokenVectors:
    """Return the vectors of documents at the model's own width."""
    width = model.checkpoint.width
    return model.documents(texts, (width,)).by_dim[width]


@dataclass(frozen=True)
class _Tokenized(TextTokenizer):
    """A tokenizer that has done its work, as the thread ahead of a run's encoder has."""

    found: Sequence[Tokens]

    def documents(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the tokens of `texts`, which are those that it was made of."""
        assert len(texts) == len(self.found)
        return list(self.found)


def tokenized(model: Encoder, texts: Sequence[str]) -> Encoder:
    """Return an encoder that has the tokens of `texts` already, and encodes these documents alone."""
    return replace(model, tokens=_Tokenized(**vars(model.tokens), found=model.tokens.documents(texts)))


def queries(model: Encoder, texts: Sequence[str]) -> TokenVectors:
    """Return the vectors of queries at the model's own width."""
    width = model.checkpoint.width
    return model.queries(texts, (width,)).by_dim[width]


def tokens(model: Encoder, texts: Sequence[str]) -> list[int]:
    """Return how many tokens of each document go through the backbone."""
    return [len(found.ids) for found in model.tokens.documents(texts)]


def before_rounding(model: Encoder, texts: Sequence[str]) -> Ragged:
    """Return the documents' unit vectors in float32, as they are before they are stored as float16."""
    ids = [found.ids for found in model.tokens.documents(texts)]
    skipped = torch.tensor(sorted(model.tokens.skiplist), dtype=torch.int64)
    found = [np.empty((0, model.checkpoint.width), dtype=np.float32)] * len(texts)
    for batch in batches(ids, model.batch_tokens):
        vectors_TD = model._vectors(batch, (model.checkpoint.width,))[model.checkpoint.width]
        kept_T = ~torch.isin(batch.ids_T[: batch.used], skipped)
        unit_ND = torch.nn.functional.normalize(vectors_TD[kept_T], dim=-1).numpy()
        for text, (start, stop) in zip(batch.texts, batch.bounds(kept_T), strict=True):
            found[text] = unit_ND[start:stop]
    return Ragged(np.concatenate(found), np.array([len(one) for one in found]))


def packed(vectors: Sequence[Tensor]) -> TokenVectors:
    """Return (tokens, D) matrices as the harness keeps them: float16, end to end."""
    return pack([one.half() for one in vectors], vectors[0].shape[1])


def ragged(vectors: TokenVectors) -> Ragged:
    """Return packed vectors as a peer takes them: float32, end to end."""
    return Ragged(vectors.vectors_ND.float().numpy(), vectors.lengths.numpy())


def from_ragged(found: Ragged) -> TokenVectors:
    """Return vectors that came from a file as the harness keeps them."""
    offsets = torch.from_numpy(np.concatenate([[0], np.cumsum(found.lengths)]))
    return TokenVectors(torch.from_numpy(found.rows).half(), offsets)


def tiles(vectors: TokenVectors, dims: Sequence[int]) -> Scorer:
    """Return a query set laid out for scoring at `dims`, all of them cut from the full width."""
    return scorer(vectors, sorted(dims))


def scores(laid_out: Scorer, vectors: TokenVectors, dims: Sequence[int]) -> dict[int, Tensor]:
    """Return scores_QP at each of `dims`, block of documents by block."""
    found: dict[int, list[Tensor]] = {dim: [] for dim in dims}
    for block in blocks(vectors):
        for dim, scores_QP in laid_out.scores(block, dims).items():
            found[dim].append(scores_QP)
    return {dim: torch.cat(by_block, dim=1) for dim, by_block in found.items()}


def best(laid_out: Scorer, vectors: TokenVectors, dim: int, depth: int) -> Tensor:
    """Return (Q, K) int64: the best documents of every query, from a running top-k over blocks as in a run."""
    held: list[Tensor] = []
    first = 0
    for block in blocks(vectors):
        found_QP = order.keys(laid_out.scores(block, (dim,))[dim], torch.arange(first, first + len(block)))
        held = [order.best(torch.cat([*held, found_QP], dim=1), depth)]
        first += len(block)
    return order.ranks_of(held[0])


def cuda_paths(
    asked: TokenVectors, vectors: TokenVectors, dims: Sequence[int]
) -> dict[str, Callable[[], dict[int, Tensor]]]:
    """Return both ways of scoring on a CUDA device by name: the fused kernel, and plain products."""
    rows = query_rows(asked, sorted(dims))
    return {
        FUSED: lambda: fused_maxsim(rows, vectors, dims),
        PLAIN: lambda: tiles_maxsim(rows, vectors, dims),
    }


def blocks(vectors: TokenVectors) -> Iterator[TokenVectors]:
    """Yield the documents in the blocks that a run encodes, scores and drops."""
    size = EngineSpec().block_size(vectors.vectors_ND.device.type)
    for first in range(0, len(vectors), size):
        offsets = vectors.offsets[first : first + size + 1]
        rows_ND = vectors.vectors_ND[int(offsets[0]) : int(offsets[-1])]
        yield TokenVectors(rows_ND, offsets - offsets[0])


@dataclass
class Parts:
    """Seconds of a run by what they were spent on."""

    encoding: float = 0.0
    """Texts to vectors; documents are tokenised ahead by another thread, whose seconds are in no part."""
    maxsim: float = 0.0
    """Vectors to scores, laying out the queries included; top-k not."""
    calls: dict[str, int] = field(default_factory=dict)

    def timing(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function`, its seconds added to `part`."""

        def timed(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                setattr(self, part, getattr(self, part) + time.perf_counter() - started)
                self.calls[part] = self.calls.get(part, 0) + 1

        return timed


@contextmanager
def parts() -> Iterator[Parts]:
    """Give the parts of what runs in the block; the harness itself is not changed by it."""
    found = Parts()
    with (
        mock.patch.object(Encoder, "documents", found.timing("encoding", Encoder.documents)),
        mock.patch.object(Encoder, "queries", found.timing("encoding", Encoder.queries)),
        mock.patch.object(Scorer, "scores", found.timing("maxsim", Scorer.scores)),
        mock.patch.object(exact, "scorer", found.timing("maxsim", exact.scorer)),
    ):
        yield found
