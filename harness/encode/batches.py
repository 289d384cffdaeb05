"""Texts of one block, ordered by length and packed into batches of one fixed number of tokens.

Every forward pass has the same shape, whatever is in it: the tail of the last batch is filled with tokens that nobody
attends to and nobody reads. Matrix products of one shape give a row the same bits wherever it stands, so a text's
vectors do not depend on its neighbours, its shard or its batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from harness.encode.attention import Segment, segments

ROUND_UP = 64
"""A text longer than a batch gets one of its own, its length rounded up to this."""


@dataclass(frozen=True)
class Batch:
    """One packed batch of T tokens."""

    texts: tuple[int, ...]
    """Which texts of the block, in the order of their rows."""
    ids_T: Tensor
    """(T,) int64 token ids; the tail repeats the first id and belongs to no text."""
    positions_T: Tensor
    """(T,) int64: positions within each text, from 0."""
    segments: tuple[Segment, ...]

    @property
    def used(self) -> int:
        """The tokens that belong to a text."""
        return sum(length * texts for length, texts, _ in self.segments)

    def bounds(self, kept_T: Tensor) -> list[tuple[int, int]]:
        """Return where each text's rows start and stop once only the rows in `kept_T` (used,) are left."""
        before = [0, *kept_T.cumsum(0).tolist()]
        ends = list(accumulate((length for length, texts, _ in self.segments for _ in range(texts)), initial=0))
        return [(before[start], before[stop]) for start, stop in pairwise(ends)]


def batches(
    texts: Sequence[Sequence[int]], batch_tokens: int, attended: Sequence[int | None] | None = None
) -> Iterator[Batch]:
    """Yield batches of exactly `batch_tokens` tokens that hold every non-empty text of `texts` once, short ones first.

    A text longer than `batch_tokens` has a batch to itself.

    Args:
        texts: token ids of each text.
        batch_tokens: tokens of a batch.
        attended: how many leading tokens of each text are attended to, where not all are.
    """
    seen = attended or [None] * len(texts)
    order = sorted(
        (index for index, ids in enumerate(texts) if ids),
        key=lambda index: (len(texts[index]), seen[index] or 0, index),
    )
    held: list[int] = []
    tokens = 0
    for index in order:
        if held and tokens + len(texts[index]) > batch_tokens:
            yield _batch(texts, held, batch_tokens, seen)
            held, tokens = [], 0
        held.append(index)
        tokens += len(texts[index])
    if held:
        yield _batch(texts, held, batch_tokens, seen)


def _batch(texts: Sequence[Sequence[int]], held: Sequence[int], batch_tokens: int, seen: Sequence[int | None]) -> Batch:
    lengths = [len(texts[index]) for index in held]
    used = sum(lengths)
    size = batch_tokens if used <= batch_tokens else -(-used // ROUND_UP) * ROUND_UP
    ids = [token for index in held for token in texts[index]]
    positions = [position for length in lengths for position in range(length)]
    ids_T = torch.tensor(ids + ids[:1] * (size - used), dtype=torch.int64)
    positions_T = torch.tensor(positions + [0] * (size - used), dtype=torch.int64)
    return Batch(tuple(held), ids_T, positions_T, segments(lengths, [seen[index] for index in held]))
