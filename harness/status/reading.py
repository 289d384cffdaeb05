"""From a folder to what is in it. Nothing is changed, and of a table no more than its size is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.errors import DataError, short
from harness.report.record import RESULT, Result, read_result
from harness.retrieve.about import About, read_about, table_name
from harness.retrieve.sealed import check_size
from harness.retrieve.trec import sidecar_path
from harness.status.found import Broken, Listing, Part

RUN = "run.trec"
RESULTS, PASSES = "results", "passes"


def read_listing(out: Path) -> Listing:
    """Return what lies under `out`.

    Raises:
        DataError: there is no such folder, or no job has written there.
    """
    if not out.is_dir():
        raise DataError("out is no folder", got=short(str(out)), remedy="Name the folder that jobs wrote to: out=DIR")
    if not any((out / name).is_dir() for name in (RESULTS, PASSES)):
        raise DataError(f"{out} is no folder that jobs wrote to", got=f"no {RESULTS}/ and no {PASSES}/ in it")
    found = [_result(folder) for folder in _folders(out / RESULTS)]
    finished = {one.key for one in found if isinstance(one, Result)}
    passes = sorted(path for path in (out / PASSES).glob("*") if path.is_dir())
    parts: list[Part] = []
    unnamed, damaged = [], []
    for folder in passes:
        try:
            records = read_about(folder)
        except DataError as error:
            damaged.append(str(error))
            continue
        parts += [part for about in records if (part := _part(folder, about, finished)).missing]
        if not records:
            unnamed.append(folder)
    return Listing(
        results=tuple(one for one in found if isinstance(one, Result)),
        broken=tuple(one for one in found if isinstance(one, Broken)),
        passes=len(passes),
        parts=tuple(parts),
        unnamed=tuple(unnamed),
        damaged=tuple(damaged),
    )


def _folders(results: Path) -> Iterator[Path]:
    """Yield every folder that a job wrote a result or a run to."""
    yield from sorted({path.parent for name in (RESULT, RUN) for path in results.glob(f"**/{name}")})


def _result(folder: Path) -> Result | Broken:
    if not (folder / RESULT).exists():
        return Broken(folder, f"no {RESULT}: broken off while it was scored", unreadable=False)
    try:
        result = read_result(folder / RESULT)
    except (DataError, OSError) as error:
        return Broken(folder, str(error), unreadable=True)
    lost = [path.name for path in (folder / RUN, sidecar_path(folder / RUN)) if not path.exists()]
    if lost:
        return Broken(folder, f"without its run: no {' and no '.join(lost)}", unreadable=False)
    return result


def _part(folder: Path, about: About, finished: set[str]) -> Part:
    missing = tuple(dim for dim, key in about.results.items() if key not in finished)
    names = [[table_name(about.searches[dim], *shard) for dim in missing] for shard in about.shards]
    done = sum(all(_is_whole(folder / name) for name in shard) for shard in names)
    return Part(folder, about, done, missing)


def _is_whole(path: Path) -> bool:
    try:
        check_size(path)
    except (DataError, OSError):
        return False
    return True
