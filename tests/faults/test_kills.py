"""Killed at any moment, the same command gives the same bytes as a run that nothing broke."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

STEPS = [
    ("pass.json", 1, "before"),
    ("pass.json", 1, "after"),
    (".table", 1, "before"),
    (".table", 1, "after"),
    (".table", 5, "before"),
    (".table", 5, "after"),
    (".table", 12, "before"),
    (".table", 12, "after"),
    ("run.trec", 1, "before"),
    ("run.trec", 1, "after"),
    ("run.trec.json", 1, "after"),
    ("result.json", 1, "before"),
    ("result.json", 1, "after"),
    ("result.json", 3, "before"),
]


@pytest.mark.parametrize(("suffix", "count", "moment"), STEPS)
def test_a_kill_at_any_named_step_is_made_good_by_the_next_start(
    jobs: Any, whole: Any, tmp_path: Path, suffix: str, count: int, moment: str
) -> None:
    killed = jobs.run(tmp_path, whole.command, kill_at=[suffix, count, moment])
    assert killed["code"] == -9, killed["err"]
    again = jobs.run(tmp_path, whole.command)
    assert again["code"] == 0, again["err"]
    whole.check(tmp_path)


def test_what_a_kill_left_finished_is_not_done_again(jobs: Any, whole: Any, tmp_path: Path) -> None:
    # Two shards of three dimensions, and two dimensions of the third.
    jobs.run(tmp_path, whole.command, kill_at=[".table", 8, "after"])
    made = {path.name: path.stat().st_ino for path in tmp_path.rglob("*.table")}
    assert len(made) == 8
    again = jobs.run(tmp_path, whole.command)
    assert "going on: 2 of 4 shards are done" in again["err"]
    assert {name: ino for name, ino in made.items() if (_inode(tmp_path, name)) != ino} == {}
    whole.check(tmp_path)


def _inode(folder: Path, name: str) -> int:
    return next(folder.rglob(name)).stat().st_ino


def test_ctrl_c_ends_with_130_and_keeps_the_finished_shards(jobs: Any, whole: Any, tmp_path: Path) -> None:
    broken = jobs.run(tmp_path, whole.command, once="runs/passes/*/*.table", signal=signal.SIGINT, after=0.0)
    assert broken["code"] == 130, broken["err"]
    told = broken["err"].splitlines()[-1]
    assert re.match(r"interrupted by SIGINT: \d of 4 shards are done; go on with: \S", told), told
    assert "Traceback" not in broken["err"]
    again = jobs.run(tmp_path, whole.command)
    assert again["code"] == 0, again["err"]
    whole.check(tmp_path)


def _start(command: list[str], folder: Path, environment: dict[str, str], kill_after: float | None) -> int:
    folder.mkdir(exist_ok=True)
    with (folder / "err").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "harness", *command], cwd=folder, env=environment, stdout=err, stderr=err
        )
    if kill_after is not None:
        time.sleep(kill_after)
        process.kill()
    return process.wait(timeout=120)


@pytest.mark.slow
def test_killed_at_ten_random_moments_the_final_run_is_byte_equal_to_an_unbroken_one(
    jobs: Any, tools: dict[str, Callable[..., Any]], environment: dict[str, str], tmp_path: Path
) -> None:
    """Two of the ten hit the true command line, eight a fork of a process that has imported it; each starts afresh."""
    choice = random.Random(20240829)
    command = tools["words"](tools["pool"](tmp_path / "pool", ("en", "de", "fr", "es"), 30, 3), 10)
    begun = time.monotonic()
    assert _start(command, tmp_path / "whole", environment, None) == 0
    whole_process = time.monotonic() - begun
    forked = jobs.run(tmp_path / "forked", command)
    assert forked["code"] == 0, forked["err"]
    expected = tools["runs"](tmp_path / "whole")
    assert len(expected) == 6
    killed = 0
    for number in range(10):
        folder = tmp_path / f"killed-{number}"
        if number < 8:
            moment = forked["seconds"] * (number + choice.random()) / 8
            killed += jobs.run(folder, command, signal=signal.SIGKILL, after=moment)["code"] == -9
            again = jobs.run(folder, command)["code"]
        else:
            moment = whole_process * choice.uniform(0.5, 0.95)
            killed += _start(command, folder, environment, moment) == -9
            again = _start(command, folder, environment, None)
        assert again == 0
        assert tools["runs"](folder) == expected, f"kill {number} after {moment:.3f} s"
        assert tools["verdicts"](folder) == tools["verdicts"](tmp_path / "whole")
        assert tools["parts"](folder) == []
    # A job that was faster than the one measured may be over before its kill comes.
    assert killed >= 6


@pytest.mark.slow
def test_a_run_of_80_shards_that_is_killed_a_hundred_times_ends_byte_equal_to_an_unbroken_one(
    tools: dict[str, Callable[..., Any]], environment: dict[str, str], tmp_path: Path
) -> None:
    """Each life is a fork of a process that has imported everything, and does all that `evaluate` does."""
    collection = tools["pool"](tmp_path / "pool", ("en", "de", "fr", "es"), 20, 3)
    script = Path(__file__).with_name("lives.py")
    line = [sys.executable, str(script), str(collection), str(tmp_path), "100", "20240829"]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["counts"]) == 100
    # They died before the first table, between two, and with all but the last ones there.
    assert len(set(found["counts"])) >= 10
    expected = tools["runs"](tmp_path / "whole")
    assert len(expected) == 4
    for folder in map(Path, found["jobs"]):
        assert len(list(folder.glob("passes/*/*.table"))) == 80 * 2
        assert tools["runs"](folder) == expected
        assert tools["verdicts"](folder) == tools["verdicts"](tmp_path / "whole")
        assert tools["parts"](folder) == []
        assert list(folder.rglob("*.lock")) == []
