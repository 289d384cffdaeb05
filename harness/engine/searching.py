"""The shards of a pass, one after another, in one process: read ahead, encoded, searched, their tables made.

The thread ahead hands over tokens, so the encoder is given them in place of its tokenizer.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from harness.data.collection import Collection
from harness.encode.encoder import Encoder
from harness.encode.tokens import TextTokenizer, Tokens
from harness.encode.vectors import Encoded
from harness.engine.ahead import ahead
from harness.engine.clock import ENCODE, READ, SEARCH, Clock
from harness.engine.reading import Block, Todo, blocks
from harness.retrieve.exact import Searches, ShardSearch
from harness.retrieve.shards import Shard
from harness.retrieve.table import Table

ROOM = 4
"""Blocks that lie ready. While they are encoded the next shard is read as a whole: of 200,000 passages, two seconds."""


class Listener(Protocol):
    """Who is told how far the work is and what its seconds are spent on."""

    def advance(self, items: int, tokens: int = 0) -> None:
        """Take note of documents that are encoded, made of `tokens`."""
        ...

    def spend(self, spent: Mapping[str, float]) -> None:
        """Take note of seconds by what they were spent on."""
        ...


@dataclass(frozen=True)
class _Given(TextTokenizer):
    """A tokenizer whose work is done: it gives the tokens that it was given."""

    given: list[Tokens]

    def documents(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the tokens of `texts`, which are those of the block that is encoded."""
        return list(self.given)


class Searching:
    """Exact search of a query set through any shards of a collection."""

    def __init__(self, collection: Collection, encoder: Encoder, searches: Searches, block_documents: int) -> None:
        self._collection = collection
        self._searches = searches
        self._size = block_documents
        self._tokenizer = encoder.tokens
        self._given: list[Tokens] = []
        self._encoder = replace(encoder, tokens=_Given(**vars(encoder.tokens), given=self._given))

    @property
    def details(self) -> dict[str, object]:
        """How the model runs here; complete once documents have been encoded."""
        paths = sorted({scorer.path for scorer in self._searches.by_width.values()})
        return {**self._encoder.details, "maxsim": ", ".join(paths)}

    def tables(self, todo: Todo, listener: Listener) -> Generator[tuple[Shard, dict[int, Table]]]:
        """Yield the tables of each shard of `todo`, by dimension, as soon as it is done.

        `todo` is gone through by the thread ahead. Close the iterator where it is left early: the thread ends with it.

        Raises:
            HarnessError: the corpus or the model does not do what it should.
        """
        clock = Clock(self._encoder.device)
        with ahead(lambda wanted: blocks(self._collection, self._tokenizer, self._size, todo, wanted), ROOM) as ready:
            for block in ready:
                clock.lap(READ)
                if not block.first:
                    state = ShardSearch(self._searches, block.of.dims, block.of.ranks_P)
                encoded = self._encoded(block, listener)
                clock.lap(ENCODE)
                state.add(block.documents, block.first, encoded)
                found = state.tables(block.of.doc_ids) if block.is_last else {}
                clock.lap(SEARCH)
                listener.spend(clock.read())
                if found:
                    yield block.of.shard, found
                clock.start()

    def _encoded(self, block: Block, listener: Listener) -> Encoded:
        self._given[:] = block.tokens
        texts = [document.text for document in block.documents]
        return self._encoder.documents(texts, self._searches.widths(block.of.dims), listener.advance)
