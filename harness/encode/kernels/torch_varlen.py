"""Attention inside texts of any length by the kernel that torch brings, on CUDA in 16 bits.

Shapes: T packed tokens, H heads, G heads of keys and values, d dimensions of a head.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn.attention.varlen import varlen_attn

from harness.encode.packing import Kernel, Packing, Rule


def attend_by_torch(query_THd: Tensor, key_TGd: Tensor, value_TGd: Tensor, packing: Packing, rule: Rule) -> Tensor:
    """Return (T, H, d), by torch.nn.attention.varlen.varlen_attn, whose bits may depend on the batch.

    Raises:
        ValueError: the layer has ALiBi, which the kernel does not know, or a window among keys that were left out.
    """
    if rule.alibi_H is not None or (rule.window is not None and packing.key_rows is not None):
        raise ValueError("torch's kernel cannot attend by this rule")
    # Groups of heads are spread out: torch 2.11 takes no fewer heads of keys than of queries.
    shared = query_THd.shape[1] // key_TGd.shape[1]
    key_KHd, value_KHd = (
        rows if shared == 1 else rows.repeat_interleave(shared, 1)
        for rows in (packing.attended(key_TGd), packing.attended(value_TGd))
    )
    side = -1 if rule.window is None else rule.window - 1
    found: Any = varlen_attn(
        query_THd,
        key_KHd,
        value_KHd,
        packing.queries.starts_S,
        packing.keys.starts_S,
        packing.queries.longest,
        packing.keys.longest,
        scale=rule.scaling,
        window_size=(side, side),
    )
    found_THd: Tensor = found
    return found_THd


VARLEN = Kernel("torch varlen", attend_by_torch)
