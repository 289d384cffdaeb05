"""Results x a published table -> a `JoinedTable`: every cell of the card, filled or not, and every result placed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from harness.report.audit import Finding, printed_mean
from harness.report.place import Registered, column_of, finished, obstacle, row_of, value_of
from harness.report.published import PublishedTable
from harness.report.record import Result
from harness.report.table import Cell, JoinedTable, OwnAverage
from harness.report.verdict import verdict

NOT_IN_CARD = "(not in the card)"
Placed = Mapping[tuple[str, str], Sequence[Result]]
"""(row label, column label) -> the results that fit the cell, the one that finished last at the end."""


def join(
    table: PublishedTable, results: Sequence[Result], registered: Registered, findings: Sequence[Finding] = ()
) -> JoinedTable:
    """Return `table` with `results` in their cells.

    Args:
        table: what the card prints.
        results: any results; those about other datasets are passed over.
        registered: (dataset, language) -> registered numbers of documents and judged queries. A result with other
            numbers is of another collection and fills no cell.
        findings: what the audit found in all tables.

    Raises:
        DataError: a result has a mean that is no fraction, or a time that is none.
    """
    placed, left_out = _place(table, results, registered)
    columns = (*(column.label for column in table.columns), *_others(table, placed))
    rows = tuple(tuple(_cell(table, row, column, placed) for column in columns) for row in range(len(table.rows)))
    average = _averages(table, columns, rows)
    return JoinedTable(
        published=table,
        columns=columns,
        average=average,
        rows=rows,
        two_averages=_two_averages(table, average),
        findings=tuple(finding for finding in findings if table.name in finding.tables),
        left_out=tuple(left_out),
    )


def system_of(result: Result) -> str:
    """Return the label of a result's system: model and width, and how the width is made where it is not the own one."""
    return result.system if result.dim_kind in (None, "full") else f"{result.system} {result.dim_kind}"


def system_order(result: Result) -> tuple[str, int, str]:
    """Return what systems are ordered by: model, then the widest first."""
    return result.model, -(result.dim or 0), result.dim_kind or ""


def _place(table: PublishedTable, results: Sequence[Result], registered: Registered) -> tuple[Placed, list[str]]:
    placed: dict[tuple[str, str], list[Result]] = {}
    left_out = set()
    for result in sorted(results, key=finished):
        row = row_of(table, result)
        if row is None:
            continue
        reason = obstacle(table, result, registered)
        if reason is not None:
            left_out.add(f"left out: {system_of(result)} on {row.label}: {reason}")
            continue
        column = column_of(table, result)
        label = f"{system_of(result)} {NOT_IN_CARD}" if column is None else column.label
        placed.setdefault((row.label, label), []).append(result)
    return placed, sorted(left_out)


def _others(table: PublishedTable, placed: Placed) -> list[str]:
    own = {column.label for column in table.columns}
    first = {label: results[0] for (_, label), results in placed.items() if label not in own}
    return sorted(first, key=lambda label: system_order(first[label]))


def _cell(table: PublishedTable, row: int, column: str, placed: Placed) -> Cell:
    labels = [one.label for one in table.columns]
    published = table.rows[row].values[labels.index(column)] if column in labels else None
    label = table.rows[row].label
    fitting = placed.get((label, column), ())
    if not fitting:
        return replace(_filled(label, column, published, None), reason=_why_not_run(table, label, column))
    last = fitting[-1]
    cell = _filled(label, column, published, value_of(last), queries=last.counts["queries"])
    return replace(cell, key=last.key, fitting=len(fitting))


def _filled(
    row: str,
    column: str,
    published: Decimal | None,
    measured: float | None,
    *,
    queries: int | None = None,
    rows_run: tuple[int, int] | None = None,
) -> Cell:
    return Cell(
        row=row,
        column=column,
        measured=measured,
        published=published,
        verdict=None if published is None else verdict(measured, published, queries),
        queries=queries,
        rows_run=rows_run,
    )


def _why_not_run(table: PublishedTable, row: str, column: str) -> str:
    known = [note.text for note in table.notes if note.covers(row, column)]
    return " ".join(["no result", *(f"({text})" for text in known)])


def _averages(table: PublishedTable, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> tuple[Cell, ...]:
    if table.average is None:
        return ()
    averages = []
    for position, column in enumerate(columns):
        published = table.average.values[position] if position < len(table.columns) else None
        cells = [line[position] for line in rows if line[position].row in table.average.of]
        run = [cell.measured for cell in cells if cell.measured is not None]
        # An average over some of the rows would look like the card's and be of something else.
        mean = math.fsum(run) / len(run) if len(run) == len(cells) else None
        counted = (len(run), len(cells))
        averages.append(_filled(table.average.label, column, published, mean, rows_run=counted))
    return tuple(averages)


def _two_averages(table: PublishedTable, average: Sequence[Cell]) -> tuple[OwnAverage, ...]:
    half = Decimal(5).scaleb(-table.decimals - 1)
    pairs = []
    for position, cell in enumerate(average[: len(table.columns)]):
        mean = Decimal(repr(float(printed_mean(table, position))))
        if cell.published is not None and abs(mean - cell.published) > half:
            word = verdict(cell.measured, mean)
            pairs.append(OwnAverage(cell=cell, mean_of_rows=float(mean), verdict_on_mean=word))
    return tuple(pairs)
