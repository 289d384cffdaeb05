"""What one pass asks of whoever works on it: sent to each worker once, and read by the process that has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.data.collection import Collection
from harness.encode.encoder import Encoder, open_encoder
from harness.encode.vectors import TokenVectors
from harness.engine.searching import Searching
from harness.model_spec import EncoderSpec
from harness.retrieve.exact import laid_out
from harness.spec import EngineSpec


@dataclass(frozen=True)
class Task:
    """One pass over a collection, as far as encoding and searching it goes."""

    collection: Collection
    model: EncoderSpec
    """Settled, and with its dimensions."""
    engine: EngineSpec
    precision: str
    dims: tuple[int, ...]
    """The dimensions that any shard is to be searched at."""
    depth: int

    @property
    def widths(self) -> tuple[int, ...]:
        """The projections that the dimensions are cut from."""
        return tuple(dict.fromkeys(self.model.projection(dim) for dim in self.dims))

    def open(self) -> Encoder:
        """Return its encoder, on this process' device.

        Raises:
            ModelError: as `harness.encode.encoder.open_encoder` does.
        """
        return open_encoder(self.model, self.engine, self.widths, self.precision)

    def searching(self, encoder: Encoder, queries: Mapping[int, TokenVectors]) -> Searching:
        """Return the search of its queries, whose vectors are given by width, with documents that `encoder` encodes."""
        searches = laid_out(self.collection, encoder.spec, queries, self.depth, self.engine.maxsim)
        return Searching(self.collection, encoder, searches, self.engine.block_size(encoder.device.type))
