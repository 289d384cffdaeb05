"""The end of a Ray of our own: no process of it is left, and no file."""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

MARK = "HARNESS_RAY"
"""The variable by which all processes of one Ray are known; its value is the folder of its files."""
ROUNDS, MOMENT = 40, 0.05
"""How often the processes are looked for, and the seconds between: a process that is ended may have started another."""


def end(folder: str) -> None:
    """End every process that has inherited the mark of `folder`, but this one, and remove the folder.

    Where there is no /proc (not on Linux) it is left to Ray to end its processes.
    """
    for _ in range(ROUNDS):
        found = marked(folder)
        if not found:
            break
        for process in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        time.sleep(MOMENT)
    shutil.rmtree(folder, ignore_errors=True)


def marked(folder: str) -> list[int]:
    """Return the processes, but this one, whose environment began with the mark of `folder`."""
    mark = f"{MARK}={folder}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        # One that has ended meanwhile, or belongs to somebody else, is none of ours.
        with suppress(OSError):
            if int(path.parent.name) != os.getpid() and mark in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found
