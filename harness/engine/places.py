"""How many workers this machine has room for, and what each of them gets of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from harness.encode.running import pick_device
from harness.retrieve.shards import Shard
from harness.spec import EngineSpec

WORTH = 256
"""Documents for the sake of which a process more is started: it takes seconds until it encodes its first."""
GIB = 2**30
QUOTA = Path("/sys/fs/cgroup/cpu.max")
VISIBLE = "CUDA_VISIBLE_DEVICES"


class Places(NamedTuple):
    """The workers of one pass."""

    workers: int
    gpus: int
    """The GPUs that they share among them; 0 where they run on the processor."""
    threads: int
    """Threads of each."""
    wanted: int
    """The workers that there would be with memory enough."""

    def environment(self, number: int) -> dict[str, str]:
        """Return what the environment of worker `number` (from 0) says besides this process' own.

        A worker sees one GPU, so nothing in it can land on another.
        """
        found = {"TOKENIZERS_PARALLELISM": "false"} if self.threads == 1 else {"RAYON_NUM_THREADS": str(self.threads)}
        if self.gpus:
            names = os.environ.get(VISIBLE, "").split(",")
            place = number % self.gpus
            found[VISIBLE] = names[place] if len(names) >= self.gpus and names[place] else str(place)
        return found


def places(engine: EngineSpec, todo: Sequence[Shard], weights: int) -> Places:
    """Return the workers for the shards of `todo`.

    One a GPU, or one a core, but no more than there are shards; where nobody chose their number, also no more than
    have 256 documents each, or than there is memory for.

    Args:
        engine: the device, and the number of workers if it was chosen.
        todo: the shards that are missing.
        weights: bytes of the model's weights.

    Raises:
        ModelError: there is no such device.
    """
    gpus = torch.cuda.device_count() if pick_device(engine.device).type == "cuda" else 0
    worth = sum(stop - start for start, stop in todo) // WORTH
    wanted = max(1, min(len(todo), engine.workers or min(gpus or cores(), worth)))
    takes_memory = not gpus and engine.workers is None
    workers = max(1, min(wanted, available_memory() // (weights + GIB))) if takes_memory else wanted
    return Places(workers, gpus, max(1, min(torch.get_num_threads(), cores() // workers)), wanted)


def cores() -> int:
    """Return the cores that this process may use: those it is bound to, or what its control group is allowed."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        allowed, period = QUOTA.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return bound
    return bound if allowed == "max" else max(1, min(bound, int(allowed) // int(period)))


def available_memory() -> int:
    """Return the bytes of memory that processes may still take without swapping."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        # Not Linux: pages that are free now, which is less than may be had.
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
