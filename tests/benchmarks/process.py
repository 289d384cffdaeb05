"""One run of `python -m harness` in a process of its own: wall time, what it went into, and the most memory it held."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.memory_of import watched
from tests.benchmarks.names import ENCODING, REST, SCORES, WHOLE
from tests.benchmarks.record import Variant
from tests.benchmarks.setting import Setting
from tests.benchmarks.text import ROOT
from tests.benchmarks.worker import OWN_WAY_OF_WAITING, WorkerError

MODULE = "tests.benchmarks.workers.evaluate_harness"


@dataclass(frozen=True)
class Run:
    """What one process took."""

    wall: float
    """Seconds from its start to its end."""
    encoding: float
    """Seconds of texts to vectors, tokenising ahead in another thread not among them; 0 where workers did it."""
    maxsim: float
    """Seconds of vectors to scores; 0 where workers did it."""
    workers: int
    peak_mib: int
    """The most that it and the processes that it started held together, resident."""
    stages: Mapping[str, Any]
    """Seconds and counts of each stage, as in the result's record."""

    @property
    def rest(self) -> float:
        """Seconds of everything that is neither encoding nor MaxSim, starting and ending included."""
        return self.wall - self.encoding - self.maxsim

    @property
    def share_of_work(self) -> float:
        """What part of its workers' wall time goes into encoding and searching, top-k included, by their own clocks."""
        spent = self.stages["encode and search"]["spent"]
        return float(spent["encode"] + spent["search"]) / (self.workers * self.wall)

    @property
    def tokens(self) -> int:
        """Tokens that were encoded."""
        return sum(int(stage.get("tokens", 0)) for stage in self.stages.values())


def run(setting: Setting, arguments: Sequence[str], name: str) -> Run:
    """Return what `python -m harness ARGUMENTS` takes.

    Raises:
        WorkerError: it failed; its log says why.
    """
    told, log = setting.folder("runs") / f"{name}.json", setting.folder("logs") / f"{name}.log"
    told.unlink(missing_ok=True)
    # As `python -m harness` sets it for itself, before torch is imported.
    environment = {**os.environ, "OMP_NUM_THREADS": str(setting.threads), OWN_WAY_OF_WAITING: "PASSIVE"}
    settled = (*arguments, "force=true", f"out={setting.folder('runs') / name}")
    with log.open("w", encoding="utf-8") as errors:
        started = time.perf_counter()
        one = subprocess.Popen(
            [sys.executable, "-m", MODULE, str(told), *settled], cwd=ROOT, env=environment, stdout=errors, stderr=errors
        )
        with watched(one.pid) as memory:
            code = one.wait()
        wall = time.perf_counter() - started
    if code != 0:
        raise WorkerError(f"python -m harness {' '.join(arguments)}: exit {code} (see {log})")
    content = json.loads(told.read_text(encoding="utf-8"))
    peak_mib = max(content.pop("peak_mib"), memory.peak_mib)
    return Run(wall=wall, peak_mib=peak_mib, **content)


def variants(runs: Sequence[Run]) -> dict[str, Variant]:
    """Return whole runs and their parts as variants."""
    parts = {
        WHOLE: [one.wall for one in runs],
        ENCODING: [one.encoding for one in runs],
        SCORES: [one.maxsim for one in runs],
        REST: [one.rest for one in runs],
    }
    return {
        name: Variant(
            seconds=tuple(seconds),
            facts={"share of the wall time": sum(seconds) / sum(parts[WHOLE])},
        )
        for name, seconds in parts.items()
    }
