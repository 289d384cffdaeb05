"""Tables and results -> report.html: one file, the same bytes from the same input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.report.audit import Finding
from harness.report.comparisons import Block
from harness.report.language_averages import AverageBlock
from harness.report.outside import Outside
from harness.report.page.book import Book
from harness.report.page.cells import CardTable, card_tables
from harness.report.page.compared import compared_blocks
from harness.report.page.curve import fields
from harness.report.page.first import first
from harness.report.page.languages import language_bars
from harness.report.page.lines import curves
from harness.report.page.marks import mark
from harness.report.page.missing import Choices, missing
from harness.report.page.outsiders import outside_tables
from harness.report.page.setting import render
from harness.report.page.speed import speeds
from harness.report.record import Result
from harness.report.registered import Registered
from harness.report.table import JoinedTable
from harness.report.verdict import LEGEND, Verdict

PAGE = "report.html"


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a page is made of."""

    tables: Sequence[JoinedTable]
    """The card's tables with their results, in the card's order."""
    findings: Sequence[Finding]
    """What the audit found in them."""
    outside: Sequence[Outside]
    """The results that fill no cell."""
    results: Sequence[Result]
    """All results that were read."""
    runs: Sequence[Path | None]
    """Where the run of each result lies if it was kept; None where nobody knows."""
    blocks: Sequence[Block]
    """Own results set against each other."""
    averages: Sequence[AverageBlock]
    """The same on averages over languages."""
    margin: float
    """The difference below which two of them are as good as one another."""
    known: Registered
    named: Choices
    """What the command line calls it."""


def page(material: Material) -> str:
    """Return the page: HTML that loads nothing, runs nothing and needs nothing beside it.

    Raises:
        DataError: a result has a value that is no fraction or a time that is none, or a run cannot be read.
    """
    book = Book(material.results, material.runs)
    cards = [table.published for table in material.tables]
    # In the page's order: a result is opened in the first place that shows it.
    tables = card_tables(material.tables, book)
    outside = outside_tables(material.outside, book, material.known)
    lacking = missing(material.tables, [table.id for table in tables], material.known, material.named)
    return render(
        first=first(material.tables, material.results),
        legend=LEGEND,
        marks=tuple(map(mark, Verdict)),
        tables=tables,
        outside=outside,
        fields=fields(curves(material.results, material.known), book.anchors),
        languages=language_bars(material.results, cards, material.known, book.anchors),
        speeds=speeds(material.results),
        findings=_placed(material.findings, material.tables, tables),
        comparisons=compared_blocks(material.blocks, material.averages, book.anchors),
        margin=f"{material.margin:g}",
        missing=lacking,
        ways=book.ways.blocks,
        collections=book.collections.blocks,
    )


def _placed(
    findings: Sequence[Finding], tables: Sequence[JoinedTable], shown: Sequence[CardTable]
) -> tuple[tuple[str, str, str], ...]:
    """Return every finding as the id and the heading of its first table, and its text."""
    ids = {table.published.name: (one.id, one.heading) for table, one in zip(tables, shown, strict=True)}
    return tuple((*ids[finding.tables[0]], finding.text) for finding in findings)
