"""Tables for the terminal, legible in 80 letters: as many columns as fit side by side, the others in a table below."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.errors import printable
from harness.report import text
from harness.report.join import NOT_IN_CARD
from harness.report.table import Cell, JoinedTable
from harness.report.verdict import LEGEND, Verdict
from harness.report.write import remarks

WIDE = 13
"""Letters of a cell with a published value: `not run 0.665`, `0.665 +0.011`."""
NARROW = 7
"""Letters of a cell without one: `not run`."""
WORD = re.compile(r'(?:"(?:[^"\\]|\\.)*"|\S)+')
"""A word of a label; a text in quotes, as in `dataset.join=" | "`, is part of one."""
STYLES = {
    Verdict.EXACT: "bold green",
    Verdict.REPRODUCED: "green",
    Verdict.NEAR: "yellow",
    Verdict.DIFFERENT: "red",
    Verdict.NOT_RUN: "dim",
}
HINT = "Run one with: python -m harness model=bm25 dataset=beir/scifact"
LINES = f"A cell reads: measured, then published and difference, then the verdict ({LEGEND})."


def render(tables: Sequence[JoinedTable], also: str | None = None, width: int = 80) -> tuple[RenderableType, ...]:
    """Return what to print for `tables`: those with results in full, the others in one line and what the audit found.

    Args:
        tables: in the card's order.
        also: a line on the results that are in none of them.
        width: letters on a line of the terminal.
    """
    parts: list[RenderableType] = []
    for table in tables:
        if table.has_results:
            parts.append(Group(*_pieces(table, width), *(_line(f"- {remark}") for remark in remarks(table)), Text()))
        else:
            under = [*(finding.text for finding in table.findings), *table.left_out]
            parts.append(Group(_line(_not_run(table)), *(_line(f"- {line}") for line in under)))
    if also is not None:
        parts.append(_line(also))
    parts.append(Group(_line(LINES if any(table.has_results for table in tables) else HINT)))
    return tuple(parts)


def grid(head: str, columns: Sequence[str]) -> Table:
    """Return an empty table whose cells wrap and are never cut; text from outside cannot style it.

    A column is headed by one word a line.
    """
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column(_line(head, "bold"), overflow="fold")
    for column in columns:
        words = Text("\n".join(_words(column)), style="bold", justify="right")
        table.add_column(words, overflow="fold", justify="right")
    return table


def chunks(columns: Sequence[str], room: int, cell: int = WIDE) -> list[range]:
    """Return the positions of the columns that stand side by side, group by group.

    Args:
        columns: the columns' labels; each is headed by one word a line.
        room: letters for all columns of a group, the gaps of two letters before them included.
        cell: letters of the widest cell.
    """
    groups: list[range] = []
    start = used = 0
    for at, column in enumerate(columns):
        width = max(cell, *map(len, _words(column))) + 2
        if at > start and used + width > room:
            groups.append(range(start, at))
            start, used = at, 0
        used += width
    return [*groups, range(start, len(columns))] if columns else []


def styled(parts: Sequence[str], verdict: Verdict | None) -> Text:
    """Return a cell over as many lines as it needs: measured, published and difference, verdict in colour."""
    style = STYLES[verdict] if verdict is not None else ""
    if len(parts) < 4:
        return Text(parts[0])
    return Text.assemble(f"{parts[0]}\n{parts[1]} {parts[2]}\n", (parts[3], style))


def _not_run(table: JoinedTable) -> str:
    return f"{table.published.heading}: not run ({_count(table.published.cells, 'cell')})"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _pieces(table: JoinedTable, width: int) -> list[RenderableType]:
    """Return the card's columns and, in tables of their own, those it does not have, each under its title."""
    pieces: list[RenderableType] = []
    heading, own = table.published.heading, len(table.published.columns)
    room = width - 1 - max(len(name) for name in (table.published.measure_label, *(row[0].row for row in table.lines)))
    for positions in chunks(table.columns[:own], room):
        pieces += [_line(f"{heading}, continued" if positions.start else heading), _piece(table, positions)]
    for group in chunks(table.columns[own:], room, NARROW):
        positions = range(group.start + own, group.stop + own)
        pieces += [_line(f"{heading}, systems not in the card"), _piece(table, positions)]
    return pieces


def _piece(table: JoinedTable, positions: range) -> Table:
    labels = [table.columns[at].removesuffix(NOT_IN_CARD) for at in positions]
    piece = grid(table.published.measure_label, labels)
    for cells in table.lines:
        empty = not any(_known(cells[at]) for at in positions)
        if positions.start and empty and cells[0].rows_run is None:
            continue
        piece.add_row(_line(cells[0].row), *(_cell(cells[at], table.published.decimals) for at in positions))
    return piece


def _known(cell: Cell) -> bool:
    return cell.measured is not None or cell.published is not None


def _cell(cell: Cell, decimals: int) -> Text:
    if cell.measured is not None:
        return styled(text.cell_parts(cell, decimals), cell.verdict)
    line = Verdict.NOT_RUN.value
    if cell.published is not None:
        run, of = cell.rows_run or (0, 0)
        line += f" {cell.published}" + (f"\n{run} of {of} rows" if run else "")
    return Text(line, style="dim")


def _words(label: str) -> list[str]:
    return [printable(word) for word in WORD.findall(label)]


def _line(line: str, style: str = "") -> Text:
    return Text(printable(line), style=style)
