"""What every reference is built from: one text at a time, in float64, one attention head after the other."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

Scores = Callable[[int, Tensor], Tensor]
"""A head's number and its scores (T, T) to the scores that go into the softmax."""


@dataclass(frozen=True)
class Weights:
    """The tensors of a checkpoint, read in float64, with a prefix that all names asked for share."""

    tensors: dict[str, Tensor]
    prefix: str

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[self.prefix + name].double()

    def linear(self, name: str, x: Tensor, *, bias: bool = True) -> Tensor:
        product = x @ self[f"{name}.weight"].T
        return product + self[f"{name}.bias"] if bias else product

    def norm(self, name: str, x_TH: Tensor, epsilon: float) -> Tensor:
        centred = x_TH - x_TH.mean(-1, keepdim=True)
        deviation = (centred.square().mean(-1, keepdim=True) + epsilon).sqrt()
        return centred / deviation * self[f"{name}.weight"] + self[f"{name}.bias"]


def read_weights(folder: Path, prefix: str, file: str = "model.safetensors") -> Weights:
    """Return the tensors of `folder` whose names begin with `prefix`."""
    return Weights(load_file(folder / file), prefix)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def gelu(x: Tensor) -> Tensor:
    """Return the exact GELU: x times the normal distribution's share below x."""
    return x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0)))


def attention(
    parts: tuple[Tensor, Tensor, Tensor],
    heads: int,
    attended: Sequence[bool] | None = None,
    scores: Scores = lambda _, scores_TT: scores_TT,
) -> Tensor:
    """Return each token's mixture of the values, (T, H): softmax over the scaled products of query and key.

    `parts` are query, key and value, (T, H) each, `attended` says which tokens are looked at, `scores` changes what a
    head has before its softmax.
    """
    query_TH, key_TH, value_TH = parts
    width = query_TH.shape[1] // heads
    found = []
    for head in range(heads):
        own = slice(head * width, (head + 1) * width)
        scores_TT = scores(head, query_TH[:, own] @ key_TH[:, own].T / math.sqrt(width))
        if attended is not None:
            scores_TT = scores_TT.masked_fill(~torch.tensor(attended), -math.inf)
        found.append(torch.softmax(scores_TT, -1) @ value_TH[:, own])
    return torch.cat(found, 1)


def slopes(heads: int) -> list[float]:
    """Return ALiBi's slope of each head (Press et al. 2022).

    For a power of two 2 ** (-8 i / heads), i from 1; otherwise those of the next lower power, then every second one of
    the next higher.
    """
    power = 2 ** math.floor(math.log2(heads))
    first = [2.0 ** (-8.0 * i / power) for i in range(1, power + 1)]
    between = [2.0 ** (-8.0 * i / (2 * power)) for i in range(1, 2 * power + 1, 2)]
    return [*first, *between][:heads]


def alibi(heads: int) -> Scores:
    """Return what takes a head's slope times the distance of two tokens, in either direction, off their score."""
    slope = slopes(heads)

    def lowered(head: int, scores_TT: Tensor) -> Tensor:
        place = torch.arange(len(scores_TT)).double()
        return scores_TT - slope[head] * (place[:, None] - place[None, :]).abs()

    return lowered
