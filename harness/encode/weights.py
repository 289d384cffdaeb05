"""Tensors of a checkpoint folder, from safetensors alone: where they lie, and reading them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from harness.errors import ModelError, short
from harness.json_text import parse_json
from harness.storage import read_capped

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
LARGEST_INDEX = 64 * 1024 * 1024
"""Bytes; the index of a model of 100 layers has 0.1 MB."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}\.safetensors")
"""A file of weights that an index names."""
SHOWN = 3
"""Names of tensors that an error lists."""


def weight_files(folder: Path) -> tuple[Path, ...]:
    """Return the safetensors files of a checkpoint: one, or those that its index names.

    Raises:
        ModelError: there is none, or only pickled weights, which are never read.
    """
    if (folder / WEIGHTS).is_file():
        return (folder / WEIGHTS,)
    if (folder / INDEX).is_file():
        names = _indexed(folder / INDEX)
        missing = [name for name in names if not (folder / name).is_file()]
        if names and not missing:
            return tuple(folder / name for name in names)
        got = f"no {some([short(name) for name in missing]) or 'name'}"
        raise ModelError(f"{folder} lacks weights that its index names", got=got)
    pickled = (folder / "pytorch_model.bin").is_file()
    got = "only pickled weights" if pickled else f"no {WEIGHTS}"
    remedy = "Pickled weights can run code and are not read: convert them to safetensors" if pickled else None
    raise ModelError(f"{folder} is no checkpoint", got=got, expected=WEIGHTS, remedy=remedy)


def _indexed(path: Path) -> list[str]:
    """Return the files that an index of weights names, each once, in the order of their names.

    Raises:
        ModelError: it is none, or names a file that does not lie beside it.
    """
    try:
        names = sorted(set(parse_json(read_capped(path, LARGEST_INDEX, ModelError))["weight_map"].values()))
        strange = [name for name in names if not NAME.fullmatch(name)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is no index of weights", got=short(str(error))) from error
    if strange:
        raise ModelError(f"{path} names weights elsewhere", got=short(strange[0]), expected="files beside it")
    return names


def read_tensors(folder: Path, names: Iterable[str] | None = None) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint by their names in the file; only those in `names`, where it is given.

    Raises:
        ModelError: a file is damaged, or a name is in none of them.
    """
    wanted = None if names is None else set(names)
    found: dict[str, Tensor] = {}
    for path in weight_files(folder):
        with _opened(path) as file:
            here = [name for name in file.keys() if wanted is None or name in wanted]  # noqa: SIM118 - no mapping
            found |= {name: file.get_tensor(name) for name in here}
    if wanted is not None and (missing := sorted(wanted - found.keys())):
        raise ModelError(f"{folder} lacks tensors", got=f"no {some(missing)}")
    return found


def weight_names(folder: Path) -> list[str]:
    """Return the names of a checkpoint's tensors, without reading them.

    Raises:
        ModelError: there are no weights, or a file is damaged.
    """
    names: list[str] = []
    for path in weight_files(folder):
        with _opened(path) as file:
            names += file.keys()
    return names


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Give an open safetensors file; what is wrong with it becomes one line."""
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} cannot be loaded", got=short(str(error)), expected="sound safetensors") from error


def some(names: Sequence[str]) -> str:
    """Return the first few of `names` and how many more there are, for messages."""
    more = len(names) - SHOWN
    return ", ".join([*names[:SHOWN], *([f"and {more} more"] if more > 0 else [])])
