"""What every kind of source offers to `harness.data.load`: three readings, and names for the places in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from harness.data.collection import Document, Query
from harness.data.lines import Place


class Judgment(NamedTuple):
    """One line of a qrels file."""

    number: int
    """The line or record it stands in, from 1."""
    query_id: str
    doc_id: str
    grade: int


class Source(Protocol):
    """A judged collection as it is stored: nothing in it is checked beyond what reading it needs."""

    @property
    def remedy(self) -> str:
        """Where to look when the content is not the expected one: a sentence."""
        ...

    def documents(self, start: int) -> Iterator[Document]:
        """Yield the documents from record `start` (the first is 0) on, repeated ones too."""
        ...

    def queries(self) -> Iterator[Query]:
        """Yield every query, judged or not."""
        ...

    def judgments(self) -> Iterator[Judgment]:
        """Yield every judgment."""
        ...

    def place(self, part: str, number: int) -> Place:
        """Return how messages name record `number` (the first is 1) of `part`: corpus, queries or qrels."""
        ...


def joined(values: Iterable[str], join: str) -> str:
    """Return the text of a document: its fields that are not blank, joined and stripped.

    With a title, a text and a blank for `join` this is the rule of beir's models, mteb and PyLate:
    `(title + " " + text).strip()`.

    >>> joined(["Aspirin", "A drug."], " | "), joined(["", "A drug."], " | ")
    ('Aspirin | A drug.', 'A drug.')
    """
    return join.join(value for value in values if value and not value.isspace()).strip()
