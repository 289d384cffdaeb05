"""Runs as TREC files: `write_run` and `read_run` for the harness's own, `read_foreign_run` for those of other tools.

A run of the harness has a sidecar, `<file>.json`, with its rows, queries, depth, name and SHA-256 and the queries that
found nothing. A TREC file that lost its last lines looks whole; against its sidecar it does not. The sidecar is written
after the run, so a run that has a matching one is finished.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from harness.errors import DataError, short
from harness.json_text import parse_json
from harness.retrieve.run import Ranking, Run, ranking
from harness.retrieve.trec_lines import first_unordered, read_lines
from harness.storage import file_sha256, read_capped, sha256, write_atomically

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=+-]{0,99}")
NOT_IN_IDS = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")
"""What cannot stand in a column: the separators, control characters, halves of surrogate pairs (no UTF-8)."""
SIDECAR = {"depth": int, "empty": list, "name": str, "queries": int, "rows": int, "sha256": str}
LARGEST_SIDECAR = 64 * 1024 * 1024
"""Bytes; it is long only where many queries found nothing."""
REMEDY = "Run the job again, or score the file as the run of another tool"


def sidecar_path(path: Path) -> Path:
    """Return where the sidecar of the run at `path` lies: `<path>.json`."""
    return path.with_name(f"{path.name}.json")


def write_run(path: Path, run: Run, depth: int) -> None:
    """Write `run` to `path` and then its sidecar, each all or nothing.

    Queries are sorted by the UTF-8 bytes of their ids, ranks start at 1, scores have the nine significant digits that
    give a float32 back; equal runs are equal files, byte for byte.

    Args:
        path: the run file; its folder is made.
        run: its rankings are in the total order of `harness.retrieve.run`.
        depth: documents kept per query; no ranking has more.

    Raises:
        DataError: the name or an id cannot stand in a TREC file.
        StorageError: the file cannot be written.
        ValueError: a ranking is deeper than `depth` or not in the total order.
    """
    _refuse_what_cannot_be_written(run, depth)
    queries = sorted(run.rankings, key=str.encode)
    content = "".join(line for query in queries for line in _lines(query, run.rankings[query], run.name)).encode()
    sidecar = {
        "name": run.name,
        "depth": depth,
        "rows": sum(map(len, run.rankings.values())),
        "queries": len(queries),
        "empty": [query for query in queries if not len(run.rankings[query])],
        "sha256": sha256(content),
    }
    write_atomically(path, content)
    text = json.dumps(sidecar, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_atomically(sidecar_path(path), f"{text}\n".encode())


def read_run(path: Path) -> Run:
    """Return the run that `write_run` wrote to `path`.

    Raises:
        DataError: there is no such run, no sidecar, or the file is not the one the sidecar describes.
    """
    sidecar = _read_sidecar(path)
    digest = run_sha256(path)
    if digest != sidecar["sha256"]:
        what = f"{path} is not the run that its sidecar describes"
        raise DataError(what, got=f"sha256 {digest}", expected=short(sidecar["sha256"]), remedy=REMEDY)
    tag, rankings = _read(path, foreign=False) if sidecar["rows"] else (sidecar["name"], {})
    run = Run(sidecar["name"], {**dict.fromkeys(sidecar["empty"], ranking(())), **rankings})
    lengths = [len(found) for found in run.rankings.values()]
    told = {"rows": sum(lengths), "queries": len(lengths), "name": tag}
    told["depth"] = max(sidecar["depth"], *lengths, 0)
    for key, value in told.items():
        if value != sidecar[key]:
            expected = f"{short(sidecar[key])}, as its sidecar says"
            raise DataError(f"{path}: {key}", got=short(value), expected=expected, remedy=REMEDY)
    return run


def read_foreign_run(path: Path) -> Run:
    """Return the run that another tool wrote to `path` (six columns; gzipped where the name ends in .gz).

    Scores become float32 and documents are put in the total order; the rank column is not read. The run's name is the
    last column of its first line, with "-" for what a name cannot have.

    Raises:
        DataError: the file cannot be read, is empty, or a line cannot be trusted (the message has its number).
    """
    tag, rankings = _read(path, foreign=True)
    cleaned = re.sub(r"[^A-Za-z0-9._=+-]", "-", tag).lstrip("._=+-")[:100]
    return Run(cleaned or "foreign", rankings)


def _lines(query: str, found: Ranking, name: str) -> Iterator[str]:
    pairs = zip(found.doc_ids, found.scores.tolist(), strict=True)
    return (f"{query} Q0 {doc_id} {rank} {score:.9g} {name}\n" for rank, (doc_id, score) in enumerate(pairs, start=1))


def _refuse_what_cannot_be_written(run: Run, depth: int) -> None:
    if not NAME.fullmatch(run.name):
        raise DataError(
            "the name of a run", got=short(run.name), expected="letters, digits and . _ = + - (at most 100)"
        )
    for query_id, found in run.rankings.items():
        if len(found) > depth:
            raise ValueError(f"query {query_id!r} has {len(found)} documents, depth is {depth}")
        for kind, ids in (("query", (query_id,)), ("document", found.doc_ids)):
            # One search over all ids; which of them it was is looked up only when there is something to tell.
            if not all(ids) or NOT_IN_IDS.search("".join(ids)):
                odd = next(one for one in ids if not one or NOT_IN_IDS.search(one))
                remedy = "Rename it in the dataset"
                raise DataError(f"a {kind} id cannot stand in a TREC run", got=short(odd), remedy=remedy)
        if query_id.startswith("#"):
            what = "a query id that trec_eval 10 reads as a comment"
            raise DataError(what, got=short(query_id), remedy="Rename it in the dataset")
    unordered = first_unordered(run.rankings)
    if unordered is not None:
        raise ValueError(f"the ranking of query {unordered!r} is not in the total order")


def _read_sidecar(path: Path) -> dict[str, Any]:
    place = sidecar_path(path)
    try:
        sidecar = parse_json(read_capped(place, LARGEST_SIDECAR))
    except FileNotFoundError as error:
        raise DataError(f"{path} has no sidecar", expected=place.name, remedy=REMEDY) from error
    except (OSError, ValueError) as error:
        raise DataError(f"{place} cannot be read", got=short(str(error)), remedy=REMEDY) from error
    if not isinstance(sidecar, dict) or any(type(sidecar.get(key)) is not kind for key, kind in SIDECAR.items()):
        raise DataError(f"{place} is no sidecar of a run", expected=", ".join(SIDECAR), remedy=REMEDY)
    sound = all(isinstance(query, str) and query and not NOT_IN_IDS.search(query) for query in sidecar["empty"])
    if not sound or not NAME.fullmatch(sidecar["name"]):
        raise DataError(f"{place} is no sidecar of a run", expected="ids and a name as write_run gives", remedy=REMEDY)
    return cast(dict[str, Any], sidecar)


def run_sha256(path: Path, expected: str = "a TREC run") -> str:
    """Return the SHA-256 of a run's file.

    Raises:
        DataError: it cannot be read; `expected` is what the message says belongs there.
    """
    try:
        return file_sha256(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read", got=error.strerror, expected=expected) from error


def _read(path: Path, *, foreign: bool) -> tuple[str, dict[str, Ranking]]:
    try:
        with gzip.open(path) if foreign and path.suffix == ".gz" else path.open("rb") as file:
            return read_lines(cast(BinaryIO, file), str(path), mark=foreign)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read", got=short(str(error)), expected="a TREC run") from error
