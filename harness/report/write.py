"""Joined tables -> Markdown in the card's own layout, and CSV with a line per cell; equal input gives equal bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from harness.report import text
from harness.report.table import Cell, JoinedTable, count_verdicts
from harness.report.text import markdown_text, row_line
from harness.report.verdict import LEGEND
from harness.storage import write_atomically

CSV_HEAD = ("table", "row", "column", "measured", "published", "difference", "verdict", "queries", "key")
CSV_DECIMALS = 6
SEPARATOR = " · "
CARD_FILE = "card.md"


def write_tables(
    folder: Path, tables: Sequence[JoinedTable], also: str | None = None, pages: Mapping[str, str] | None = None
) -> tuple[Path, ...]:
    """Write every table as NAME.md and NAME.csv and all of them, with `also` on top, as card.md; return the paths.

    Args:
        folder: made if it is not there.
        tables: in the card's order.
        also: a line on the results that are in none of them.
        pages: further files, name -> content.

    Raises:
        StorageError: the folder cannot be written.
    """
    contents = {CARD_FILE: card_markdown(tables, also)}
    for table in tables:
        contents[f"{table.published.name}.md"] = table_markdown(table)
        contents[f"{table.published.name}.csv"] = table_csv(table)
    contents |= pages or {}
    for name, content in contents.items():
        write_atomically(folder / name, content.encode())
    return tuple(folder / name for name in contents)


def card_markdown(tables: Sequence[JoinedTable], also: str | None = None) -> str:
    """Return all tables under the card's own headings; cells per verdict and `also`, what is in no table, on top."""
    counts = ", ".join(f"{word} {count}" for word, count in count_verdicts(tables).items())
    parts = [f"# The card, cell by cell\n\n{_legend()}\n\nCells per verdict: {counts}.\n"]
    if also is not None:
        parts.append(f"{_sentence(also)}\n")
    for group, members in groupby(tables, key=lambda table: table.published.group):
        parts.append(f"## {markdown_text(group)}\n")
        parts += [f"### {markdown_text(table.published.title)}\n\n{_body(table)}" for table in members]
    return "\n".join(parts)


def table_markdown(table: JoinedTable) -> str:
    """Return one table as a page of its own: heading, legend, cells, and what is to be said under them."""
    return f"# {markdown_text(table.published.heading)}\n\n{_legend()}\n\n{_body(table)}"


def table_csv(table: JoinedTable) -> str:
    """Return one table in long form, a line per cell; a number that is not there is an empty field."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(CSV_HEAD)
    for cell in (cell for line in table.lines for cell in line):
        writer.writerow(_csv_line(table.published.name, cell))
    return file.getvalue()


def _legend() -> str:
    return f"A cell reads: measured{SEPARATOR}published{SEPARATOR}difference{SEPARATOR}verdict ({LEGEND})."


def _body(table: JoinedTable) -> str:
    source = table.published.source
    heads = [table.published.measure_label, *table.columns]
    lines = [row_line([_bold(head) for head in heads]), row_line(["---"] * len(heads))]
    for cells in table.lines:
        parts = [SEPARATOR.join(text.cell_parts(cell, table.published.decimals)) for cell in cells]
        lines.append(row_line([_bold(cells[0].row), *(markdown_text(part) for part in parts)]))
    under = [f"- {markdown_text(line)}" for line in remarks(table)]
    origin = f"Published: {markdown_text(source.card)}, {markdown_text(source.section)}, read {source.read}"
    return "\n".join([*lines, "", *under, *([""] if under else []), f"{origin}, <{source.url}>.", ""])


def remarks(table: JoinedTable) -> list[str]:
    """Return what stands under a table: averages, audit findings, notes, results told apart or left out."""
    decimals = table.published.decimals
    return [
        *(text.average_line(own, decimals) for own in table.two_averages),
        *(finding.text for finding in table.findings),
        *(text.note_line(note.row, note.column, note.text) for note in table.notes),
        *(text.several_line(column, rows) for column, rows in table.several.items()),
        *table.other_settings,
        *table.left_out,
    ]


def _csv_line(name: str, cell: Cell) -> list[str]:
    return [
        text.csv_text(name),
        text.csv_text(cell.row),
        text.csv_text(cell.column),
        "" if cell.measured is None else text.number(cell.measured, CSV_DECIMALS),
        "" if cell.published is None else str(cell.published),
        "" if cell.difference is None else text.signed(cell.difference, CSV_DECIMALS),
        "" if cell.verdict is None else cell.verdict.value,
        "" if cell.queries is None else str(cell.queries),
        text.csv_text(cell.key or ""),
    ]


def _sentence(text: str) -> str:
    return f"{markdown_text(text[:1].upper() + text[1:])}."


def _bold(label: str) -> str:
    return f"**{markdown_text(label)}**"
