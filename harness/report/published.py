"""A published table as frozen values: what a model card prints, to the letter, and what each cell is about.

The files under `reports/published/` hold the tables as data; `harness.report.reading` turns them into these values.
Numbers are `Decimal`s with the card's own decimals, so that printing them gives the card's characters back.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a table was read."""

    card: str
    url: str
    read: str
    """The day it was read, as YYYY-MM-DD."""
    section: str


@dataclass(frozen=True, kw_only=True)
class Column:
    """One system of a table."""

    label: str
    """As the card prints it."""
    model: str
    """As results name the model."""
    dim: int | None = None
    """The width of its token vectors where the card names it; None for the model's own."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One dataset of a table, with a value for every column."""

    label: str
    dataset: str
    language: str | None = None
    values: tuple[Decimal, ...]


@dataclass(frozen=True, kw_only=True)
class Average:
    """The averages that the card itself prints, with the rows they claim to be of."""

    label: str
    of: tuple[str, ...]
    """Labels of the rows that the average is of, in the table's order."""
    values: tuple[Decimal, ...]


@dataclass(frozen=True, kw_only=True)
class Note:
    """A fact about one cell, or about a whole row or column (the other one is None), that no arithmetic can find."""

    text: str
    row: str | None = None
    column: str | None = None

    def covers(self, row: str, column: str) -> bool:
        """Return whether the note is about the cell of these two labels."""
        return self.row in (None, row) and self.column in (None, column)


@dataclass(frozen=True, kw_only=True)
class PublishedTable:
    """One table of a card, in the card's order of rows and columns."""

    name: str
    """The name of its file."""
    order: int
    """Its place among the card's tables, from 1."""
    title: str
    group: str
    """The heading that the card puts above its title."""
    source: Source
    measure: str
    """The measure's ir_measures name."""
    measure_label: str
    """The measure as the card spells it."""
    decimals: int
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    average: Average | None = None
    notes: tuple[Note, ...] = ()

    @property
    def heading(self) -> str:
        """The group and the title, which together name one table of a card."""
        return f"{self.group}: {self.title}"

    @property
    def averaged(self) -> tuple[Row, ...]:
        """The rows that the printed average claims to be of; none where the table prints no average."""
        return tuple(row for row in self.rows if self.average is not None and row.label in self.average.of)

    @property
    def cells(self) -> int:
        """The number of printed values, averages among them."""
        return len(self.columns) * (len(self.rows) + (self.average is not None))

    def markdown(self) -> str:
        """Return the table as the card prints it: bold labels, the average first, a line per row."""
        head = [self.measure_label, *(column.label for column in self.columns)]
        lines = [" | ".join(f"**{label}**" for label in head), " | ".join("---" for _ in head)]
        printed = [(row.label, row.values) for row in self.rows]
        if self.average is not None:
            printed.insert(0, (self.average.label, self.average.values))
        lines += [" | ".join([f"**{label}**", *map(str, values)]) for label, values in printed]
        return "".join(f"| {line} |\n" for line in lines)
