"""Texts to packed vectors from every projection asked for, from one pass through the backbone.

Shapes: T tokens of a packed batch, H hidden width, N packed tokens kept, D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn

from harness.encode.batches import Batch
from harness.encode.budget import Budget, first_budget, in_batches
from harness.encode.checkpoint import Checkpoint, open_checkpoint
from harness.encode.files import described
from harness.encode.hub import checkpoint_folder
from harness.encode.kernels import choose_kernel
from harness.encode.kernels.groups import GROUPS
from harness.encode.packing import Kernel
from harness.encode.products import lay_out
from harness.encode.rows import pooled, skip_table, stored
from harness.encode.running import pick_device, running_on, sum_in_float32, threads_for, weights_dtype
from harness.encode.tokens import TextTokenizer, Tokens, text_tokenizer
from harness.encode.vectors import Encoded, TokenVectors, pack
from harness.errors import ModelError
from harness.model_spec import EncoderSpec
from harness.spec import STRICT, EngineSpec

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
    """Tokens of a batch to begin with."""
    halves: bool = False
    """Whether running out of memory halves them."""
    kernel: Kernel = GROUPS
    precision: str = STRICT
    budget: Budget = field(init=False, repr=False, compare=False)
    """The tokens of a batch, as far as they are known."""

    def __post_init__(self) -> None:
        """Begin with the tokens given."""
        budget = Budget(self.batch_tokens, halves=self.halves, filled=self.device.type != "cuda")
        object.__setattr__(self, "budget", budget)

    @property
    def details(self) -> dict[str, object]:
        """How it runs here, for the record; complete once texts have been encoded: then the batch has its size."""
        running = running_on(self.device, self.checkpoint.dtype, self.kernel.name)
        return {**running, "precision": self.precision, "batch_tokens": self.budget.tokens}

    def queries(self, texts: Sequence[str], dims: Sequence[int], advance: Advance = no_advance) -> Encoded:
        """Return the vectors of every query token from the projections to each of `dims`.

        On the CPU a text has the same bits alone and in any batch; on CUDA the last ones may depend on its batch.
        """
        return self._encode(self.tokens.queries(texts), dims, frozenset(), advance)

    def documents(self, texts: Sequence[str], dims: Sequence[int], advance: Advance = no_advance) -> Encoded:
        """Return the vectors of every document token off the skiplist, from the projections to each of `dims`.

        On the CPU a text has the same bits alone and in any batch; on CUDA the last ones may depend on its batch.
        """
        return self._encode(self.tokens.documents(texts), dims, self.tokens.skiplist, advance)

    def _encode(
        self, tokens: Sequence[Tokens], dims: Sequence[int], skiplist: frozenset[int], advance: Advance
    ) -> Encoded:
        nothing = {dim: torch.empty(0, dim, dtype=torch.float16, device=self.device) for dim in dims}
        pieces = {dim: [nothing[dim]] * len(tokens) for dim in dims}
        ids, attended = [text.ids for text in tokens], [text.attended for text in tokens]
        run = partial(self._rows, dims=dims, skip_V=skip_table(skiplist))
        for batch, found in in_batches(self.spec.name, ids, attended, self.budget, run, threads_for(self.device)):
            for dim, rows in found.items():
                for text, rows_nD in zip(batch.texts, rows, strict=True):
                    pieces[dim][text] = rows_nD
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

    def _rows(self, batch: Batch, dims: Sequence[int], skip_V: Tensor) -> dict[int, tuple[Tensor, ...]]:
        """Return (n, D) float16 rows for each text of a batch, from the projection to each of `dims`."""
        kept_T = ~skip_V[batch.ids_T[: batch.used].clamp(max=len(skip_V) - 1)]
        bounds = batch.bounds(kept_T)
        kept_N = kept_T.nonzero()[:, 0].to(self.device)
        single = self.spec.pooling != "none"
        counts = [1] * len(bounds) if single else [stop - start for start, stop in bounds]
        found = {}
        for dim, vectors_TD in self._vectors(batch, dims).items():
            rows_ND = vectors_TD if len(kept_N) == len(vectors_TD) else vectors_TD.index_select(0, kept_N)
            if single:
                rows_ND = pooled(rows_ND, bounds, self.spec.pooling)
            found[dim] = torch.split(stored(rows_ND, self.spec), counts)
        return found

    @torch.inference_mode()
    def _vectors(self, batch: Batch, dims: Sequence[int]) -> dict[int, Tensor]:
        """Return the (used, D) float32 vectors of a batch's tokens from the projection to each of `dims`."""
        positions_T = batch.positions_T + self.checkpoint.first_position
        hidden_TH: Tensor = self.checkpoint.backbone(
            input_ids=batch.ids_T[None].to(self.device),
            position_ids=positions_T[None].to(self.device),
            packing=batch.packing(self.kernel, self.device),
        ).last_hidden_state[0]
        return {dim: self._projected(hidden_TH, self._head(dim))[: batch.used] for dim in dims}

    def _head(self, dim: int) -> Tensor | None:
        if dim not in self.checkpoint.heads and (self.checkpoint.heads or dim != self.checkpoint.width):
            raise ValueError(f"{self.spec.name} was opened without a projection to {dim} dimensions")
        return self.checkpoint.heads.get(dim)

    def _projected(self, hidden_TH: Tensor, head_DH: Tensor | None) -> Tensor:
        # All rows of the batch are multiplied, filling too: one shape for every product.
        product_TD = hidden_TH if head_DH is None else nn.functional.linear(hidden_TH, head_DH)
        vectors_TD = product_TD.float()
        # Their least and their greatest tell of all: a row that is no number makes both none.
        if not torch.isfinite(torch.stack(vectors_TD.aminmax())).all():
            row = int((~torch.isfinite(vectors_TD).all(-1)).nonzero()[0])
            remedy = "The weights are damaged, or overflow in their dtype"
            raise ModelError(f"{self.spec.name} gave a vector that is not finite", got=f"token {row}", remedy=remedy)
        return vectors_TD


def open_encoder(
    spec: EncoderSpec, engine: EngineSpec, dims: Sequence[int] | None = None, precision: str = STRICT
) -> Encoder:
    """Return the encoder that `spec` describes, on the device that `engine` asks for.

    Args:
        spec: settings it leaves open are the checkpoint's own.
        engine: the device and the size of a batch.
        dims: the dimensions that will be asked for, each a projection's width; None for all that the spec has.
        precision: `strict`: in the dtype that the weights are stored in; `fast`: in bfloat16.

    Raises:
        ModelError: the checkpoint cannot be used as the spec says, or there is no such device, or it is too old for
            the precision.
    """
    device = pick_device(engine.device)
    dtype = weights_dtype(precision, device)
    folder = checkpoint_folder(spec.path, spec.revision)
    settings = described(spec, folder)
    return ready(settings, open_checkpoint(settings, folder, device, dims, dtype), device, engine, precision)


def ready(
    spec: EncoderSpec, checkpoint: Checkpoint, device: torch.device, engine: EngineSpec, precision: str = STRICT
) -> Encoder:
    """Return the encoder of an opened checkpoint: with the tokenizer, kernel and size of batch that belong to it.

    On the CPU the checkpoint's weights are laid out anew for it.

    Raises:
        ModelError: the tokenizer has no marker or mask token that the spec asks for, or flash-attn cannot be loaded.
    """
    sum_in_float32(device)
    tokens = text_tokenizer(checkpoint.tokenizer, spec)
    budget = first_budget(engine, device, precision)
    partly = tokens.expansion is not None and not tokens.attend_to_expansion
    kernel = choose_kernel(checkpoint.backbone, device, partly=partly)
    if device.type == "cpu":
        lay_out(checkpoint.backbone, budget.tokens)
    return Encoder(spec, checkpoint, tokens, device, budget.tokens, budget.halves, kernel, precision)
