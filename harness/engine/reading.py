"""Shards read and tokenised, block by block: what the thread ahead of the encoder does.

Shapes: P documents of a shard.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

from torch import Tensor

from harness.data.collection import Collection, Document
from harness.encode.tokens import TextTokenizer, Tokens
from harness.engine.ahead import Wanted
from harness.errors import DataError
from harness.retrieve import order
from harness.retrieve.shards import Shard

Todo = Callable[[Wanted], Iterable[tuple[Shard, Sequence[int]]]]
"""Gives shards, each with the dimensions it is to be searched at, while they are wanted."""


@dataclass(frozen=True, eq=False)
class ReadShard:
    """A shard whose documents are all known by their ids, so that ties can be broken from its first block on."""

    shard: Shard
    dims: tuple[int, ...]
    doc_ids: tuple[str, ...]
    ranks_P: Tensor
    """int64: the rank of each document's id within the shard."""


class Block(NamedTuple):
    """Neighbouring documents of a shard, tokenised."""

    of: ReadShard
    first: int
    """Its place in the shard."""
    documents: list[Document]
    tokens: list[Tokens]

    @property
    def is_last(self) -> bool:
        """Whether the shard ends with it."""
        return self.first + len(self.documents) == len(self.of.doc_ids)


def blocks(collection: Collection, tokenizer: TextTokenizer, size: int, todo: Todo, wanted: Wanted) -> Generator[Block]:
    """Yield the documents of every shard of `todo` in blocks of `size`; a text is let go with its block.

    Raises:
        DataError: the corpus cannot be read any more, or has changed.
    """
    for shard, dims in todo(wanted):
        documents = deque(takewhile(lambda _: wanted(), collection.corpus.documents(*shard)))
        if not wanted():
            return
        doc_ids = tuple(document.doc_id for document in documents)
        if len(doc_ids) != shard.stop - shard.start:
            got, remedy = f"{len(doc_ids):,} of documents {shard.start:,} to {shard.stop:,}", "Start again"
            raise DataError(f"{collection.spec.name} has changed while it was being evaluated", got=got, remedy=remedy)
        of = ReadShard(shard, tuple(dims), doc_ids, order.id_ranks(doc_ids))
        for first in range(0, len(doc_ids), size):
            block = [documents.popleft() for _ in range(min(size, len(documents)))]
            yield Block(of, first, block, tokenizer.documents([document.text for document in block]))
