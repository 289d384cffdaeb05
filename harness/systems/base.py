"""What the pipeline knows of a model: it turns a collection into one run per dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.data.collection import Collection
from harness.keys import Weights
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

    def settled(self, spec: RunSpec) -> RunSpec:
        """Return `spec` with the settings and dimensions it left open filled in from the checkpoint."""
        ...

    def weights(self, spec: RunSpec, dim: int | None) -> Weights:
        """Return what the model is made of at `dim`, as far as a settled `spec` does not say it."""
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
