"""Document encoding beside PyLate and sentence-transformers: the same texts, checkpoint, markers and skiplist."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from tests.benchmarks import ours, serve
from tests.benchmarks.checkpoint import minilm
from tests.benchmarks.libraries import Libraries, libraries
from tests.benchmarks.names import ENCODE, FAST, PRODUCTS, PYLATE, PYLATE_BF16, SENTENCE, STRICT, apart
from tests.benchmarks.products import Product
from tests.benchmarks.record import Record, Value, Variant, timed
from tests.benchmarks.rounds import Action, interleave
from tests.benchmarks.serve import Ragged
from tests.benchmarks.setting import Setting
from tests.benchmarks.text import mixed, scifact

BATCH = 32


def run(setting: Setting) -> tuple[Record, ...]:
    """Return the seconds of encoding the same documents, and how far the vectors are apart."""
    torch.set_num_threads(setting.threads)
    texts = mixed(scifact(), setting.size(320, 16))
    checkpoint = minilm(setting.work / "minilm-head")
    models = {STRICT: ours.encoder(checkpoint), FAST: ours.encoder(checkpoint, ours.FAST)}
    lengths = ours.tokens(models[STRICT], texts)
    with libraries(setting, checkpoint, (PYLATE, PYLATE_BF16, SENTENCE)) as peers:
        request = {"texts": setting.texts("documents", texts)}
        actions: dict[str, Action] = {
            name: lambda worker=worker: worker.seconds("encode", request) for name, worker in peers.workers.items()
        }
        for name, model in models.items():
            actions[name] = lambda model=model: _nothing(ours.documents(model, texts))
        seconds = interleave(actions, setting.turns(5))
        theirs = _vectors(peers, setting.folder("vectors"))
    strict = ours.before_rounding(models[STRICT], texts)
    fast = ours.ragged(ours.documents(models[FAST], texts))
    stored = ours.ragged(ours.documents(models[STRICT], texts))
    return (
        Record(
            name=ENCODE,
            what=f"{len(texts)} English documents of mixed length, {sum(lengths):,} tokens ({_lengths(lengths)}); "
            f"all-MiniLM-L6-v2 with a projection to 128; threads: {setting.threads}",
            variants=timed(seconds, sum(lengths), "tokens"),
            values={
                **_apart(strict, stored, theirs),
                **_cosines("fast", fast, theirs[PYLATE]),
                **_cosines("PyLate bf16", theirs[PYLATE_BF16], theirs[PYLATE]),
            },
            notes=peers.notes,
        ),
        _products(setting, models[STRICT]),
    )


def _products(setting: Setting, model: ours.Encoder) -> Record:
    """Return how fast the processor multiplies what the backbone multiplies, in both types, and what a token takes."""
    config = model.checkpoint.backbone.config
    layers, hidden, inner = config.num_hidden_layers, config.hidden_size, config.intermediate_size
    types = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    times = setting.size(500, 5)
    products = {name: Product(model.batch_tokens, hidden, inner, times, dtype) for name, dtype in types.items()}
    seconds = interleave({name: product.multiply for name, product in products.items()}, setting.turns(7))
    per_token = 2.0 * (layers * (4 * hidden**2 + 2 * hidden * inner) + hidden * model.checkpoint.width)
    return Record(
        name=PRODUCTS,
        what=f"{model.batch_tokens:,} x {hidden} x {inner:,}, {times} times; threads: {setting.threads}",
        variants={
            name: Variant(seconds=tuple(rounds), amount=products[name].flop, unit="FLOP")
            for name, rounds in seconds.items()
        },
        notes=(f"The backbone's matrices take {per_token / 1e6:.1f} MFLOP a token, attention not counted.",),
    )


def _nothing(_: object) -> None:
    """Let the caller's clock be the one that counts."""


def _vectors(peers: Libraries, folder: Path) -> dict[str, Ragged]:
    found = {}
    for name, worker in peers.workers.items():
        path = folder / f"{name.replace(' ', '-')}.npz"
        worker.ask("save", {"path": str(path)})
        found[name] = serve.load(path)
    return found


def _apart(strict: Ragged, stored: Ragged, theirs: dict[str, Ragged]) -> dict[str, Value]:
    """Return the largest difference of a component from each fp32 peer, and whether the same tokens have vectors."""
    found: dict[str, Value] = {}
    for name in (PYLATE, SENTENCE):
        same = bool(np.array_equal(strict.lengths, theirs[name].lengths))
        found[f"same tokens as {name}"] = same
        if same:
            found[apart(name)] = _difference(strict, theirs[name])
            found[f"largest difference from {name}, stored as float16"] = _difference(stored, theirs[name])
    return found


def _difference(left: Ragged, right: Ragged) -> float:
    return float(np.abs(left.rows - right.rows).max())


def _cosines(name: str, found: Ragged, reference: Ragged) -> dict[str, Value]:
    """Return mean, first percentile and least cosine of the token vectors with PyLate's in fp32."""
    cosines = (_unit(found.rows) * _unit(reference.rows)).sum(1)
    low = float(np.quantile(cosines, 0.01))
    return {
        f"{name}: mean cosine": float(cosines.mean()),
        f"{name}: first percentile of cosines": low,
        f"{name}: least cosine": float(cosines.min()),
    }


def _unit(rows: np.ndarray) -> np.ndarray:
    wide = rows.astype(np.float64)
    return wide / np.linalg.norm(wide, axis=1, keepdims=True)


def _lengths(lengths: Sequence[int]) -> str:
    low, middle, high = (int(np.quantile(lengths, part)) for part in (0.1, 0.5, 0.9))
    shuffled = list(lengths)
    random.Random(0).shuffle(shuffled)
    batches = [shuffled[first : first + BATCH] for first in range(0, len(shuffled), BATCH)]
    padded = sum(max(batch) * len(batch) for batch in batches) / sum(lengths)
    return (
        f"10th, 50th, 90th percentile {low}, {middle}, {high}; random batches of {BATCH} would pad them {padded:.2f}x"
    )
