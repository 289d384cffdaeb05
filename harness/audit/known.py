"""What labels of a card mean: datasets, languages, models and measures, by the names that are registered or published.

Labels are compared without case, blanks and punctuation: `MS MARCO` is msmarco, `BM-25` is bm25.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.errors import ConfigError
from harness.report.published import Note, PublishedTable
from harness.report.registered import Registered
from harness.score.measures import measure_name

DIM = re.compile(r"(?:dims?|dimensions?|width)?\s*[=:]?\s*(\d{1,5})\s*(?:d|dims?|dimensions?)?", re.IGNORECASE)
MEASURE = re.compile(
    r"(?i)\b(?:ndcg|mrr|rr|map|ap|recall|r|p|precision|success|hit)\s*[@_]\s*\d+\b|\b(?:map|mrr|ndcg)\b"
)
CODE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?")
LANGUAGES = frozenset({
    "arabic", "bengali", "chinese", "czech", "danish", "dutch", "english", "finnish", "french", "german", "greek",
    "hebrew", "hindi", "hungarian", "indonesian", "italian", "japanese", "korean", "norwegian", "persian", "polish",
    "portuguese", "romanian", "russian", "spanish", "swahili", "swedish", "telugu", "thai", "turkish", "ukrainian",
    "vietnamese", "yoruba",
})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Known:
    """What labels mean."""

    datasets: Mapping[str, str] = field(default_factory=dict)
    """A folded label -> the dataset."""
    languages: Mapping[str, Mapping[str, tuple[str, str]]] = field(default_factory=dict)
    """A folded title -> folded label of a language -> dataset and language."""
    models: Mapping[str, str] = field(default_factory=dict)
    """A folded label -> the model."""
    notes: tuple[tuple[PublishedTable, Note], ...] = ()
    """What is known of single published values that no arithmetic can find."""


def fold(label: str) -> str:
    """Return a label without case, blanks and punctuation.

    >>> fold("BM-25"), fold("MS MARCO (dev)")
    ('bm25', 'msmarcodev')
    """
    return re.sub(r"[\W_]+", "", label.casefold())


def known(registered: Registered, published: Sequence[PublishedTable]) -> Known:
    """Return what the registered names and the labels of published tables mean."""
    datasets = {fold(name): name for name, language in registered.datasets if language is None}
    models = {fold(name): name for name in registered.models}
    languages: dict[str, dict[str, tuple[str, str]]] = {}
    for name, language in registered.datasets:
        if language is not None:
            languages.setdefault(fold(name), {})[fold(language)] = (name, language)
    for table in published:
        for row in table.rows:
            if row.language is None:
                datasets.setdefault(fold(row.label), row.dataset)
            else:
                languages.setdefault(fold(table.title), {})[fold(row.label)] = (row.dataset, row.language)
        models |= {fold(one.label): one.model for one in table.columns if width(one.label) is None}
    notes = tuple((table, note) for table in published for note in table.notes if note.row and note.column)
    return Known(datasets=datasets, languages=languages, models=models, notes=notes)


def width(label: str) -> int | None:
    """Return the dimension that a label names and nothing else; None where it names another thing.

    >>> width("dim=96"), width("64"), width("jina-colbert-v2")
    (96, 64, None)
    """
    found = DIM.fullmatch(label)
    return int(found[1]) if found and int(found[1]) > 0 else None


def is_language(label: str, known: Known) -> bool:
    """Return whether a label names a language, which alone says nothing of the dataset."""
    if fold(label) in known.datasets:
        return False
    return CODE.fullmatch(label) is not None or label.casefold() in LANGUAGES


def measure_in(*texts: str) -> tuple[str, str] | None:
    """Return the first measure that `texts` name: its ir_measures name, and as it is spelled; None where none does.

    >>> measure_in("BEIR (NDCG@10)"), measure_in("Model")
    (('nDCG@10', 'NDCG@10'), None)
    """
    for text in texts:
        for spelled in MEASURE.findall(text):
            try:
                return measure_name(re.sub(r"\s+", "", spelled)), spelled
            except ConfigError:
                continue
    return None
