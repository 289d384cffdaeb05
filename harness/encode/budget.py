"""How many tokens a batch may have: given, or found by trying; and the batches of a block run within it.

On CUDA the budget starts large, and an out-of-memory halves it; work goes on with the texts that have not been done. On
the CPU it is one fixed number, for the bits of a vector not to depend on the machine's memory: there it is halved only
where it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch

from harness.encode.batches import ROUND_UP, Batch, batches
from harness.encode.threads import side_by_side
from harness.errors import ModelError
from harness.spec import STRICT, EngineSpec

CPU_TOKENS = {STRICT: 1024, "fast": 2048}
"""Activations of so many tokens stay in a core's cache; in 16 bits twice as many do."""
CUDA_TOKENS = 65_536
"""Where trying begins."""
Out = TypeVar("Out")


@dataclass
class Budget:
    """The tokens of a batch, as far as they are known."""

    tokens: int
    halves: bool = False
    """Whether running out of memory halves them."""
    filled: bool = True
    """Whether a batch is filled up to them."""


def first_budget(engine: EngineSpec, device: torch.device, precision: str = STRICT) -> Budget:
    """Return the budget that work begins with: `engine.batch_tokens`, or the device's own where that is None."""
    cuda = device.type == "cuda"
    own = CUDA_TOKENS if cuda else CPU_TOKENS[precision]
    tokens = own if engine.batch_tokens is None else engine.batch_tokens
    return Budget(tokens, halves=cuda or engine.batch_tokens is not None, filled=not cuda)


def in_batches(
    what: str,
    texts: Sequence[Sequence[int]],
    attended: Sequence[int | None] | None,
    budget: Budget,
    run: Callable[[Batch], Out],
    threads: int = 1,
) -> Iterator[tuple[Batch, Out]]:
    """Yield every batch of `texts` with what `run` made of it; texts without tokens are in none.

    Args:
        what: the model's name, for messages.
        texts: token ids of each text.
        attended: how many leading tokens of each text are attended to, where not all are.
        budget: halved in place where memory runs out.
        run: may run out of memory.
        threads: batches that are run at once.

    Raises:
        ModelError: memory runs out, and no batch can be smaller or none may be.
    """
    left = set(range(len(texts)))
    while left:
        made = batches(texts, budget.tokens, attended, filled=budget.filled, among=sorted(left))
        for batch, found in side_by_side(partial(_tried, run), made, threads):
            if found is None:
                budget.tokens = _smaller(what, batch, budget)
                break
            left -= set(batch.texts)
            yield batch, found[0]
        else:
            return


def _tried(run: Callable[[Batch], Out], batch: Batch) -> tuple[Out] | None:
    """Return what `run` gives, None where memory ran out."""
    try:
        return (run(batch),)
    except torch.OutOfMemoryError:
        pass
    except RuntimeError as error:
        # What the CPU's allocator raises has no class of its own.
        if "can't allocate memory" not in str(error):
            raise
    # Behind the handlers: the exception held on to the tensors of the pass that failed.
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return None


def _smaller(what: str, batch: Batch, budget: Budget) -> int:
    """Return about half of a batch's tokens, no fewer than its longest text has.

    Raises:
        ModelError: that is no less.
    """
    size, longest = len(batch.ids_T), max(batch.lengths)
    held = size if budget.filled else batch.used
    smaller = max(held // 2, longest)
    if not budget.halves:
        remedy = f"Write engine.batch_tokens={max(ROUND_UP, size // 2)}, or free memory"
        raise ModelError(f"{what} ran out of memory", got=f"a batch of {size} tokens", remedy=remedy)
    if smaller >= held:
        remedy = "Shorten its texts with model.document_length, or run it on a machine with more memory"
        got = f"a batch of {size} tokens, the smallest that holds a text"
        raise ModelError(f"{what} ran out of memory", got=got, remedy=remedy)
    return smaller
