"""What the pipeline knows of a model: it turns a collection into one run per dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.data.collection import Collection
from harness.retrieve.run import Run
from harness.spec import RunSpec
from harness.watch import Watch


@dataclass(frozen=True)
class Found:
    """One run and what its search met."""

    run: Run
    met: Mapping[str, int]


class System(Protocol):
    """A model that retrieves."""

    @property
    def fingerprint(self) -> str:
        """What it is made of, as far as its spec does not say it: weights, or the versions of word lists."""
        ...

    @property
    def details(self) -> Mapping[str, object]:
        """How it runs here, for the record."""
        ...

    def runs(
        self, spec: RunSpec, collection: Collection, dims: Sequence[int | None], watch: Watch
    ) -> dict[int | None, Found]:
        """Return a run for each of `dims`."""
        ...
