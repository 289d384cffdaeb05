"""python -m tests.benchmarks [NAME ...]: time the harness beside its peers, by turns, and keep what was found."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from pathlib import Path

from tests.benchmarks import machine, record
from tests.benchmarks.record import Record, Report
from tests.benchmarks.setting import Setting
from tests.benchmarks.text import ROOT
from tests.benchmarks.worker import OWN_WAY_OF_WAITING

BENCHMARKS = (
    "maxsim", "prefix", "parallel", "encode", "end-to-end", "full-size", "evaluate", "plaid", "memory", "gpu",
    "scale",
)  # fmt: skip
"""In the order in which they are run."""


def main() -> None:
    """Run the benchmarks that are named, or all; write a file of records for each as it ends."""
    arguments = _arguments()
    threads = str(arguments.threads)
    # Before torch is imported, as `python -m harness` does it.
    os.environ.update({"OMP_NUM_THREADS": threads})
    os.environ.setdefault(OWN_WAY_OF_WAITING, "PASSIVE")
    setting = Setting(arguments.rounds, arguments.small, arguments.work.resolve(), arguments.threads)
    for name in arguments.names or BENCHMARKS:
        kept = record.SCALE_FOLDER if name == "scale" else record.FOLDER
        out = arguments.out or (setting.work / "small" if arguments.small else kept)
        report = _run(name, setting)
        record.write(out / f"{name}.json", report)
        told = report.not_run or f"{report.run['wall_seconds']:.0f} s"
        sys.stdout.write(f"{name}: {told}, {out / name}.json\n")
        sys.stdout.flush()


def _run(name: str, setting: Setting) -> Report:
    before = machine.machine()
    started = time.perf_counter()
    records: tuple[Record, ...] = ()
    not_run = None
    try:
        records = importlib.import_module(f"tests.benchmarks.{name.replace('-', '_')}").run(setting)
    except record.NotRunError as reason:
        not_run = str(reason)
    how = {
        "rounds": setting.rounds,
        "small": setting.small,
        "threads": setting.threads,
        "command": ["python", *sys.orig_argv[1:]],
        "wall_seconds": round(time.perf_counter() - started, 1),
        "load_after": machine.machine()["load"],
        **machine.commit(),
    }
    return Report(
        benchmark=name, run=how, machine=before, versions=machine.versions(), records=records, not_run=not_run
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*BENCHMARKS, []], help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, help="how often each variant is timed; by default each benchmark's own")
    parser.add_argument("--small", action="store_true", help="a size that shows that it runs; kept apart")
    parser.add_argument("--out", type=Path, help="the folder for the records (reports/performance)")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "benchmarks", help="for what is made and kept")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of the harness and of each peer")
    return parser.parse_args()


if __name__ == "__main__":
    main()
