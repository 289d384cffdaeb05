"""A published table with what was measured beside it: cells, verdicts, and what could not stand in a cell and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from harness.report.audit import Finding
from harness.report.published import Note, PublishedTable
from harness.report.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One row of one column."""

    row: str
    column: str
    measured: float | None = None
    """The mean over the judged queries, a fraction, unrounded; None where nothing was run."""
    published: Decimal | None = None
    """The card's value; None in a column that the card does not have."""
    verdict: Verdict | None = None
    """None where the card has no value to stand against."""
    queries: int | None = None
    """Judged queries of the result; None for an average over rows."""
    reason: str | None = None
    """Why there is no measured value, for a cell that is no average."""
    rows_run: tuple[int, int] | None = None
    """For an average: how many of its rows were run, and how many there are; it needs them all."""
    key: str | None = None
    """The key of the result that fills the cell."""
    fitting: int = 0
    """How many results fit the cell; the one that finished last fills it."""

    @property
    def difference(self) -> float | None:
        """Measured minus published; None where one of them is not there."""
        if self.measured is None or self.published is None:
            return None
        return self.measured - float(self.published)


@dataclass(frozen=True, kw_only=True)
class OwnAverage:
    """An average of our own beside both of the card's: the printed one and the mean of its printed rows."""

    cell: Cell
    mean_of_rows: float
    verdict_on_mean: Verdict


@dataclass(frozen=True, kw_only=True)
class JoinedTable:
    """A published table with results: the card's columns first, then systems that the card does not have."""

    published: PublishedTable
    columns: tuple[str, ...]
    """Labels of all columns; the first ones are the card's."""
    average: tuple[Cell, ...]
    """A cell per column; empty where the card prints no average."""
    rows: tuple[tuple[Cell, ...], ...]
    """A cell per row and column."""
    two_averages: tuple[OwnAverage, ...]
    """The averages for which the card's printed value and the mean of its printed rows differ."""
    findings: tuple[Finding, ...]
    """What the audit found in this table."""
    other_settings: tuple[str, ...]
    """Columns that the card does not have whose settings are not the registered ones, each with how they differ."""
    left_out: tuple[str, ...]
    """Results about the table's datasets that fill no cell, each with its reason."""

    @property
    def lines(self) -> tuple[tuple[Cell, ...], ...]:
        """All lines in the card's order, the average first."""
        return (self.average, *self.rows) if self.average else self.rows

    @property
    def has_results(self) -> bool:
        """Whether any cell was run."""
        return any(cell.measured is not None for line in self.lines for cell in line)

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes to print: those on whole columns, and those on cells that have been run."""
        run = [cell for line in self.lines for cell in line if cell.measured is not None]
        return tuple(
            note
            for note in self.published.notes
            if note.row is None or any(note.covers(cell.row, cell.column) for cell in run)
        )

    @property
    def several(self) -> dict[str, list[str]]:
        """Column -> the rows whose cells more than one result fits; columns without any are not there."""
        found: dict[str, list[str]] = {}
        for cell in (cell for line in self.rows for cell in line if cell.fitting > 1):
            found.setdefault(cell.column, []).append(cell.row)
        return found


def count_verdicts(tables: Iterable[JoinedTable]) -> dict[Verdict, int]:
    """Return how many of the card's cells got each verdict, averages among them; every verdict has a number."""
    cells = [cell for table in tables for line in table.lines for cell in line]
    counts = Counter(cell.verdict for cell in cells if cell.verdict is not None)
    return {word: counts[word] for word in Verdict}
