"""A Ray that the jobs of a file share, and jobs on it that go wrong where they are told to."""

from __future__ import annotations

import functools
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.pipeline import evaluate
from harness.spec import EncoderSpec, HeadSpec, RunSpec
from harness.systems import encoded
from harness.watch import Watch
from tests.fixtures.faulty import Faulty

MINI = EncoderSpec(
    name="mini",
    path="{package}/encode/mini",
    dims=(128, 64),
    dim_kind="head",
    head="linear.weight",
    heads=(HeadSpec(dim=64, path="{path}-64"),),
)

TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef" * 4}
"""What a job must know to join the head: without one, Ray writes a token of its own into the home folder."""


def _environment() -> dict[str, str]:
    """Return what a head is started with: whatever can be imported here, its workers can."""
    path = os.pathsep.join(place or os.curdir for place in sys.path)
    local = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    return {**os.environ, **local, **TOKEN, "PYTHONPATH": path}


@pytest.fixture(scope="session")
def needs_ray() -> None:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("ray is not installed")


@pytest.fixture(scope="module")
def head(needs_ray: None) -> Iterator[str]:
    """The address of a Ray with three cores, which need not be there."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fixtures.ray_head", folder, "3"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=_environment(),
        )  # fmt: skip
        with process:
            assert process.stdout is not None
            assert process.stdin is not None
            address = process.stdout.readline().strip()
            assert address, "Ray does not start"
            with pytest.MonkeyPatch.context() as patch:
                for name, value in TOKEN.items():
                    patch.setenv(name, value)
                yield address
            process.stdin.close()
            process.wait(timeout=60)


@pytest.fixture
def on_ray(job: Callable[..., RunSpec]) -> Callable[..., RunSpec]:
    """Return the small collection as a job of Ray: `address` is None for one of its own."""

    def describe(out: str, workers: int, address: str | None, **engine: Any) -> RunSpec:
        spec = job(out, workers)
        laid_out = replace(spec.engine, kind="ray", address=address, **engine)
        return replace(spec, model=MINI, dims=MINI.dims, engine=laid_out)

    return describe


@pytest.fixture
def whole(job: Callable[..., RunSpec]) -> RunSpec:
    """The same collection, evaluated by this process alone."""
    spec = replace(job("whole", 1), model=MINI, dims=MINI.dims)
    evaluate(spec)
    return spec


class Said(Watch):
    """Keeps the lines that are told."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def tell(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Path]:
    """Make every pass go wrong in one shard; returns the folder in which calls are counted."""

    def make(at: int, how: str, times: int) -> Path:
        folder = tmp_path / "counts"
        folder.mkdir()
        task = functools.partial(Faulty, folder=str(folder), at=at, how=how, times=times)
        monkeypatch.setattr(encoded, "Task", task)
        return folder

    return make
