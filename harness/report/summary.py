"""The table at the end of a job or of many: what was just measured, a row a dataset, a column a system."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from harness.errors import printable
from harness.report.join import system_of, system_order
from harness.report.place import Registered, column_of, finished, obstacle, row_of, value_of
from harness.report.published import PublishedTable
from harness.report.record import Result
from harness.report.terminal import chunks, grid, styled
from harness.report.text import number, signed
from harness.report.verdict import verdict

DECIMALS = 3
AVERAGE = "avg"
Cells = Mapping[tuple[str, str], Result]
"""(row, system) -> the result that finished last."""


def summary(
    results: Sequence[Result], tables: Sequence[PublishedTable] = (), registered: Registered | None = None
) -> tuple[Table, ...]:
    """Return a table per measure; rows are datasets in the order of `results`, columns are systems.

    Args:
        results: what was measured; of several on one cell the one that finished last is shown.
        tables: published tables; where a cell of theirs is met, the published value and the verdict stand in it.
        registered: (dataset, language) -> registered numbers of documents and judged queries, without which no
            published value is shown.

    Raises:
        DataError: a result has a mean that is no fraction, or a time that is none.
    """
    made = []
    for measure in dict.fromkeys(result.measure for result in results):
        of = [result for result in results if result.measure == measure]
        rows = list(dict.fromkeys(result.row for result in of))
        first = {system_of(result): result for result in of}
        systems = sorted(first, key=lambda system: system_order(first[system]))
        cells = {(result.row, system_of(result)): result for result in sorted(of, key=finished)}
        card = (tables, registered or {})
        shown = {place: _cell(result, *card) for place, result in cells.items()}
        width = max(cell.cell_len for text in shown.values() for cell in text.split())
        for positions in chunks(systems, width):
            beside = [systems[at] for at in positions]
            made.append(_table(measure, rows, beside, cells, shown))
    return tuple(made)


def _table(
    measure: str,
    rows: Sequence[str],
    systems: Sequence[str],
    cells: Cells,
    shown: Mapping[tuple[str, str], Text],
) -> Table:
    table = grid(measure, "", systems)
    if len(rows) > 1:
        table.add_row(Text(AVERAGE, style="bold"), *(Text(_average(rows, system, cells)) for system in systems))
    for row in rows:
        table.add_row(Text(row), *(shown.get((row, system), Text("-")) for system in systems))
    return table


def description(results: Sequence[Result]) -> str | None:
    """Return what the one dataset of `results` says of itself; None where there are several."""
    found = {result.dataset: str(result.spec["dataset"].get("description") or "") for result in results}
    lines = [printable(f"{name}: {text}") for name, text in found.items() if text]
    return lines[0] if len(found) == len(lines) == 1 else None


def _average(rows: Sequence[str], system: str, cells: Cells) -> str:
    values = [value_of(cells[row, system]) for row in rows if (row, system) in cells]
    # A mean over fewer rows than the column beside it would invite a comparison that is none.
    return number(math.fsum(values) / len(values), DECIMALS) if len(values) == len(rows) else "-"


def _cell(result: Result, tables: Sequence[PublishedTable], registered: Registered) -> Text:
    value = value_of(result)
    for table in tables:
        row, column = row_of(table, result), column_of(table, result)
        if row is not None and column is not None and obstacle(table, result, registered) is None:
            published = row.values[table.columns.index(column)]
            word = verdict(value, published, result.counts["queries"])
            difference = signed(value - float(published), table.decimals)
            return styled([number(value, DECIMALS), str(published), difference, word.value], word)
    return Text(number(value, DECIMALS))
