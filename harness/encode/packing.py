"""How the texts of a packed batch lie: made once a batch, and told to every attention layer of the backbone.

Shapes: a batch is one row of T packed tokens, of which a tail may belong to no text; S sequences, the tail among them;
H heads, G heads of keys and values, d dimensions of a head.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby
from typing import NamedTuple

import torch
from torch import Tensor


class Segment(NamedTuple):
    """Neighbouring texts of one length in a packed batch."""

    length: int
    """Tokens of each text."""
    texts: int
    """How many texts."""
    attended: int | None = None
    """How many leading tokens of each are attended to (by all of them); None for all."""


class Rule(NamedTuple):
    """What the attention of a layer is, besides within each text."""

    scaling: float | None = None
    """What products are multiplied with; None for 1 / sqrt(d)."""
    window: int | None = None
    """Tokens fewer than this many places apart see each other; None where all do."""
    alibi_H: Tensor | None = None
    """(H,) float32: the slope with which a head's scores fall with the distance of two tokens."""


class Bounds(NamedTuple):
    """Where the sequences of one side of the products lie, as kernels for texts of any length take it."""

    starts_S: Tensor
    """(S + 1,) int32 on the device: where each sequence begins; the last is where all end."""
    longest: int
    """The tokens of the longest sequence."""


Attend = Callable[[Tensor, Tensor, Tensor, "Packing", Rule], Tensor]
"""From queries (T, H, d), keys and values (T, G, d) to (T, H, d); rows behind the last text hold anything finite."""


@dataclass(frozen=True)
class Kernel:
    """One way to compute attention inside each text."""

    name: str
    """What the record calls it."""
    attend: Attend


@dataclass(frozen=True, eq=False)
class Packing:
    """The boundaries of a batch's texts, and what attends within them."""

    segments: tuple[Segment, ...]
    kernel: Kernel
    queries: Bounds
    keys: Bounds
    """Those of `queries`, but for tokens that are not attended to."""
    key_rows: Tensor | None
    """(kept,) int64: the rows of tokens that are attended to; None for all."""
    masks: dict[tuple[object, ...], Tensor] = field(default_factory=dict)
    """What a kernel adds to scores, kept from one layer to the next."""

    def attended(self, states_TGd: Tensor) -> Tensor:
        """Return the rows of keys or values that are attended to, (kept, G, d)."""
        return states_TGd if self.key_rows is None else states_TGd.index_select(0, self.key_rows)


def segments(lengths: Sequence[int], attended: Sequence[int | None] | None = None) -> tuple[Segment, ...]:
    """Return runs of texts of equal length, of which equally many tokens are attended to.

    >>> segments([3, 3, 5])
    (Segment(length=3, texts=2, attended=None), Segment(length=5, texts=1, attended=None))
    """
    pairs = zip(lengths, attended or [None] * len(lengths), strict=True)
    return tuple(Segment(length, len(list(run)), seen) for (length, seen), run in groupby(pairs))


def packing(runs: tuple[Segment, ...], tokens: int, kernel: Kernel, device: torch.device | None = None) -> Packing:
    """Return how `runs` lie in a row of `tokens` on `device` (None: the CPU).

    The tail that belongs to no text is a sequence of its own: kernels leave no row out.
    """
    texts = [(length, length if seen is None else seen) for length, count, seen in runs for _ in range(count)]
    tail = tokens - sum(length for length, _ in texts)
    pairs = [*texts, (tail, tail)] if tail else texts
    lengths, seen = [length for length, _ in pairs], [kept for _, kept in pairs]
    queries = _bounds(lengths, device)
    if lengths == seen:
        return Packing(runs, kernel, queries, queries, None)
    rows = [row for start, kept in zip(_starts(lengths), seen, strict=False) for row in range(start, start + kept)]
    return Packing(runs, kernel, queries, _bounds(seen, device), torch.tensor(rows, dtype=torch.int64, device=device))


def _starts(lengths: Sequence[int]) -> list[int]:
    return list(accumulate(lengths, initial=0))


def _bounds(lengths: Sequence[int], device: torch.device | None) -> Bounds:
    return Bounds(torch.tensor(_starts(lengths), dtype=torch.int32, device=device), max(lengths, default=0))
