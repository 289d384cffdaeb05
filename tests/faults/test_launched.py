"""Jobs that one of Hydra's launchers runs in processes of their own: what may be asked, what comes back and resumes."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigError
from harness.foreign import refuse_words
from harness.launch import launcher

GROUPS = ("dataset", "model", "search", "engine")
SLURM = "hydra/launcher=submitit_slurm"
LOCAL = "hydra/launcher=submitit_local"
needs_submitit = pytest.mark.skipif(
    find_spec("submitit") is None, reason="submitit is not installed, nor hydra-submitit-launcher"
)
WORDS = [
    "hydra/launcher=trap",
    "hydra/launcher=../trap",
    "+hydra/launcher=submitit_slurm",
    "hydra/launcher=submitit_slurm,trap",
    "hydra.launcher._target_=trap.Callback",
    "hydra.launcher.setup=[touch sprung]",
    "hydra.launcher.python=/tmp/evil",
    "hydra.launcher.submitit_folder=/tmp/elsewhere",
    "+hydra.launcher.additional_parameters.wrap=reboot",
    "hydra.launcher.comment=$(reboot)",
    "hydra.launcher.partition=a\n#SBATCH --wrap=reboot",
    "hydra.launcher.partition=a b",
    "hydra.launcher.name=--wrap=x",
    "hydra.launcher.partition=${oc.env:HOME}",
]


@pytest.mark.parametrize("word", WORDS)
def test_a_launcher_is_one_of_few_and_nothing_it_would_run_can_be_set(word: str) -> None:
    with pytest.raises(ConfigError, match="Hydra's own settings cannot be set"):
        refuse_words([word], GROUPS)


def test_time_machines_and_memory_can_be_asked_for() -> None:
    refuse_words([SLURM, "hydra.launcher.timeout_min=1440", "hydra.launcher.gres=gpu:h100:2"], GROUPS)
    refuse_words(["hydra/launcher=basic", "hydra.launcher.partition=gpu-long", "hydra.launcher.mem_gb=64"], GROUPS)


@pytest.mark.parametrize(
    ("words", "config", "told"),
    [
        ([LOCAL], "evaluate", "only the jobs of a sweep are launched"),
        (["-m", LOCAL], "plan", "only the jobs of a sweep are launched"),
        (["-m", "hydra.launcher.mem_gb=1"], "evaluate", "settings of a launcher and no launcher"),
        (["-m", SLURM], "evaluate", "there is no Slurm on this machine"),
    ],
)
def test_what_cannot_be_launched_is_told_before_anything_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], config: str, told: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=told):
        launcher(words, config)


def test_jobs_that_run_here_ask_for_no_launcher() -> None:
    assert launcher(["-m", "model=bm25"], "evaluate") is None
    assert launcher(["-m", "hydra/launcher=basic"], "evaluate") is None


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "harness", *words]


def run(folder: Path, environment: dict[str, str], words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300)


@needs_submitit
@pytest.mark.slow
def test_a_card_experiment_composes_and_is_handed_to_slurm(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name, code in (("srun", 0), ("sbatch", 1)):
        path = tmp_path / "bin" / name
        path.write_text(f'#!/bin/sh\ncat "$1" > {tmp_path}/asked\nexit {code}\n')
        path.chmod(0o700)
    there = {**environment, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    words = command("-m", "+experiment=card/miracl", "model=bm25", SLURM, "hydra.launcher.timeout_min=1440")
    done = run(tmp_path, there, words)
    asked = (tmp_path / "asked").read_text()
    assert "#SBATCH --time=1440" in asked
    assert "submitit.core._submit" in asked
    assert done.returncode == 1
    assert done.stderr.startswith("error: a job that was launched is lost: got ")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


@needs_submitit
@pytest.mark.slow
def test_launched_jobs_do_what_jobs_here_do_and_say_which_command_they_are_of(
    environment: dict[str, str], tmp_path: Path
) -> None:
    words = command("-m", "model=bm25", "language=en,xx", LOCAL)
    done = run(tmp_path, environment, words)
    assert done.returncode == 5, done.stderr
    assert done.stderr.startswith("2 jobs were launched: 1 done, 1 failed")
    (path,) = tmp_path.glob("runs/results/**/result.json")
    assert json.loads(path.read_bytes())["provenance"]["command"] == ["python", *words[1:]]
    logs = "".join(one.read_text() for one in tmp_path.glob("runs/.submitit/**/*.err"))
    assert "error: unknown language of dataset mini: got 'xx'" in logs


def job_of(folder: Path) -> int | None:
    """Return the process that submitit has started for a job that logs below `folder`."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_text().split("\0")
        except OSError:
            continue
        if "submitit.core._submit" in words and any(word.startswith(str(folder)) for word in words):
            return int(path.parent.name)
    return None


@needs_submitit
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1], ids=lambda number: number.name)
def test_a_job_that_is_ended_asks_to_be_queued_again_and_then_does_the_rest(
    environment: dict[str, str], tools: dict[str, Callable[..., Any]], tmp_path: Path, number: signal.Signals
) -> None:
    pool = tools["pool"](tmp_path / "pool", ("en", "de", "fr", "es"), 30, 3)
    asked = tools["words"](pool, 6, "engine.workers=1")
    whole = run(tmp_path, environment, command(*asked, "out=whole"))
    assert whole.returncode == 0, whole.stderr
    words = command("-m", *asked, LOCAL)
    with (tmp_path / "err").open("wb") as err:
        process = subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=err, stderr=err)
    while not list(tmp_path.glob("runs/passes/*/*.table")):
        assert process.poll() is None, (tmp_path / "err").read_text()
        time.sleep(0.005)
    job = job_of(tmp_path / "runs")
    assert job is not None
    os.kill(job, number)
    assert process.wait(timeout=60) == 75, (tmp_path / "err").read_text()
    assert "1 job was launched: 1 interrupted" in (tmp_path / "err").read_text()
    kept = list(tmp_path.glob("runs/passes/*/*.table"))
    assert 0 < len(kept) < 60
    (log,) = tmp_path.glob("runs/.submitit/*/*.err")
    (told,) = [line for line in log.read_text().splitlines() if line.startswith(f"interrupted by {number.name}: ")]
    assert shlex.split(told.partition("go on with: ")[2]) == words
    again = run(tmp_path, environment, words)
    assert again.returncode == 0, again.stderr
    assert list(tools["runs"](tmp_path / "runs").values()) == list(tools["runs"](tmp_path / "whole").values())
