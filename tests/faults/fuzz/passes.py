"""What a pass leaves: the tables of its shards, and what it is about."""

from __future__ import annotations

import hashlib
import itertools
import json
import struct
import tempfile
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

import torch

from harness.errors import DataError
from harness.retrieve import order
from harness.retrieve.about import About, read_about, table_name, write_about
from harness.retrieve.met import Met
from harness.retrieve.sealed import sealed
from harness.retrieve.shards import Shard, ShardStore
from harness.retrieve.table import Table, merge, run, table
from harness.retrieve.table_bytes import to_bytes
from tests.faults.fuzz.kind import Kind, RefusedError, as_text, plain_json, refuse
from tests.faults.fuzz.weights import plain_weights

SHARD = Shard(0, 3)
FOUND = table(
    ["d1", "d2", "é-3"],
    order.best(order.keys(torch.tensor([[2.5, 2.5, -1.0], [-torch.inf, 0.0, 7.0]]), torch.tensor([0, 1, 2])), 2),
    Met(documents=3, tokens=21),
)
ABOUT = About(
    model="mini",
    dataset="scifact",
    language=None,
    searches={"128": "0123456789abcdef", "64": "fedcba9876543210"},
    results={"128": "1123456789abcdef", "64": "1edcba9876543210"},
    shards=((0, 500), (500, 1000), (1000, 1250)),
    format=3,
    commit="c" * 40,
    dirty=False,
    command=("python", "-m", "harness", "model=mini", "out=a b"),
    folder="/home/somebody",
    began="2026-01-02T03:04:05+00:00",
)


def as_values(found: Table) -> Any:
    return found.doc_ids, found.keys_QK.tolist(), astuple(found.met)


def committed() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        ShardStore(Path(folder), refuse).commit("abc", SHARD, FOUND)
        return Path(folder, table_name("abc", *SHARD)).read_bytes()


def read_table(folder: Path, content: bytes) -> Any:
    told: list[str] = []
    (folder / table_name("abc", *SHARD)).write_bytes(content)
    store = ShardStore(folder, told.append)
    there, found = store.has("abc", SHARD), store.read("abc", SHARD, 2, 2)
    assert there or found is None
    if found is None:
        # Moved aside, told of once, and done again: as good as an error.
        assert len(told) == 1
        assert not (folder / table_name("abc", *SHARD)).exists()
        raise DataError(told[0])
    return as_values(found)


def plain_table(content: bytes) -> Any:
    return as_values(FOUND) if content == TABLE else refuse()


def read_inside(folder: Path, content: bytes) -> Any:
    """Read what somebody has sealed anew: a table of a folder that is not one's own."""
    (folder / table_name("abc", *SHARD)).write_bytes(sealed(content))
    told: list[str] = []
    found = ShardStore(folder, told.append).read("abc", SHARD, 2, 2)
    if found is None:
        raise DataError(told[0])
    # What is read can be merged and made a run of.
    run(merge(found), ["q1", "q2"], "fuzz")
    return as_values(found)


def plain_inside(content: bytes) -> Any:
    parts = plain_weights(content)
    try:
        (kind, shape, keys), (_, _, lengths), (_, _, text) = (parts[name] for name in ("keys", "lengths", "ids"))
        met = parts["met"]
        sizes = struct.unpack(f"<{len(lengths) // 8}q", bytes(lengths))
        ends = [sum(sizes[:place]) for place in range(len(sizes) + 1)]
        ids = tuple(bytes(text[start:stop]).decode() for start, stop in itertools.pairwise(ends))
        rows = struct.unpack(f"<{len(keys) // 8}q", bytes(keys))
        counts = struct.unpack(f"<{len(met[2]) // 8}q", bytes(met[2]))
    except (KeyError, UnicodeDecodeError, struct.error) as error:
        raise RefusedError from error
    least = -(2**63)
    sound = all(key == least or key & 0xFFFFFFFF < len(ids) for key in rows)
    if (kind, shape) != ("I64", (2, 2)) or not sound or ends[-1] != len(text) or min(sizes, default=1) < 1:
        refuse()
    if len(counts) != 5 or met[0] != "I64":
        refuse()
    return ids, [list(rows[:2]), list(rows[2:])], counts


def written_about() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_about(Path(folder), ABOUT)
        return Path(folder, "pass.json").read_bytes()


def read_passes(folder: Path, content: bytes) -> Any:
    (folder / "pass.json").write_bytes(content)
    return [as_text(asdict(one)) for one in read_about(folder)]


def plain_about(content: bytes) -> Any:
    found = plain_json(content)
    if not isinstance(found, list):
        refuse()
    for one in found:
        if not isinstance(one, dict):
            refuse()
        check = one.pop("sha256", None)
        if check not in (None, hashlib.sha256(json.dumps(one, sort_keys=True).encode()).hexdigest()):
            refuse()
        if set(one) != set(asdict(ABOUT)):
            refuse()
    return [as_text(one) for one in found]


TABLE, PASSES, INSIDE = committed(), written_about(), to_bytes(FOUND)
KINDS = (
    Kind("shard table", 300, (TABLE,), read_table, plain_table),
    Kind("shard table sealed anew", 200, (INSIDE,), read_inside, plain_inside, strict=False),
    Kind("pass", 200, (PASSES,), read_passes, plain_about, strict=False),
)
