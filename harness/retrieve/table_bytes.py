"""A shard's top-k table as bytes, in safetensors: tensors alone, nothing that could run."""

from __future__ import annotations

from dataclasses import astuple
from itertools import accumulate

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from harness.errors import DataError
from harness.retrieve.met import Met
from harness.retrieve.order import NOTHING, ranks_of
from harness.retrieve.table import Table


def to_bytes(found: Table) -> bytes:
    """Return the table as safetensors: the same bytes for the same table."""
    ids = [doc_id.encode() for doc_id in found.doc_ids]
    return save(
        {
            "keys": found.keys_QK.contiguous(),
            "ids": torch.from_numpy(np.frombuffer(bytearray(b"".join(ids)), dtype=np.uint8)),
            "lengths": torch.tensor([len(one) for one in ids], dtype=torch.int64),
            "met": torch.tensor(astuple(found.met), dtype=torch.int64),
        }
    )


def from_bytes(content: bytes, queries: int, depth: int) -> Table:
    """Return the table that `to_bytes` wrote.

    Raises:
        DataError: the bytes are no table of `queries` queries and `depth` places.
    """
    try:
        parts = load(content)
        keys_QK, lengths = parts["keys"], parts["lengths"].tolist()
        text = parts["ids"].numpy().tobytes()
        ids = tuple(text[end - size : end].decode() for end, size in zip(accumulate(lengths), lengths, strict=True))
        met = Met(*parts["met"].tolist())
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise DataError("a shard table cannot be read", got=type(error).__name__) from error
    if keys_QK.dtype != torch.int64 or keys_QK.shape != (queries, depth):
        raise DataError("a shard table has another shape", got=tuple(keys_QK.shape), expected=(queries, depth))
    # A folder may be another's: a table that was made to look whole must not reach past its own ids.
    ranks = ranks_of(keys_QK[keys_QK != NOTHING])
    if sum(lengths) != len(text) or bool((ranks >= len(ids)).any()):
        raise DataError("a shard table names documents that it does not have", got=f"{len(ids):,} ids")
    return Table(ids, keys_QK, met)
