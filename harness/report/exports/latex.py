"""Tables for a paper: the card's with what was measured, and one per other collection; all.tex holds them all."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from harness.report.exports.labels import Label, labels, safe_name
from harness.report.exports.latex_table import Cell, Column, PaperTable, filled, table_text
from harness.report.exports.material import File, Material
from harness.report.join import NOT_IN_CARD, join
from harness.report.outside import Outside, outside
from harness.report.place import in_training_data, value_of
from harness.report.record import Result
from harness.report.table import JoinedTable

DECIMALS = 3
AVERAGE = "avg"
DOCUMENT = r"""\documentclass{article}
\usepackage{booktabs}
\begin{document}
%s\end{document}
"""
Known = Mapping[str, tuple[Result, Label]]
"""Key -> the result and what it is called."""


def latex(material: Material) -> Iterator[File]:
    """Yield a file per table that has a measured value, and the document that holds them all.

    Raises:
        DataError: a result has a mean that is no fraction.
    """
    results = material.results
    known: Known = {
        result.key: (result, label) for result, label in zip(results, labels(results, material.known), strict=True)
    }
    joined = [join(card, results, material.known) for card in material.cards]
    shown = {cell.key for table in joined for line in table.rows for cell in line}
    others = [table for table in outside(material.cards, results, material.known) if not _keys(table) <= shown]
    tables = [_of_card(table, known) for table in joined if table.has_results]
    tables += [_of_other(table, name, known) for table, name in zip(others, _names(others), strict=True)]
    for table in tables:
        yield File(f"{table.name}.tex", table_text(table).encode())
    if tables:
        inputs = "".join(rf"\input{{{table.name}.tex}}" + "\n" for table in tables)
        yield File("all.tex", (DOCUMENT % inputs).encode())


def _of_card(table: JoinedTable, known: Known) -> PaperTable:
    card, columns = table.published, []
    for at, label in enumerate(table.columns):
        cells = [line[at] for line in table.lines]
        found = [known[cell.key][0] if cell.key is not None else None for cell in cells]
        measured = tuple(
            None if cell.measured is None else Cell(value=cell.measured, result=result)
            for cell, result in zip(cells, found, strict=True)
        )
        plain = label.removesuffix(NOT_IN_CARD).rstrip()
        note = _note(plain, [result for result in found if result is not None], known)
        columns.append(Column(label=plain, note=note, cells=measured))
        if at < len(card.columns) and filled(columns[-1:]):
            columns.append(Column(label=f"{plain} (card)", note="", cells=tuple(cell.published for cell in cells)))
    return PaperTable(
        name=safe_name(card.name),
        caption=f"{card.heading}: {card.measure_label}, means over the judged queries. (card): what "
        f"{card.source.card} prints. {AVERAGE if card.average is None else card.average.label}: the mean of its "
        "rows, where all were run.",
        measure=card.measure,
        heading=card.measure_label,
        decimals=card.decimals,
        rows=tuple(line[0].row for line in table.lines),
        columns=filled(columns),
    )


def _of_other(table: Outside, name: str, known: Known) -> PaperTable:
    rows = [language or table.dataset for language in table.languages]
    complete = any(table.languages) and not table.missing
    columns = []
    for label, row in table.rows.items():
        found = [row[language][-1] if language in row else None for language in table.languages]
        cells = [None if result is None else Cell(value=value_of(result), result=result) for result in found]
        if complete:
            cells.append(_mean(cells))
        note = _note(label, [result for result in found if result is not None], known)
        columns.append(Column(label=label, note=note, cells=tuple(cells)))
    counts = f" ({table.counts})" if table.counts else ""
    return PaperTable(
        name=name,
        caption=f"{table.dataset}{counts}: {table.measure}, means over the judged queries; in no table of the card.",
        measure=table.measure,
        heading=table.measure,
        decimals=DECIMALS,
        rows=(*rows, AVERAGE) if complete else tuple(rows),
        columns=filled(columns),
    )


def _keys(table: Outside) -> set[str | None]:
    """Return the keys of the results that a table of other collections would show."""
    return {found[-1].key for row in table.rows.values() for found in row.values()}


def _mean(cells: Sequence[Cell | None]) -> Cell | None:
    # An average over some of the rows would look like one over all, and be of something else.
    values = [cell.value for cell in cells if cell is not None]
    return Cell(value=math.fsum(values) / len(values), result=None) if len(values) == len(cells) else None


def _note(label: str, results: Sequence[Result], known: Known) -> str:
    """Return what is to be known of a column; empty where nothing stands in it."""
    if not results:
        return ""
    said = [f"{label}: {_width(result)}, precision {result.precision}" for result in results]
    standing = dict.fromkeys(known[result.key][1].standing for result in results)
    trained = [result.dataset for result in results if in_training_data(result)]
    parts = [*dict.fromkeys(said), *standing]
    if trained:
        parts.append(f"in its training data: {', '.join(dict.fromkeys(trained))}")
    return "; ".join(parts) + "."


def _width(result: Result) -> str:
    return "no vectors" if result.dim is None else f"dim {result.dim} (dim_kind {result.dim_kind})"


def _names(tables: Sequence[Outside]) -> Iterator[str]:
    met: Counter[str] = Counter()
    for table in tables:
        name = safe_name(f"other-{table.dataset}")
        met[name] += 1
        yield name if met[name] == 1 else f"{name}-{met[name]}"
