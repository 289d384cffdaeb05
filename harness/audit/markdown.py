"""Markdown -> its tables as texts, each with its headings and its place.

Tables are those of GitHub's Markdown. A card whose line breaks are lost stands on one line: there a table is found by
its delimiter row (`|---|---|`), which says how many cells a row has. What stands in front matter, in fenced code and in
comments is no table; tables written as HTML are counted and not read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

FRONT = re.compile(r"\A---[ \t]*\n.*?\n---[ \t]*(?:\n|\Z)", re.DOTALL)
HIDDEN = {"```": "```", "~~~": "~~~", "<!--": "-->"}
"""What begins a part that is not read as Markdown -> what ends it; one that never ends is none."""
BEGINS = re.compile("|".join(HIDDEN))
HTML = re.compile(r"<table[\s>]", re.IGNORECASE)
PIPE = re.compile(r"(?<!\\)\|")
DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
INSIDE = re.compile(r"\|(?:[ \t]*(?::-+:?|-{2,}:?|-:)[ \t]*\|)+")
"""A delimiter row inside a line: with a pipe at either end, and no row of cells in which a dash says nothing."""
ROW = re.compile(r"[ \t]*(?=\|)")
NEXT = re.compile(rf"[ \t]*{INSIDE.pattern}")
HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*")
HEADING_INSIDE = re.compile(r"(?:^|(?<=\s))(#{1,6})[ \t]+")


@dataclass(frozen=True)
class RawTable:
    """A table as it is written; every row has as many cells as the head."""

    headings: tuple[str, ...]
    """The headings that it stands under, outermost first."""
    line: int
    """The line of its head, from 1."""
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Heading:
    """A heading and where it stands: line, letter."""

    place: tuple[int, int]
    level: int
    text: str


Placed = tuple[tuple[int, int], tuple[str, ...], tuple[tuple[str, ...], ...]]
"""Line and letter, head, rows."""


def read_tables(text: str) -> tuple[RawTable, ...]:
    """Return the Markdown tables of `text`, in its order."""
    lines = _visible(text).splitlines()
    headings: list[Heading] = []
    found: list[Placed] = []
    taken = -1
    for number, line in enumerate(lines):
        if number <= taken:
            continue
        if (table := _table(lines, number)) is not None:
            found.append(table)
            taken = number + 1 + len(table[2])
            continue
        flat = list(_inside(line, number))
        found += flat
        headings += _headings(line, number, flat)
    return tuple(_under(found, headings))


def html_tables(text: str) -> int:
    """Return how many tables of `text` are written as HTML."""
    return len(HTML.findall(_visible(text)))


def _visible(text: str) -> str:
    """Return `text` with everything that is not shown as Markdown blanked, letter for letter."""
    front = FRONT.match(text)
    shown = text if front is None else _blank(front[0]) + text[front.end() :]
    parts, position, endless = [], 0, set[str]()
    while (begin := BEGINS.search(shown, position)) is not None:
        end = -1 if begin[0] in endless else shown.find(HIDDEN[begin[0]], begin.end())
        if end < 0:
            endless.add(begin[0])
            end, blank = begin.end(), begin[0]
        else:
            end += len(HIDDEN[begin[0]])
            blank = _blank(shown[begin.start() : end])
        parts += [shown[position : begin.start()], blank]
        position = end
    return "".join([*parts, shown[position:]])


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _table(lines: Sequence[str], number: int) -> Placed | None:
    """Return the table whose head is line `number`; None where none begins there."""
    if number + 1 >= len(lines) or not PIPE.search(lines[number]):
        return None
    below = _body(lines[number + 1])
    head = _cells(_body(lines[number]))
    if not PIPE.search(below) or not DELIMITER.fullmatch(below) or len(_cells(below)) != len(head):
        return None
    rows = []
    for line in lines[number + 2 :]:
        if not PIPE.search(line):
            break
        cells = _cells(_body(line))[: len(head)]
        rows.append((*cells, *([""] * (len(head) - len(cells)))))
    return (number, 0), head, tuple(rows)


def _body(line: str) -> str:
    return line.lstrip(" \t>").rstrip()


def _cells(line: str) -> tuple[str, ...]:
    cells = [part.strip() for part in PIPE.split(line)]
    first = 1 if cells and not cells[0] and line.startswith("|") else 0
    last = len(cells) - 1 if len(cells) > 1 and not cells[-1] else len(cells)
    return tuple(cells[first:last])


def _inside(line: str, number: int) -> Iterator[Placed]:
    """Yield the tables within one line."""
    position = 0
    while (match := INSIDE.search(line, position)) is not None:
        width = match[0].count("|") - 1
        pipes = [one.start() for one in PIPE.finditer(line, position, match.start())][-width - 1 :]
        rows, end = _rows(line, match.end(), width)
        if len(pipes) == width + 1 and not line[pipes[-1] + 1 : match.start()].strip():
            yield (number, pipes[0]), _between(line, pipes), tuple(rows)
        position = end


def _rows(line: str, start: int, width: int) -> tuple[list[tuple[str, ...]], int]:
    """Return the rows of `width` cells that begin at `start`, and where they end."""
    rows = []
    while (row := ROW.match(line, start)) is not None:
        pipes = [one.start() for _, one in zip(range(width + 1), PIPE.finditer(line, row.end()), strict=False)]
        # A row with a delimiter behind it is the head of the next table.
        if len(pipes) <= width or NEXT.match(line, pipes[-1] + 1):
            break
        rows.append(_between(line, pipes))
        start = pipes[-1] + 1
    return rows, start


def _between(line: str, pipes: Sequence[int]) -> tuple[str, ...]:
    return tuple(line[one + 1 : other].strip() for one, other in pairwise(pipes))


def _headings(line: str, number: int, tables: Sequence[Placed]) -> Iterator[Heading]:
    """Yield the heading that a line is; where tables stand within the line, those that stand there too."""
    if not tables:
        if (whole := HEADING.fullmatch(line)) is not None:
            yield Heading((number, 0), len(whole[1]), whole[2])
        return
    marks = list(HEADING_INSIDE.finditer(line))
    ends = sorted([*(mark.start() for mark in marks), *(place[1] for place, _, _ in tables), len(line)])
    for mark in marks:
        end = ends[bisect_right(ends, mark.start())]
        yield Heading((number, mark.start()), len(mark[1]), line[mark.end() : end].strip())


def _under(tables: Sequence[Placed], headings: Sequence[Heading]) -> Iterator[RawTable]:
    """Yield the tables with the headings that each stands under; both are in the order of the text."""
    open_ones: list[Heading] = []
    left = list(reversed(headings))
    for place, head, rows in tables:
        while left and left[-1].place < place:
            heading = left.pop()
            open_ones = [*(one for one in open_ones if one.level < heading.level), heading]
        yield RawTable(tuple(one.text for one in open_ones), place[0] + 1, head, rows)
