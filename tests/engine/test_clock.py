"""Seconds by name, on a processor and on a GPU."""

from __future__ import annotations

import time

import pytest
import torch

from harness.engine.clock import Clock


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> None:
    marks = iter([1.0, 3.0, 3.5, 13.5, 100.0, 101.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(marks))


@pytest.mark.usefixtures("moments")
def test_laps_of_one_name_add_up_and_a_new_start_forgets_them() -> None:
    clock = Clock(torch.device("cpu"))
    clock.lap("read")
    clock.lap("encode")
    clock.lap("read")
    assert clock.read() == {"read": 12.0, "encode": 0.5}
    clock.start()
    clock.lap("encode")
    assert clock.read() == {"encode": 1.0}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_queued_work_counts_where_it_was_queued() -> None:
    device = torch.device("cuda")
    square = torch.ones(8192, 8192, device=device)
    clock = Clock(device)
    clock.lap("nothing")
    for _ in range(20):
        square = square @ square / 8192
    clock.lap("products")
    found = clock.read()
    assert found["products"] > 10 * found["nothing"]
