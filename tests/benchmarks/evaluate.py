"""SciFact with MiniLM, start to end: how much of the wall time is neither encoding nor MaxSim."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from itertools import islice

from tests.benchmarks import process
from tests.benchmarks.names import EVALUATE, LAID_OUT
from tests.benchmarks.record import Record, Variant
from tests.benchmarks.setting import Setting
from tests.benchmarks.text import scifact, write_beir

DIMS = "dim=[384,128,96,64]"


def run(setting: Setting) -> tuple[Record, ...]:
    """Return the seconds of whole processes and of their parts."""
    folder = scifact().folder
    if setting.small:
        folder = setting.work / "scifact-part"
        found = scifact()
        write_beir(folder, islice(found.documents(), 60), found.queries()[:20], _first(found.queries()[:20]))
    arguments = (
        "model=minilm", DIMS, "dataset=folder", "dataset.name=scifact", f"dataset.path={folder}",
    )  # fmt: skip
    turns = range(setting.turns(2))
    by_turns = [
        (
            process.run(setting, (*arguments, "engine.workers=1"), "evaluate-one"),
            process.run(setting, arguments, "evaluate"),
        )
        for _ in turns
    ]
    one, shipped = ([turn[place] for turn in by_turns] for place in (0, 1))
    documents = int(one[0].stages["encode and search"]["documents"])
    what = (
        f"`python -m harness {' '.join(arguments[:2])}` over SciFact: {documents:,} documents, {one[0].tokens:,} "
        f"tokens, four dimensions; a process from its start to its end; threads: {setting.threads}"
    )
    rest = "Everything else is imports, reading, fingerprints, loading, top-k, merging, scoring and writing."
    return (
        Record(
            name=EVALUATE,
            what=f"{what}; `engine.workers=1`, so that all of it is in one process",
            parts=True,
            variants=process.variants(one),
            values={"peak memory, MiB": max(run.peak_mib for run in one)},
            notes=(rest,),
        ),
        Record(name=LAID_OUT, what=what, variants=_walls(one, shipped, documents)),
    )


def _walls(one: Sequence[process.Run], shipped: Sequence[process.Run], documents: int) -> dict[str, Variant]:
    """Return whole processes, and what part of their workers' time goes into work."""
    found = {}
    for name, runs in (("engine.workers=1", one), (f"as shipped: {shipped[0].workers} workers", shipped)):
        facts = {
            "share of its workers' time in encoding and search": statistics.mean(run.share_of_work for run in runs),
            "peak memory, MiB": max(run.peak_mib for run in runs),
        }
        seconds = tuple(run.wall for run in runs)
        found[name] = Variant(seconds=seconds, amount=documents, unit="documents", facts=facts)
    return found


def _first(queries: list[dict[str, str]]) -> list[tuple[str, str, int]]:
    """Return a judgment for each query: the first document of the corpus."""
    document = scifact().documents()[0]["_id"]
    return [(query["_id"], document, 1) for query in queries]
