"""Files that are either whole or not there: write beside the target, fsync, rename, fsync the folder.

That order survives a kill at any moment and a loss of power (a rename can reach the disk before the data it names).
"""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import os
import platform
import threading
from pathlib import Path
from typing import Any

from harness.errors import DataError, HarnessError, StorageError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_atomically(path: Path, content: bytes) -> None:
    """Put `content` at `path`, all or nothing; a reader sees the old file or the new one.

    Raises:
        StorageError: the disk is full or the folder cannot be written; nothing half-written is left.
    """
    part = path.with_name(f"{parts_of(path)}{os.getpid()}.{threading.get_native_id()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        _forget(part)
        raise refused(path, error, len(content)) from error
    except KeyboardInterrupt:
        # The job is broken off here: the old file stays, and no part of the new one.
        _forget(part)
        raise


def refused(path: Path, error: OSError, size: int) -> StorageError:
    """Return the error to raise where `error` kept `size` bytes from being written to `path`."""
    what = "no space left" if error.errno in FULL else f"cannot write ({error.strerror})"
    remedy = "Free space or choose another folder with out=DIR, then start again: finished shards are kept"
    return StorageError(f"{path}: {what}", got=f"{size:,} bytes to write", remedy=remedy)


def read_capped(path: Path, largest: int, fault: type[HarnessError] = DataError) -> bytes:
    """Return what the file at `path` holds, and never take more than `largest` bytes into memory.

    Raises:
        HarnessError: as `fault`: it is larger.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise fault(f"{path} is too large", got=f"more than {largest:,} bytes", expected=f"{largest:,} at most")
    return content


def check_writable(folder: Path) -> None:
    """Make `folder` if it is not there and see that a file can be written in it, before hours of work are.

    Raises:
        StorageError: it cannot.
    """
    probe = folder / ".probe"
    write_atomically(probe, b"")
    _forget(probe)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(content: bytes) -> str:
    """Return the SHA-256 of `content` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def json_sha256(data: Any) -> str:
    """Return the SHA-256 of plain values, the same before they are written as JSON and after they are read."""
    return sha256(json.dumps(data, sort_keys=True).encode())


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the file at `path` in hexadecimal, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parts_of(path: Path) -> str:
    """Return how the names of what is written for `path` begin, where a number is one process alone."""
    try:
        # Containers of one host name have processes of the same numbers.
        within = f".{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        within = ""
    return f"{path.name}.{platform.node()}{within}-"


def _sweep(path: Path) -> None:
    """Remove what processes of this machine that were killed have left beside `path`."""
    before = parts_of(path)
    for part in path.parent.glob(f"{glob.escape(before)}*.part"):
        owner = part.name.removeprefix(before).partition(".")[0]
        if owner.isdecimal() and not _alive(int(owner)):
            _forget(part)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # Somebody else's process: it is there.
        return True
    return True


def _forget(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError:
        # The folder that refused the write may refuse this too; the first error is the one to tell.
        return
