"""`pass.json`: what a pass is about, beside tables whose names are hashes.

It is written when a pass begins and read by nobody who works: it tells people what is there (harness.status).
One reading of a corpus serves any number of query sets and dimensions, so the file holds a record for each job that
worked on it; a job that is started again replaces its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError, short
from harness.json_text import parse_json
from harness.retrieve.locks import locked
from harness.storage import json_sha256, read_capped, write_atomically

ABOUT = "pass.json"
TABLE = ".table"
LARGEST = 16 * 1024 * 1024
"""Bytes of a `pass.json`."""


@dataclass(frozen=True, kw_only=True)
class About:
    """One job's part in a pass."""

    model: str
    dataset: str
    language: str | None
    searches: Mapping[str, str]
    """Dimension -> the key of its search."""
    results: Mapping[str, str]
    """Dimension -> the key of the result that comes of it."""
    shards: tuple[tuple[int, int], ...]
    """First document and the one behind the last, of every shard."""
    format: int
    """harness.keys.FORMAT of the code."""
    commit: str | None
    dirty: bool | None
    command: tuple[str, ...]
    folder: str
    """The working folder that the command was started in."""
    began: str
    """When, as ISO 8601 in UTC."""


def table_name(search: str, start: int, stop: int) -> str:
    """Return the file of one search's table over the documents from `start` to `stop` (exclusive)."""
    return f"{search}-{start:09d}-{stop:09d}{TABLE}"


def write_about(folder: Path, about: About) -> None:
    """Enter `about` in the folder of its pass, in place of what it said before of the same searches.

    Raises:
        StorageError: the disk does not take it, or has no locks: jobs that begin at once enter one after another.
    """
    with locked(folder / f"{ABOUT}.lock"):
        try:
            others = read_about(folder)
        except DataError:
            # It is about the work and no part of it: what cannot be read is written anew.
            others = ()
        kept = [other for other in others if not set(other.searches.values()) <= set(about.searches.values())]
        text = json.dumps([_sealed(asdict(one)) for one in (*kept, about)], indent=1)
        write_atomically(folder / ABOUT, f"{text}\n".encode())


def read_about(folder: Path) -> tuple[About, ...]:
    """Return what `write_about` entered, oldest first; nothing for a pass that an older version began.

    Raises:
        DataError: the file is no such record.
    """
    path = folder / ABOUT
    try:
        return tuple(_about(one) for one in parse_json(read_capped(path, LARGEST)))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, DataError) as error:
        raise DataError(f"{path} cannot be read", got=short(str(error)), remedy="Move it away") from error


def _sealed(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "sha256": json_sha256(record)}


def _about(given: dict[str, Any]) -> About:
    given = dict(given)
    # A record of an older version has none.
    if (said := given.pop("sha256", None)) is not None and said != json_sha256(given):
        raise ValueError("another SHA-256 than it says")
    shards = given["shards"]
    command = given["command"]
    if not isinstance(shards, list) or not isinstance(command, list):
        raise TypeError("shards and command are lists")
    bounds = tuple((int(start), int(stop)) for start, stop in shards)
    fields: dict[str, Any] = {**given, "shards": bounds, "command": tuple(map(str, command))}
    about = About(**fields)
    if not isinstance(about.searches, dict) or set(about.searches) != set(about.results):
        raise TypeError("searches and results are of the same dimensions")
    return about
