"""What this device does in a second: measured, for a few seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from harness.doctor.machine import tokens_a_second
from harness.encode.encoder import open_encoder
from harness.encode.files import described
from harness.encode.hub import present
from harness.encode.running import pick_device
from harness.encode.weights import weight_files
from harness.engine.places import available_memory
from harness.model_spec import EncoderSpec
from harness.plan.cost import GIB, Cost
from harness.plan.known import Known, Sizes, config_sizes
from harness.spec import STRICT, RunSpec

EFFICIENCY = 0.5
"""What of the rate of one large matrix product is taken to be reached by work that could not be measured."""
SECONDS = 3.0
SHAPE = (2048, 1024, 4096)


@dataclass(frozen=True)
class Rates:
    """What was measured."""

    flop: float
    """Operations a second of a large matrix product."""
    tokens: float | None
    """Tokens that are encoded in a second; None where there is no checkpoint to measure."""

    def hours(self, cost: Cost) -> float | None:
        """Return how long a job takes on one such device, None where its operations are not known."""
        if cost.encode is None or cost.search is None or cost.tokens is None:
            return None
        usual = self.flop * EFFICIENCY
        encode = cost.encode / usual if self.tokens is None else cost.tokens / self.tokens
        return (encode + cost.search / usual) / 3600


def place(spec: RunSpec) -> Path | None:
    """Return the folder of an encoder's checkpoint if it is on this machine; nothing is downloaded."""
    return present(spec.model.path, spec.model.revision) if isinstance(spec.model, EncoderSpec) else None


def settled(spec: RunSpec, folder: Path | None) -> RunSpec:
    """Return `spec` with the settings and dimensions that its checkpoint says, where it is here."""
    if folder is None or not isinstance(spec.model, EncoderSpec):
        return spec
    model = described(spec.model, folder, spec.dataset.text_language)
    return replace(spec, model=model, dims=spec.dims or model.dims)


def sizes(spec: RunSpec, folder: Path | None, known: Known) -> Sizes | None:
    """Return the shape of an encoder: what its files say, else what is known of the published one, else None.

    Raises:
        ModelError: its files cannot be read.
    """
    if not isinstance(spec.model, EncoderSpec):
        return None
    if folder is None:
        return known.checkpoints.get(spec.model.path)
    return config_sizes(folder, sum(path.stat().st_size for path in weight_files(folder)))


def measure(spec: RunSpec, folder: Path | None, seconds: float = SECONDS) -> Rates:
    """Return what this device does with the model of a settled `spec`; a second, and `seconds` where it can encode.

    Raises:
        ModelError: there is no such device, or the checkpoint cannot be used.
    """
    device = pick_device(spec.engine.device)
    low = spec.precision != STRICT or device.type == "cuda"
    flop = _products(device, torch.bfloat16 if low else torch.float32, min(1.0, seconds))
    if folder is None or not isinstance(spec.model, EncoderSpec):
        return Rates(flop, None)
    # Its own width alone: the heads of others may be in checkpoints that are not here.
    encoder = open_encoder(spec.model, spec.engine, spec.model.dims[:1], spec.precision)
    return Rates(flop, tokens_a_second(encoder, seconds))


@torch.inference_mode()
def _products(device: torch.device, dtype: torch.dtype, seconds: float) -> float:
    rows, inner, columns = SHAPE
    left, right = (torch.ones(shape, dtype=dtype, device=device) for shape in ((rows, inner), (inner, columns)))
    # One first: libraries are loaded and kernels chosen by it.
    torch.mm(left, right)
    started, done, taken = time.perf_counter(), 0, 0.0
    while not done or taken < seconds:
        # Reading one value waits until a GPU is done.
        float(torch.mm(left, right)[0, 0])
        done += 1
        taken = time.perf_counter() - started
    return 2.0 * rows * inner * columns * done / taken


def described_device(name: str) -> str:
    """Return what the device is and the memory it has free."""
    device = pick_device(name)
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, {memory(name) / GIB:,.1f} GiB free"
    return f"cpu, {torch.get_num_threads()} threads, {memory(name) / GIB:,.1f} GiB free"


def memory(name: str) -> int:
    """Return the bytes that may still be taken: of the GPU where it has its own, if that is less."""
    device = pick_device(name)
    here = available_memory()
    return min(here, torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else here
