"""The published value that a result is held against."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from harness.errors import ConfigError
from harness.report.place import column_of, row_of
from harness.report.published import PublishedTable
from harness.report.record import Result


class Target(NamedTuple):
    """A value to explain, and where it is from."""

    value: float
    source: str


def published_target(result: Result, tables: Sequence[PublishedTable]) -> Target:
    """Return what a published table prints for the system and dataset of `result`, whatever its settings.

    Raises:
        ConfigError: no table has such a cell.
    """
    for table in tables:
        row, column = row_of(table, result), column_of(table, result)
        if row is not None and column is not None and table.measure == result.measure:
            value: Decimal = row.values[table.columns.index(column)]
            return Target(float(value), f"{table.source.card}, {table.heading}, {column.label} on {row.label}")
    remedy = "Name the value to explain, as in target=0.366"
    raise ConfigError(f"no value is published for {result.system} on {result.row}", remedy=remedy)
