"""What a card says against itself, found by computing from its tables and nothing else.

A printed row is its true value rounded to the table's decimals, half a unit off at most, and so is the mean of the
printed rows; a printed average is rounded once more. A printed average further than one unit from the mean of the
printed rows therefore cannot be the mean of those rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from harness.report.means import follows, printed
from harness.report.published import PublishedTable


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One contradiction between printed values."""

    kind: str
    """`average`: it does not follow from its rows; `value`: one system on one dataset has two printed values."""
    tables: tuple[str, ...]
    """Names of the tables it is about."""
    row: str
    column: str
    printed: tuple[Decimal, ...]
    """The printed values: one average, or the two that should be one."""
    mean: float | None = None
    """The mean of the printed rows, for an average."""
    omissions: tuple[str, ...] = ()
    """Rows any one of which, left out, would explain the average."""
    common: tuple[str, ...] = ()
    """Those of them that explain every inconsistent average of the table at once."""
    text: str
    """The finding as one line."""


def audit(tables: Sequence[PublishedTable]) -> tuple[Finding, ...]:
    """Return every contradiction inside and between `tables`, in their order."""
    averages = [finding for table in tables for finding in _averages(table)]
    return (*averages, *_values(tables))


def printed_mean(table: PublishedTable, column: int, without: str | None = None) -> Fraction:
    """Return the exact mean of the printed rows that an average is of, one of them left out if `without` names it."""
    values = [Fraction(row.values[column]) for row in table.averaged if row.label != without]
    return sum(values, Fraction(0)) / len(values)


def _averages(table: PublishedTable) -> Iterator[Finding]:
    if table.average is None:
        return
    wrong = [column for column in range(len(table.columns)) if not _follows(table, column, None)]
    omissions = {column: _omissions(table, column) for column in wrong}
    common = tuple(label for label in table.average.of if wrong and all(label in omissions[at] for at in wrong))
    for column in wrong:
        label, mean, printed = table.columns[column].label, printed_mean(table, column), table.average.values[column]
        yield Finding(
            kind="average",
            tables=(table.name,),
            row=table.average.label,
            column=label,
            printed=(printed,),
            mean=float(mean),
            omissions=omissions[column],
            common=common,
            text=f"{label}: the printed average {printed} does not follow from the printed rows, whose mean is "
            f"{float(mean):.{table.decimals + 1}f}; {_explained(omissions[column], common, len(wrong))}.",
        )


def _follows(table: PublishedTable, column: int, without: str | None) -> bool:
    average = table.average.values[column] if table.average else Decimal(0)
    rows = [printed(row.values[column]) for row in table.averaged if row.label != without]
    return follows(printed(average), rows)


def _omissions(table: PublishedTable, column: int) -> tuple[str, ...]:
    labels = [row.label for row in table.averaged]
    return tuple(label for label in labels if len(labels) > 1 and _follows(table, column, label))


def _explained(omissions: Sequence[str], common: Sequence[str], wrong: int) -> str:
    if not omissions:
        return "no single row left out would explain it"
    text = f"leaving out {_one_of(omissions)} would explain it"
    if wrong > 1 and common:
        text += f", and leaving out {_one_of(common)} explains all {wrong} such averages of the table at once"
    return text


def _one_of(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} or {labels[-1]}"


def _values(tables: Sequence[PublishedTable]) -> Iterator[Finding]:
    own = _own_dims(tables)
    seen: dict[tuple[object, ...], tuple[PublishedTable, Decimal]] = {}
    for table in tables:
        for row in table.rows:
            for column, value in zip(table.columns, row.values, strict=True):
                dim = column.dim or own.get(column.model)
                where = (column.model, dim, row.dataset, row.language, table.measure)
                first, printed = seen.setdefault(where, (table, value))
                if printed != value:
                    yield Finding(
                        kind="value",
                        tables=(first.name, table.name),
                        row=row.label,
                        column=column.label,
                        printed=(printed, value),
                        text=f"{column.model} on {row.label}: {printed} is printed under {first.heading}, "
                        f"{value} under {table.heading}.",
                    )


def _own_dims(tables: Sequence[PublishedTable]) -> dict[str, int]:
    # A column without a dimension is the model at its own width, which is the largest that any table names for it.
    named = [(column.model, column.dim) for table in tables for column in table.columns if column.dim is not None]
    return {model: max(dim for other, dim in named if other == model) for model, _ in named}
