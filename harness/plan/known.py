"""Sizes: of documents (estimates), of backbones (from config.json), and what a token costs in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ModelError, short
from harness.json_text import parse_json
from harness.storage import read_capped
from harness.yaml_file import read_yaml

FILE = Path(__file__).with_name("known.yaml")
LARGEST = 16 * 1024 * 1024
"""Bytes of a config.json."""


@dataclass(frozen=True)
class Sizes:
    """The shape of a transformer."""

    hidden: int
    layers: int
    inner: int
    gated: bool
    """Whether its feed-forward has a third matrix (GLU)."""
    weights: int | None
    """Bytes of its weights; None where nobody has said."""

    def flop(self, length: float, width: int) -> float:
        """Return the operations for one token of a text of `length` tokens, projected to `width` values.

        Two for each parameter of a matrix, and four a layer for each pair of token and value in attention.

        >>> round(Sizes(1024, 24, 4096, False, None).flop(100, 0) / 1e9, 3)
        0.614
        """
        matrices = 4 * self.hidden**2 + (3 if self.gated else 2) * self.hidden * self.inner
        return 2 * self.layers * matrices + 4 * self.layers * self.hidden * length + 2 * self.hidden * width


@dataclass(frozen=True)
class Known:
    """`known.yaml`."""

    tokens: Mapping[str, int]
    miracl: Mapping[str, int]
    checkpoints: Mapping[str, Sizes]


def read_known() -> Known:
    """Return what is known before anything is downloaded."""
    data: Any = read_yaml(FILE)
    published = {name: Sizes(**sizes) for name, sizes in data["checkpoints"].items()}
    return Known(data["tokens"], data["miracl"], published)


def config_sizes(folder: Path, weights: int) -> Sizes | None:
    """Return the shape in a checkpoint's config.json, without adapters; None where it has none (jina-clip).

    Raises:
        ModelError: it cannot be read.
    """
    path = folder / "config.json"
    try:
        config = parse_json(read_capped(path, LARGEST, ModelError))
        kind = f"{config.get('feed_forward_type', '')} {config.get('mlp_type', '')}"
        shape = [config.get(name) for name in ("hidden_size", "num_hidden_layers", "intermediate_size")]
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{path} cannot be read", got=short(str(error))) from error
    hidden, layers, inner = shape
    if type(hidden) is not int or type(layers) is not int or type(inner) is not int:
        return None
    return Sizes(hidden, layers, inner, "glu" in kind, weights)
