"""The Matryoshka curve as a drawing: quality against the bytes that a document takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.report.comparisons import values_of
from harness.report.comparisons_page import interval_text
from harness.report.page.anchors import Anchors
from harness.report.page.axis import Axis, doubling, linear
from harness.report.page.lines import Curves, Line, Point
from harness.report.statistics import Interval, average_interval

LEFT, RIGHT, TOP, BOTTOM = 38, 302, 14, 178
"""Sides of the field that is drawn in, in a box of 320 by 210."""
COLOURS = 6


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A value written beside an axis."""

    at: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Dot:
    """One width on a curve."""

    x: str
    y: str
    low: str
    """The coordinates of the ends of its interval."""
    high: str
    dim: int
    bytes: str
    value: str
    interval: str


@dataclass(frozen=True, kw_only=True)
class Course:
    """One system's curve."""

    label: str
    kind: str
    style: str
    """The class that gives it its colour."""
    path: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True, kw_only=True)
class Field:
    """The drawing of one collection."""

    id: str
    title: str
    note: str
    measure: str
    text: str
    """What the drawing shows, in words."""
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    courses: tuple[Course, ...]


def fields(curves: Sequence[Curves], anchors: Anchors) -> tuple[Field, ...]:
    """Return a drawing for each collection; a system has one colour in all of them."""
    systems = sorted({line.label for one in curves for line in one.lines})
    styles = {label: f"s{at % COLOURS}" for at, label in enumerate(systems)}
    return tuple(_field(one, styles, anchors) for one in curves)


def _field(curves: Curves, styles: dict[str, str], anchors: Anchors) -> Field:
    points = [point for line in curves.lines for point in line.points]
    spans = [_interval(point) for point in points]
    values = [end for span in spans for end in (span.low, span.high)]
    across = doubling(min(point.bytes for point in points), max(point.bytes for point in points), LEFT, RIGHT)
    up = linear(min(values), max(values), BOTTOM, TOP)
    names = ", ".join(f"{line.label} ({line.kind})" for line in curves.lines)
    return Field(
        id=anchors.give("chart-curve", curves.dataset),
        title=curves.dataset,
        note=f"mean of {curves.languages} languages" if curves.languages > 1 else "",
        measure=curves.measure,
        text=f"{curves.measure} against bytes per document on {curves.dataset}: {names}. The table has the values.",
        across=tuple(Tick(at=across.at(value), text=size(value)) for value in across.ticks),
        up=tuple(Tick(at=up.at(value), text=f"{value:g}") for value in up.ticks),
        courses=tuple(_course(line, styles[line.label], across, up) for line in curves.lines),
    )


def _course(line: Line, style: str, across: Axis, up: Axis) -> Course:
    dots = tuple(_dot(point, across, up) for point in line.points)
    path = "M" + "L".join(f"{dot.x} {dot.y}" for dot in dots)
    return Course(label=line.label, kind=line.kind, style=style, path=path, dots=dots)


def _dot(point: Point, across: Axis, up: Axis) -> Dot:
    span = _interval(point)
    return Dot(
        x=across.at(point.bytes),
        y=up.at(point.value),
        low=up.at(span.low),
        high=up.at(span.high),
        dim=point.dim,
        bytes=f"{point.bytes:,.0f}",
        value=f"{point.value:.3f}",
        interval=interval_text(span, 3),
    )


def _interval(point: Point) -> Interval:
    """Return the interval of a point: over its queries, or of an average over languages."""
    return average_interval({result.language or "": values_of(result) for result in point.results})


def size(count: float) -> str:
    """Return bytes with the unit that suits them.

    >>> size(800), size(16000)
    ('800 B', '16 KB')
    """
    return f"{count:g} B" if count < 1000 else f"{count / 1000:g} KB"
