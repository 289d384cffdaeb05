"""Whether it fits: disk where collections and results lie, memory while it runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.errors import StorageError
from harness.plan.cost import GIB, Cost
from harness.plan.downloads import File, home


class Need(NamedTuple):
    """Bytes that are needed somewhere, and those that are free."""

    what: str
    need: int
    free: int

    def __str__(self) -> str:
        """Return both as one phrase."""
        return f"{self.what}: {size(self.need)} needed, {size(self.free)} free"


def collections(costs: Iterable[Cost]) -> dict[str, File]:
    """Return every file that is fetched, once, by its name: datasets share them."""
    return {file.name: file for one in costs for file in one.files or ()}


def needs(costs: Sequence[Cost], checkpoints: int, memory: int) -> list[Need]:
    """Return what the jobs need of every disk and of the memory, against what there is.

    Args:
        costs: the jobs; they run one after the other.
        checkpoints: bytes of those that are still to be downloaded.
        memory: bytes that are free.
    """
    disk = sum(file.disk for file in collections(costs).values())
    wanted: dict[int, tuple[list[Path], int]] = {}
    outs = {one.spec.out for one in costs}
    parts = [
        (home(), disk),
        *_hub(checkpoints),
        *((Path(out), sum(one.out or 0 for one in costs if one.spec.out == out)) for out in outs),
    ]
    for path, need in parts:
        there = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.is_dir())
        paths, before = wanted.get(there.stat().st_dev, ([], 0))
        wanted[there.stat().st_dev] = ([*paths, there], before + need)
    found = [
        Need(f"disk at {' and '.join(dict.fromkeys(map(str, paths)))}", need, shutil.disk_usage(paths[0]).free)
        for paths, need in wanted.values()
    ]
    most = max((one.memory or 0 for one in costs), default=0)
    return [*found, *([Need("memory", most, memory)] if most else [])]


def _hub(checkpoints: int) -> list[tuple[Path, int]]:
    """Return the hub's cache and what it will take; nothing where there is nothing to download."""
    if not checkpoints:
        return []
    from huggingface_hub.constants import HF_HUB_CACHE  # noqa: PLC0415 - a second, and only for hub ids

    return [(Path(HF_HUB_CACHE), checkpoints)]


def refuse(found: Iterable[Need]) -> None:
    """Refuse what has no room.

    Raises:
        StorageError: something is needed that is not free.
    """
    short = [str(one) for one in found if one.need > one.free]
    if short:
        raise StorageError(f"this does not fit: {'; '.join(short)} (estimates)")


def size(count: float) -> str:
    """Return bytes as people write them.

    >>> size(3 * 2**30), size(5 * 2**20)
    ('3.0 GiB', '5.0 MiB')
    """
    return f"{count / GIB:,.1f} GiB" if count >= GIB // 10 else f"{count / 2**20:,.1f} MiB"
