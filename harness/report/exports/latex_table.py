"""One table for a paper as LaTeX (booktabs): a row per collection, a column per system, decimal points in line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from harness.report.exports.latex_text import comment, latex_text
from harness.report.record import Result
from harness.report.statistics import Supported, supported_best
from harness.report.terminal import WORD
from harness.report.text import number

WIDEST = 6
"""Columns that fit on a page side by side."""
MISSING = r"\multicolumn{2}{l}{--}"
NOTHING = Supported(None, None, ())
RULE = (
    "Bold: higher than every other measured value of the row; underlined: higher than all but that one (randomisation "
    "tests of the paired queries, Holm within the row, 5%). Nothing is marked where that cannot be told. "
    "Values of a card and averages are not tested."
)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One value of one system."""

    value: float
    result: Result | None
    """None for an average over rows."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One system, or the values that a card prints for it."""

    label: str
    note: str
    """What is said of it under the table; empty for a card's."""
    cells: tuple[Cell | Decimal | None, ...]
    """One a row; a `Decimal` is a card's, as it prints it."""


@dataclass(frozen=True, kw_only=True)
class PaperTable:
    """What a table of a paper shows."""

    name: str
    """A plain name, of the file and of the label."""
    caption: str
    measure: str
    """The measure by which results are set against each other."""
    heading: str
    """The measure as the table calls it."""
    decimals: int
    rows: tuple[str, ...]
    columns: tuple[Column, ...]


def table_text(table: PaperTable) -> str:
    """Return the table as a float, or several side by side would not fit; then, in comments, every value whole.

    Below each stands what its columns are. What is marked was set against all systems of the row, on any of them.
    """
    marks = [_marks(table, at) for at in range(len(table.rows))]
    pieces = [replace(table, columns=columns) for columns in _pieces(table.columns)]
    floats = "".join(_float(piece, number, marks) for number, piece in enumerate(pieces))
    return floats + "".join(map(comment, _whole(table)))


def _pieces(columns: Sequence[Column]) -> Iterator[tuple[Column, ...]]:
    """Yield as many columns as fit on a page, a card's beside those of its system."""
    piece: list[Column] = []
    for at, column in enumerate(columns):
        ahead = columns[at + 1 : at + 2]
        room = WIDEST - 1 if ahead and not ahead[0].note and column.note else WIDEST
        if len(piece) >= room and column.note:
            yield tuple(piece)
            piece = []
        piece.append(column)
    yield tuple(piece)


def _float(table: PaperTable, number: int, marks: Sequence[Mapping[str, str]]) -> str:
    continued = f"{latex_text(table.caption)} --: not run.{' (continued)' if number else ''}"
    label = f"{table.name}{f'-{number + 1}' if number else ''}"
    specification = "l" + "r@{}l" * len(table.columns)
    rows = [_row(table, at, marks[at]) for at in range(len(table.rows))]
    lines = [
        r"\begin{table}", r"\centering\small", rf"\caption{{{continued}}}", rf"\label{{tab:{label}}}",
        rf"\begin{{tabular}}{{{specification}}}", r"\toprule", *_heads(table), r"\midrule", *rows, r"\bottomrule",
        r"\end{tabular}", *_notes(table), r"\end{table}",
    ]  # fmt: skip
    return "".join(f"{line}\n" for line in lines)


def _heads(table: PaperTable) -> Iterator[str]:
    """Yield the head, a word of each label on a line, so that long labels make no wide columns."""
    stacks = [WORD.findall(column.label) for column in table.columns]
    for at in range(max(map(len, stacks))):
        first = latex_text(table.heading) if at == 0 else ""
        cells = (rf"\multicolumn{{2}}{{l}}{{{latex_text(stack[at])}}}" if at < len(stack) else "&" for stack in stacks)
        yield rf"{' & '.join([first, *cells])} \\"


def _row(table: PaperTable, at: int, marks: Mapping[str, str]) -> str:
    cells = [_cell(column.cells[at], table.decimals, marks.get(column.label, "")) for column in table.columns]
    return rf"{' & '.join([latex_text(table.rows[at]), *cells])} \\"


def _cell(cell: Cell | Decimal | None, decimals: int, mark: str) -> str:
    if cell is None:
        return MISSING
    text = number(cell.value, decimals) if isinstance(cell, Cell) else str(cell)
    whole, _, rest = text.partition(".")
    # The point stands at the start of the second part, where all points of the column are.
    parts = (whole, f".{rest}")
    return " & ".join(rf"{mark}{{{part}}}" if mark and isinstance(cell, Cell) else part for part in parts)


def _marks(table: PaperTable, at: int) -> dict[str, str]:
    """Return the command that marks a column's cell in a row, for the columns that statistics let be marked."""
    values = {
        column.label: cell.result.scores.values.get(table.measure)
        for column in table.columns
        if isinstance(cell := column.cells[at], Cell) and cell.result is not None
    }
    same = len({frozenset(one) for one in values.values() if one is not None}) == 1
    found = supported_best(values) if same else NOTHING
    marks = {found.best: r"\textbf", found.second: r"\underline"}
    return {label: mark for label, mark in marks.items() if label is not None}


def _notes(table: PaperTable) -> Iterator[str]:
    said = [column.note for column in table.columns if column.note]
    for line in (*said, RULE):
        yield rf"\par\smallskip{{\footnotesize\raggedright {latex_text(line)}\par}}"


def _whole(table: PaperTable) -> Iterator[str]:
    yield f"values with all digits: {table.measure}"
    for at, row in enumerate(table.rows):
        for column in table.columns:
            if isinstance(cell := column.cells[at], Cell):
                yield f"{row} | {column.label} | {cell.value!r} | {cell.result.key if cell.result else 'average'}"


def filled(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns that have a value of any row."""
    return tuple(column for column in columns if any(cell is not None for cell in column.cells))
