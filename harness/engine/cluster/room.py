"""How many workers a cluster has room for, and what each gets of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.engine.cluster.messages import Drive, Room
from harness.engine.places import GIB, WORTH, Places
from harness.errors import ModelError
from harness.spec import EngineSpec

Host = Mapping[str, float]
"""What a host has of each kind: CPU, GPU, memory."""


def room_of(hosts: Sequence[Host], drive: Drive) -> Room:
    """Return the workers for what is to be done: one a GPU, or one for every `engine.threads` cores.

    No more than there are shards; where nobody chose their number, also no more than have 256 documents each, and none
    where a host lacks the memory for it.

    Raises:
        ModelError: there is no host that could have one.
    """
    engine = drive.order.task.engine
    with_gpus = [host for host in hosts if host.get("GPU", 0) >= 1] if engine.device != "cpu" else []
    if with_gpus:
        cores = engine.threads or max(1, int(min(host.get("CPU", 1) // host["GPU"] for host in with_gpus)))
        most = sum(int(host["GPU"]) for host in with_gpus)
    else:
        cores = engine.threads or 1
        most = sum(int(host.get("CPU", 0)) // cores for host in hosts)
    if not most or (engine.device == "cuda" and not with_gpus):
        raise ModelError(f"the cluster has no host for engine.device={engine.device}", got=_words(hosts))
    worth = sum(shard.stop - shard.start for shard in drive.todo) // WORTH
    workers = max(1, min(len(drive.todo), engine.workers or min(most, worth)))
    bounded = not with_gpus and engine.workers is None
    return Room(workers, 1 if with_gpus else 0, cores, drive.weights + GIB if bounded else 0)


def room_here(found: Places) -> Room:
    """Return the workers of this machine as they are asked of Ray."""
    share = 1 / -(-found.workers // found.gpus) if found.gpus else 0
    return Room(found.workers, share, found.threads, 0)


def settled(engine: EngineSpec, room: Room) -> EngineSpec:
    """Return the engine with the device that every worker must have: none may run on its processor unnoticed."""
    return replace(engine, device="cuda" if room.gpus else "cpu")


def _words(hosts: Sequence[Host]) -> str:
    total = {name: int(sum(host.get(name, 0) for host in hosts)) for name in ("CPU", "GPU")}
    return f"{len(hosts)} with {total['CPU']} cores and {total['GPU']} GPUs in all"
