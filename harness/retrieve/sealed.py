"""Files that check themselves: a head says how long the content behind it is and what its SHA-256 is.

So no list is kept beside them, which all who write to a folder would have to write to. A file that is there was written
as a whole (harness.storage gives it its name last). That it has lost nothing since is seen from its head, that no bit
of it has changed from all of it.
"""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path

from harness.errors import DataError

HEAD = struct.Struct("<8sQ32s")
"""The kind of file, the bytes behind the head, their SHA-256."""
KIND = b"harness1"


def sealed(content: bytes) -> bytes:
    """Return the head of `content` and `content`: the same bytes for the same content."""
    return HEAD.pack(KIND, len(content), hashlib.sha256(content).digest()) + content


def unsealed(file: bytes) -> bytes:
    """Return the content that `sealed` was given.

    Raises:
        DataError: it is not that content any more.
    """
    size, digest = _head(file)
    content = file[HEAD.size :]
    if len(content) != size:
        raise DataError("another size", got=f"{len(content):,} bytes", expected=f"{size:,}")
    found = hashlib.sha256(content)
    if found.digest() != digest:
        raise DataError("another SHA-256", got=found.hexdigest()[:12], expected=digest.hex()[:12])
    return content


def check_size(path: Path) -> None:
    """Look at the head of the file at `path`, and at nothing behind it.

    Raises:
        DataError: it has none, or another size than its head says.
        OSError: it cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        size, _ = _head(file.read(HEAD.size))
        found = os.fstat(file.fileno()).st_size - HEAD.size
    if found != size:
        raise DataError("another size", got=f"{found:,} bytes", expected=f"{size:,}")


def _head(file: bytes) -> tuple[int, bytes]:
    """Return the bytes of the content and their SHA-256."""
    if len(file) < HEAD.size:
        raise DataError("another size", got=f"{len(file):,} bytes", expected=f"{HEAD.size} and more")
    kind, size, digest = HEAD.unpack_from(file)
    if kind != KIND:
        raise DataError("no table of this version", got=repr(kind), expected=repr(KIND))
    return size, digest
