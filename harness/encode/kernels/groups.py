"""Attention in groups of equally long texts, by torch's scaled_dot_product_attention: any device, any dtype.

Shapes: T packed tokens, H heads, G heads of keys and values, d dimensions of a head, L tokens of a text, of which K are
attended to. The reference for the other kernels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness.encode.packing import Kernel, Packing, Rule, Segment


def attend_in_groups(query_THd: Tensor, key_TGd: Tensor, value_TGd: Tensor, packing: Packing, rule: Rule) -> Tensor:
    """Return (T, H, d): texts of equal length are neighbours and go through together, as views of the batch.

    There is no mask but that of a local layer or of ALiBi; rows behind the last text are zero.
    """
    found_THd = torch.empty(query_THd.shape, dtype=query_THd.dtype, device=query_THd.device)
    start = 0
    for segment in packing.segments:
        stop = start + segment.length * segment.texts
        query, key, value = (_texts(states[start:stop], segment) for states in (query_THd, key_TGd, value_TGd))
        mixed = nn.functional.scaled_dot_product_attention(
            query,
            key[:, :, : segment.attended],
            value[:, :, : segment.attended],
            _mask(packing, segment, rule, query),
            scale=rule.scaling,
            enable_gqa=query.shape[1] != key.shape[1],
        )
        _texts(found_THd[start:stop], segment).copy_(mixed)
        start = stop
    found_THd[start:] = 0
    return found_THd


GROUPS = Kernel("sdpa groups", attend_in_groups)


def _texts(states_THd: Tensor, segment: Segment) -> Tensor:
    """Return a view of a group's rows as (texts, H, L, d)."""
    return states_THd.view(segment.texts, segment.length, *states_THd.shape[1:]).transpose(1, 2)


def _mask(packing: Packing, segment: Segment, rule: Rule, like: Tensor) -> Tensor | None:
    """Return what is added to the scores of a group, in the dtype of `like`; None where nothing is.

    It is made for the first layer that asks: at 8,192 tokens it takes gigabytes, and as long as the attention itself.
    """
    length, kept = segment.length, segment.attended
    window = length if rule.window is None else rule.window
    if rule.alibi_H is None and length <= window:
        return None
    key = (length, kept, window)
    if key not in packing.masks:
        places = torch.arange(length, device=like.device, dtype=torch.float32)
        apart_LK = (places[:, None] - places[:kept]).abs_()
        made = _near(apart_LK, window) if rule.alibi_H is None else _fall(apart_LK, rule.alibi_H, like.dtype)
        packing.masks[key] = made.to(like.dtype)
    return packing.masks[key]


def _near(apart_LK: Tensor, window: int) -> Tensor:
    """Return 0 where two tokens of a local layer see each other, minus infinity elsewhere, (L, K)."""
    return torch.zeros_like(apart_LK).masked_fill_(apart_LK >= window, -torch.inf)


def _fall(apart_LK: Tensor, alibi_H: Tensor, dtype: torch.dtype) -> Tensor:
    """Return what ALiBi adds, (1, H, L, K): minus slope times distance."""
    # Four axes: with three, torch leaves its fused kernels, which takes several times as long.
    fall = torch.empty(1, len(alibi_H), *apart_LK.shape, dtype=dtype, device=apart_LK.device)
    for head, slope in enumerate(alibi_H):
        # One head at a time: all of them in float32 would be twice what is kept.
        fall[0, head] = apart_LK * -slope
    return fall
