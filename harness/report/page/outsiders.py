"""Results that fill no cell of the card, as the page shows them: a table a collection, a row a system."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.report import text
from harness.report.outside import Outside, Row
from harness.report.page.book import Book
from harness.report.page.cells import Box, Grid, Line
from harness.report.page.marks import mark
from harness.report.place import in_training_data, value_of
from harness.report.registered import Registered, differences, told
from harness.report.verdict import Verdict

DECIMALS = 3
MARK = "†"


@dataclass(frozen=True, kw_only=True)
class OutsideTable:
    """One collection."""

    id: str
    heading: str
    grid: Grid
    remarks: tuple[str, ...]


def outside_tables(tables: Sequence[Outside], book: Book, known: Registered) -> tuple[OutsideTable, ...]:
    """Return `tables` in their order, every cell with an id of its own.

    Raises:
        DataError: a result has a mean that is no fraction.
    """
    return tuple(_table(table, book, known) for table in tables)


def _table(table: Outside, book: Book, known: Registered) -> OutsideTable:
    heading = f"{table.dataset}, {table.counts}" if table.counts else table.dataset
    values = [*table.languages, "avg"] if any(table.languages) else ["value"]
    names = (table.dataset, table.counts)
    grid = Grid(
        id=book.anchors.give("grid-outside", *names),
        caption=f"{table.measure}, means over the judged queries",
        corner="system",
        heads=(*values, "queries", "documents"),
        lines=tuple(_line(table, book, label, row) for label, row in table.rows.items()),
    )
    return OutsideTable(
        id=book.anchors.give("table-outside", *names), heading=heading, grid=grid, remarks=tuple(_remarks(table, known))
    )


def _line(table: Outside, book: Book, label: str, row: Row) -> Line:
    shown = f"{label} {MARK}" if any(in_training_data(found[-1]) for found in row.values()) else label
    return Line(label=shown, boxes=tuple(_boxes(table, book, label, row)))


def _boxes(table: Outside, book: Book, label: str, row: Row) -> Iterator[Box]:
    for language in table.languages:
        at = book.anchors.give("cell-outside", table.dataset, label, language)
        if language in row:
            result = row[language][-1]
            yield Box(id=at, value=text.number(value_of(result), DECIMALS), opened=book.opened(result, at))
        else:
            yield Box(id=at, value="", mark=mark(Verdict.NOT_RUN))
    if any(table.languages):
        yield _average(table, row, book.anchors.give("cell-outside", table.dataset, label, "avg"))
    for what in ("queries", "documents"):
        numbers = sorted({found[-1].counts.get(what, 0) for found in row.values()})
        note = " to ".join(f"{number:,}" for number in dict.fromkeys((numbers[0], numbers[-1])))
        yield Box(id=book.anchors.give("cell-outside", table.dataset, label, what), value="", note=note)


def _average(table: Outside, row: Row, at: str) -> Box:
    """Return the mean of the languages if all of them were run; else how many were."""
    values = [value_of(found[-1]) for found in row.values()]
    of = len(table.languages) + table.missing
    if len(values) < of:
        return Box(id=at, value="", mark=mark(Verdict.NOT_RUN), note=f"{len(values)} of {of} languages")
    return Box(id=at, value=text.number(math.fsum(values) / len(values), DECIMALS))


def _remarks(table: Outside, known: Registered) -> Iterator[str]:
    if any(in_training_data(found[-1]) for row in table.rows.values() for found in row.values()):
        yield f"{MARK} trained on it: a score on training text"
    for label, row in table.rows.items():
        if several := [language or table.dataset for language, found in row.items() if len(found) > 1]:
            yield text.several_line(label, several)
        settings = {told(differences(found[-1], known)) for found in row.values()} - {""}
        yield from (f"other settings: {label}: {line}" for line in sorted(settings))
