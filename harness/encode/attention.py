"""Attention inside each text of a packed batch, for any transformers backbone.

Shapes: a batch is one row of T packed tokens; H heads, d dimensions of a head. One function is registered with
transformers' AttentionInterface, and a mask function that makes none; every backbone that supports attention backends
then runs packed without a line of its own. The texts' boundaries travel through the model's keyword arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import torch
from einops import rearrange
from torch import Tensor, nn
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

from harness.errors import ModelError

NAME = "packed"
UNKNOWN_HERE = ("softcap", "s_aux", "position_bias")
"""Keywords of attention functions that change what attention is: a model that uses one is refused."""


class Segment(NamedTuple):
    """Neighbouring texts of one length in a packed batch."""

    length: int
    """Tokens of each text."""
    texts: int
    """How many texts."""
    attended: int | None = None
    """How many leading tokens of each are attended to (by all of them); None for all."""


def packed_attention(  # noqa: PLR0913 - the signature is transformers'
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None = None,
    *,
    segments: tuple[Segment, ...],
    scaling: float | None = None,
    sliding_window: int | None = None,
    dropout: float = 0.0,
    alibi_H: Tensor | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """Return the attention of every token to the tokens of its own text: (1, T, H, d), and no weights.

    Texts of equal length are neighbours and go through scaled_dot_product_attention together, without a mask but for
    that of a local layer or of ALiBi; rows behind the last text stay zero. The signature is transformers' (keywords
    that steer other backends are not looked at).

    Args:
        module: the attention layer, unused.
        query: (1, H, T, d), as transformers hands it over.
        key: (1, H, T, d), or fewer heads where groups of query heads share one.
        value: like the key.
        attention_mask: must be None; boundaries are in `segments`.
        segments: the texts' lengths, in their order.
        scaling: what products are multiplied with; None for 1 / sqrt(d).
        sliding_window: a layer's local attention: tokens fewer than this many places apart see each other.
        dropout: must be 0.
        alibi_H: each head's slope, where its scores fall with the distance of two tokens, in either direction.
        others: refused where they would change the result.

    Raises:
        ModelError: the model bends its attention in a way that is not done here.
    """
    if attention_mask is not None or dropout:
        raise ValueError("packed attention takes no mask and no dropout")
    bent = [name for name in UNKNOWN_HERE if others.get(name) is not None]
    if bent:
        raise ModelError(f"{type(module).__name__} cannot run packed", got=", ".join(bent), expected="plain attention")
    if alibi_H is not None and sliding_window is not None:
        raise ValueError("packed attention takes a window or ALiBi, not both")
    attended = torch.zeros_like(query)
    start = 0
    for length, texts, seen in segments:
        rows = slice(start, start + length * texts)
        q, k, v = (
            rearrange(states[0, :, rows], "head (text token) dim -> text head token dim", text=texts)
            for states in (query, key, value)
        )
        k, v = k[..., :seen, :], v[..., :seen, :]
        near = _near(length, sliding_window, seen, q.device)
        mask = near if alibi_H is None else _fall(length, alibi_H)[..., :seen].to(q.dtype)
        found = nn.functional.scaled_dot_product_attention(
            q, k, v, mask, scale=scaling, enable_gqa=q.shape[1] != k.shape[1]
        )
        attended[0, :, rows] = rearrange(found, "text head token dim -> head (text token) dim")
        start = rows.stop
    return rearrange(attended, "row head token dim -> row token head dim").contiguous(), None


def _near(length: int, window: int | None, seen: int | None, device: torch.device) -> Tensor | None:
    """Return which tokens of a text see which in a local layer, (length, seen); None where all do.

    The window counts as transformers' flash attention takes it: distances up to window - 1.
    """
    if window is None or length <= window:
        return None
    places = torch.arange(length, device=device)
    return (places[:, None] - places[:seen]).abs() < window


def _fall(length: int, alibi_H: Tensor) -> Tensor:
    """Return what ALiBi adds to the scores of a text's tokens, (1, H, length, length): minus slope times distance."""
    places = torch.arange(length, device=alibi_H.device, dtype=alibi_H.dtype)
    # Four axes: with three, torch leaves its fused kernels, which takes several times as long.
    return (places[:, None] - places).abs() * -alibi_H[None, :, None, None]


def register() -> str:
    """Return the name under which transformers now knows the packed attention; registering twice is harmless."""
    AttentionInterface.register(NAME, packed_attention)
    AttentionMaskInterface.register(NAME, _no_mask)
    return NAME


def segments(lengths: Sequence[int], attended: Sequence[int | None] | None = None) -> tuple[Segment, ...]:
    """Return runs of texts of equal length, of which equally many tokens are attended to.

    >>> segments([3, 3, 5])
    (Segment(length=3, texts=2, attended=None), Segment(length=5, texts=1, attended=None))
    """
    pairs = zip(lengths, attended or [None] * len(lengths), strict=True)
    return tuple(Segment(length, len(list(run)), seen) for (length, seen), run in groupby(pairs))


def _no_mask(*_args: Any, **_kwargs: Any) -> None:
    return None
