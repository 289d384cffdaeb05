"""Attention inside texts of any length by the flash-attn library, on CUDA in 16 bits: windows, ALiBi, shared heads.

Shapes: T packed tokens, H heads, G heads of keys and values, d dimensions of a head.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module

from torch import Tensor

from harness.encode.packing import Kernel, Packing, Rule
from harness.errors import ModelError, short

Varlen = Callable[..., Tensor]
"""flash_attn.flash_attn_varlen_func."""


def attend_by_flash(
    varlen: Varlen, query_THd: Tensor, key_TGd: Tensor, value_TGd: Tensor, packing: Packing, rule: Rule
) -> Tensor:
    """Return (T, H, d), by flash-attn's `varlen`, whose bits may depend on the batch.

    Raises:
        ValueError: the layer has ALiBi or a window, and keys were left out: the kernel would shift the places.
    """
    if packing.key_rows is not None and (rule.alibi_H is not None or rule.window is not None):
        raise ValueError("flash-attn cannot attend by this rule where keys are left out")
    side = -1 if rule.window is None else rule.window - 1
    return varlen(
        query_THd,
        packing.attended(key_TGd),
        packing.attended(value_TGd),
        packing.queries.starts_S,
        packing.keys.starts_S,
        packing.queries.longest,
        packing.keys.longest,
        softmax_scale=rule.scaling,
        window_size=(side, side),
        alibi_slopes=rule.alibi_H,
    )


def flash_attention() -> Kernel:
    """Return the kernel of the installed flash-attn.

    Raises:
        ModelError: it cannot be loaded.
    """
    try:
        varlen: Varlen = import_module("flash_attn").flash_attn_varlen_func
    except (ImportError, OSError, AttributeError) as error:
        remedy = "Install the build for this version of torch, or uninstall it"
        raise ModelError("flash-attn cannot be loaded", got=short(str(error), 200), remedy=remedy) from error
    return Kernel("flash-attn", partial(attend_by_flash, varlen))
