"""Texts of one block, packed into batches of a number of tokens.

On the CPU every forward pass has the same shape, whatever is in it: the tail of a batch is filled with tokens that
nobody attends to and nobody reads. Matrix products of one shape give a row the same bits wherever it stands, so a
text's vectors do not depend on its neighbours, its shard or its batch. On CUDA batches are as long as their texts, and
the last bits of a vector may depend on them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise

import torch
from torch import Tensor

from harness.encode.packing import Kernel, Packing, Segment, packing, segments

ROUND_UP = 64
"""A batch that is not filled up, or that one long text is alone in, has its tokens rounded up to this."""


@dataclass(frozen=True)
class Batch:
    """One packed batch of T tokens."""

    texts: tuple[int, ...]
    """Which texts of the block, in the order of their rows."""
    lengths: tuple[int, ...]
    """The tokens of each."""
    ids_T: Tensor
    """(T,) int64 token ids; the tail repeats the first id and belongs to no text."""
    positions_T: Tensor
    """(T,) int64: positions within each text, from 0."""
    segments: tuple[Segment, ...]

    @property
    def used(self) -> int:
        """The tokens that belong to a text."""
        return sum(self.lengths)

    def packing(self, kernel: Kernel, device: torch.device | None = None) -> Packing:
        """Return how the texts lie, for a model on `device`."""
        return packing(self.segments, len(self.ids_T), kernel, device)

    def bounds(self, kept_T: Tensor) -> list[tuple[int, int]]:
        """Return where each text's rows start and stop once only the rows in `kept_T` (used,) are left."""
        before = torch.nn.functional.pad(kept_T.cumsum(0), (1, 0))
        ends = torch.tensor([*accumulate(self.lengths, initial=0)])
        return list(pairwise(before[ends].tolist()))


def batches(
    texts: Sequence[Sequence[int]],
    batch_tokens: int,
    attended: Sequence[int | None] | None = None,
    *,
    filled: bool = True,
    among: Iterable[int] | None = None,
) -> Iterator[Batch]:
    """Yield batches of at most `batch_tokens` tokens that hold every non-empty text of `texts` once, long ones first.

    A text longer than `batch_tokens` has a batch to itself.

    Args:
        texts: token ids of each text.
        batch_tokens: tokens of a batch.
        attended: how many leading tokens of each text are attended to, where not all are.
        filled: whether every batch is filled up to exactly `batch_tokens`.
        among: which texts; None for all.
    """
    seen = attended or [None] * len(texts)
    kept = [index for index in (range(len(texts)) if among is None else among) if texts[index]]
    order = sorted(kept, key=lambda index: (len(texts[index]), seen[index] or 0, index))
    for held in _held(order, [len(texts[index]) for index in order], batch_tokens):
        lengths = [len(texts[index]) for index in held]
        used = sum(lengths)
        size = batch_tokens if filled and used <= batch_tokens else -(-used // ROUND_UP) * ROUND_UP
        ids_T = torch.tensor([*chain.from_iterable(texts[index] for index in held)], dtype=torch.int64)
        yield Batch(
            texts=tuple(held),
            lengths=tuple(lengths),
            ids_T=torch.cat([ids_T, ids_T[:1].expand(size - used)]),
            positions_T=_positions(lengths, size),
            segments=segments(lengths, [seen[index] for index in held]),
        )


def _held(order: list[int], lengths: list[int], room: int) -> Iterator[list[int]]:
    """Yield the texts of each batch, short ones first: the longest that are left, then what fits into the rest.

    Neighbours in `order`, which is by length, mostly stay together: long runs of one length are attended to at once,
    and still hardly a token of a batch is filling.
    """
    while order:
        held = [order.pop()]
        left = room - lengths.pop()
        while order and (place := bisect_right(lengths, left)):
            held.append(order.pop(place - 1))
            left -= lengths.pop(place - 1)
        held.reverse()
        yield held


def _positions(lengths: Sequence[int], size: int) -> Tensor:
    """Return (size,) int64: places counted from the beginning of each text, 0 behind the last."""
    counts = torch.tensor(lengths, dtype=torch.int64)
    positions_T = torch.zeros(size, dtype=torch.int64)
    used = int(counts.sum())
    starts = counts.cumsum(0) - counts
    positions_T[:used] = torch.arange(used) - starts.repeat_interleave(counts)
    return positions_T
