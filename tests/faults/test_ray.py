"""A job on a Ray of its own that is ended from outside: what code it leaves with, what is left of Ray, what goes on."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from harness.engine.cluster.leftovers import marked

SHARDS, DIMS = 120, 3


@dataclass(frozen=True)
class Long:
    """A command of many shards and the runs of an unbroken job on one process."""

    command: list[str]
    runs: dict[str, bytes]


@pytest.fixture(scope="module")
def long(jobs: Any, tools: dict[str, Callable[..., Any]], tmp_path_factory: pytest.TempPathFactory) -> Long:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("ray is not installed")
    folder = tmp_path_factory.mktemp("long")
    command = tools["words"](tools["pool"](folder / "pool", ("en", "de", "fr", "es"), 30, 3), 120 // SHARDS)
    done = jobs.run(folder / "work", [*command, "engine.workers=1"])
    assert done["code"] == 0, done["err"]
    return Long(command, tools["runs"](folder / "work"))


class Place(NamedTuple):
    folder: Path
    temporary: Path
    """For temporary files of one job alone; its name is short, for sockets lie in it."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        yield Place(tmp_path, Path(folder))


class Case(NamedTuple):
    number: signal.Signals
    code: int
    send: Callable[[int, int], None]


CASES = [
    Case(signal.SIGKILL, -9, os.kill),
    Case(signal.SIGTERM, 75, os.kill),
    pytest.param(Case(signal.SIGTERM, 75, os.killpg), marks=pytest.mark.slow),
    pytest.param(Case(signal.SIGUSR1, 75, os.killpg), marks=pytest.mark.slow),
    pytest.param(Case(signal.SIGINT, 130, os.killpg), marks=pytest.mark.slow),
]


def tables(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in folder.glob("runs/passes/*/*.table")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number.name}-{case.send.__name__}")
def test_a_job_on_ray_that_is_ended_leaves_no_process_and_no_file_and_one_without_ray_does_the_rest(
    jobs: Any, long: Long, tools: dict[str, Callable[..., Any]], environment: dict[str, str], place: Place, case: Case
) -> None:
    tmp_path, temporary = place
    words = [sys.executable, "-m", "harness", *long.command, "engine=ray", "engine.workers=2"]
    variables = {**environment, "TMPDIR": str(temporary)}
    with (tmp_path / "err").open("wb") as err:
        process = subprocess.Popen(words, cwd=tmp_path, env=variables, stdout=err, stderr=err, start_new_session=True)
    while not tables(tmp_path):
        assert process.poll() is None, (tmp_path / "err").read_text()
        time.sleep(0.005)
    (folder,) = map(str, temporary.glob("ray-*"))
    assert marked(folder)
    sent = time.monotonic()
    case.send(process.pid, case.number)
    assert process.wait(timeout=60) == case.code, (tmp_path / "err").read_text()
    assert time.monotonic() - sent < 10
    told = (tmp_path / "err").read_text()
    assert "Traceback" not in told
    if case.code == -9:
        # The driver of Ray sees that whoever asked is gone, and cleans up.
        while (marked(folder) or Path(folder).exists()) and time.monotonic() - sent < 30:
            time.sleep(0.1)
    else:
        line = rf"interrupted by {case.number.name}: \d+ of 120 shards are done; go on with: .+"
        assert re.fullmatch(line, told.splitlines()[-1]), told
    assert marked(folder) == []
    assert not Path(folder).exists()
    kept = tables(tmp_path)
    assert 0 < len(kept) < SHARDS * DIMS
    again = jobs.run(tmp_path, [*long.command, "engine.workers=1"])
    assert again["code"] == 0, again["err"]
    assert "going on: " in again["err"]
    assert {name: inode for name, inode in tables(tmp_path).items() if name in kept} == kept
    assert tools["runs"](tmp_path) == long.runs
    assert tools["parts"](tmp_path) == []
