"""The page of results that fill no cell of the card: Markdown a table per collection, CSV a line per result."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence

from harness.report import text
from harness.report.commands import command_lines
from harness.report.outside import Outside, Row
from harness.report.place import in_training_data, value_of
from harness.report.registered import Registered, differences, told
from harness.report.text import markdown_text
from harness.report.verdict import Verdict

CSV_HEAD = ("dataset", "system", "language", "measure", "value", "queries", "documents", "trained_on_it", "key")
DECIMALS, CSV_DECIMALS = 3, 6
MARK = "†"
HEAD = """# Results that are in no cell of the card

A table per collection with such results, a row per system, those of the card's cells beside them: means over the judged
queries, and avg, the plain mean of the languages. Queries and documents are those of each language. Which
rows differ is worked out query by query in comparisons.md.
"""


def other_pages(tables: Sequence[Outside], known: Registered) -> dict[str, str]:
    """Return other.md and other.csv, name -> content; nothing where there are no tables.

    Raises:
        DataError: a result has a mean that is no fraction.
    """
    if not tables:
        return {}
    page = "\n".join([HEAD, *(_section(table, known) for table in tables)])
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([CSV_HEAD, *(line for table in tables for line in _lines(table))])
    return {"other.md": page, "other.csv": file.getvalue()}


def _section(table: Outside, known: Registered) -> str:
    title = f"{table.dataset}, {table.counts}" if table.counts else table.dataset
    values = [*table.languages, "avg"] if any(table.languages) else ["value"]
    heads = [table.measure, *values, "queries", "documents"]
    rows = [[f"{label} {MARK}" if _trained(row) else label, *_cells(table, row)] for label, row in table.rows.items()]
    lines = [text.row_line(map(markdown_text, cells)) for cells in (heads, *rows)]
    lines.insert(1, text.row_line(["---"] * len(heads)))
    shown = {label: [found[-1] for found in row.values()] for label, row in table.rows.items()}
    under = [*map(markdown_text, _remarks(table, known)), *command_lines(shown)]
    return "\n".join([f"## {markdown_text(title)}", "", *lines, "", *(f"- {line}" for line in under), ""])


def _cells(table: Outside, row: Row) -> Iterator[str]:
    """Yield values, their average where there are languages, and the numbers of queries and documents."""
    values = {language: value_of(found[-1]) for language, found in row.items()}
    for language in table.languages:
        yield text.number(values[language], DECIMALS) if language in values else Verdict.NOT_RUN.value
    if any(table.languages):
        run, of = len(values), len(table.languages) + table.missing
        # An average over some of the languages would look like one over all, and be of something else.
        mean = text.number(math.fsum(values.values()) / run, DECIMALS)
        yield mean if run == of else f"{Verdict.NOT_RUN.value} ({run} of {of} languages)"
    for what in ("queries", "documents"):
        numbers = sorted({found[-1].counts.get(what, 0) for found in row.values()})
        yield " to ".join(f"{number:,}" for number in dict.fromkeys((numbers[0], numbers[-1])))


def _remarks(table: Outside, known: Registered) -> Iterator[str]:
    if any(map(_trained, table.rows.values())):
        yield f"{MARK} trained on it: a score on training text"
    for label, row in table.rows.items():
        if several := [language or table.dataset for language, found in row.items() if len(found) > 1]:
            yield text.several_line(label, several)
        settings = {told(differences(found[-1], known)) for found in row.values()} - {""}
        yield from (f"other settings: {label}: {line}" for line in sorted(settings))


def _trained(row: Row) -> bool:
    return any(in_training_data(found[-1]) for found in row.values())


def _lines(table: Outside) -> Iterator[list[str]]:
    for label, row in table.rows.items():
        for language, found in row.items():
            one = found[-1]
            cells = [table.dataset, label, language, table.measure, text.number(value_of(one), CSV_DECIMALS)]
            cells += [str(one.counts.get(what, "")) for what in ("queries", "documents")]
            yield list(map(text.csv_text, [*cells, "yes" if in_training_data(one) else "no", one.key]))
