"""Tables for the terminal, legible in 80 columns: as many columns as fit side by side, the others in a table below."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.errors import printable
from harness.report import text
from harness.report.table import Cell, JoinedTable
from harness.report.verdict import LEGEND, Verdict
from harness.report.write import remarks

ROOM = 64
"""Letters for all columns side by side: 80 less the longest row's name."""
WIDE = 12
"""Letters of a cell with a published value: `0.665 +0.011`."""
STYLES = {
    Verdict.EXACT: "bold green",
    Verdict.REPRODUCED: "green",
    Verdict.NEAR: "yellow",
    Verdict.DIFFERENT: "red",
    Verdict.NOT_RUN: "dim",
}
HINT = "Run one with: python -m harness model=bm25 dataset=beir/scifact"
LINES = f"A cell reads: measured, then published and difference, then the verdict ({LEGEND})."


def render(tables: Sequence[JoinedTable]) -> tuple[RenderableType, ...]:
    """Return what to print for `tables`: each with results in full, each without in one line."""
    parts: list[RenderableType] = []
    for table in tables:
        if table.has_results:
            parts.append(Group(*_pieces(table), *(_line(remark) for remark in remarks(table)), Text()))
        else:
            parts.append(Group(_line(_not_run(table)), *(_line(f"  {reason}") for reason in table.left_out)))
    parts.append(Group(_line(LINES if any(table.has_results for table in tables) else HINT)))
    return tuple(parts)


def grid(title: str, head: str, columns: Sequence[str]) -> Table:
    """Return an empty table whose cells wrap and are never cut; text from outside cannot style it.

    A column is headed by one word a line.
    """
    table = Table(title=_line(title), title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column(_line(head, "bold"), overflow="fold")
    for column in columns:
        words = "\n".join(printable(word) for word in column.split(" "))
        table.add_column(Text(words, style="bold", justify="right"), overflow="fold", justify="right")
    return table


def chunks(columns: Sequence[str], cell: int = WIDE) -> list[range]:
    """Return the positions of the columns that stand side by side, group by group, for cells of `cell` letters."""
    groups: list[range] = []
    start = used = 0
    for at, column in enumerate(columns):
        width = max(cell, *(len(word) for word in column.split(" "))) + 2
        if at > start and used + width > ROOM:
            groups.append(range(start, at))
            start, used = at, 0
        used += width
    return [*groups, range(start, len(columns))] if columns else []


def styled(parts: Sequence[str], verdict: Verdict | None) -> Text:
    """Return a cell over as many lines as it needs: measured, published and difference, verdict in colour."""
    style = STYLES[verdict] if verdict is not None else ""
    if len(parts) < 4:
        return Text(" · ".join(parts), style="dim" if verdict is Verdict.NOT_RUN else "")
    return Text.assemble(f"{parts[0]}\n{parts[1]} {parts[2]}\n", (parts[3], style))


def _not_run(table: JoinedTable) -> str:
    line = f"{table.published.heading}: not run ({_count(table.published.cells, 'cell')})"
    return f"{line}; audit: {_count(len(table.findings), 'finding')}" if table.findings else line


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _pieces(table: JoinedTable) -> list[Table]:
    pieces = []
    for positions in chunks(table.columns):
        title = table.published.heading + (", continued" if positions.start else "")
        piece = grid(title, table.published.measure_label, [table.columns[at] for at in positions])
        for cells in table.lines:
            if positions.start and not any(_known(cells[at]) for at in positions):
                continue
            shown = [_cell(cells[at], table.published.decimals) for at in positions]
            piece.add_row(_line(cells[0].row), *shown)
        pieces.append(piece)
    return pieces


def _known(cell: Cell) -> bool:
    return cell.measured is not None or cell.published is not None


def _cell(cell: Cell, decimals: int) -> Text:
    return styled(text.cell_parts(cell, decimals), cell.verdict or (Verdict.NOT_RUN if cell.measured is None else None))


def _line(line: str, style: str = "") -> Text:
    return Text(printable(line), style=style)
