"""The most memory that a process and those that it starts hold together, looked at ten times a second (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

EVERY = 0.1
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Memory:
    """What was seen so far."""

    peak_mib: int = 0


@contextmanager
def watched(pid: int) -> Iterator[Memory]:
    """Give the memory of a process and all below it while the block runs: resident pages that no other process has."""
    found, over = Memory(), Event()

    def look() -> None:
        while not over.wait(EVERY):
            held = sum(own_pages(one) for one in _family(pid)) * PAGE >> 20
            found.peak_mib = max(found.peak_mib, held)

    thread = Thread(target=look, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def _family(pid: int) -> list[int]:
    """Return a process and all processes below it."""
    found = [pid]
    for one in found:
        try:
            children = Path(f"/proc/{one}/task").glob("*/children")
            found += [int(child) for path in children for child in path.read_text(encoding="ascii").split()]
        except OSError:
            # It has ended since.
            continue
    return found


def own_pages(pid: int) -> int:
    """Return the resident pages of a process that are not of a file; 0 once it has ended."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return 0
    return int(resident) - int(shared)
