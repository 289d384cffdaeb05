"""Signals in the middle of a pass: how soon the job ends, with what code and words, and what the same command does."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

SHARDS = 20
STUCK = """
import hashlib, signal, sys
from harness import signals
signals.PATIENCE = float(sys.argv[1])
with signals.heard():
    sys.stdout.write("ready\\n")
    sys.stdout.flush()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
"""
"""A main thread that is in a C function for minutes, as in one that loads weights."""


@dataclass(frozen=True)
class Long:
    """A command of many shards and the runs of an unbroken job."""

    command: list[str]
    runs: dict[str, bytes]


@pytest.fixture(scope="session")
def long(jobs: Any, tools: dict[str, Callable[..., Any]], tmp_path_factory: pytest.TempPathFactory) -> Long:
    folder = tmp_path_factory.mktemp("long")
    command = tools["words"](tools["pool"](folder / "pool", ("en", "de", "fr", "es"), 30, 3), 120 // SHARDS)
    done = jobs.run(folder / "work", [*command, "engine.workers=1"])
    assert done["code"] == 0, done["err"]
    return Long(command, tools["runs"](folder / "work"))


def living(group: int) -> list[str]:
    """Return the commands of all processes of a group that are no zombies."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, state, _, its_group = re.fullmatch(r"\d+ \((.*)\) (\S) (\d+) (\d+) .*", stat.read_text(), re.S).groups()  # type: ignore[union-attr]
            if int(its_group) == group and state != "Z":
                found.append(stat.with_name("cmdline").read_text().replace("\0", " "))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def tables(folder: Path) -> set[str]:
    """Return the names of the tables that are there."""
    return {path.name for path in folder.glob("runs/passes/*/*.table")}


class Case(NamedTuple):
    number: signal.Signals
    code: int
    workers: int
    send: Callable[[int, int], None]


CASES = [
    Case(signal.SIGTERM, 75, 1, os.kill),
    Case(signal.SIGUSR1, 75, 2, os.killpg),
    pytest.param(Case(signal.SIGTERM, 75, 2, os.killpg), marks=pytest.mark.slow),
    pytest.param(Case(signal.SIGINT, 130, 2, os.killpg), marks=pytest.mark.slow),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number.name}-{case.workers}")
def test_a_signal_ends_a_pass_soon_and_the_command_it_prints_does_the_rest(
    jobs: Any, long: Long, tools: dict[str, Callable[..., Any]], environment: dict[str, str], tmp_path: Path, case: Case
) -> None:
    words = [sys.executable, "-m", "harness", *long.command, f"engine.workers={case.workers}"]
    with (tmp_path / "err").open("wb") as err:
        process = subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=err, stderr=err, start_new_session=True)
    while not tables(tmp_path):
        assert process.poll() is None, (tmp_path / "err").read_text()
        time.sleep(0.002)
    sent = time.monotonic()
    case.send(process.pid, case.number)
    assert process.wait(timeout=60) == case.code, (tmp_path / "err").read_text()
    assert time.monotonic() - sent < 10
    assert living(process.pid) == []
    told = (tmp_path / "err").read_text()
    assert "Traceback" not in told
    last = re.fullmatch(
        r"interrupted by (\w+): (\d+) of (\d+) shards are done; go on with: (.+)", told.splitlines()[-1]
    )
    assert last is not None, told
    assert last[1] == case.number.name
    assert shlex.split(last[4]) == words
    kept = tables(tmp_path)
    dims = 3
    assert (int(last[2]), int(last[3])) == (len(kept) // dims, SHARDS)
    assert 0 < len(kept) < SHARDS * dims
    assert tools["parts"](tmp_path) == []
    inodes = {name: next(tmp_path.rglob(name)).stat().st_ino for name in kept}
    # How many work on it is no part of it, and a process that is forked starts sooner.
    again = jobs.run(tmp_path, [*long.command, "engine.workers=1"])
    assert again["code"] == 0, again["err"]
    assert f"going on: {last[2]} of {SHARDS} shards are done" in again["err"]
    assert {name: next(tmp_path.rglob(name)).stat().st_ino for name in kept} == inodes
    assert tools["runs"](tmp_path) == long.runs


@pytest.mark.parametrize(
    ("patience", "sent", "code"),
    [
        (0.2, [signal.SIGTERM], 75),
        (60, [signal.SIGINT, signal.SIGINT], 130),
        (60, [signal.SIGUSR1, signal.SIGTERM, signal.SIGINT], 75),
    ],
)
def test_a_main_thread_that_does_not_look_is_left_all_the_same(
    environment: dict[str, str], tmp_path: Path, patience: float, sent: list[signal.Signals], code: int
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STUCK, str(patience)],
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"ready\n"
        # So that it is in the function, and not on its way there.
        time.sleep(0.5)
        begun = time.monotonic()
        for number in sent:
            process.send_signal(number)
            # Two that come at once may come in any order.
            time.sleep(0.05)
        assert process.wait(timeout=30) == code
        assert min(patience, 0.05) <= time.monotonic() - begun < 10
        told = process.stderr.read().decode()
    assert told.startswith(f"interrupted by {sent[0].name}: what is finished is kept; go on with: ")


def test_no_handler_is_left_behind_and_none_is_there_for_the_library(environment: dict[str, str]) -> None:
    code = (
        "import signal, threading, harness.cli, harness.pipeline\nfrom harness.signals import CODES, heard\n"
        "before = [signal.getsignal(number) for number in CODES]\n"
        "assert before == [signal.default_int_handler, signal.SIG_DFL, signal.SIG_DFL], before\n"
        "with heard(): assert not set(before) & {signal.getsignal(number) for number in CODES}\n"
        "assert before == [signal.getsignal(number) for number in CODES]\n"
        "for thread in threading.enumerate(): thread is threading.main_thread() or thread.join(5)\n"
        "assert threading.active_count() == 1\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
