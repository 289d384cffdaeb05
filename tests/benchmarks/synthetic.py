"""MS MARCO's size without MS MARCO: documents made while they are read, vectors and scores that are looked up.

What is left of an evaluation is its plumbing. A score is a number of a small table times one that belongs to the
document alone, so that any of them can be worked out again; the judged documents of every second query are best of all.
Shapes: Q queries, P documents of a block, W columns of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest import mock

import torch
from torch import Tensor

from harness.data import load
from harness.data.collection import Document, Query
from harness.data.lines import Place
from harness.data.source import Judgment
from harness.encode.tokens import TextTokenizer, Tokens
from harness.encode.vectors import Encoded, TokenVectors
from harness.engine.task import Task
from harness.retrieve import exact
from harness.retrieve.scoring import Scorer
from harness.spec import DatasetSpec, EncoderSpec

SEED = 20260
WIDTH = 128
TOKENS = 70
"""Of a document and of a query, whose vectors nobody looks at."""
COLUMNS = 4096
LARGEST_BLOCK = 512
BEST, WORST = 1000.0, 0.0
"""Scores of judged documents: of every second query's, and of the others'. All other documents score 5 to 40."""
GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Size:
    """How many documents there are, and queries; every sixteenth query has a second judged document."""

    documents: int
    queries: int

    def judged(self) -> list[tuple[int, int]]:
        """Return (query, document), by number."""
        apart = self.documents // self.queries
        firsts = [(query, query * apart) for query in range(self.queries)]
        return [*firsts, *((query, document + 1) for query, document in firsts if not query % 16)]


class Synthetic:
    """A `Source` of documents that are made of their numbers; its spec's path says how many there are."""

    def __init__(self, spec: DatasetSpec) -> None:
        """Take note of the size."""
        documents, queries = str(spec.path).split("x")
        self.size = Size(int(documents), int(queries))

    @property
    def remedy(self) -> str:
        """Nothing can be wrong."""
        return ""

    def documents(self, start: int) -> Iterator[Document]:
        """Yield the documents from record `start` on: the number is id and first word."""
        for number in range(start, self.size.documents):
            yield Document(str(number), f"{number} of {self.size.documents} passages, made while it is read")

    def queries(self) -> Iterator[Query]:
        """Yield every query."""
        for number in range(self.size.queries):
            yield Query(query_id(number), f"what is {number}")

    def judgments(self) -> Iterator[Judgment]:
        """Yield every judgment."""
        for line, (query, document) in enumerate(self.size.judged(), start=1):
            yield Judgment(line, query_id(query), str(document), 1)

    def place(self, part: str, number: int) -> Place:
        """Return part and record."""
        return Place(part, number, "record")


def query_id(number: int) -> str:
    """Return an id as long as MS MARCO's."""
    return str(1_000_000 + 7 * number)


@dataclass
class Scores:
    """What every document scores for every query."""

    size: Size
    first: int = 0
    """The number of the first document of the block that is looked at."""
    _table_QW: Tensor = field(init=False)
    _judged: Tensor = field(init=False)

    def __post_init__(self) -> None:
        """Make the table; its first columns stand behind its last once more."""
        generator = torch.Generator().manual_seed(SEED)
        table_QW = torch.randn(self.size.queries, COLUMNS, generator=generator).mul_(2).add_(18).clamp_(5, 32)
        self._table_QW = torch.cat([table_QW, table_QW[:, :LARGEST_BLOCK]], dim=1)
        self._judged = torch.tensor(sorted((document, query) for query, document in self.size.judged()))

    def of(self, first: int, count: int, queries: slice = slice(None)) -> Tensor:
        """Return (Q, P) float32: what `count` documents from `first` on score, `LARGEST_BLOCK` at most."""
        numbers_P = torch.arange(first, first + count, dtype=torch.float64)
        factors_P = numbers_P.mul_(GOLDEN).frac_().mul_(0.25).add_(1.0).float()
        column = first % COLUMNS
        scores_QP = self._table_QW[:, column : column + count][queries] * factors_P
        bounds = torch.searchsorted(self._judged[:, 0].contiguous(), torch.tensor([first, first + count]))
        chosen = range(self.size.queries)[queries]
        for document, query in self._judged[bounds[0] : bounds[1]].tolist():
            if query in chosen:
                scores_QP[query - chosen.start, document - first] = WORST if query % 2 else BEST
        return scores_QP

    def best(self, query: int, depth: int) -> list[tuple[str, float]]:
        """Return the first documents of one query, from the scores of all of them."""
        found: list[tuple[float, bytes]] = []
        for first in range(0, self.size.documents, LARGEST_BLOCK):
            count = min(LARGEST_BLOCK, self.size.documents - first)
            scores_P = self.of(first, count, slice(query, query + 1))[0]
            least = min(found)[0] if len(found) >= depth else -1.0
            passing = (scores_P >= least).nonzero()[:, 0].tolist()
            found += [(float(scores_P[place]), str(first + place).encode()) for place in passing]
            found = sorted(found, reverse=True)[:depth]
        return [(name.decode(), score) for score, name in found]


class NoTokens(TextTokenizer):
    """A tokenizer that looks at no text."""

    def documents(self, texts: Sequence[str]) -> list[Tokens]:
        """Return as many tokens for each."""
        return [ANY] * len(texts)


ANY = Tokens((0,) * TOKENS, truncated=False)


@dataclass(frozen=True)
class Stub:
    """An encoder of the real width that encodes nothing."""

    spec: EncoderSpec
    tokens: TextTokenizer
    device: torch.device
    scores: Scores
    vectors_ND: Tensor
    """(LARGEST_BLOCK x TOKENS, WIDTH) float16."""

    @property
    def details(self) -> dict[str, object]:
        """How it runs here."""
        return {"device": "cpu", "encoder": "none"}

    def queries(self, texts: Sequence[str], dims: Sequence[int], advance: Callable[..., None]) -> Encoded:
        """Return the same vectors for every query."""
        return self._encoded(len(texts), 1, dims, advance)

    def documents(self, texts: Sequence[str], dims: Sequence[int], advance: Callable[..., None]) -> Encoded:
        """Return the same vectors for every block, and take note of which it is."""
        self.scores.first = int(texts[0].partition(" ")[0])
        return self._encoded(len(texts), TOKENS, dims, advance)

    def _encoded(self, count: int, tokens: int, dims: Sequence[int], advance: Callable[..., None]) -> Encoded:
        advance(count, count * tokens)
        vectors = TokenVectors(self.vectors_ND[: count * tokens], torch.arange(count + 1) * tokens)
        return Encoded(dict.fromkeys(dims, vectors), tokens=count * tokens, empty=0, truncated=0)


def stub(scores: Scores, task: Task) -> Any:
    """Return the encoder of a task that encodes nothing."""
    generator = torch.Generator().manual_seed(SEED)
    rows = max(LARGEST_BLOCK * TOKENS, scores.size.queries)
    vectors_ND = torch.nn.functional.normalize(torch.randn(rows, WIDTH, generator=generator), dim=1).half()
    tokens = NoTokens(None, TOKENS, TOKENS, None, None, None, attend_to_expansion=False, skiplist=frozenset())
    return Stub(task.model, tokens, torch.device("cpu"), scores, vectors_ND)


def looked_up(scores: Scores, _queries: TokenVectors, cuts: Sequence[int], *, unit: bool, path: str) -> Scorer:
    """Return a scorer that looks its scores up, in place of `harness.retrieve.scoring.scorer`."""
    assert (tuple(cuts), unit, path) == ((WIDTH,), True, "auto")

    def score(documents: TokenVectors, dims: Sequence[int]) -> dict[int, Tensor]:
        return {dim: scores.of(scores.first, len(documents)) for dim in dims}

    return Scorer(tuple(cuts), "looked up", (), score)


@contextmanager
def in_place_of_model_and_data(scores: Scores) -> Iterator[None]:
    """Have the harness read synthetic documents and look scores up while the block runs."""
    with (
        mock.patch.dict(load.SOURCES, {"beir": Synthetic}),
        mock.patch.object(Task, "open", lambda task: stub(scores, task)),
        mock.patch.object(exact, "scorer", partial(looked_up, scores)),
    ):
        yield
