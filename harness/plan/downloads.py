"""The files of a collection that ir_datasets would fetch: how large they are, and which lie here already."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from harness.spec import DatasetSpec

STORES = {".zip": 3.0, ".gz": 3.0, ".tsv": 2.0}
"""Disk that a collection takes for each byte fetched, itself included, once ir_datasets has unpacked it and built its
store: SciFact's 3 MB came to 9; texts that are not compressed about double. Estimates."""
STORES_OF = ("docs.pklz4", "../docs.pklz4", "collection.tsv.pklz4", "{name}.pklz4")
"""Where ir_datasets keeps a store, seen from the folder of the file it is made from; the second is MIRACL's."""


class File(NamedTuple):
    """One download."""

    name: str
    size: int
    here: bool
    """Whether it lies in IR_DATASETS_HOME."""
    stored: bool
    """Whether ir_datasets has built a store beside it."""
    kind: str
    """Its suffix."""

    @property
    def download(self) -> int:
        """Bytes that are still to be fetched."""
        return 0 if self.here or self.stored else self.size

    @property
    def disk(self) -> int:
        """Bytes of disk that are still to be taken (an estimate)."""
        return 0 if self.stored else int(self.size * STORES[self.kind]) - self.size * self.here


def home() -> Path:
    """Return the folder in which ir_datasets keeps everything."""
    return Path(os.environ.get("IR_DATASETS_HOME") or "~/.ir_datasets").expanduser()


def files(spec: DatasetSpec, miracl: Mapping[str, int]) -> tuple[File, ...] | None:
    """Return what is to be fetched for a dataset: nothing for a folder; None where nobody knows.

    Args:
        spec: the dataset.
        miracl: MB of MIRACL's corpora by language code.
    """
    if spec.source != "irds":
        return ()
    group, _, name = str(spec.id).partition("/")
    known = _downloads().get(group, {})
    if group == "beir":
        found = max((one for one in known if f"{name}/".startswith(f"{one}/")), key=len, default=None)
        return None if found is None else (_file(group, known[found]),)
    if group == "msmarco-passage":
        return (_file(group, known["collectionandqueries"]),)
    if group == "mmarco" and name.startswith("v2/"):
        wanted = [known.get(f"{name.removesuffix('/dev/small')}/{part}") for part in ("docs", "queries/dev")]
        return None if None in wanted else tuple(_file(group, one) for one in wanted if one)
    code = name.partition("/")[0]
    if group != "miracl" or code not in miracl:
        return None
    parts = [_file(group, one) for key, one in known.items() if key.startswith(f"v1.0/{code}/corpus/")]
    here, stored = bool(parts) and all(one.here for one in parts), any(one.stored for one in parts)
    return (File(f"miracl/{code}", miracl[code] * 10**6, here, stored, ".gz"),)


def _file(group: str, entry: Mapping[str, Any]) -> File:
    path = home() / group / str(entry["cache_path"])
    places = [one for one in STORES_OF if not one.startswith("..") or group == "miracl"]
    stored = any((path.parent / one.format(name=path.name)).exists() for one in places)
    return File(f"{group}/{entry['cache_path']}", int(entry["size_hint"]), path.exists(), stored, path.suffix)


@cache
def _downloads() -> Mapping[str, Mapping[str, Any]]:
    """Return ir_datasets' own list, without importing it: an import makes folders."""
    found = importlib.util.find_spec("ir_datasets")
    (folder,) = found.submodule_search_locations if found and found.submodule_search_locations else ("",)
    data: dict[str, dict[str, Any]] = json.loads(Path(folder, "etc", "downloads.json").read_bytes())
    return data
