"""One job that is killed again and again: a process that has imported everything forks a child for each of its lives.

    lives.py COLLECTION FOLDER KILLS SEED

Every child does what `evaluate` does with a model that is open: it reads the collection, encodes, commits, merges and
scores. Nothing is computed before a fork. The first job is not killed, and its length tells how long lives are to be;
they get longer where they do nothing, and shorter where they do something. Then one job lives until it has been killed
as often as asked; one that comes to its end before that is followed by another, in a folder of its own. Answers with
one line of JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

from harness.config import model_spec
from harness.data.load import load
from harness.engine.task import Task
from harness.pipeline import evaluate
from harness.retrieve.passes import Pass
from harness.spec import DatasetSpec, EncoderSpec, EngineSpec, RunSpec
from harness.systems import System
from harness.systems.encoded import Encoded
from harness.watch import Watch

DIMS = (128, 64)
PROGRESS = 0.6
"""Of a job's work, what all its lives together should get done: enough to be broken off at every stage."""
SHORTER, LONGER = 0.95, 1.03
"""What the length of lives is multiplied by: something is done in every third of them, however busy the machine."""


def job(collection: str, out: Path) -> RunSpec:
    model = model_spec(
        {
            "kind": "late-interaction",
            "name": "mini",
            "path": "{package}/encode/mini",
            "dims": list(DIMS),
            "dim_kind": "prefix",
            "document_length": 16,
        }
    )
    assert isinstance(model, EncoderSpec)
    return RunSpec(
        dataset=DatasetSpec(name="pool", source="beir", path=collection),
        model=model,
        dims=DIMS,
        engine=EngineSpec(shard_documents=1, device="cpu", workers=1),
        out=str(out),
    )


def opened(spec: RunSpec) -> System:
    """Return the system with its encoder open, as a job that has begun has it."""
    torch.set_num_threads(1)
    system = Encoded(spec.model)
    settled = system.settled(spec)
    task = Task(load(spec.dataset), settled.model, spec.engine, spec.precision, DIMS, spec.search.depth)
    system._open(task, Watch())
    return system


def live(spec: RunSpec, system: System) -> None:
    code = 99
    try:
        evaluate(spec, system=system)
        code = 0
    except BaseException:  # noqa: BLE001 - a child must never come back to the parent's loop
        sys.excepthook(*sys.exc_info())
    os._exit(code)


def life(spec: RunSpec, system: System, seconds: float | None) -> int:
    """Return how a child ended that was killed after some seconds, or that was left alone."""
    pid = os.fork()
    if pid == 0:
        live(spec, system)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def tables(spec: RunSpec) -> int:
    return len(list(Path(spec.out).glob("passes/*/*.table")))


def unbroken(spec: RunSpec, system: System, folder: Path) -> tuple[float, float]:
    """Return the seconds until the first table is there, and from then until the end."""
    commit, begun = Pass.commit, time.monotonic()

    def noted(self: Pass, shard: object, found: object) -> None:
        commit(self, shard, found)  # type: ignore[arg-type]
        if not (folder / "first").exists():
            (folder / "first").write_text(str(time.monotonic()))

    Pass.commit = noted  # type: ignore[method-assign,assignment]
    assert life(spec, system, None) == 0
    Pass.commit = commit  # type: ignore[method-assign]
    first = float((folder / "first").read_text())
    return first - begun, time.monotonic() - first


def main(collection: str, folder: Path, kills: int, seed: int) -> dict[str, object]:
    choice = random.Random(seed)
    system = opened(job(collection, folder))
    start, work = unbroken(job(collection, folder / "whole"), system, folder)
    # A life of up to start + x seconds gets x * x / 2 / (start + x) seconds of work done on average.
    share = PROGRESS * work / kills
    most = start + share + (share * share + 2 * share * start) ** 0.5
    spec = job(collection, folder / "job-0")
    ended, jobs = 0, [spec.out]
    counts: list[int] = []
    while len(counts) < kills:
        code = life(spec, system, choice.uniform(0, most))
        if code == -signal.SIGKILL:
            before, now = counts[-1] if counts else 0, tables(spec)
            most *= SHORTER if now > before else LONGER
            counts.append(now)
            continue
        assert code == 0, code
        ended += 1
        spec = replace(spec, out=str(folder / f"job-{ended}"))
        jobs.append(spec.out)
    assert life(spec, system, None) == 0
    return {"start": start, "work": work, "most": most, "counts": counts, "jobs": jobs}


if __name__ == "__main__":
    found = main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    sys.stdout.write(json.dumps(found) + "\n")
