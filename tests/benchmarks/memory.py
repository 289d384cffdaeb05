"""A hundred times as many documents: time and the most memory held, each size in a process of its own."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from harness import paths
from tests.benchmarks import process
from tests.benchmarks.names import MEMORY, MORE
from tests.benchmarks.record import Record, Variant
from tests.benchmarks.setting import Setting
from tests.benchmarks.text import SEED, rows, write_beir

WORDS = 8
QUERIES = 32


def run(setting: Setting) -> tuple[Record, ...]:
    """Return seconds and memory of the same evaluation over collections of growing size."""
    sizes = setting.size((10_000, 100_000, 1_000_000), (1_000, 3_000))
    variants, peaks = {}, []
    for size in sizes:
        folder = _collection(setting.work / f"synthetic-{size}", size)
        arguments = (
            "model=mini", "dim=[128,96,64]", "dataset=folder", "dataset.name=synthetic", f"dataset.path={folder}",
        )  # fmt: skip
        runs = [process.run(setting, arguments, f"memory-{size}") for _ in range(setting.turns(1))]
        peaks.append(max(one.peak_mib for one in runs))
        facts = {"tokens": runs[-1].tokens, "peak memory, MiB": peaks[-1]}
        variants[f"{size:,} documents"] = Variant(
            seconds=tuple(one.wall for one in runs), amount=size, unit="documents", facts=facts
        )
    return (
        Record(
            name=MEMORY,
            what=f"`python -m harness model=mini dim=[128,96,64]` over documents of {WORDS} random words, {QUERIES} "
            f"queries; each run a process of its own, from its start to its end; threads: {setting.threads}",
            variants=variants,
            values={MORE: peaks[-1] - peaks[0]},
        ),
    )


def _collection(folder: Path, size: int) -> Path:
    """Write `size` documents of random words, one after another, and queries that ask for some of them."""
    if not (folder / "qrels" / "test.tsv").is_file():
        chosen = random.Random(SEED)
        known = vocabulary()
        queries = [{"_id": f"q{number}", "text": " ".join(chosen.choices(known, k=6))} for number in range(QUERIES)]
        judged = [(query["_id"], f"d{chosen.randrange(size)}", 1) for query in queries]
        write_beir(folder, _documents(chosen, known, size), queries, judged)
    return folder


def _documents(chosen: random.Random, known: list[str], size: int) -> Iterator[dict[str, str]]:
    for number in range(size):
        yield {"_id": f"d{number}", "title": "", "text": " ".join(chosen.choices(known, k=WORDS))}


def vocabulary() -> list[str]:
    """Return the words of the English texts that come with the package."""
    corpus = paths.PACKAGE / "data" / "mini" / "en" / "corpus.jsonl"
    return sorted({word for row in rows(corpus) for word in re.findall(r"[a-z]+", row["text"].lower())})
