"""What a result has to be called wherever it is shown outside of this report, so that nobody takes it for another.

A name stands for one checkpoint, read with the registered settings, at a width of its own, over the whole registered
collection. Whatever is not that carries its differences in its label, and takes no place under the plain name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.place import labels_of
from harness.report.record import Result
from harness.report.registered import Registered, differences
from harness.storage import sha256

SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=+-]{0,99}")
WEIGHTS = ("model.path", "model.revision", "model.heads")
"""Settings that say which weights were read."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """How a result is called, and in what it is not what its names stand for."""

    text: str
    """Model, width, kind of width, and every setting that differs from the registered one."""
    precision: str
    differences: tuple[str, ...]
    """Empty for a result that is what its names stand for."""

    @property
    def own(self) -> bool:
        """Whether the result may stand under the plain names of its model and dataset."""
        return not self.differences

    @property
    def standing(self) -> str:
        """`registered settings`, or what differs from them."""
        return "registered settings" if self.own else f"not the registered settings: {'; '.join(self.differences)}"


def labels(results: Sequence[Result], known: Registered) -> list[Label]:
    """Return the label of each result; two results of one label have no known setting that tells them apart."""
    return [
        Label(text=text, precision=str(result.precision), differences=tuple(deviations(result, known)))
        for text, result in zip(labels_of(results, known), results, strict=True)
    ]


def deviations(result: Result, known: Registered) -> list[str]:
    """Return in what `result` is not what its model's and dataset's names stand for, a sentence each."""
    found = [str(one) for one in differences(result, known)]
    if result.model not in known.models:
        found.append("no configuration is registered under the model's name")
    if result.dim_kind == "prefix":
        found.append("dim_kind is prefix, cut from wider vectors")
    return [*found, *other_collection(result, known)]


def other_collection(result: Result, known: Registered) -> list[str]:
    """Return why the result's collection is not the registered one of its name, a sentence each; counts decide."""
    spec = known.datasets.get((result.dataset, result.language))
    if spec is None or spec.documents is None or spec.queries is None:
        return ["no numbers are registered for the dataset"]
    wanted = {"documents": spec.documents, "queries": spec.queries}
    return [
        f"{result.counts.get(what, 'unknown')} {what}, registered {number}"
        for what, number in wanted.items()
        if result.counts.get(what) != number
    ]


def facts(result: Result, label: Label) -> dict[str, Any]:
    """Return what every export says of a result beside its value, as plain values."""
    return {
        "precision": label.precision,
        "dim": result.dim,
        "dim_kind": result.dim_kind,
        "label": label.text,
        "standing": label.standing,
        "queries": result.scores.queries,
        "result_key": result.key,
    }


def safe_name(text: str) -> str:
    """Return `text` as the name of a file or folder: itself where it is safe, else cleaned and told apart by a hash.

    >>> safe_name("dim-128"), safe_name("../x")
    ('dim-128', 'x-d6b96a97')
    """
    if SAFE.fullmatch(text):
        return text
    cleaned = re.sub(r"[^A-Za-z0-9._=+-]+", "-", text).lstrip("._=+-")[:80].rstrip("-")
    # A half of a surrogate pair has no UTF-8 of its own.
    return f"{cleaned or 'x'}-{sha256(text.encode('utf-8', 'backslashreplace'))[:8]}"
