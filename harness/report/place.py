"""Which cell of a published table a result belongs in, or why in none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from harness.errors import DataError, short
from harness.report.published import Column, PublishedTable, Row
from harness.report.record import Result
from harness.report.registered import Registered, differences, told, unregistered


def system_of(result: Result) -> str:
    """Return the label of a result's system: model and width, and how the width is made where it is not the own one."""
    return result.system if result.dim_kind in (None, "full") else f"{result.system} {result.dim_kind}"


def label_of(result: Result, known: Registered) -> str:
    """Return the system's label with the settings in which it differs from what is registered.

    Results with different settings have different labels, so no column and no average mixes them.
    """
    return " ".join([system_of(result), *(f"{one.name}={one.value}" for one in differences(result, known))])


def labels_of(results: Sequence[Result], known: Registered) -> list[str]:
    """Return the label of each result; where results of one label differ in a setting nobody registered, with that."""
    plain = [label_of(result, known) for result in results]
    settings = [unregistered(result, known) for result in results]
    met: dict[tuple[str, str], set[str]] = {}
    for label, values in zip(plain, settings, strict=True):
        for name, value in values.items():
            met.setdefault((label, name), set()).add(value)
    return [
        " ".join([label, *(f"{name}={value}" for name, value in values.items() if len(met[label, name]) > 1)])
        for label, values in zip(plain, settings, strict=True)
    ]


def system_order(result: Result) -> tuple[str, int, str]:
    """Return what systems are ordered by: model, then the widest first."""
    return result.model, -(result.dim or 0), result.dim_kind or ""


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


def obstacle(table: PublishedTable, result: Result, known: Registered) -> str | None:
    """Return why a result about one of the table's rows cannot stand in the table; None where it can.

    In a column of the card it needs the registered settings too; elsewhere it stands under a label that names its own.
    """
    if result.measure != table.measure:
        return f"measured by {result.measure}, the table by {table.measure}"
    dataset = known.datasets.get((result.dataset, result.language))
    if dataset is None or dataset.documents is None or dataset.queries is None:
        return "no numbers are registered for the table's dataset"
    for what, wanted in (("documents", dataset.documents), ("queries", dataset.queries)):
        found = result.counts.get(what)
        if found != wanted:
            number = "an unknown number of" if found is None else f"{found:,}"
            return f"{number} {what}, the table's dataset has {wanted:,}"
    if result.dim_kind == "prefix" and any((result.model, result.dim) == (one.model, one.dim) for one in table.columns):
        return "a prefix cut from wider vectors, the table's column is a projection of that width"
    return None if column_of(table, result) is None else _other_settings(result, known)


def elsewhere(tables: Sequence[PublishedTable], results: Sequence[Result], known: Registered) -> str | None:
    """Return one line on the results whose dataset is a row of no table; None where there are none."""
    languages: dict[tuple[str, str], set[str | None]] = {}
    for result in sorted(results, key=lambda one: (*system_order(one), label_of(one, known), one.dataset)):
        if not any(row_of(table, result) for table in tables):
            where = f"{result.dataset}{' (in its training data)' if in_training_data(result) else ''}"
            languages.setdefault((label_of(result, known), where), set()).add(result.language)
    if not languages:
        return None
    found = [f"{label} on {dataset}{_counted(codes)}" for (label, dataset), codes in languages.items()]
    return f"also there, in none of the card's tables: {'; '.join(found)}"


def in_training_data(result: Result) -> bool:
    """Return whether the model says of itself that it was trained on the result's dataset."""
    return result.dataset in (result.spec["model"].get("trained_on") or ())


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


def _other_settings(result: Result, known: Registered) -> str | None:
    if result.model not in known.models:
        return "no configuration is registered under the model's name"
    return told(differences(result, known)) or None


def _counted(languages: set[str | None]) -> str:
    codes = [code for code in languages if code is not None]
    return f", {len(codes)} languages" if len(codes) > 1 else "".join(f" {code}" for code in codes)
