"""Texts to packed vectors from every projection asked for, from one pass through the backbone.

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
from harness.encode.files import described
from harness.encode.hub import checkpoint_folder
from harness.encode.tokens import TextTokenizer, Tokens, text_tokenizer
from harness.encode.vectors import Encoded, TokenVectors, pack, unit
from harness.errors import ModelError
from harness.model_spec import EncoderSpec
from harness.spec import EngineSpec

Advance = Callable[[int, int], None]
"""Told (texts, tokens) as they are done."""


def no_advance(_texts: int, _tokens: int) -> None:
    """Take note of nothing."""


@dataclass(frozen=True)
class Encoder:
    """An encoder on one device: a vector a token, or one a text."""

    spec: EncoderSpec
    checkpoint: Checkpoint
    tokens: TextTokenizer
    device: torch.device
    batch_tokens: int

    @property
    def details(self) -> dict[str, object]:
        """How it runs here, for the record: device, dtype, attention."""
        return running_on(self.device, self.checkpoint.dtype)

    def queries(self, texts: Sequence[str], dims: Sequence[int], advance: Advance = no_advance) -> Encoded:
        """Return the vectors of every query token from the projections to each of `dims`."""
        return self._encode(self.tokens.queries(texts), dims, frozenset(), advance)

    def documents(self, texts: Sequence[str], dims: Sequence[int], advance: Advance = no_advance) -> Encoded:
        """Return the vectors of every document token off the skiplist, from the projections to each of `dims`."""
        return self._encode(self.tokens.documents(texts), dims, self.tokens.skiplist, advance)

    def _encode(
        self, tokens: Sequence[Tokens], dims: Sequence[int], skiplist: frozenset[int], advance: Advance
    ) -> Encoded:
        skipped = torch.tensor(sorted(skiplist), dtype=torch.int64)
        nothing = {dim: torch.empty(0, dim, dtype=torch.float16, device=self.device) for dim in dims}
        pieces = {dim: [nothing[dim]] * len(tokens) for dim in dims}
        attended = [text.attended for text in tokens]
        for batch in batches([text.ids for text in tokens], self.batch_tokens, attended):
            kept_T = ~torch.isin(batch.ids_T[: batch.used], skipped)
            bounds = batch.bounds(kept_T)
            for dim, vectors_TD in self._vectors(batch, dims).items():
                rows_ND = vectors_TD[kept_T.to(self.device)]
                if self.spec.pooling != "none":
                    rows_ND = pooled(rows_ND, bounds, self.spec.pooling)
                cut_ND = self._finished(rows_ND)
                owned = bounds if self.spec.pooling == "none" else [(row, row + 1) for row in range(len(bounds))]
                for text, (start, stop) in zip(batch.texts, owned, strict=True):
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
    def _vectors(self, batch: Batch, dims: Sequence[int]) -> dict[int, Tensor]:
        """Return the (used, D) float32 vectors of a batch's tokens from the projection to each of `dims`."""
        positions_T = batch.positions_T + self.checkpoint.first_position
        hidden_TH: Tensor = self.checkpoint.backbone(
            input_ids=batch.ids_T[None].to(self.device),
            position_ids=positions_T[None].to(self.device),
            segments=batch.segments,
        ).last_hidden_state[0]
        return {dim: self._projected(hidden_TH, self._head(dim))[: batch.used] for dim in dims}

    def _head(self, dim: int) -> Tensor | None:
        if dim not in self.checkpoint.heads and (self.checkpoint.heads or dim != self.checkpoint.width):
            raise ValueError(f"{self.spec.name} was opened without a projection to {dim} dimensions")
        return self.checkpoint.heads.get(dim)

    def _projected(self, hidden_TH: Tensor, head_DH: Tensor | None) -> Tensor:
        # All rows of the batch are multiplied, filling too: one shape for every product.
        vectors_TD = (
            hidden_TH if head_DH is None else einsum(hidden_TH, head_DH, "token hidden, dim hidden -> token dim")
        ).float()
        if not torch.isfinite(vectors_TD).all():
            row = int((~torch.isfinite(vectors_TD).all(-1)).nonzero()[0])
            remedy = "The weights are damaged, or overflow in their dtype"
            raise ModelError(f"{self.spec.name} gave a vector that is not finite", got=f"token {row}", remedy=remedy)
        return vectors_TD

    def _finished(self, rows_ND: Tensor) -> Tensor:
        """Return rows as they are compared: float16, of unit norm for `cosine`."""
        if self.spec.similarity == "cosine":
            return unit(rows_ND)
        stored_ND = rows_ND.half()
        if not torch.isfinite(stored_ND).all():
            raise ModelError(f"{self.spec.name} gave a vector too large for float16", expected="65,504 at most")
        return stored_ND


def pooled(rows_ND: Tensor, bounds: Sequence[tuple[int, int]], pooling: str) -> Tensor:
    """Return one row a text, (texts, D): its first token's for `cls`, the mean over its tokens for `mean`."""
    if pooling == "cls":
        return torch.stack([rows_ND[start] for start, _ in bounds])
    return torch.stack([rows_ND[start:stop].mean(0) for start, stop in bounds])


def open_encoder(spec: EncoderSpec, engine: EngineSpec, dims: Sequence[int] | None = None) -> Encoder:
    """Return the encoder that `spec` describes, on the device that `engine` asks for.

    Args:
        spec: settings it leaves open are the checkpoint's own.
        engine: the device and the size of a batch.
        dims: the dimensions that will be asked for, each a projection's width; None for all that the spec has.

    Raises:
        ModelError: the checkpoint cannot be used as the spec says, or there is no such device.
    """
    device = pick_device(engine.device)
    folder = checkpoint_folder(spec.path, spec.revision)
    settings = described(spec, folder)
    checkpoint = open_checkpoint(settings, folder, device, dims)
    return Encoder(settings, checkpoint, text_tokenizer(checkpoint.tokenizer, settings), device, engine.batch_tokens)


def running_on(device: torch.device, dtype: torch.dtype) -> dict[str, object]:
    """Return how a model runs here, for the record: device, dtype of its weights, attention, threads."""
    return {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "dtype": str(dtype).removeprefix("torch."),
        "attention": "packed, scaled_dot_product_attention per length",
        "threads": torch.get_num_threads(),
    }


def pick_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` is the accelerator where there is one.

    Raises:
        ModelError: `cuda` was asked for and is not there.
    """
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise ModelError("engine.device", got="cuda, which torch does not see here", expected="cpu or auto")
    return torch.device("cuda" if there and name != "cpu" else "cpu")
