"""From text and teacher to what batches are drawn from."""

from __future__ import annotations

from typing import NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor
from wordfreq import get_frequency_dict, top_n_list

from reports.miniature.examples import UNKNOWN_TARGET, Paragraphs, Words
from reports.miniature.student import HIDDEN
from reports.miniature.targets import Aligned, Space, aligned, space, whole
from reports.miniature.teacher import Seen, Teacher
from reports.miniature.text import LANGUAGES, XQUAD, Material

COMMON = 200
"""A language's most frequent words, which stand for its function words."""
WORDS = 6000
NEAR = 0.75
"""Words are near from this cosine of the teacher's vectors on."""
NEIGHBOURS = 4
SAMPLE = 4000
"""Vectors of each part that the principal directions are taken from."""


class Sources(NamedTuple):
    """What batches are drawn from."""

    paragraphs: Paragraphs
    words: dict[str, Words]
    known: Space


class Texts(NamedTuple):
    """Words and names of one language as the teacher saw them."""

    texts: list[str]
    seen: Seen


def vocabulary_words(language: str) -> list[str]:
    """Return a language's frequent words, the most frequent first; single letters are left out."""
    return [word for word in top_n_list(language, WORDS, "best") if len(word) > 1 or ord(word) > 0x3000]


def prepare(source: Material, teacher: Teacher, tokenizer: Tokenizer) -> Sources:
    """Return the sources of batches; the teacher's work on them is kept on disk."""
    names = {language: _names(source, language, teacher) for language in LANGUAGES}
    words = {language: _words(language, teacher) for language in LANGUAGES}
    questions = {language: _seen([q.text for q in _of(source.questions, language)], teacher) for language in XQUAD}
    passages = {
        language: teacher.seen([p.text for p in _of(source.passages, language)], "passage") for language in LANGUAGES
    }
    parts = [*(part.seen for part in (*names.values(), *words.values(), *questions.values())), *passages.values()]
    known = space(parts, HIDDEN, SAMPLE)
    paragraphs = _paragraphs(source, questions, passages, known, tokenizer)
    lexicons = {lang: _lexicon(lang, words[lang], names[lang], known, tokenizer) for lang in LANGUAGES}
    return Sources(paragraphs, lexicons, known)


def _of(rows: list, language: str) -> list:
    return [row for row in rows if row.language == language]


def _seen(texts: list[str], teacher: Teacher) -> Texts:
    return Texts(texts, teacher.seen(texts, "query"))


def _names(source: Material, language: str, teacher: Teacher) -> Texts:
    return _seen([concept.name for concept in _of(source.concepts, language)], teacher)


def _words(language: str, teacher: Teacher) -> Texts:
    return _seen(vocabulary_words(language)[COMMON : COMMON + 4000], teacher)


def _paragraphs(
    source: Material, questions: dict[str, Texts], passages: dict[str, Seen], known: Space, tokenizer: Tokenizer
) -> Paragraphs:
    found: dict[str, dict[str, Aligned]] = {}
    asked: dict[str, dict[str, list[Aligned]]] = {}
    for language, seen in passages.items():
        rows = _of(source.passages, language)
        encodings = tokenizer.encode_batch([row.text for row in rows], add_special_tokens=False)
        texts = aligned(encodings, seen, known)
        found[language] = {row.group: text for row, text in zip(rows, texts, strict=True)}
    for language, part in questions.items():
        rows = _of(source.questions, language)
        encodings = tokenizer.encode_batch(part.texts, add_special_tokens=False)
        for row, text in zip(rows, aligned(encodings, part.seen, known), strict=True):
            asked.setdefault(language, {}).setdefault(row.group, []).append(text)
    return Paragraphs(found, asked)


def _lexicon(language: str, words: Texts, names: Texts, known: Space, tokenizer: Tokenizer) -> Words:
    common = vocabulary_words(language)[:COMMON]
    frequencies = get_frequency_dict(language, "best")
    shares = [frequencies[word] for word in common]
    rows = [Aligned(ids, torch.full((len(ids), HIDDEN), UNKNOWN_TARGET)) for ids in _ids(common, tokenizer, language)]
    for part in (words, names):
        encodings = tokenizer.encode_batch(part.texts, add_special_tokens=False)
        pairs = zip(_ids(part.texts, tokenizer, language), whole(encodings, part.seen, known), strict=True)
        rows += [Aligned(ids, text.targets_TD[-len(ids) :]) for ids, text in pairs]
    vectors_ND = torch.stack([row.targets_TD[0] for row in rows[COMMON:]])
    return Words(rows, COMMON, shares, _neighbours(vectors_ND))


def _ids(texts: list[str], tokenizer: Tokenizer, language: str) -> list[list[int]]:
    """Return the ids of words; where words are not set apart, without the mark of a word's beginning."""
    mark = tokenizer.token_to_id("▁")
    rows = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
    joined = language in ("ja", "zh")
    return [row[1:] if joined and len(row) > 1 and row[0] == mark else row for row in rows]


def _neighbours(vectors_ND: Tensor) -> list[list[int]]:
    found = []
    for rows_BD in vectors_ND.split(1024):
        values_BK, numbers_BK = (rows_BD @ vectors_ND.T).topk(NEIGHBOURS + 1, dim=-1)
        pairs = zip(values_BK.tolist(), numbers_BK.tolist(), strict=True)
        found += [[n + COMMON for v, n in zip(*pair, strict=True) if v >= NEAR] for pair in pairs]
    return found
