"""A grid as a published table: the YAML of `reports/published/`, as far as the card's labels and numbers allow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.audit.grid import AVERAGE, Grid, Line
from harness.audit.known import Known, fold, measure_in, width

LARGEST = 6
"""Decimals of a published table."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where the card was read."""

    card: str
    url: str
    read: str
    measure: str | None = None
    """The measure of tables that name none."""


@dataclass(frozen=True, kw_only=True)
class Converted:
    """A grid as YAML, or why it is none."""

    name: str
    """The file's name without its end."""
    text: str | None
    said: tuple[str, ...]
    """What was left out or not understood."""


@dataclass(frozen=True)
class _Shape:
    """Which axis is which, and the lines that make rows."""

    systems: tuple[str, ...]
    lines: tuple[Line, ...]
    average: Line | None


def convert(grids: Sequence[Grid], known: Known, origin: Origin, subject: str | None) -> tuple[Converted, ...]:
    """Return every grid as a published table, in the card's order.

    Args:
        grids: the tables.
        known: what labels mean; a label that means nothing stays as it is, and is told.
        origin: what the source says.
        subject: the system that a column means which names a width alone.
    """
    names: list[str] = []
    found = []
    for order, one in enumerate(grids, 1):
        name = base = _slug(one)
        while name in names:
            name = f"{base}-{order}"
        names.append(name)
        found.append(_converted(one, name, order, known, origin, subject))
    return tuple(found)


def _converted(one: Grid, name: str, order: int, known: Known, origin: Origin, subject: str | None) -> Converted:
    shape = _shape(one, known)
    values = [number.value for line in shape.lines for number in line.numbers.values()]
    if not values or min(values) < 0 or max(values) > 100:
        return Converted(name=name, text=None, said=("no table of fractions or percentages",))
    measure = measure_in(one.corner, *reversed(one.headings)) or (origin.measure and (origin.measure, origin.measure))
    if not measure:
        return Converted(name=name, text=None, said=("it names no measure: give one, as in measure=nDCG@10",))
    scale = 100 if max(values) > 1 else 1
    decimals = min(LARGEST, max(1, *(-int(value.as_tuple().exponent) for value in values))) + (2 if scale == 100 else 0)
    full = [line for line in shape.lines if len(line.numbers) == len(shape.systems)]
    if not full:
        return Converted(name=name, text=None, said=("no row has a value in every column",))
    said = [f"{line.label}: left out, a value is missing" for line in shape.lines if line not in full]
    columns = list(_columns(shape.systems, known, subject, said))
    rows = list(_rows(full, one.title, known, said))
    write = _writer(shape.systems, scale, decimals)
    lines = [
        f"# The card's table {_quoted(one.name)}, to the letter; never edited to fit a run.",
        f"order: {order}",
        f"title: {_quoted(one.title or name)}",
        f"group: {_quoted(one.headings[-2] if len(one.headings) > 1 else origin.card)}",
        "source:",
        f"  card: {_quoted(origin.card)}",
        f"  url: {_quoted(origin.url)}",
        f"  read: {_quoted(origin.read)}",
        f"  section: {_quoted(' / '.join(one.headings) or name)}",
        f"measure: {measure[0]}",
        f"measure_label: {_quoted(measure[1])}",
        f"decimals: {decimals}",
        "columns:",
        *(f"  - {{{column}}}" for column in columns),
        *_average(shape, full, write, said),
        "rows:",
        *(f"  - {{{row}, values: {write(line)}}}" for row, line in zip(rows, full, strict=True)),
    ]
    return Converted(name=name, text="\n".join(lines) + "\n", said=tuple(said))


def _shape(one: Grid, known: Known) -> _Shape:
    """Return the grid with systems across and datasets down."""
    rows = _datasets(one.rows, one.title, known)
    columns = _datasets(one.columns, one.title, known)
    turned = columns > rows or (columns == rows and any(AVERAGE.fullmatch(label) for label in one.columns))
    down, across = ("columns", one.rows) if turned else ("rows", one.columns)
    lines = one.lines(down)
    systems = tuple(label for label in across if not AVERAGE.fullmatch(label))
    kept = [Line(line.label, {label: line.numbers[label] for label in systems if label in line.numbers}) for line in lines]  # fmt: skip # noqa: E501
    return _Shape(
        systems,
        tuple(line for line in kept if not line.is_average),
        next((line for line in kept if line.is_average), None),
    )


def _datasets(labels: Sequence[str], title: str, known: Known) -> int:
    return sum(_dataset(label, title, known) is not None for label in labels)


def _dataset(label: str, title: str, known: Known) -> tuple[str, str | None] | None:
    folded = fold(title)
    by_title = next((found for name, found in known.languages.items() if name == folded or name in folded), {})
    if (found := by_title.get(fold(label))) is not None:
        return found
    name = known.datasets.get(fold(label))
    return None if name is None else (name, None)


def _columns(systems: Sequence[str], known: Known, subject: str | None, said: list[str]) -> Iterator[str]:
    met: set[tuple[str, int | None]] = set()
    for label in systems:
        wide = width(label)
        named = subject if wide is not None and subject else label
        model = known.models.get(fold(named))
        if model is None:
            said.append(f"{label}: no model is known by this name")
        if model is None or (model, wide) in met:
            model, wide = named, wide if named != label else None
        met.add((model, wide))
        yield ", ".join([f"label: {_quoted(label)}", f"model: {_quoted(model)}", *([f"dim: {wide}"] if wide else [])])


def _rows(lines: Sequence[Line], title: str, known: Known, said: list[str]) -> Iterator[str]:
    met: set[tuple[str, str | None]] = set()
    for line in lines:
        found = _dataset(line.label, title, known)
        if found is None:
            said.append(f"{line.label}: no dataset is known by this name")
        if found is None or found in met:
            found = (line.label, None)
        met.add(found)
        language = [f"language: {_quoted(found[1])}"] if found[1] is not None else []
        yield ", ".join([f"label: {_quoted(line.label)}", f"dataset: {_quoted(found[0])}", *language])


def _average(shape: _Shape, full: Sequence[Line], write: _Writer, said: list[str]) -> list[str]:
    average = shape.average
    if average is None:
        return []
    if len(average.numbers) < len(shape.systems):
        said.append(f"{average.label}: left out, a value is missing")
        return []
    of = "all" if len(full) == len(shape.lines) else f"[{', '.join(_quoted(line.label) for line in full)}]"
    return ["average:", f"  label: {_quoted(average.label)}", f"  of: {of}", f"  values: {write(average)}"]


class _Writer:
    """Writes the values of a line as fractions with the table's decimals."""

    def __init__(self, systems: Sequence[str], scale: int, decimals: int) -> None:
        self._systems, self._scale, self._decimals = systems, scale, decimals

    def __call__(self, line: Line) -> str:
        values = (line.numbers[label].value / Decimal(self._scale) for label in self._systems)
        return f"[{', '.join(f'{value:.{self._decimals}f}' for value in values)}]"


def _writer(systems: Sequence[str], scale: int, decimals: int) -> _Writer:
    return _Writer(systems, scale, decimals)


def _slug(one: Grid) -> str:
    return re.sub(r"[^a-z0-9]+", "-", " ".join(one.headings[-2:]).casefold()).strip("-")[:60] or f"line-{one.line}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
