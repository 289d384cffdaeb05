"""Locks on files, each held by one process until it lets go of it or is gone: the kernel frees what a kill leaves.

A lock saves work and nothing hangs on it: two processes that do the same shard write the same bytes under the same
name, each as a whole. So a lock that a file server loses costs the time of a shard, and no result.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from harness.errors import StorageError
from harness.storage import refused

MOMENT = 0.02
"""Seconds between two looks at a lock that is held for as long as a small file is written."""


class Lock(NamedTuple):
    """A lock that is held."""

    path: Path
    handle: int

    def release(self) -> None:
        """Let go of it, and leave no file behind."""
        with suppress(OSError):
            # Before it is free: whoever has opened the file meanwhile sees that it has no name any more.
            self.path.unlink()
        os.close(self.handle)


def take(path: Path) -> Lock | None:
    """Return the lock on `path`, an empty file that is made for it, or None where somebody holds it.

    Raises:
        StorageError: the file cannot be made, or its file system has no locks.
    """
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # For writing: NFS has locks for readers only otherwise.
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise refused(path, error, 0) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        except OSError as error:
            os.close(handle)
            remedy = "Choose a folder on another file system with out=DIR"
            raise StorageError(f"{path.parent} does not support locks", got=error.strerror, remedy=remedy) from error
        if _is_at(handle, path):
            return Lock(path, handle)
        os.close(handle)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock on `path` in this block, once it is free.

    Raises:
        StorageError: as `take` does.
    """
    while (lock := take(path)) is None:
        time.sleep(MOMENT)
    try:
        yield
    finally:
        lock.release()


def _is_at(handle: int, path: Path) -> bool:
    """Return whether the open file is still the one at `path`: whoever held it before may have removed it."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
