"""Averages of a card that do not follow from what they stand beside, and what would explain them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from harness.audit.cells import Number
from harness.audit.grid import OTHER_MEAN, Grid, Line
from harness.report.means import Printed, follows, mean_of, omissions, printed

MANY = 4
"""Explanations that are told one by one."""
PAIRS = 40
"""Lines of which all pairs are tried."""
FOREIGN = 3
"""From so many averages on, all of a line wrong and nothing to explain all, the line is the mean of something else."""
NO_SCORE = re.compile(
    r"param|size|\bdim|length|speed|latency|throughput|memory|tokens|vocab|year|rank|price|cost|queries|documents|#",
    re.IGNORECASE,
)
"""Words in the label of a line whose numbers are no scores."""


@dataclass(frozen=True)
class Finding:
    """One contradiction in a card."""

    line: int
    """The line of the table's head."""
    table: str
    cell: str
    text: str
    """What is wrong, in one sentence."""


@dataclass(frozen=True)
class Wrong:
    """One average that does not follow."""

    across: str
    """The label of the line it crosses."""
    text: str
    """It and the mean that it should be."""
    explained: tuple[tuple[str, ...], ...]
    """The sets of lines any one of which, left out, would explain it."""


def averages(grid: Grid) -> Iterator[Finding]:
    """Yield every average of the grid that cannot be the mean of its lines, rows first, then columns."""
    for axis in ("rows", "columns"):
        for average, spans in _averages(grid, axis):
            wrong = min((_wrong(average, span, axis) for span in spans), key=len)
            yield from _findings(grid, average, wrong, axis)


def checked_averages(grid: Grid) -> int:
    """Return how many printed averages of the grid are held against their lines."""
    spans = [(average, found[0]) for axis in ("rows", "columns") for average, found in _averages(grid, axis)]
    return sum(len(_members(span, across)) > 1 for average, span in spans for across in average.numbers)


def _averages(grid: Grid, axis: str) -> Iterator[tuple[Line, list[list[Line]]]]:
    """Yield every average with what it may be of: all lines, or those before or behind it up to the next average."""
    lines = grid.lines(axis)
    several = sum(line.is_average for line in lines) > 1
    for at, average in enumerate(lines):
        if not average.is_average or OTHER_MEAN.search(average.label):
            continue
        blocks = [list(takewhile(lambda line: not line.is_average, way)) for way in (lines[at + 1 :], lines[:at][::-1])]
        found = [_scores(average, span, axis) for span in (lines, *(blocks if several else ()))]
        if any(found):
            yield average, [span for span in found if span]


def _scores(average: Line, lines: Sequence[Line], axis: str) -> list[Line]:
    return [line for line in lines if not line.is_average and not _no_score(average, line, axis)]


def _no_score(average: Line, line: Line, axis: str) -> bool:
    """Return whether a line's numbers are counts and sizes: by its label, or whole in a column beside decimals."""
    numbers = line.numbers.values()
    whole = axis == "columns" and not any(map(_decimals, numbers)) and any(map(_decimals, average.numbers.values()))
    return whole or NO_SCORE.search(line.label) is not None


def _decimals(number: Number) -> int:
    return -min(0, int(number.value.as_tuple().exponent))


def _members(span: Sequence[Line], across: str) -> Mapping[str, Printed]:
    return {line.label: printed(line.numbers[across].value) for line in span if across in line.numbers}


def _wrong(average: Line, span: Sequence[Line], axis: str) -> list[Wrong]:
    found = []
    for across, number in average.numbers.items():
        members, own = _members(span, across), printed(number.value)
        if len(members) < 2 or follows(own, list(members.values())):
            continue
        explained = omissions(own, members)
        if not explained and 3 < len(members) <= PAIRS:
            explained = omissions(own, members, 2)
        percent = number.text.endswith("%")
        mean = float(mean_of(members.values())) * (100 if percent else 1)
        shown = f"{mean:.{_decimals(number) + 1 - 2 * percent}f}{'%' if percent else ''}"
        text = f"{number.text} does not follow from the printed {axis}, whose mean is {shown}"
        found.append(Wrong(across, text, explained))
    return found


def _findings(grid: Grid, average: Line, wrong: Sequence[Wrong], axis: str) -> Iterator[Finding]:
    common = [one for one in wrong[0].explained if all(one in other.explained for other in wrong)] if wrong else []
    if len(wrong) >= FOREIGN and len(wrong) == len(average.numbers) and not common:
        text = f"none of its {len(wrong)} values follows, as under {wrong[0].across}: {wrong[0].text}"
        yield Finding(grid.line, grid.name, average.label, f"{text}; it is the mean of something else")
        return
    for one in wrong:
        told = _explained(one.explained, common if len(wrong) > 1 else [], len(wrong), axis)
        yield Finding(grid.line, grid.name, f"{one.across}, {average.label}", f"the printed average {one.text}; {told}")


def _explained(found: Sequence[tuple[str, ...]], common: Sequence[tuple[str, ...]], wrong: int, axis: str) -> str:
    if not found:
        return f"no one or two {axis} left out would explain it"
    several = (
        f"leaving out any of {len(found)} sets of {axis}" if len(found) > MANY else f"leaving out {_one_of(found)}"
    )
    text = f"{several} would explain it"
    if common:
        text += f", and leaving out {_one_of(common[:MANY])} explains all {wrong} such averages of the table at once"
    return text


def _one_of(sets: Sequence[tuple[str, ...]]) -> str:
    names = [" and ".join(one) for one in sets]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
