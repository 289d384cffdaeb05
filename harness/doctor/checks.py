"""Every check in its order: libraries, machine, checkpoint, tokens, vectors, time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from harness.doctor.check import Check, both, left_out, then, told
from harness.doctor.files import Placed, check_fingerprint, check_settings, check_weights, placed_in
from harness.doctor.machine import check_device, check_disk, check_memory, check_time, check_versions
from harness.doctor.tokens import check_markers, check_token_ids
from harness.doctor.vectors import check_attention, check_golden
from harness.encode.checkpoint import Checkpoint, open_checkpoint
from harness.encode.encoder import Encoder, ready
from harness.encode.hub import checkpoint_folder
from harness.encode.running import pick_device
from harness.errors import HarnessError
from harness.model_spec import EncoderSpec, LexicalSpec, ModelSpec
from harness.spec import DatasetSpec, EngineSpec

LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors", "numpy")
BM25_LIBRARIES = ("bm25s", "PyStemmer", "numpy")
SECONDS = 2.0
"""How long encoding is measured; one pass takes longer where the model is large."""


def examine(
    model: ModelSpec, datasets: Sequence[DatasetSpec], engine: EngineSpec, seconds: float = SECONDS
) -> Iterator[Check]:
    """Yield every check of one model on one dataset, each as soon as it is made.

    Args:
        model: a cross-encoder is looked at as far as its files go: it has no vectors.
        datasets: the dataset in each of its languages.
        engine: the device, and the size of a batch.
        seconds: how long encoding is measured.
    """
    if isinstance(model, LexicalSpec):
        yield check_versions(BM25_LIBRARIES)
        yield left_out("checkpoint", f"no checkpoint: {model.name} counts words and has no weights")
        yield check_disk(datasets)
        return
    yield check_versions(LIBRARIES)
    device = then(engine.device, pick_device)
    yield told("device", device, check_device)
    folder = then(model.path, lambda path: checkpoint_folder(path, model.revision))
    yield told("checkpoint", folder, check_fingerprint)
    yield check_disk(datasets)
    # Before the weights are loaded: they are part of what is needed.
    yield told("memory", both(folder, device), lambda pair: check_memory(*pair))
    if isinstance(model, EncoderSpec):
        placed = then(folder, lambda found: placed_in(found, model, datasets[0].text_language))
        yield from _examine_vectors(placed, device, engine, datasets, seconds)
    else:
        yield left_out("vectors", f"{model.name} is a cross-encoder and has none")


def _examine_vectors(
    placed: Placed | HarnessError | None,
    device: torch.device | HarnessError | None,
    engine: EngineSpec,
    datasets: Sequence[DatasetSpec],
    seconds: float,
) -> Iterator[Check]:
    yield told("settings", placed, check_settings)
    loaded = then(both(placed, device), lambda pair: (*pair, _checkpoint(*pair)))
    yield told("weights", loaded, lambda found: check_weights(found[2]))
    encoder = then(loaded, lambda found: _encoder(*found, engine))
    yield told("markers", encoder, check_markers)
    yield told("token ids", encoder, check_token_ids)
    yield told("attention", encoder, check_attention)
    yield told("golden vectors", encoder, check_golden)
    yield told("time", encoder, lambda found: check_time(found, datasets, seconds))


def _checkpoint(placed: Placed, device: torch.device) -> Checkpoint:
    # Its own width alone: projections of others may lie in checkpoints of several gigabytes.
    return open_checkpoint(placed.spec, placed.folder, device, placed.spec.dims[:1])


def _encoder(placed: Placed, device: torch.device, checkpoint: Checkpoint, engine: EngineSpec) -> Encoder:
    return ready(placed.spec, checkpoint, device, engine)
