"""Whether the vectors are those that they should be: packed as alone, and as others have published them.

Shapes: T tokens of a packed batch, n tokens of one text, H hidden width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from harness.doctor.check import Check, failed, left_out, passed
from harness.doctor.golden import ATOL, DOCUMENT, QUERY, TEXT, is_published
from harness.encode.attention import NAME
from harness.encode.batches import batches
from harness.encode.encoder import Encoder
from harness.encode.packing import packing, segments
from harness.encode.tokens import Tokens

DOCUMENTS = ("a", "Hello World", "the river flows past the old town", "the old bridge over the river " * 40)
"""Of mixed lengths; the last is longer than the window of a local layer."""
QUESTION = "where does the river flow"
FILLING = 16
"""Tokens at the end of the batch that belong to no text."""
CLOSE = {torch.float32: 1e-4, torch.float16: 5e-3, torch.bfloat16: 2e-2}
"""How far a value of a hidden state of unit norm may be off."""


def check_attention(encoder: Encoder) -> Check:
    """Return how far texts packed into one batch are from each text alone in the plain attention of transformers.

    A backbone of the harness' own has no other attention: its texts are run alone in the packed one.
    """
    model: Any = encoder.checkpoint.backbone
    tokens = [*encoder.tokens.documents(DOCUMENTS), *encoder.tokens.queries([QUESTION])]
    packed = _packed(encoder, tokens)
    if type(model).__module__.startswith("transformers."):
        plain = "sdpa" if getattr(model, "_supports_sdpa", False) else "eager"
        path = f"packed against transformers' {plain} attention"
        with _attention(model, plain):
            alone = [_alone(encoder, text, masked=True) for text in tokens]
    else:
        path = f"packed against alone, both in the attention of {type(model).__name__}"
        alone = [_alone(encoder, text, masked=False) for text in tokens]
    off = max(float((mine_nH - theirs_nH).abs().max()) for mine_nH, theirs_nH in zip(packed, alone, strict=True))
    dtype = encoder.checkpoint.dtype
    bound = CLOSE.get(dtype, CLOSE[torch.bfloat16])
    lengths = ", ".join(str(len(text.ids)) for text in tokens)
    text = f"{path}, {len(tokens)} texts of {lengths} tokens, {str(dtype).removeprefix('torch.')}"
    # Written so that a difference that is no number fails too.
    if off < bound:
        return passed("attention", f"{text}: largest difference {off:.1e}")
    return failed("attention", f"{text}: got a difference of {off:.1e}, expected less than {bound:.0e}")


def check_golden(encoder: Encoder) -> Check:
    """Return whether jina-colbert-v2 gives the vectors that FastEmbed publishes of it; other models have none."""
    if not is_published(encoder.spec, encoder.checkpoint.backbone):
        return left_out("golden vectors", "none are published for this checkpoint")
    width = encoder.spec.dims[0]
    found = {
        "document": (encoder.documents([TEXT], [width]).by_dim[width].of(0), DOCUMENT),
        "query": (encoder.queries([TEXT], [width]).by_dim[width].of(0), QUERY),
    }
    off = 0.0
    for kind, (rows_nD, published) in found.items():
        if len(rows_nD) < len(published):
            return failed("golden vectors", f"{kind}: got {len(rows_nD)} vectors, expected {len(published)}")
        for place, expected in enumerate(published):
            got = rows_nD[place, : len(expected)].float().cpu()
            far = float((got - torch.tensor(expected)).abs().max())
            if not far <= ATOL:
                values = [round(value, 4) for value in got.tolist()]
                what = f"{TEXT!r} as a {kind}, vector {place}"
                return failed("golden vectors", f"{what}: got {values}, expected {list(expected)} within {ATOL}")
            off = max(off, far)
    return passed("golden vectors", f"FastEmbed's published values of {TEXT!r}, largest difference {off:.1e}")


@torch.inference_mode()
def _packed(encoder: Encoder, tokens: Sequence[Tokens]) -> list[Tensor]:
    """Return each text's (n, H) float32 hidden states of unit norm, from one batch of all."""
    ids = [text.ids for text in tokens]
    size = sum(map(len, ids)) + FILLING
    (batch,) = batches(ids, size, [text.attended for text in tokens])
    found = [torch.empty(0)] * len(tokens)
    hidden_TH = _hidden(encoder, batch.ids_T, batch.positions_T, packing=batch.packing(encoder.kernel, encoder.device))
    for text, (start, stop) in zip(batch.texts, batch.bounds(torch.ones(batch.used, dtype=torch.bool)), strict=True):
        found[text] = hidden_TH[start:stop]
    return found


@torch.inference_mode()
def _alone(encoder: Encoder, text: Tokens, *, masked: bool) -> Tensor:
    """Return one text's (n, H) float32 hidden states of unit norm; `masked`: by transformers' own mask."""
    size = len(text.ids)
    ids_T, positions_T = torch.tensor(text.ids), torch.arange(size)
    if not masked:
        alone = packing(segments([size], [text.attended]), size, encoder.kernel, encoder.device)
        return _hidden(encoder, ids_T, positions_T, packing=alone)
    seen_1T = (torch.arange(size) < (text.attended or size)).long()[None]
    return _hidden(encoder, ids_T, positions_T, attention_mask=seen_1T.to(encoder.device))


def _hidden(encoder: Encoder, ids_T: Tensor, positions_T: Tensor, **how: Any) -> Tensor:
    states_1TH: Tensor = encoder.checkpoint.backbone(
        input_ids=ids_T[None].to(encoder.device),
        position_ids=(positions_T + encoder.checkpoint.first_position)[None].to(encoder.device),
        **how,
    ).last_hidden_state
    return nn.functional.normalize(states_1TH[0].float(), dim=-1).cpu()


@contextmanager
def _attention(model: Any, name: str) -> Iterator[None]:
    """Let a backbone run in another attention for a while."""
    model.set_attn_implementation(name)
    try:
        yield
    finally:
        model.set_attn_implementation(NAME)
