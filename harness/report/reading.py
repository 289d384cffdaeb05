"""YAML -> `PublishedTable`, with every mistake named: the file, the field, what stands there, what belongs there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from harness.errors import DataError, short
from harness.report.fields import Fields
from harness.report.published import Average, Column, Note, PublishedTable, Row, Source
from harness.yaml_file import read_yaml

TABLE = ("order", "title", "group", "source", "measure", "measure_label", "decimals", "columns", "rows")


def read_published(folder: Path) -> tuple[PublishedTable, ...]:
    """Return the tables of every `*.yaml` in `folder`, in the card's order.

    Raises:
        DataError: a file is no published table, there is none, or two have the same place in the card.
    """
    tables = sorted((read_table(path) for path in folder.glob("*.yaml")), key=lambda table: (table.order, table.name))
    if not tables:
        raise DataError(f"{folder} has no published table", expected="at least one *.yaml")
    for one, other in pairwise(tables):
        if one.order == other.order:
            raise DataError(f"{folder}: two tables have the same order", got=f"{one.name} and {other.name}")
    return tuple(tables)


def read_table(path: Path) -> PublishedTable:
    """Return the published table in the file at `path`.

    Raises:
        DataError: it is no YAML, has a field too few or too many, or a row of another length than the columns.
    """
    data = Fields(read_yaml(path), str(path), TABLE, ("average", "notes"))
    decimals = data.whole("decimals")
    columns = tuple(_column(item) for item in data.items("columns", ("label", "model"), ("dim",)))
    wanted = ("label", "dataset", "values")
    rows = tuple(_row(item, len(columns), decimals) for item in data.items("rows", wanted, ("language",)))
    labels = [row.label for row in rows]
    _refuse_repeated(labels, f"{path}: rows have the same label")
    table = PublishedTable(
        name=path.stem,
        order=data.whole("order"),
        title=data.text("title"),
        group=data.text("group"),
        source=_source(data.inner("source", ("card", "url", "read", "section"))),
        measure=data.text("measure"),
        measure_label=data.text("measure_label"),
        decimals=decimals,
        columns=columns,
        rows=rows,
        average=_average(data, labels, len(columns), decimals),
        notes=tuple(_note(item) for item in data.items("notes", ("text",), ("row", "column"))),
    )
    _check(table, str(path))
    return table


def _refuse_repeated(values: Sequence[object], what: str) -> None:
    repeated = [value for position, value in enumerate(values) if value in values[:position]]
    if repeated:
        raise DataError(what, got=short(repeated[0]), expected="each once")


def _source(data: Fields) -> Source:
    # The address is printed as a link, so it may hold nothing that could end one.
    url = data.text("url")
    if not url.startswith("https://") or any(letter in url for letter in "<> \\`|"):
        raise data.error("url", short(url), "an https address")
    return Source(card=data.text("card"), url=url, read=data.text("read"), section=data.text("section"))


def _column(data: Fields) -> Column:
    dim = data.whole("dim") if "dim" in data else None
    return Column(label=data.text("label"), model=data.text("model"), dim=dim)


def _row(data: Fields, width: int, decimals: int) -> Row:
    values = data.decimals("values", width, decimals)
    return Row(
        label=data.text("label"), dataset=data.text("dataset"), language=data.optional("language"), values=values
    )


def _average(data: Fields, labels: Sequence[str], width: int, decimals: int) -> Average | None:
    if "average" not in data:
        return None
    inner = data.inner("average", ("label", "of", "values"))
    of = labels if inner.value("of") == "all" else inner.texts("of")
    _refuse_repeated(of, f"{inner.where}.of")
    unknown = [label for label in of if label not in labels]
    if unknown or not of:
        raise inner.error("of", short(unknown or of), "all, or labels of rows")
    ordered = tuple(label for label in labels if label in of)
    return Average(label=inner.text("label"), of=ordered, values=inner.decimals("values", width, decimals))


def _note(data: Fields) -> Note:
    return Note(text=data.text("text"), row=data.optional("row"), column=data.optional("column"))


def _check(table: PublishedTable, where: str) -> None:
    rows = [*(row.label for row in table.rows), *([table.average.label] if table.average else [])]
    columns = [column.label for column in table.columns]
    _refuse_repeated(rows, f"{where}: the average has the label of a row")
    _refuse_repeated(columns, f"{where}: columns have the same label")
    _refuse_repeated([(row.dataset, row.language) for row in table.rows], f"{where}: rows are about the same dataset")
    systems = [(column.model, column.dim) for column in table.columns]
    _refuse_repeated(systems, f"{where}: columns are about the same system")
    for note in table.notes:
        for name, label, labels in (("row", note.row, rows), ("column", note.column, columns)):
            if label is not None and label not in labels:
                raise DataError(f"{where}: a note's {name} is not in the table", got=short(label))
