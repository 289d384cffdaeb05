"""Results x a published table -> a `JoinedTable`: every cell of the card, filled or not, and every result placed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from harness.report.audit import Finding, printed_mean
from harness.report.place import column_of, finished, label_of, obstacle, row_of, system_of, system_order, value_of
from harness.report.published import PublishedTable
from harness.report.record import Result
from harness.report.registered import Registered, differences, told
from harness.report.table import Cell, JoinedTable, OwnAverage
from harness.report.verdict import verdict

NOT_IN_CARD = "(not in the card)"
Placed = Mapping[tuple[str, str], Sequence[Result]]
"""(row label, column label) -> the results that fit the cell, the one that finished last at the end."""


def join(
    table: PublishedTable, results: Sequence[Result], known: Registered, findings: Sequence[Finding] = ()
) -> JoinedTable:
    """Return `table` with `results` in their cells.

    Args:
        table: what the card prints.
        results: any results; those about other datasets are passed over.
        known: the registered datasets and models. A result with other counts is of another collection, one with
            other settings of another system: neither fills a cell of the card.
        findings: what the audit found in all tables.

    Raises:
        DataError: a result has a mean that is no fraction, or a time that is none.
    """
    placed, left_out = _place(table, results, known)
    others = _others(table, placed)
    columns = (*(column.label for column in table.columns), *others)
    rows = tuple(tuple(_cell(table, row, column, placed) for column in columns) for row in range(len(table.rows)))
    average = _averages(table, columns, rows)
    return JoinedTable(
        published=table,
        columns=columns,
        average=average,
        rows=rows,
        two_averages=_two_averages(table, average),
        findings=tuple(finding for finding in findings if table.name in finding.tables),
        other_settings=_other_settings(others, placed, known),
        left_out=tuple(left_out),
    )


def _place(table: PublishedTable, results: Sequence[Result], known: Registered) -> tuple[Placed, list[str]]:
    placed: dict[tuple[str, str], list[Result]] = {}
    left_out = set()
    for result in sorted(results, key=finished):
        row = row_of(table, result)
        if row is None:
            continue
        reason = obstacle(table, result, known)
        if reason is not None:
            left_out.add(f"left out: {system_of(result)} on {row.label}: {reason}")
            continue
        column = column_of(table, result)
        label = f"{label_of(result, known)} {NOT_IN_CARD}" if column is None else column.label
        placed.setdefault((row.label, label), []).append(result)
    return placed, sorted(left_out)


def _others(table: PublishedTable, placed: Placed) -> list[str]:
    own = {column.label for column in table.columns}
    first = {label: results[0] for (_, label), results in placed.items() if label not in own}
    return sorted(first, key=lambda label: (*system_order(first[label]), label))


def _other_settings(others: Sequence[str], placed: Placed, known: Registered) -> tuple[str, ...]:
    lines = []
    for label in others:
        of = [result for (_, column), results in placed.items() if column == label for result in results]
        texts = sorted({told(found) for result in of if (found := differences(result, known))})
        lines += [f"other settings: {label.removesuffix(NOT_IN_CARD).rstrip()}: {text}" for text in texts]
    return tuple(lines)


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
