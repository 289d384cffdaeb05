"""The table at the end of a job or of many: what was just measured, a row a dataset, a column a system."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from harness.errors import printable
from harness.report.place import (
    column_of,
    finished,
    in_training_data,
    label_of,
    obstacle,
    row_of,
    system_order,
    value_of,
)
from harness.report.published import PublishedTable
from harness.report.record import Result
from harness.report.registered import Registered
from harness.report.terminal import chunks, grid, styled
from harness.report.text import number, signed
from harness.report.verdict import verdict

DECIMALS = 3
AVERAGE = "avg"
READS = "Under a measured value stand the card's value, the difference from it, and the verdict."
Cells = Mapping[tuple[str, str], Result]
"""(row, system) -> the result that finished last."""


def summary(
    results: Sequence[Result],
    tables: Sequence[PublishedTable] = (),
    known: Registered | None = None,
    width: int = 80,
) -> tuple[RenderableType, ...]:
    """Return a table per measure and lines about them; rows are datasets as they come, columns are systems.

    Args:
        results: what was measured; of several on one cell the one that finished last is shown.
        tables: published tables; where a cell of theirs is met, the published value and the verdict stand in it.
        known: the registered datasets and models, without which no published value is shown.
        width: letters on a line of the terminal.

    Raises:
        DataError: a result has a mean that is no fraction, or a time that is none.
    """
    known = known or Registered()
    made: list[RenderableType] = []
    for measure in dict.fromkeys(result.measure for result in results):
        made += _tables([result for result in results if result.measure == measure], tables, known, width)
    return (*made, *(Text(printable(line), style="dim") for line in _lines(results, tables, known)))


def _tables(
    results: Sequence[Result], tables: Sequence[PublishedTable], known: Registered, width: int
) -> Iterator[Table]:
    rows = list(dict.fromkeys(result.row for result in results))
    first = {label_of(result, known): result for result in results}
    systems = sorted(first, key=lambda system: (*system_order(first[system]), system))
    cells = {(result.row, label_of(result, known)): result for result in sorted(results, key=finished)}
    shown = {place: _cell(result, tables, known) for place, result in cells.items()}
    widest = max(cell.cell_len for text in shown.values() for cell in text.split())
    for positions in chunks(systems, width - max(map(len, rows)) - 1, widest):
        yield _table(results[0].measure, rows, [systems[at] for at in positions], cells, shown)


def _lines(results: Sequence[Result], tables: Sequence[PublishedTable], known: Registered) -> Iterator[str]:
    """Yield how a cell reads, which results stand beside no published value and why, and cells met twice."""
    seen = list({(result.key, result.row): result for result in results}.values())
    met = [(one, [table for table in tables if _printed(table, one) is not None]) for one in seen]
    reasons = [(one, [obstacle(table, one, known) for table in found]) for one, found in met if found]
    if any(None in found for _, found in reasons):
        yield READS
    for one, found in reasons:
        if None not in found:
            yield f"not beside the card's value: {label_of(one, known)} on {one.row}: {found[0]}"
    for (row, label), count in Counter((one.row, label_of(one, known)) for one in seen).items():
        if count > 1:
            yield f"{label} on {row}: {count} results, the one that finished last is shown"


def _table(
    measure: str,
    rows: Sequence[str],
    systems: Sequence[str],
    cells: Cells,
    shown: Mapping[tuple[str, str], Text],
) -> Table:
    table = grid(measure, systems)
    if len(rows) > 1:
        table.add_row(Text(AVERAGE, style="bold"), *(Text(_average(rows, system, cells)) for system in systems))
    for row in rows:
        table.add_row(Text(printable(row)), *(shown.get((row, system), Text("-")) for system in systems))
    return table


def description(results: Sequence[Result]) -> str | None:
    """Return what is to be known of `results`: what their one dataset says of itself, and who was trained on it."""
    lines = [line for line in (_own_words(results), *trained_on(results)) if line]
    return "\n".join(lines) or None


def trained_on(results: Sequence[Result]) -> list[str]:
    """Return a line for every model and dataset of `results` that was in the model's training data."""
    pairs = {(result.model, result.dataset) for result in results if in_training_data(result)}
    return [
        printable(f"{model} was trained on {dataset}: in-domain, not zero-shot") for model, dataset in sorted(pairs)
    ]


def _own_words(results: Sequence[Result]) -> str | None:
    found = {result.dataset: str(result.spec["dataset"].get("description") or "") for result in results}
    lines = [printable(f"{name}: {text}") for name, text in found.items() if text]
    return lines[0] if len(found) == len(lines) == 1 else None


def _average(rows: Sequence[str], system: str, cells: Cells) -> str:
    values = [value_of(cells[row, system]) for row in rows if (row, system) in cells]
    # A mean over fewer rows than the column beside it would invite a comparison that is none.
    return number(math.fsum(values) / len(values), DECIMALS) if len(values) == len(rows) else "-"


def _cell(result: Result, tables: Sequence[PublishedTable], known: Registered) -> Text:
    value = value_of(result)
    for table in tables:
        published = _printed(table, result)
        if published is not None and obstacle(table, result, known) is None:
            word = verdict(value, published, result.counts["queries"])
            difference = signed(value - float(published), table.decimals)
            return styled([number(value, DECIMALS), str(published), difference, word.value], word)
    return Text(number(value, DECIMALS))


def _printed(table: PublishedTable, result: Result) -> Decimal | None:
    """Return what the table prints for the result's system and dataset; None where it has no such cell."""
    row, column = row_of(table, result), column_of(table, result)
    return None if row is None or column is None else row.values[table.columns.index(column)]
