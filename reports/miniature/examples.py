"""Batches to train on: questions with paragraphs, and queries made of words with documents made of words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from reports.miniature.student import PAD, QUERY_LENGTH, Ids
from reports.miniature.targets import Aligned

ARTICLES, WORD_DOCUMENTS = 3, 24
LONGEST = 120
"""Tokens of a document in training: of a longer paragraph the part that the teacher finds nearest to its question."""
STRIDE = 16
CROSS = 0.15
"""How often a batch's questions are in other languages than its documents."""
COMMON_WORDS, RARE_WORDS = 16, 9
UNKNOWN_TARGET = 0.0


class Side(NamedTuple):
    """Padded ids of queries or documents and a unit target for each token; a zero target where there is none."""

    ids: Ids
    targets_BTD: Tensor


class Batch(NamedTuple):
    """Queries, documents, and which documents answer which query (Q, P)."""

    queries: Side
    documents: Side
    answers_QP: Tensor


class Marks(NamedTuple):
    """The ids around a text."""

    query: int
    document: int
    mask: int


class Words(NamedTuple):
    """Words of one language: frequent ones first, their share, and each rare word's neighbours by the teacher."""

    words: list[Aligned]
    common: int
    shares: list[float]
    near: list[list[int]]


class Paragraphs(NamedTuple):
    """XQuAD-R as tokens: by language and group."""

    passages: dict[str, dict[str, Aligned]]
    questions: dict[str, dict[str, list[Aligned]]]


def side(rows: Sequence[Aligned], marker: int, marks: Marks, *, query: bool) -> Side:
    """Return `rows` with marker and special tokens; queries are filled with mask tokens up to their length."""
    width = rows[0].targets_TD.shape[1]
    room = QUERY_LENGTH - 3 if query else LONGEST - 3
    kept = [Aligned(row.ids[:room], row.targets_TD[:room]) for row in rows]
    length = QUERY_LENGTH if query else max(len(row.ids) for row in kept) + 3
    ids_BT = torch.full((len(kept), length), marks.mask if query else PAD)
    targets_BTD = torch.zeros(len(kept), length, width)
    for number, (ids, targets_TD) in enumerate(kept):
        ids_BT[number, : len(ids) + 3] = torch.tensor([0, marker, *ids, 2])
        targets_BTD[number, 2 : len(ids) + 2] = targets_TD
    return Side(Ids(ids_BT, (ids_BT != PAD).long()), targets_BTD)


def paragraph_batch(chance: random.Random, source: Paragraphs, marks: Marks) -> Batch:
    """Return whole articles' paragraphs in one language, and one question on each, some in other languages.

    The other paragraphs of an article are the hard wrong answers.
    """
    languages = sorted(source.questions)
    language = chance.choice(languages)
    articles = sorted({group.split("#")[0] for group in source.questions[language]})
    chosen = set(chance.sample(articles, ARTICLES))
    groups = [group for group in sorted(source.questions[language]) if group.split("#")[0] in chosen]
    asked = [chance.choice(languages) if chance.random() < CROSS else language for _ in groups]
    queries = [chance.choice(source.questions[other][group]) for other, group in zip(asked, groups, strict=True)]
    whole = [source.passages[language][group] for group in groups]
    documents = [nearest(query, document) for query, document in zip(queries, whole, strict=True)]
    return _batch(queries, documents, marks)


def nearest(query: Aligned, document: Aligned) -> Aligned:
    """Return the part of `document` that fits a batch and that has the teacher's highest MaxSim with `query`."""
    width = LONGEST - 3
    if len(document.ids) <= width:
        return document
    similar_QT = query.targets_TD @ document.targets_TD.T
    starts = list(range(0, len(document.ids) - width + STRIDE, STRIDE))
    scores = [float(similar_QT[:, start : start + width].amax(dim=1).sum()) for start in starts]
    first = starts[scores.index(max(scores))]
    return Aligned(document.ids[first : first + width], document.targets_TD[first : first + width])


def word_batch(chance: random.Random, source: Words, marks: Marks) -> Batch:
    """Return documents of frequent and rare words, and queries that share rare words, or near ones, with one each.

    Frequent words are shared by all, so that they must come to count little.
    """
    rare = range(source.common, len(source.words))
    documents, queries = [], []
    for _ in range(WORD_DOCUMENTS):
        picked = chance.sample(rare, RARE_WORDS)
        filler = chance.choices(range(source.common), source.shares, k=COMMON_WORDS)
        documents.append(_joined(chance, source, [*picked, *filler]))
        meant = [_near(chance, source, word) for word in chance.sample(picked, chance.randint(1, 3))]
        filler = chance.choices(range(source.common), source.shares, k=chance.randint(2, 6))
        queries.append(_joined(chance, source, [*meant, *filler]))
    return _batch(queries, documents, marks)


def _near(chance: random.Random, source: Words, word: int) -> int:
    near = source.near[word - source.common]
    return chance.choice(near) if near and chance.random() < 0.6 else word


def _joined(chance: random.Random, source: Words, numbers: list[int]) -> Aligned:
    chance.shuffle(numbers)
    words = [source.words[number] for number in numbers]
    return Aligned([i for word in words for i in word.ids], torch.cat([word.targets_TD for word in words]))


def _batch(queries: Sequence[Aligned], documents: Sequence[Aligned], marks: Marks) -> Batch:
    answers_QP = torch.eye(len(queries))
    return Batch(
        side(queries, marks.query, marks, query=True), side(documents, marks.document, marks, query=False), answers_QP
    )
