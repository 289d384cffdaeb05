"""Bars per language with their intervals: a drawing per system of a collection that has languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.report.comparisons_page import interval_text
from harness.report.page.anchors import Anchors
from harness.report.page.axis import point
from harness.report.place import column_of, finished, label_of, obstacle, row_of, value_of
from harness.report.published import PublishedTable
from harness.report.record import Result
from harness.report.registered import Registered
from harness.report.statistics import mean_interval

LEFT, WIDTH, STEP = 30, 250, 17
"""Where bars begin and how long 1.0 is, in a box 320 wide; rows are `STEP` apart."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One language."""

    language: str
    value: str
    interval: str
    published: str
    """The card's value; empty where it prints none."""
    y: str
    end: str
    """The coordinate of the value."""
    low: str
    high: str
    mark: str
    """The coordinate of the card's value; empty where it prints none."""


@dataclass(frozen=True, kw_only=True)
class Bars:
    """One system on one collection."""

    id: str
    title: str
    measure: str
    text: str
    """What the drawing shows, in words."""
    height: int
    bars: tuple[Bar, ...]


def language_bars(
    results: Sequence[Result], tables: Sequence[PublishedTable], known: Registered, anchors: Anchors
) -> tuple[Bars, ...]:
    """Return bars for every system at its widest on every collection with two or more of its languages run.

    Raises:
        DataError: a value is no fraction, or a time none.
    """
    found: dict[tuple[str, str, str], dict[str, Result]] = {}
    widest: dict[tuple[str, str, str], int] = {}
    for result in sorted(results, key=finished):
        if result.language is not None:
            place = (result.dataset, result.measure, label_of(result, known))
            found.setdefault(place, {})[result.language] = result
            family = (result.dataset, result.measure, result.model)
            widest[family] = max(widest.get(family, 0), result.dim or 0)
    return tuple(
        _bars(place, by_language, tables, known, anchors)
        for place, by_language in sorted(found.items())
        if len(by_language) > 1 and all(_is_widest(result, widest) for result in by_language.values())
    )


def _is_widest(result: Result, widest: Mapping[tuple[str, str, str], int]) -> bool:
    return (result.dim or 0) == widest[result.dataset, result.measure, result.model]


def _bars(
    place: tuple[str, str, str],
    results: Mapping[str, Result],
    tables: Sequence[PublishedTable],
    known: Registered,
    anchors: Anchors,
) -> Bars:
    dataset, measure, label = place
    order = sorted(results, key=lambda language: _order(results[language], tables))
    bars = tuple(
        _bar(at, results[language], _printed(results[language], tables, known)) for at, language in enumerate(order)
    )
    return Bars(
        id=anchors.give("chart-languages", dataset, label),
        title=f"{label} on {dataset}",
        measure=measure,
        text=f"{measure} of {label} on {dataset}: {', '.join(f'{bar.language} {bar.value}' for bar in bars)}.",
        height=STEP * len(bars) + 18,
        bars=bars,
    )


def _order(result: Result, tables: Sequence[PublishedTable]) -> tuple[int, str]:
    """Return the place of the result's row in the card; languages that it does not have come after, by name."""
    rows = [row for table in tables for row in table.rows]
    places = (at for at, row in enumerate(rows) if (row.dataset, row.language) == (result.dataset, result.language))
    return next(places, len(rows)), result.language or ""


def _printed(result: Result, tables: Sequence[PublishedTable], known: Registered) -> Decimal | None:
    """Return what the card prints for the result; None where it fills no cell."""
    for table in tables:
        row, column = row_of(table, result), column_of(table, result)
        if row is not None and column is not None and obstacle(table, result, known) is None:
            return row.values[table.columns.index(column)]
    return None


def _bar(at: int, result: Result, printed: Decimal | None) -> Bar:
    value = value_of(result)
    interval = mean_interval(list(result.scores.values[result.measure].values()))
    return Bar(
        language=result.language or "",
        value=f"{value:.3f}",
        interval=interval_text(interval, 3),
        published="" if printed is None else str(printed),
        y=point(STEP * at + 4),
        end=_x(value),
        low=_x(interval.low),
        high=_x(interval.high),
        mark="" if printed is None else _x(float(printed)),
    )


def _x(value: float) -> str:
    return point(LEFT + WIDTH * value)
