"""Texts to packed token vectors at every requested dimension, from one pass through the backbone.

Shapes: T tokens of a packed batch, H hidden width, N packed tokens kept, D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from einops import einsum
from torch import Tensor

from harness.encode.batches import Batch, batches
from harness.encode.checkpoint import Checkpoint, open_checkpoint
from harness.encode.tokens import TextTokenizer, Tokens, text_tokenizer
from harness.encode.vectors import Encoded, TokenVectors, pack, prefix
from harness.errors import ModelError
from harness.spec import EncoderSpec, EngineSpec

Advance = Callable[[int, int], None]
"""Told (texts, tokens) as they are done."""


def no_advance(_texts: int, _tokens: int) -> None:
    """Take note of nothing."""


@dataclass(frozen=True)
class Encoder:
    """A late-interaction encoder on one device."""

    spec: EncoderSpec
    checkpoint: Checkpoint
    tokens: TextTokenizer
    device: torch.device
    batch_tokens: int

    @property
    def details(self) -> dict[str, object]:
        """How it runs here, for the record: device, dtype, attention."""
        cuda = self.device.type == "cuda"
        return {
            "device": torch.cuda.get_device_name(self.device) if cuda else "cpu",
            "dtype": str(self.checkpoint.dtype).removeprefix("torch."),
            "attention": "packed, scaled_dot_product_attention per length",
            "threads": torch.get_num_threads(),
        }

    def queries(self, texts: Sequence[str], dims: Sequence[int], advance: Advance = no_advance) -> Encoded:
        """Return the vectors of every query token at each of `dims`."""
        return self._encode(self.tokens.queries(texts), dims, frozenset(), advance)

    def documents(self, texts: Sequence[str], dims: Sequence[int], advance: Advance = no_advance) -> Encoded:
        """Return the vectors of every document token that is not on the skiplist, at each of `dims`."""
        return self._encode(self.tokens.documents(texts), dims, self.tokens.skiplist, advance)

    def _encode(
        self, tokens: Sequence[Tokens], dims: Sequence[int], skiplist: frozenset[int], advance: Advance
    ) -> Encoded:
        skipped = torch.tensor(sorted(skiplist), dtype=torch.int64)
        nothing = {dim: torch.empty(0, dim, dtype=torch.float16, device=self.device) for dim in dims}
        pieces = {dim: [nothing[dim]] * len(tokens) for dim in dims}
        for batch in batches([text.ids for text in tokens], self.batch_tokens):
            kept_T = ~torch.isin(batch.ids_T[: batch.used], skipped)
            vectors_ND = self._vectors(batch)[kept_T.to(self.device)]
            bounds = batch.bounds(kept_T)
            for dim in dims:
                cut_ND = prefix(vectors_ND, dim)
                for text, (start, stop) in zip(batch.texts, bounds, strict=True):
                    pieces[dim][text] = cut_ND[start:stop]
            advance(len(batch.texts), batch.used)
        empty = sum(not text.ids for text in tokens)
        advance(empty, 0)
        packed: dict[int, TokenVectors] = {dim: pack(pieces[dim], dim) for dim in dims}
        return Encoded(
            by_dim=packed,
            tokens=sum(len(text.ids) for text in tokens),
            empty=empty,
            truncated=sum(text.truncated for text in tokens),
        )

    @torch.inference_mode()
    def _vectors(self, batch: Batch) -> Tensor:
        """Return the (used, D) float32 vectors of a batch's tokens, before the cut to a dimension."""
        positions_T = batch.positions_T + self.checkpoint.first_position
        hidden_TH: Tensor = self.checkpoint.backbone(
            input_ids=batch.ids_T[None].to(self.device),
            position_ids=positions_T[None].to(self.device),
            segments=batch.segments,
        ).last_hidden_state[0]
        head_DH = self.checkpoint.head_DH
        vectors_TD = (
            hidden_TH if head_DH is None else einsum(hidden_TH, head_DH, "token hidden, dim hidden -> token dim")
        )
        vectors_ND = vectors_TD[: batch.used].float()
        if not torch.isfinite(vectors_ND).all():
            row = int((~torch.isfinite(vectors_ND).all(-1)).nonzero()[0])
            remedy = "The weights are damaged, or overflow in their dtype"
            raise ModelError(f"{self.spec.name} gave a vector that is not finite", got=f"token {row}", remedy=remedy)
        return vectors_ND


def open_encoder(spec: EncoderSpec, engine: EngineSpec) -> Encoder:
    """Return the encoder that `spec` describes, on the device that `engine` asks for.

    Raises:
        ModelError: the checkpoint cannot be used as the spec says, or there is no such device.
    """
    device = pick_device(engine.device)
    checkpoint = open_checkpoint(spec, device)
    return Encoder(spec, checkpoint, text_tokenizer(checkpoint.tokenizer, spec), device, engine.batch_tokens)


def pick_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` is the accelerator where there is one.

    Raises:
        ModelError: `cuda` was asked for and is not there.
    """
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise ModelError("engine.device", got="cuda, which torch does not see here", expected="cpu or auto")
    return torch.device("cuda" if there and name != "cpu" else "cpu")
