"""Checkpoints: the weights with their header, and the index of several files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from harness.encode.files import fingerprint
from harness.encode.weights import read_tensors, weight_files, weight_names
from tests.faults.fuzz.kind import Kind, RefusedError, plain_json, refuse

SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
"""Bytes of a value, of the types that stand in the files here and of those that one bit makes of them."""
LARGEST_HEADER = 100_000_000
WHOLE = save(
    {
        "linear.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3),
        "embeddings.word": torch.ones(4, 2, dtype=torch.float16),
        "norm.bias": torch.tensor([0.5, -2.0], dtype=torch.bfloat16),
        "ids": torch.tensor([7], dtype=torch.int64),
    },
    {"format": "pt"},
)
INDEX = b'{"metadata": {"total_size": 4}, "weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}'


def read_weights(folder: Path, content: bytes) -> Any:
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_bytes(b"{}")
    (folder / "model.safetensors").write_bytes(WHOLE)
    before = fingerprint(folder)
    (folder / "model.safetensors").write_bytes(content)
    # The form has no checksum of its own: what it says goes into every key.
    assert (fingerprint(folder) == before) == (content == WHOLE)
    found = read_tensors(folder)
    assert sorted(found) == sorted(weight_names(folder))
    return {
        name: (
            str(tensor.dtype),
            tuple(tensor.shape),
            tensor.contiguous().flatten().view(torch.uint8).tolist(),
        )
        for name, tensor in found.items()
    }


def plain_weights(content: bytes) -> Any:
    size = int.from_bytes(content[:8], "little")
    if len(content) < 8 or size > min(LARGEST_HEADER, len(content) - 8):
        refuse()
    header, data = plain_json(content[8 : 8 + size]), content[8 + size :]
    if not isinstance(header, dict):
        refuse()
    header.pop("__metadata__", None)
    found, ends = {}, 0
    try:
        for name, one in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            start, stop = one["data_offsets"]
            size = math.prod(one["shape"]) * SIZES[one["dtype"]]
            if start != ends or stop - start != size or stop > len(data) or min(one["shape"], default=0) < 0:
                refuse()
            found[name] = (one["dtype"], tuple(one["shape"]), list(data[start:stop]))
            ends = stop
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError from error
    return found if ends == len(data) else refuse()


NAMES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "BOOL": "bool", "U8": "uint8"}
NAMES |= {f"I{bits}": f"int{bits}" for bits in (8, 16, 32, 64)}


def same(told: Any, found: Any) -> bool:
    return bool({name: (f"torch.{NAMES[dtype]}", *rest) for name, (dtype, *rest) in told.items()} == found)


def read_index(folder: Path, content: bytes) -> Any:
    for name in ("one.safetensors", "two.safetensors"):
        (folder / name).touch()
    (folder / "model.safetensors.index.json").write_bytes(content)
    return [path.name for path in weight_files(folder)]


def plain_index(content: bytes) -> Any:
    found = plain_json(content)
    names = found.get("weight_map") if isinstance(found, dict) else None
    if not isinstance(names, dict) or not names:
        refuse()
    there = {"one.safetensors", "two.safetensors"}
    known = all(isinstance(name, str) and name in there for name in names.values())
    return sorted(set(names.values())) if known else refuse()


KINDS = (
    Kind("safetensors", 800, (WHOLE,), read_weights, plain_weights, strict=False, agree=same),
    Kind("index of weights", 150, (INDEX,), read_index, plain_index),
)
