"""Attention inside each text of a packed batch, for any transformers backbone.

Shapes: a batch is one row of T packed tokens; H heads, G heads of keys and values, d dimensions of a head. One function
is registered with transformers' AttentionInterface, and a mask function that makes none; every backbone that supports
attention backends then runs packed without a line of its own. The texts' boundaries, and the kernel that keeps to them
(harness.encode.kernels), travel through the model's keyword arguments.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

from harness.encode.packing import Packing, Rule
from harness.errors import ModelError

NAME = "packed"
UNKNOWN_HERE = ("softcap", "s_aux", "position_bias")
"""Keywords of attention functions that change what attention is: a model that uses one is refused."""


def packed_attention(  # noqa: PLR0913 - the signature is transformers'
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None = None,
    *,
    packing: Packing,
    scaling: float | None = None,
    sliding_window: int | None = None,
    dropout: float = 0.0,
    alibi_H: Tensor | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """Return the attention of every token to the tokens of its own text: (1, T, H, d), and no weights.

    The signature is transformers' (keywords that steer other backends are not looked at).

    Args:
        module: the attention layer, unused.
        query: (1, H, T, d), as transformers hands it over.
        key: (1, G, T, d).
        value: like the key.
        attention_mask: must be None; boundaries are in `packing`.
        packing: the texts' boundaries, and the kernel.
        scaling: what products are multiplied with; None for 1 / sqrt(d).
        sliding_window: a layer's local attention: tokens fewer than this many places apart see each other, as
            transformers' flash attention takes it.
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
    query_THd, key_TGd, value_TGd = (states[0].transpose(0, 1) for states in (query, key, value))
    rule = Rule(scaling, sliding_window, alibi_H)
    return packing.kernel.attend(query_THd, key_TGd, value_TGd, packing, rule)[None], None


def register() -> str:
    """Return the name under which transformers now knows the packed attention; registering twice is harmless."""
    AttentionInterface.register(NAME, packed_attention)
    AttentionMaskInterface.register(NAME, _no_mask)
    return NAME


def _no_mask(*_args: Any, **_kwargs: Any) -> None:
    return None
