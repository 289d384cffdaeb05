"""The side of a worker process: one JSON request a line, one JSON reply a line. Standard library and numpy alone."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

Request = Mapping[str, Any]
Reply = Mapping[str, Any]
Handlers = Mapping[str, Callable[[Request], Reply]]


def serve(handlers: Handlers) -> None:
    """Answer requests until there are no more: {"do": name, ...} with what the handler of that name returns.

    Whatever a library prints goes to standard error, so that a reply is all that stands on standard output.
    """
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = dict(handlers[request["do"]](request))
        except Exception as error:  # noqa: BLE001 - the other side is told, and ends the run
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        replies.write(f"{json.dumps(reply)}\n")
        replies.flush()


class Clock(NamedTuple):
    """When something began, by the wall and by this process's own use of all its processors."""

    wall: float
    cpu: float

    @classmethod
    def start(cls) -> Clock:
        """Return now."""
        return cls(time.perf_counter(), time.process_time())

    def taken(self) -> dict[str, float]:
        """Return the seconds since: `seconds` of the wall, `cpu` of the processors."""
        return {"seconds": time.perf_counter() - self.wall, "cpu": time.process_time() - self.cpu}


class Ragged(NamedTuple):
    """Matrices of equal width, end to end."""

    rows: np.ndarray
    """(N, D)."""
    lengths: np.ndarray
    """(texts,) int64."""

    def split(self) -> list[np.ndarray]:
        """Return the matrices one by one."""
        return np.split(self.rows, np.cumsum(self.lengths)[:-1])


def pack(matrices: Sequence[np.ndarray]) -> Ragged:
    """Return matrices end to end."""
    return Ragged(np.concatenate(matrices), np.array([len(one) for one in matrices], dtype=np.int64))


def save(path: Path | str, found: Ragged) -> None:
    """Write matrices to an .npz file."""
    np.savez(path, rows=found.rows, lengths=found.lengths)


def load(path: Path | str) -> Ragged:
    """Return the matrices of an .npz file."""
    with np.load(path) as file:
        return Ragged(file["rows"], file["lengths"])


def texts(path: str) -> list[str]:
    """Return the texts of a JSON file."""
    return list(json.loads(Path(path).read_text(encoding="utf-8")))


def versions(names: Sequence[str]) -> dict[str, str]:
    """Return the versions of packages in this environment."""
    return {name: metadata.version(name) for name in names}
