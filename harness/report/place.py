"""Which cell of a published table a result belongs in, or why in none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from harness.errors import DataError, short
from harness.report.published import Column, PublishedTable, Row
from harness.report.record import Result

Registered = Mapping[tuple[str, str | None], tuple[int, int]]
"""(dataset, language) -> the registered numbers of documents and of judged queries."""


def row_of(table: PublishedTable, result: Result) -> Row | None:
    """Return the row about the result's dataset and language; None where the table has none."""
    wanted = (result.dataset, result.language)
    return next((row for row in table.rows if (row.dataset, row.language) == wanted), None)


def column_of(table: PublishedTable, result: Result) -> Column | None:
    """Return the column of the result's system; None where the table has none.

    A column that names a dimension takes a projection of that width (`head`, or `full` for the model's own), never a
    prefix cut from a wider one. A column that names none takes the model at its own width, or a model without vectors.
    """
    return next((column for column in table.columns if column.model == result.model and _fits(column, result)), None)


def obstacle(table: PublishedTable, result: Result, registered: Registered) -> str | None:
    """Return why a result about one of the table's rows cannot stand in the table; None where it can."""
    if result.measure != table.measure:
        return f"measured by {result.measure}, the table by {table.measure}"
    counts = registered.get((result.dataset, result.language))
    if counts is None:
        return "no numbers are registered for the table's dataset"
    for what, wanted in zip(("documents", "queries"), counts, strict=True):
        found = result.counts.get(what)
        if found != wanted:
            number = "an unknown number of" if found is None else f"{found:,}"
            return f"{number} {what}, the table's dataset has {wanted:,}"
    if result.dim_kind == "prefix" and any((result.model, result.dim) == (one.model, one.dim) for one in table.columns):
        return "a prefix cut from wider vectors, the table's column is a projection of that width"
    return None


def value_of(result: Result) -> float:
    """Return the result's mean.

    Raises:
        DataError: it is no fraction from 0 to 1.
    """
    value = result.value
    if not (math.isfinite(value) and 0 <= value <= 1):
        raise DataError(f"result {short(result.key)} has an impossible mean", got=value, expected="0 to 1")
    return value


def finished(result: Result) -> tuple[datetime, str]:
    """Return what results of one cell are ordered by: when they finished (UTC, the first day if untold), then the key.

    Raises:
        DataError: the time is not written as ISO 8601.
    """
    told = result.provenance.get("finished")
    if told is None:
        return datetime.min.replace(tzinfo=UTC), result.key
    try:
        moment = datetime.fromisoformat(told)
    except (TypeError, ValueError) as error:
        what = f"result {short(result.key)} does not say when it finished"
        raise DataError(what, got=short(told), expected="an ISO 8601 time") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)), result.key


def _fits(column: Column, result: Result) -> bool:
    if column.dim is None:
        return result.dim_kind in (None, "full")
    return column.dim == result.dim and result.dim_kind in ("full", "head")
