"""What a collection was when a folder of results began: a later start that reads something else is told.

A changed corpus has other keys, so it would mix with nothing; it would be encoded anew, for days, and nobody would know
why. The three fingerprints are entered beside the results, and each start holds what it has read against them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.data.collection import Collection
from harness.errors import DataError
from harness.json_text import parse_json
from harness.spec import DatasetSpec
from harness.storage import json_sha256, read_capped, write_atomically

FOLDER = "inputs"
READING = ("source", "id", "path", "split", "fields", "join", "query_field")
"""Settings that decide what is read: with others, another content is no surprise."""
LARGEST = 64 * 1024
"""Bytes of an entry, which has 1 kB."""


def enter(out: Path, collection: Collection, *, anew: bool = False) -> None:
    """Enter the fingerprints of a collection under `out`, or hold them against those that stand there.

    Args:
        out: the folder of results.
        collection: as it was read now.
        anew: put them in place of others.

    Raises:
        DataError: documents, queries or judgments are not those that stand there.
        StorageError: the disk does not take them.
    """
    found, path = asdict(collection.fingerprints), out / FOLDER / _name(collection.spec)
    kept = None if anew else _read(path)
    if kept == found:
        return
    for part, digest in kept.items() if kept is not None else ():
        if digest != found[part]:
            what = f"{collection.spec.name}: its {part} are not those that {out} began with"
            remedy = "If the change is meant, choose another folder with out=DIR, or write force=true"
            raise DataError(what, got=f"sha256 {found[part]}", expected=f"sha256 {digest}", remedy=remedy)
    data = {"dataset": collection.spec.name, "language": collection.spec.language, "fingerprints": found}
    text = json.dumps({**data, "sha256": json_sha256(data)}, indent=1, sort_keys=True)
    write_atomically(path, f"{text}\n".encode())


def _name(spec: DatasetSpec) -> str:
    reading = json_sha256({name: getattr(spec, name) for name in READING})[:8]
    return "-".join([spec.name, *([spec.language] if spec.language else []), reading]) + ".json"


def _read(path: Path) -> Mapping[str, str] | None:
    """Return the fingerprints that were entered; None where none were, or where they were damaged."""
    try:
        data: dict[str, Any] = parse_json(read_capped(path, LARGEST))
        said = data.pop("sha256")
        found: dict[str, str] = data["fingerprints"]
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(f"{path} cannot be read", got=error.strerror) from error
    except (ValueError, KeyError, TypeError, AttributeError, DataError):
        # It says nothing that could be held against anything.
        return None
    return found if said == json_sha256(data) else None
