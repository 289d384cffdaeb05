"""How many workers a cluster has room for."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from harness.engine.cluster.messages import Room
from harness.engine.cluster.room import Host, room_here, room_of, settled
from harness.engine.places import GIB, Places
from harness.errors import ModelError
from harness.retrieve.shards import shards
from harness.spec import EngineSpec

HEAD: Host = {"CPU": 0.0, "memory": 8.0 * GIB}
CPUS: Host = {"CPU": 8.0, "memory": 64.0 * GIB}
GPUS: Host = {"CPU": 34.0, "GPU": 4.0, "memory": 64.0 * GIB}
MANY = 100_000


def found(hosts: Sequence[Host], documents: int = MANY, size: int = 1000, **engine: Any) -> Room:
    spec = EngineSpec(kind="ray", address="auto", **engine)
    todo = {shard: [4] for shard in shards(documents, size)}
    order = SimpleNamespace(task=SimpleNamespace(engine=spec))
    drive: Any = SimpleNamespace(order=order, todo=todo, weights=2 * GIB)
    return room_of(hosts, drive)


def test_there_is_one_worker_a_core_and_each_asks_for_its_memory() -> None:
    assert found([HEAD, CPUS, CPUS]) == Room(16, 0, 1, 3 * GIB)


def test_there_is_one_worker_for_as_many_cores_as_it_is_to_have() -> None:
    assert found([HEAD, CPUS, CPUS], threads=3) == Room(4, 0, 3, 3 * GIB)


def test_there_is_one_worker_a_gpu_with_its_share_of_the_cores() -> None:
    assert found([CPUS, GPUS, GPUS]) == Room(8, 1, 8, 0)
    assert found([CPUS, GPUS], threads=2) == Room(4, 1, 2, 0)
    assert found([CPUS, GPUS], device="cpu").gpus == 0


def test_there_are_no_more_than_shards_or_than_have_256_documents_each() -> None:
    assert found([CPUS], documents=3000).workers == 3
    assert found([CPUS], documents=1000, size=50).workers == 3
    assert found([CPUS], documents=100, size=50).workers == 1


def test_a_chosen_number_is_taken_without_a_look_at_cores_and_memory() -> None:
    assert found([CPUS], workers=30) == Room(30, 0, 1, 0)
    assert found([CPUS], documents=3000, workers=30).workers == 3


@pytest.mark.parametrize("engine", [{"device": "cuda"}, {"threads": 9}])
def test_a_cluster_that_has_no_host_for_it_is_told(engine: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=r"no host for engine\.device=\w+: got 2 with 8 cores and 0 GPUs in all"):
        found([HEAD, CPUS], **engine)


def test_every_worker_must_have_the_device_that_was_counted() -> None:
    assert settled(EngineSpec(), Room(1, 1, 1, 0)).device == "cuda"
    assert settled(EngineSpec(), Room(1, 0, 1, 0)).device == "cpu"


def test_the_workers_of_this_machine_share_its_gpus() -> None:
    assert room_here(Places(3, 0, 2, 3)) == Room(3, 0, 2, 0)
    assert room_here(Places(2, 4, 1, 2)) == Room(2, 1, 1, 0)
    assert room_here(Places(3, 2, 1, 3)) == Room(3, 0.5, 1, 0)
