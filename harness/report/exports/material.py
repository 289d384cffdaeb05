"""What every export is made of: the results with their folders, the card's tables, what is registered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from harness.report.place import finished
from harness.report.published import PublishedTable
from harness.report.record import RESULT, Result, read_result
from harness.report.registered import Registered


class File(NamedTuple):
    """One file of an export."""

    path: str
    """Relative to the export's own folder, with `/` between its parts, each of them safe."""
    content: bytes


class LeftOut(NamedTuple):
    """A result that an export does not take."""

    what: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Located:
    """A result with the folder that it lies in."""

    result: Result
    folder: Path
    place: str
    """The folder below `out`/results, with `/` between its parts."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """All that exports are made of; equal material gives equal bytes."""

    found: tuple[Located, ...]
    """In the order of their folders."""
    cards: tuple[PublishedTable, ...]
    known: Registered

    @property
    def results(self) -> tuple[Result, ...]:
        """The results alone, in the same order."""
        return tuple(one.result for one in self.found)


Format = Callable[[Material], Iterator[File | LeftOut]]
"""Yields one file after the other, so that no two runs have to be in memory at once."""


def read_material(out: Path, cards: Sequence[PublishedTable], known: Registered) -> Material:
    """Return the results under `out`/results with what they are exported beside.

    Raises:
        DataError: a result cannot be read, or does not say when it finished.
    """
    root = out / "results"
    found = [
        Located(result=read_result(path), folder=path.parent, place=path.parent.relative_to(root).as_posix())
        for path in sorted(root.glob(f"**/{RESULT}"))
    ]
    for one in found:
        finished(one.result)
    return Material(found=tuple(found), cards=tuple(cards), known=known)


def named(result: Result) -> str:
    """Return how a line tells one result from others: system, row and the start of its key."""
    return f"{result.system} on {result.row} ({result.key[:16]})"
