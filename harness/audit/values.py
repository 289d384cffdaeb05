"""One system on one dataset by one measure that a card prints with two values; and what is known of single ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from harness.audit.averages import Finding
from harness.audit.cells import number as cell
from harness.audit.grid import AVERAGE, Grid
from harness.audit.known import Known, fold, is_language, measure_in, width
from harness.report.means import agree, printed

Key = tuple[object, ...]
NO_NAME = frozenset(
    {"", "value", "values", "score", "scores", "result", "results", "metric", "ours", "baseline", "nolabel"}
)
"""Labels, folded, that name neither a system nor a dataset."""
APART = re.compile(r"dev|test|valid|train|zero|few|fine|tuned|full|short|long|rerank|distill|old|new|before|after")
"""Parts of headings that say under which conditions the values of a table hold."""


def contradictions(grids: Sequence[Grid], known: Known) -> Iterator[Finding]:
    """Yield every number that disagrees with the first one printed for the same row, column and measure.

    Rows and columns may have changed places. A label that is a language, a width or a measure means something only
    under its title, and words as `dev` or `fine-tuned` in the headings keep tables apart. A width alone is a system:
    the one whose column stands in most tables.
    """
    about = subject(grids), _own_width(grids)
    seen: dict[Key, tuple[Grid, str, Decimal]] = {}
    for one in grids:
        scale = _scale(one)
        for (row, column), number in one.numbers.items():
            if any(AVERAGE.fullmatch(label) or fold(label) in NO_NAME for label in (row, column)):
                continue
            value = number.value / scale
            key = _key(one, row, column, known, about)
            first, text, earlier = seen.setdefault(key, (one, number.text, value))
            if first is not one and not agree(printed(earlier), printed(value)):
                told = f"{number.text} is printed here, {text} in line {first.line} under {first.name}"
                yield Finding(one.line, one.name, f"{row}, {column}", told)


def noted(grids: Sequence[Grid], known: Known) -> Iterator[Finding]:
    """Yield what is known of values of the card that stand in the published tables with a note of their own."""
    for table, note in known.notes:
        row = next(one for one in table.rows if one.label == note.row)
        at = [column.label for column in table.columns].index(note.column or "")
        for one in grids:
            if fold(one.title) != fold(table.title):
                continue
            for (label, column), number in one.numbers.items():
                same = {fold(label), fold(column)} == {fold(note.row or ""), fold(note.column or "")}
                if same and number.value / _scale(one) == row.values[at]:
                    yield Finding(one.line, one.name, f"{label}, {column}", f"{number.text}: {note.text}")


def _key(one: Grid, row: str, column: str, known: Known, about: tuple[str | None, int | None]) -> Key:
    measure = measure_in(one.corner, column, row, *reversed(one.headings))
    labels = frozenset(_system(label, about) for label in (row, column))
    alone = not any(is_language(label, known) or measure_in(label) or cell(label) for label in (row, column))
    conditions = frozenset(APART.findall(" ".join(one.headings).casefold()))
    return labels, measure and measure[0], conditions, "" if alone else fold(one.title)


def _system(label: str, about: tuple[str | None, int | None]) -> str:
    name, own = about
    wide = width(label)
    if wide is None or label.isdigit() or name is None:
        return fold(label)
    return fold(name) if wide == own else f"{fold(name)} {wide}"


def subject(grids: Sequence[Grid]) -> str | None:
    """Return the label that stands over most tables, if over more than one: the system that the card is about."""
    met = Counter(label for one in grids for label in {*one.columns} if width(label) is None and not measure_in(label))
    label, count = max(met.items(), key=lambda item: item[1], default=("", 0))
    return label if count > 1 else None


def _own_width(grids: Sequence[Grid]) -> int | None:
    labels = [label for one in grids for label in (*one.columns, *one.rows) if not label.isdigit()]
    return max((wide for label in labels if (wide := width(label)) is not None), default=None)


def _scale(one: Grid) -> int:
    """Return 100 where a table gives its fractions in hundredths, else 1."""
    values = [number.value for number in one.numbers.values()]
    return 100 if max(values) > 1 and max(values) <= 100 and min(values) >= 0 else 1
