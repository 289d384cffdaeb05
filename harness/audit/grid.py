"""A table of a card as a grid of numbers under labels, whatever its rows and columns are about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.audit.cells import Number, decimal_comma, is_missing, number, plain
from harness.audit.markdown import RawTable

AVERAGE = re.compile(
    r"(?:(?:macro|total|overall|grand)[\s-]*)?(?:avg|average|mean|overall)\b\.?"
    r"(?:\s*(?:\(.*\)|(?:over|of|across|on)\b.*|scores?|rank|all|[a-z]*@\d+))*"
    r"|.*\s(?:avg|average|mean)\.?(?:\s*\(.*\))?",
    re.IGNORECASE,
)
OTHER_MEAN = re.compile(r"weight|geometric|harmonic|micro|median|borda|rank", re.IGNORECASE)
"""Words in the label of an average that is no plain mean."""
LONGEST = 60


@dataclass(frozen=True)
class Line:
    """One row or one column of a grid."""

    label: str
    numbers: Mapping[str, Number]
    """Label of the crossing line -> the number there; missing ones are not in it."""

    @property
    def is_average(self) -> bool:
        """Whether its label says that it is the mean of others."""
        return AVERAGE.fullmatch(self.label) is not None


@dataclass(frozen=True)
class Grid:
    """The numbers of one table."""

    headings: tuple[str, ...]
    line: int
    corner: str
    """What stands above the labels of the rows: often the measure."""
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    numbers: Mapping[tuple[str, str], Number]
    """(row, column) -> number; missing ones are not in it."""
    unread: tuple[str, ...] = ()
    """Cells among the numbers that are neither a number nor missing, as `row, column: text`."""

    @property
    def title(self) -> str:
        """The innermost heading."""
        return self.headings[-1] if self.headings else ""

    @property
    def name(self) -> str:
        """How findings name the table: its headings but the outermost of several, or its line."""
        shown = self.headings[-2:] if len(self.headings) > 1 else self.headings
        return " / ".join(shown) or f"the table in line {self.line}"

    def lines(self, axis: str) -> tuple[Line, ...]:
        """Return the rows, or for `columns` the columns."""
        if axis == "rows":
            return tuple(self._line(row, [(column, (row, column)) for column in self.columns]) for row in self.rows)
        return tuple(self._line(column, [(row, (row, column)) for row in self.rows]) for column in self.columns)

    def _line(self, label: str, places: Iterable[tuple[str, tuple[str, str]]]) -> Line:
        return Line(label, {other: self.numbers[place] for other, place in places if place in self.numbers})


def grid(table: RawTable) -> Grid | None:
    """Return the numbers of a table; None where it has no column of them.

    The first column is the rows' labels; further columns of text before the numbers tell rows of one label apart.
    """
    across = [[row[at] for row in table.rows] for at in range(len(table.head))]
    comma = decimal_comma(cell for column in across[1:] for cell in column)
    read = [[number(cell, comma=comma) for cell in column] for column in across]
    numeric = [at for at in range(1, len(across)) if _is_numeric(across[at], read[at])]
    if not numeric:
        return None
    texts = [at for at in range(1, len(across)) if at not in numeric]
    rows = _labels([[plain(row[at]) for at in (0, *texts)] for row in table.rows])
    columns = _labels([[plain(table.head[at])] for at in numeric])
    cells = [(row, column, table.rows[i][at], read[at][i]) for i, row in enumerate(rows) for column, at in zip(columns, numeric, strict=True)]  # fmt: skip # noqa: E501
    return Grid(
        headings=tuple(_cut(plain(heading)) for heading in table.headings),
        line=table.line,
        corner=plain(table.head[0]),
        rows=rows,
        columns=columns,
        numbers={(row, column): found for row, column, _, found in cells if found is not None},
        unread=tuple(
            f"{row}, {column}: {_cut(plain(cell))}"
            for row, column, cell, found in cells
            if found is None and not is_missing(cell)
        ),
    )


def _is_numeric(cells: Sequence[str], read: Sequence[Number | None]) -> bool:
    given = [found for cell, found in zip(cells, read, strict=True) if not is_missing(cell)]
    numbers = sum(found is not None for found in given)
    return numbers > 0 and 2 * numbers >= len(given)


def _labels(texts: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return a label a line, each once: the first text, with the others where that alone is not enough."""
    given = [tuple(line) for line in texts]
    firsts = Counter(line[0] for line in given)
    met: Counter[str] = Counter()
    labels: dict[str, None] = {}
    for line in given:
        label = (line[0] if firsts[line[0]] == 1 else ", ".join(filter(None, line))) or "(no label)"
        met[label] += 1
        numbered = label if met[label] == 1 else f"{label} ({met[label]})"
        while numbered in labels:
            numbered += "'"
        labels[numbered] = None
    return tuple(labels)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3].rstrip()}..."
