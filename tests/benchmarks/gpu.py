"""On a CUDA device: encoding against the peak, MaxSim on top of it, the fused kernel beside plain products.

Shapes: Q queries, P documents.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import torch
from torch import Tensor

from harness.encode.vectors import TokenVectors
from tests.benchmarks import ours
from tests.benchmarks.full_size import checkpoint
from tests.benchmarks.memory import vocabulary
from tests.benchmarks.names import (
    BACKBONE,
    FUSED,
    GPU,
    KERNEL_ONE,
    KERNEL_THREE,
    NOMINAL,
    PEAK,
    PLAIN,
    SAME_TOP,
    WITH_ONE,
    WITH_THREE,
)
from tests.benchmarks.record import NotRunError, Record, Variant, timed
from tests.benchmarks.rounds import interleave
from tests.benchmarks.setting import Setting
from tests.benchmarks.vectors import vectors

DIMS = (128, 96, 64)
BOARDS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}
"""Dense bfloat16 operations a second of the SXM boards, by NVIDIA's data sheets."""


def run(setting: Setting) -> tuple[Record, ...]:
    """Return the records of a CUDA device.

    Raises:
        NotRunError: there is none.
    """
    if not torch.cuda.is_available():
        raise NotRunError("no CUDA device")
    return (_encoding(setting, "cuda"), *_kernels(setting, "cuda"))


def _encoding(setting: Setting, device: str) -> Record:
    """Return encoding alone, with MaxSim of every query at one dimension and at three, and a large product."""
    model = ours.encoder(checkpoint(setting), ours.FAST, device)
    texts = _texts(setting.size(8192, 8), setting.size(82, 20))
    lengths = ours.tokens(model, texts)
    queries = setting.size(6980, 4)
    asked = _on(ours.packed(vectors(queries, 1).queries), device)
    one, three = ours.tiles(asked, DIMS[:1]), ours.tiles(asked, DIMS)
    ready = ours.tokenized(model, texts)
    large = torch.randn(setting.size(8192, 64), setting.size(8192, 64), device=device, dtype=torch.bfloat16)
    out = torch.empty_like(large)
    actions = {
        BACKBONE: _waiting(lambda: ours.documents(ready, texts)),
        WITH_ONE: _waiting(lambda: ours.scores(one, ours.documents(ready, texts), DIMS[:1])),
        WITH_THREE: _waiting(lambda: ours.scores(three, ours.documents(ready, texts), DIMS)),
        PEAK: _waiting(lambda: [torch.mm(large, large, out=out) for _ in range(16)]),
    }
    seconds = interleave(actions, setting.turns(7))
    variants = timed(seconds, _flop(model, lengths), "FLOP")
    variants[PEAK] = Variant(seconds=tuple(seconds[PEAK]), amount=16 * 2.0 * len(large) ** 3, unit="FLOP")
    name = torch.cuda.get_device_name() if device == "cuda" else device
    nominal = next((peak for board, peak in BOARDS.items() if board in name), None)
    values = {} if nominal is None else {NOMINAL: nominal}
    return Record(
        name=GPU,
        what=f"{name}: {len(texts):,} documents, {sum(lengths):,} tokens, a model of jina-colbert-v2's size with "
        f"random weights in bfloat16; {queries:,} queries of 32 vectors",
        variants=variants,
        values=values,
        notes=("Tokenised before, as a run does it ahead of its encoder; operations are those of the backbone alone.",),
    )


def _kernels(setting: Setting, device: str) -> tuple[Record, ...]:
    """Return the fused kernel beside plain products, at one dimension and at three, and whether they agree."""
    found = vectors(setting.size(6980, 6), setting.size(4096, 12))
    queries, documents = _on(ours.packed(found.queries), device), _on(ours.packed(found.documents), device)
    records = []
    for name, dims in ((KERNEL_ONE, DIMS[:1]), (KERNEL_THREE, DIMS)):
        both = ours.cuda_paths(queries, documents, dims)
        seconds = interleave({path: _waiting(score) for path, score in both.items()}, setting.turns(7))
        same = [_same_top(both[FUSED]()[dim], both[PLAIN]()[dim]) for dim in dims]
        records.append(
            Record(
                name=name,
                what=f"{len(found.queries):,} queries of 32 vectors with {len(found.documents):,} documents of "
                f"{found.document_tokens:,}, dimensions {', '.join(map(str, dims))}; scoring alone",
                variants=timed(seconds, found.flop(max(dims)), "FLOP"),
                values={SAME_TOP: all(same)},
            )
        )
    return tuple(records)


def _same_top(one_QP: Tensor, other_QP: Tensor) -> bool:
    """Return whether both have the same best documents, but for scores that differ by less than rounding."""
    depth = min(100, one_QP.shape[1])
    left, right = one_QP.topk(depth).indices, other_QP.topk(depth).indices
    apart = (one_QP.gather(1, left) - one_QP.gather(1, right)).abs()
    return bool((apart < 1e-4).all())


def _waiting(action: Callable[[], object]) -> Callable[[], float]:
    """Return an action that is timed until the device has done all of it."""

    def timed_action() -> float:
        _wait()
        started = time.perf_counter()
        action()
        _wait()
        return time.perf_counter() - started

    return timed_action


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _on(found: TokenVectors, device: str) -> TokenVectors:
    return TokenVectors(found.vectors_ND.to(device), found.offsets)


def _texts(count: int, words: int) -> list[str]:
    chosen = random.Random(3)
    known = vocabulary()
    return [" ".join(chosen.choices(known, k=max(4, int(chosen.lognormvariate(0, 0.5) * words)))) for _ in range(count)]


def _flop(model: ours.Encoder, lengths: list[int]) -> float:
    """Return the operations of a forward pass: the matrices of every layer, and attention within each text."""
    config = model.checkpoint.backbone.config
    layers, hidden, inner = config.num_hidden_layers, config.hidden_size, config.intermediate_size
    matrices = 2.0 * layers * (4 * hidden**2 + 2 * hidden * inner) * sum(lengths)
    return matrices + 4.0 * layers * hidden * sum(length**2 for length in lengths)
