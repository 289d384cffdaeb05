"""Pairs of query and document to scores, by a cross-encoder, packed: `<s> query </s></s> document </s>`.

The score is the logit: a sigmoid behind it changes no order but for the ties it makes where it is flat. Shapes: T
tokens of a packed batch, H hidden width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from harness.encode.architectures import reranker
from harness.encode.batches import Batch
from harness.encode.budget import Budget, first_budget, in_batches
from harness.encode.encoder import Advance, no_advance
from harness.encode.files import read_tokenizer
from harness.encode.hub import checkpoint_folder
from harness.encode.kernels import choose_kernel
from harness.encode.kernels.groups import GROUPS
from harness.encode.packing import Kernel
from harness.encode.products import lay_out
from harness.encode.running import pick_device, running_on, sum_in_float32, threads_for
from harness.encode.said import read_json
from harness.encode.tokens import CHARACTERS_PER_TOKEN
from harness.errors import ModelError
from harness.model_spec import CrossEncoderSpec
from harness.spec import EngineSpec


@dataclass(frozen=True)
class QueryTokens:
    """A query, tokenised once for all of its pairs."""

    encoding: Any
    """The tokenizer's own form, without special tokens."""
    truncated: bool


@dataclass(frozen=True)
class Pair:
    """A query and a document as one row of token ids."""

    ids: tuple[int, ...]
    truncated: bool
    """Whether the document was cut."""


@dataclass(frozen=True)
class PairTokenizer:
    """Puts queries and documents together as the checkpoint's tokenizer does, cutting only the document."""

    backend: Any
    """The checkpoint's fast tokenizer, which neither cuts nor fills by itself."""
    query_length: int | None
    length: int

    @property
    def specials(self) -> int:
        """The special tokens of a pair."""
        return int(self.backend.num_special_tokens_to_add(True))  # noqa: FBT003 - it takes no keyword

    def queries(self, texts: Sequence[str]) -> list[QueryTokens]:
        """Return the tokens of each query, cut to `query_length`, or to what leaves a document one token."""
        room = self.length - self.specials - 1
        return [QueryTokens(*self._cut(text, self.query_length or room)) for text in texts]

    def pairs(self, queries: Sequence[QueryTokens], documents: Sequence[str]) -> list[Pair]:
        """Return each query with its document, cut to `length` tokens in all."""
        room = self.length - self.specials
        found = []
        for query, document in zip(queries, documents, strict=True):
            encoding, truncated = self._cut(document, room - len(query.encoding))
            found.append(Pair(tuple(self.backend.post_process(query.encoding, encoding).ids), truncated))
        return found

    def _cut(self, text: str, length: int) -> tuple[Any, bool]:
        kept = text[: length * CHARACTERS_PER_TOKEN]
        encoding = self.backend.encode(kept, add_special_tokens=False)
        truncated = len(encoding) > length or len(kept) < len(text)
        encoding.truncate(length)
        return encoding, truncated


@dataclass(frozen=True)
class PairScorer:
    """A cross-encoder on one device."""

    name: str
    model: Any
    """A sequence classifier of transformers with packed attention and one label."""
    tokens: PairTokenizer
    device: torch.device
    batch_tokens: int
    """Tokens of a batch to begin with."""
    halves: bool = False
    """Whether running out of memory halves them."""
    kernel: Kernel = GROUPS
    budget: Budget = field(init=False, repr=False, compare=False)
    """The tokens of a batch, as far as they are known."""

    def __post_init__(self) -> None:
        """Begin with the tokens given."""
        budget = Budget(self.batch_tokens, halves=self.halves, filled=self.device.type != "cuda")
        object.__setattr__(self, "budget", budget)

    @property
    def details(self) -> dict[str, object]:
        """How it runs here, for the record; complete once pairs have been scored: then the batch has its size."""
        running = running_on(self.device, next(self.model.roberta.parameters()).dtype, self.kernel.name)
        return {**running, "score_dtype": "float32", "batch_tokens": self.budget.tokens}

    def scores(self, pairs: Sequence[Pair], advance: Advance = no_advance) -> Tensor:
        """Return (pairs,) float32 logits on the CPU.

        On the CPU a pair's does not depend on the others; on CUDA its last bits may.

        Raises:
            ModelError: a score is no finite number, or memory runs out at the smallest batch.
        """
        found = torch.empty(len(pairs), dtype=torch.float32)
        ids = [pair.ids for pair in pairs]
        for batch, logits in in_batches(self.name, ids, None, self.budget, self._logits, threads_for(self.device)):
            found[list(batch.texts)] = logits
            advance(len(batch.texts), batch.used)
        if not torch.isfinite(found).all():
            remedy = "The weights are damaged, or overflow in their dtype"
            raise ModelError(f"{self.name} gave a score that is not finite", remedy=remedy)
        return found

    @torch.inference_mode()
    def _logits(self, batch: Batch) -> Tensor:
        """Return (pairs,) float32 on the CPU: what the head makes of the first token of each pair.

        All rows go through the head, a hundredth of the work: products of one shape give a row the same bits wherever
        it stands. The last product, with one column, is a sum within each row for the same reason.
        """
        positions_T = batch.positions_T + self.model.config.pad_token_id + 1
        hidden_TH: Tensor = self.model.roberta(
            input_ids=batch.ids_T[None].to(self.device),
            position_ids=positions_T[None].to(self.device),
            packing=batch.packing(self.kernel, self.device),
        ).last_hidden_state[0]
        head = self.model.classifier
        mixed_TH: Tensor = torch.tanh(head.dense(hidden_TH.float()))
        logits_T: Tensor = (mixed_TH * head.out_proj.weight[0]).sum(-1) + head.out_proj.bias
        starts = [start for start, _ in batch.bounds(torch.ones(batch.used, dtype=torch.bool))]
        return logits_T[starts].cpu()


def open_scorer(spec: CrossEncoderSpec, engine: EngineSpec) -> PairScorer:
    """Return the cross-encoder that `spec` describes, on the device that `engine` asks for.

    Raises:
        ModelError: the checkpoint is of another architecture or damaged, a pair may be longer than it has positions
            for, or there is no such device.
    """
    device = pick_device(engine.device)
    folder = checkpoint_folder(spec.path, spec.revision)
    model = reranker.load(folder, read_json(folder / "config.json"))
    table: nn.Embedding = model.roberta.embeddings.position_embeddings
    room = table.num_embeddings - model.config.pad_token_id - 1
    if spec.length > room:
        raise ModelError(f"{spec.path} has no positions for model.length", got=spec.length, expected=f"{room} at most")
    backend = read_tokenizer(folder).backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    tokens = PairTokenizer(backend, spec.query_length, spec.length)
    sum_in_float32(device)
    budget = first_budget(engine, device)
    kernel = choose_kernel(model.to(device).roberta, device, partly=False)
    if device.type == "cpu":
        lay_out(model.roberta, budget.tokens)
    return PairScorer(spec.name, model, tokens, device, budget.tokens, budget.halves, kernel)
