"""A collection of MS MARCO's size with scores that are looked up: what all but encoding and MaxSim takes, and holds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.data.load import load
from harness.spec import DatasetSpec
from tests.benchmarks import names
from tests.benchmarks.memory_of import watched
from tests.benchmarks.record import Record, Variant, timed
from tests.benchmarks.rounds import interleave
from tests.benchmarks.setting import Setting
from tests.benchmarks.text import ROOT, write_beir
from tests.benchmarks.worker import OWN_WAY_OF_WAITING, WorkerError

MODULE = "tests.benchmarks.workers.scale_harness"
DOCUMENTS, QUERIES = 8_841_823, 6_980
"""Of MS MARCO's passages and its small development set."""
PASSAGE = "Every passage of this collection has as many letters as one of MS MARCO has on average. " * 4
STAGES = {"read": "read, check and hash", "encode and search": "search", "merge": "merge", "score and write": "score"}


@dataclass(frozen=True)
class Simulation:
    """One evaluation in a process of its own."""

    documents: int
    wall: float
    """Seconds of the evaluation, imports not among them."""
    processor: float
    """Seconds that its threads had a core."""
    began_mib: int
    """What the process held before it: libraries, and the scores that are looked up."""
    peak_mib: int
    stages: dict[str, Any]
    looking_up: float
    """Seconds for the scores of one block of 512 documents."""
    right: bool
    """Whether the value and three rankings are what they must be."""


def run(setting: Setting) -> tuple[Record, ...]:
    """Return what evaluations of a quarter, a half and all of the documents take, and the reading of a file."""
    whole, queries = setting.size((DOCUMENTS, QUERIES), (60_000, 300))
    sizes = [whole // 4, whole // 2, whole]
    found = [_simulated(setting, size, queries) for size in sizes]
    return _growing(setting, found, queries), _stages(setting, found[-1], queries), _reading(setting)


def _simulated(setting: Setting, documents: int, queries: int) -> Simulation:
    name = f"scale-{documents}"
    out, told, log = (
        setting.folder("runs") / name,
        setting.folder("runs") / f"{name}.json",
        setting.folder("logs") / name,
    )
    shutil.rmtree(out, ignore_errors=True)
    environment = {**os.environ, "OMP_NUM_THREADS": str(setting.threads), OWN_WAY_OF_WAITING: "PASSIVE"}
    words = [sys.executable, "-m", MODULE, str(told), str(documents), str(queries), str(out)]
    with log.open("w", encoding="utf-8") as errors:
        one = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=errors, stderr=errors)
        with watched(one.pid) as memory:
            code = one.wait()
    if code != 0:
        raise WorkerError(f"{name}: exit {code} (see {log})")
    content = json.loads(told.read_text(encoding="utf-8"))
    shutil.rmtree(out)
    return Simulation(documents=documents, peak_mib=memory.peak_mib, **content)


def _growing(setting: Setting, found: list[Simulation], queries: int) -> Record:
    variants = {
        f"{one.documents:,} documents": Variant(
            seconds=(one.wall,),
            amount=one.documents,
            unit="documents",
            facts={
                "processor seconds": round(one.processor, 1),
                "peak memory, MiB": one.peak_mib,
                "of it before it began": one.began_mib,
            },
        )
        for one in found
    }
    return Record(
        name=names.SCALE,
        what=f"The harness over documents that are made while they are read and {queries:,} queries, its MaxSim looked "
        f"up in a table and no encoder: reading, sharding, top 100, commit, merge, scoring; one process, threads: "
        f"{setting.threads}",
        variants=variants,
        values={
            names.PER_SECOND: round(found[-1].documents / found[-1].wall),
            names.GROWN: max(one.peak_mib for one in found) - found[0].peak_mib,
            names.RIGHT: all(one.right for one in found),
        },
        notes=(
            "Peak memory: the process' own pages, without those of libraries' files, looked at ten times a second.",
        ),
    )


def _stages(setting: Setting, one: Simulation, queries: int) -> Record:
    seconds = {told: float(one.stages[name]["seconds"]) for name, told in STAGES.items()}
    spent = one.stages["encode and search"]["spent"]
    seconds |= {f"search: {name}": float(taken) for name, taken in spent.items()}
    blocks = one.documents / 512
    parts = {"all": one.wall, **seconds, "looking up scores (an estimate)": blocks * one.looking_up}
    return Record(
        name=names.SCALE_STAGES,
        what=f"Where the time of {one.documents:,} documents and {queries:,} queries went; reading ahead and commits "
        f"go on beside the search in threads of their own; threads: {setting.threads}",
        variants={
            name: Variant(seconds=(taken,), amount=one.documents, unit="documents")
            for name, taken in parts.items()
            if taken > 0
        },
        parts=True,
    )


def _reading(setting: Setting) -> Record:
    """Return what reading a true file takes: with all checks and hashes, and again shard by shard."""
    count = setting.size(300_000, 3_000)
    folder = setting.work / f"passages-{count}"
    if not (folder / "qrels" / "test.tsv").is_file():
        write_beir(folder, _passages(count), [{"_id": "q", "text": "which one"}], [("q", "7", 1)])
    spec = DatasetSpec(name="passages", source="beir", path=str(folder), fields=("text",))
    collection = load(spec)
    actions = {
        "first, with all checks and hashes": lambda: _first(spec),
        "again, shard by shard": lambda: _again(collection, count),
    }
    seconds = interleave(actions, setting.turns(3))
    size = (folder / "corpus.jsonl").stat().st_size
    return Record(
        name=names.SCALE_READING,
        what=f"{count:,} passages of {len(PASSAGE)} letters, {size / 1e6:,.0f} MB in BEIR's layout, read in one thread",
        variants=timed(seconds, count, "documents"),
    )


def _first(spec: DatasetSpec) -> float:
    started = time.perf_counter()
    load(spec)
    return time.perf_counter() - started


def _again(collection: Any, count: int) -> float:
    started = time.perf_counter()
    read = sum(1 for start in range(0, count, 50_000) for _ in collection.corpus.documents(start, start + 50_000))
    if read != count:
        raise ValueError(f"{read} of {count} documents")
    return time.perf_counter() - started


def _passages(count: int) -> Iterator[dict[str, str]]:
    for number in range(count):
        yield {"_id": str(number), "text": f"{number} {PASSAGE}"}
