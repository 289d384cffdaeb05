"""The best documents of a few queries, out of a run that may be too large to read whole.

A run of MS MARCO's 6,980 queries takes seconds to read as `harness.retrieve.trec` does, and a card has many. The runs
that lie beside results were written by `write_run`: each query's lines stand together, best first, so that its first
lines can be looked up. The hash in the sidecar is not checked here.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness.errors import DataError
from harness.report.record import RESULT
from harness.retrieve.trec import sidecar_path

RUN = "run.trec"


def run_files(folder: Path) -> list[Path]:
    """Return where the run of each result under `folder` lies if it was kept, in the order of `read_results`."""
    return [place.with_name(RUN) for place in sorted(folder.glob(f"**/{RESULT}"))]


def top_documents(run: Path, queries: Iterable[str], count: int) -> Mapping[str, tuple[str, ...]] | None:
    """Return the ids of the best `count` documents of each query; None where no finished run lies at `run`.

    Raises:
        DataError: it cannot be read.
    """
    if not (run.is_file() and sidecar_path(run).is_file()):
        return None
    try:
        with run.open("rb") as file:
            if not run.stat().st_size:
                return dict.fromkeys(queries, ())
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
                return {query: tuple(_best(lines, query, count)) for query in queries}
    except OSError as error:
        raise DataError(f"{run} cannot be read", got=error.strerror, expected="a TREC run") from error


def _best(lines: mmap.mmap, query: str, count: int) -> Iterator[str]:
    begin = f"{query} Q0 ".encode("utf-8", "surrogatepass")
    at = 0 if lines[: len(begin)] == begin else lines.find(b"\n" + begin, 0) + 1
    lines.seek(at)
    for _ in range(count):
        line = lines.readline()
        if not line.startswith(begin):
            return
        yield line[len(begin) :].partition(b" ")[0].decode("utf-8", "replace")
