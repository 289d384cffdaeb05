"""BM25 over analysed words: the lexical baseline, with Lucene's formula, as bm25s computes it (`method="lucene"`).

    score(q, d) = sum over the words of q, repeated ones repeated:
                  ln(1 + (N - df + 0.5) / (df + 0.5)) * tf / (tf + k1 * (1 - b + b * length / mean length))

This is Lucene's BM25Similarity with exact document lengths; Lucene rounds a length to four bits, which moves SciFact's
nDCG@10 from .6777 to .6789, Anserini's number.
A document without any word is outside of N and of the mean length, as in Lucene (`docCount`), and is never found.
bm25s' own top-k takes any of the documents that share the last score; here the whole score vector is cut by the total
order of `harness.retrieve.run`.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import bm25s
import numpy as np
from numpy.typing import NDArray

from harness.data.collection import Document, Query
from harness.errors import ConfigError
from harness.retrieve.analyzers import Analyzer, analyzer
from harness.retrieve.met import Met
from harness.retrieve.run import Ranking, ranking


@dataclass(frozen=True, kw_only=True)
class BM25Settings:
    """What decides a BM25 ranking."""

    language: str
    """The language of the texts, by its ISO 639-1 code."""
    k1: float
    b: float
    depth: int
    """Documents kept per query."""
    drop_self: bool = False
    """Drop the document whose id equals the query's before the cut."""

    def __post_init__(self) -> None:
        """Refuse parameters outside of BM25's range (those Lucene refuses too)."""
        if not 0 <= self.k1 < float("inf"):
            raise ConfigError("model.k1", got=self.k1, expected="a number of 0 or more")
        if not 0 <= self.b <= 1:
            raise ConfigError("model.b", got=self.b, expected="a number from 0 to 1")
        if self.depth < 1:
            raise ConfigError("search.depth", got=self.depth, expected="1 or more")


@dataclass
class _Corpus:
    """The analysed documents: numbers in place of words, four bytes each."""

    doc_ids: list[str] = field(default_factory=list)
    token_ids: list[array[int]] = field(default_factory=list)
    vocabulary: dict[str, int] = field(default_factory=dict)
    empty: int = 0


def search_bm25(
    documents: Iterable[Document],
    queries: Sequence[Query],
    settings: BM25Settings,
    advance: Callable[[int], None] | None = None,
) -> tuple[dict[str, Ranking], Met]:
    """Return the ranking of every query (empty where no word matches) and what was met on the way.

    Args:
        documents: read once, in any order, each id once; their words stay in memory as numbers, their texts do not.
        queries: each id once.
        settings: the language and BM25's parameters.
        advance: called with the number of documents just read, for a progress bar.

    Raises:
        ConfigError: the language has no analyser.
    """
    analyse = analyzer(settings.language)
    corpus = _read(documents, analyse, advance)
    index = _index(corpus, settings)
    found: dict[str, Ranking] = {}
    dropped = 0
    places = {doc_id: place for place, doc_id in enumerate(corpus.doc_ids)} if settings.drop_self else {}
    for query in queries:
        scores = _scores(index, corpus, analyse.tokens(query.text))
        own = places.get(query.query_id)
        if own is not None and scores[own] > 0:
            scores[own] = 0
            dropped += 1
        found[query.query_id] = _best(scores, corpus.doc_ids, settings.depth)
    return found, Met(
        documents=len(corpus.doc_ids) + corpus.empty,
        tokens=sum(map(len, corpus.token_ids)),
        empty=corpus.empty,
        dropped_self=dropped,
    )


def _read(documents: Iterable[Document], analyse: Analyzer, advance: Callable[[int], None] | None) -> _Corpus:
    corpus = _Corpus()
    numbers = corpus.vocabulary
    for document in documents:
        words = analyse.tokens(document.text)
        if words:
            corpus.doc_ids.append(document.doc_id)
            corpus.token_ids.append(array("i", [numbers.setdefault(word, len(numbers)) for word in words]))
        else:
            corpus.empty += 1
        if advance is not None:
            advance(1)
    return corpus


def _index(corpus: _Corpus, settings: BM25Settings) -> bm25s.BM25 | None:
    # bm25s takes the mean length of no documents at all, which numpy warns of.
    if not corpus.doc_ids:
        return None
    index = bm25s.BM25(k1=settings.k1, b=settings.b, method="lucene", dtype="float32")
    # Not index.index: it logs at a level it sets itself, which would reach the log of the command line.
    index.scores = index.build_index_from_ids(range(len(corpus.vocabulary)), corpus.token_ids, show_progress=False)
    return index


def _scores(index: bm25s.BM25 | None, corpus: _Corpus, words: Sequence[str]) -> NDArray[np.float32]:
    known = [corpus.vocabulary[word] for word in words if word in corpus.vocabulary]
    if index is None or not known:
        return np.zeros(len(corpus.doc_ids), dtype=np.float32)
    scores: NDArray[np.float32] = index.get_scores_from_ids(known)
    return scores


def _best(scores: NDArray[np.float32], doc_ids: Sequence[str], depth: int) -> Ranking:
    matching = np.flatnonzero(scores)
    if len(matching) > depth:
        last = np.partition(scores[matching], -depth)[-depth]
        matching = matching[scores[matching] >= last]
    whole = ranking((doc_ids[place], float(scores[place])) for place in matching.tolist())
    return Ranking(whole.doc_ids[:depth], whole.scores[:depth])
