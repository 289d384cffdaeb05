"""What the command line says about a run, for every benchmark."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Setting:
    """How a benchmark is to be run."""

    rounds: int | None
    """How often each variant is timed; None for the benchmark's own number."""
    small: bool
    """A size that shows that it runs, and no more."""
    work: Path
    """Where environments, checkpoints and collections are made and kept."""
    threads: int
    """Of the harness and of every peer."""

    def turns(self, own: int) -> int:
        """Return the number of rounds, `own` being the benchmark's."""
        return self.rounds or (1 if self.small else own)

    def size(self, full: Item, small: Item) -> Item:
        """Return one of two sizes."""
        return small if self.small else full

    def folder(self, name: str) -> Path:
        """Return a folder to work in; it is there."""
        found = self.work / name
        found.mkdir(parents=True, exist_ok=True)
        return found

    def texts(self, name: str, texts: Sequence[str]) -> str:
        """Return the path of a file that holds `texts`, for workers."""
        path = self.folder("texts") / f"{name}.json"
        path.write_text(json.dumps(list(texts), ensure_ascii=False), encoding="utf-8")
        return str(path)
