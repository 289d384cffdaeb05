"""The card's tables as the page shows them: a box per cell, opened where there is a result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.report import text
from harness.report.join import NOT_IN_CARD
from harness.report.page.book import Book, Opened
from harness.report.page.marks import Mark, mark
from harness.report.table import Cell, JoinedTable
from harness.report.verdict import Verdict
from harness.report.write import remarks

CLOSED = Opened(evidence=None, link=None)


@dataclass(frozen=True, kw_only=True)
class Box:
    """One cell of a table on the page."""

    id: str
    value: str
    """What was measured; empty where nothing was."""
    published: str = ""
    difference: str = ""
    mark: Mark | None = None
    note: str = ""
    """What else stands in the cell, in a few words."""
    opened: Opened = CLOSED


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row with its label."""

    label: str
    boxes: tuple[Box, ...]
    average: bool = False


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table of boxes."""

    id: str
    caption: str
    corner: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class CardTable:
    """One table of the card with what stands under it."""

    id: str
    heading: str
    grid: Grid
    others: Grid | None
    """Systems that the card does not have, rows with results only."""
    remarks: tuple[str, ...]
    source: str
    url: str


def card_tables(tables: Sequence[JoinedTable], book: Book) -> tuple[CardTable, ...]:
    """Return `tables` in their order, every cell with an id of its own."""
    return tuple(_card_table(table, book) for table in tables)


def _card_table(table: JoinedTable, book: Book) -> CardTable:
    own = len(table.published.columns)
    source, label = table.published.source, table.published.measure_label
    shown = "measured, with its verdict; under it the card's value and the difference"
    return CardTable(
        id=book.anchors.give("table", table.published.name),
        heading=table.published.heading,
        grid=_grid(table, book, range(own), f"{label}: {shown}"),
        others=_others(table, book, range(own, len(table.columns))),
        remarks=tuple(remarks(table)),
        source=f"{source.card}, {source.section}, read {source.read}",
        url=source.url,
    )


def _others(table: JoinedTable, book: Book, columns: range) -> Grid | None:
    if not columns:
        return None
    caption = f"{table.published.measure_label} of systems that the card does not have"
    return _grid(table, book, columns, caption, only_run=True)


def _grid(table: JoinedTable, book: Book, columns: range, caption: str, *, only_run: bool = False) -> Grid:
    lines = [cells for cells in table.lines if not only_run or any(_known(cells[at]) for at in columns)]
    return Grid(
        id=book.anchors.give("grid", table.published.name, "others" if only_run else ""),
        caption=caption,
        corner=table.published.measure_label,
        heads=tuple(table.columns[at].removesuffix(NOT_IN_CARD).rstrip() for at in columns),
        lines=tuple(
            Line(
                label=cells[0].row,
                boxes=tuple(_boxes(table, book, [cells[at] for at in columns])),
                average=cells[0].rows_run is not None,
            )
            for cells in lines
        ),
    )


def _known(cell: Cell) -> bool:
    return cell.measured is not None


def _boxes(table: JoinedTable, book: Book, cells: Sequence[Cell]) -> Iterator[Box]:
    for cell in cells:
        at = book.anchors.give("cell", table.published.name, cell.row, cell.column.removesuffix(NOT_IN_CARD))
        result = book.filling(table.published, cell)
        yield _box(cell, at, table.published.decimals, CLOSED if result is None else book.opened(result, at))


def _box(cell: Cell, at: str, decimals: int, opened: Opened) -> Box:
    return Box(
        id=at,
        value="" if cell.measured is None else text.number(cell.measured, decimals),
        published="" if cell.published is None else str(cell.published),
        difference="" if cell.difference is None else text.signed(cell.difference, decimals),
        mark=mark(cell.verdict or Verdict.NOT_RUN) if cell.verdict or cell.measured is None else None,
        note=_note(cell),
        opened=opened,
    )


def _note(cell: Cell) -> str:
    run, of = cell.rows_run or (0, 0)
    return f"{run} of {of} rows" if run and cell.measured is None else ""
