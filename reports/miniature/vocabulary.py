"""The miniature's own vocabulary: pieces of XLM-R, with XLM-R's scores, that ten languages use most."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

from tokenizers import AddedToken, Tokenizer
from wordfreq import get_frequency_dict

from reports.miniature.text import LANGUAGES
from tests.fixtures.e5 import FIRST, unigram

MARKERS = ("[QueryMarker]", "[DocumentMarker]")
PIECES = 20_000
"""Pieces of text, next to the special tokens."""
CHARACTERS = {"CJK": 3_600, "HANGUL": 1_200}
"""The most frequent single characters of a script that are always in; of the alphabets all are."""
POWER = 0.6
"""A piece weighs as its words' frequencies to this power: rare words carry what a question is about."""


def choose(pieces: list[tuple[str, float]], whole: Tokenizer, texts: Iterable[str]) -> list[tuple[str, float]]:
    """Return the miniature's pieces in XLM-R's order: the special tokens, then pieces of text, `<mask>` last.

    `whole` is XLM-R's tokenizer over `pieces`. Words of the ten languages count by their frequency, every language
    alike; the texts of the training material count once more.
    """
    scores = dict(pieces)
    weights = [_weights(language, whole) for language in LANGUAGES]
    own = _counts(((text, 1.0) for text in texts), whole)
    total = sum(own.values())
    weights.append(Counter({piece: 2 * count / total for piece, count in own.items()}))
    joint: Counter[str] = Counter()
    for counter in weights:
        joint.update(counter)
    kept = _characters(joint, scores)
    for piece, _ in sorted(joint.items(), key=lambda item: (-item[1], item[0])):
        if len(kept) >= PIECES:
            break
        if piece in scores and piece not in FIRST:
            kept.add(piece)
    body = [(piece, score) for piece, score in pieces if piece in kept]
    return [*[(piece, 0.0) for piece in FIRST], *[(piece, round(score, 4)) for piece, score in body], ("<mask>", 0.0)]


def miniature_tokenizer(pieces: list[tuple[str, float]], table: bytes) -> Tokenizer:
    """Return the tokenizer over `pieces`, the two markers as its last ids."""
    tokenizer = unigram(pieces, table)
    tokenizer.add_special_tokens([AddedToken(marker, special=True, normalized=False) for marker in MARKERS])
    return tokenizer


def _weights(language: str, whole: Tokenizer) -> Counter[str]:
    words = get_frequency_dict(language, wordlist="best")
    found = _counts(((word, frequency**POWER) for word, frequency in words.items()), whole)
    total = sum(found.values())
    return Counter({piece: weight / total for piece, weight in found.items()})


def _counts(texts: Iterable[tuple[str, float]], whole: Tokenizer) -> Counter[str]:
    rows = list(texts)
    counts: Counter[str] = Counter()
    for start in range(0, len(rows), 4096):
        block = rows[start : start + 4096]
        encoded = whole.encode_batch([text for text, _ in block], add_special_tokens=False)
        for (_, weight), encoding in zip(block, encoded, strict=True):
            for piece in encoding.tokens:
                counts[piece] += weight
    return counts


def _characters(joint: Counter[str], scores: dict[str, float]) -> set[str]:
    """Return the single characters that keep words from falling to `<unk>`."""
    seen: Counter[str] = Counter()
    for piece, weight in joint.items():
        for character in piece:
            seen[character] += weight
    kept = {"▁"} | {chr(code) for code in range(33, 127)}
    left = dict(CHARACTERS)
    for character, _ in sorted(seen.items(), key=lambda item: (-item[1], item[0])):
        script = unicodedata.name(character, "?").split()[0]
        if script in left:
            left[script] -= 1
        if left.get(script, 0) >= 0:
            kept.add(character)
    return {character for character in kept if character in scores}
