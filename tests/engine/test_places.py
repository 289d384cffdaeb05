"""How many workers there are, and what each of them sees."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness.engine import places as module
from harness.engine.places import GIB, Places, cores, places
from harness.errors import ModelError
from harness.retrieve.shards import Shard, shards
from harness.spec import EngineSpec

CPU = EngineSpec(device="cpu")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine of four cores, 64 GiB and no GPU."""
    monkeypatch.setattr(module, "cores", lambda: 4)
    monkeypatch.setattr(module, "available_memory", lambda: 64 * GIB)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    return monkeypatch


def gpus(machine: pytest.MonkeyPatch, count: int) -> None:
    machine.setattr(torch.cuda, "is_available", lambda: True)
    machine.setattr(torch.cuda, "device_count", lambda: count)


@pytest.mark.parametrize(
    ("missing", "workers", "threads"),
    [
        (shards(100_000, 5000), 4, 1),  # one a core
        (shards(15_000, 5000), 3, 1),  # no more than shards
        (shards(10_000, 5000), 2, 2),  # what is left over of the cores goes to those there are
        (shards(5000, 5000), 1, 4),
        (shards(600, 30), 2, 2),  # no more than have 256 documents each
        (shards(72, 12), 1, 4),
    ],
)
def test_there_is_one_worker_a_core_where_there_is_work_for_it(
    machine: pytest.MonkeyPatch, missing: list[Shard], workers: int, threads: int
) -> None:
    found = places(CPU, missing, GIB)
    assert (found.workers, found.gpus, found.threads) == (workers, 0, threads)


@pytest.mark.parametrize(("chosen", "workers"), [(1, 1), (2, 2), (7, 7), (30, 20)])
def test_a_chosen_number_is_taken_up_to_the_shards_that_are_missing(
    machine: pytest.MonkeyPatch, chosen: int, workers: int
) -> None:
    assert places(EngineSpec(device="cpu", workers=chosen), shards(200, 10), GIB).workers == workers


def test_there_are_no_more_than_there_is_memory_for(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(module, "available_memory", lambda: 9 * GIB)
    found = places(CPU, shards(100_000, 5000), 2 * GIB)
    assert (found.workers, found.wanted) == (3, 4)
    machine.setattr(module, "available_memory", lambda: GIB)
    assert places(CPU, shards(100_000, 5000), 2 * GIB).workers == 1


def test_there_is_one_worker_a_gpu_and_each_sees_its_own(machine: pytest.MonkeyPatch) -> None:
    gpus(machine, 3)
    machine.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    found = places(EngineSpec(), shards(100_000, 5000), GIB)
    assert (found.workers, found.gpus, found.threads) == (3, 3, 1)
    assert [found.environment(number)["CUDA_VISIBLE_DEVICES"] for number in range(3)] == ["0", "1", "2"]


def test_the_gpus_are_those_that_this_process_sees(machine: pytest.MonkeyPatch) -> None:
    gpus(machine, 2)
    machine.setenv("CUDA_VISIBLE_DEVICES", "5,GPU-6f1c")
    found = places(EngineSpec(workers=3), shards(100_000, 5000), GIB)
    assert [found.environment(number)["CUDA_VISIBLE_DEVICES"] for number in range(3)] == ["5", "GPU-6f1c", "5"]


def test_a_gpu_that_is_not_there_is_told_before_any_worker_is_started(machine: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="cuda, which torch does not see here"):
        places(EngineSpec(device="cuda"), shards(100_000, 5000), GIB)


def test_tokenizers_take_no_more_threads_than_their_worker_has() -> None:
    assert Places(2, 0, 1, 2).environment(1) == {"TOKENIZERS_PARALLELISM": "false"}
    assert Places(2, 0, 4, 2).environment(1) == {"RAYON_NUM_THREADS": "4"}


@pytest.mark.parametrize(
    ("text", "found"), [("max 100000", None), ("100000 100000", 1), ("50000 100000", 1), ("", None)]
)
def test_a_control_group_that_is_allowed_less_than_the_machine_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, found: int | None
) -> None:
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    (tmp_path / "cpu.max").write_text(text)
    monkeypatch.setattr(module, "QUOTA", tmp_path / "cpu.max")
    assert cores() == (found or 3)
