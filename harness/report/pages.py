"""The pages beside the card's tables: other results, comparisons, ablations, approximate search, and the whole in HTML.

Imported where a report is made and not before: NumPy and Jinja2 take half a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness import paths
from harness.report.ablations import ablations
from harness.report.ablations_page import ablation_pages
from harness.report.agreement import beside, without_indexes
from harness.report.agreement_page import agreement_pages
from harness.report.audit import Finding
from harness.report.comparisons import compared
from harness.report.comparisons_page import comparison_pages
from harness.report.language_averages import averaged
from harness.report.other import other_pages
from harness.report.outside import outside
from harness.report.page.build import PAGE, Material, page
from harness.report.page.missing import choices
from harness.report.page.top import run_files
from harness.report.record import Result
from harness.report.registered import Registered
from harness.report.table import JoinedTable


def pages(
    folder: Path,
    results: Sequence[Result],
    tables: Sequence[JoinedTable],
    findings: Sequence[Finding],
    known: Registered,
    margin: float,
) -> dict[str, str]:
    """Return the pages of a report, name -> content.

    Args:
        folder: where the results lie, and their runs beside them.
        results: all that there are.
        tables: the card's, with results in their cells.
        findings: of the audit of the card.
        known: the registered datasets and models.
        margin: the difference below which two systems are as good as one another.

    Raises:
        DataError: results over one set of queries cannot be compared.
    """
    cards = [table.published for table in tables]
    others, blocks = outside(cards, results, known), compared(without_indexes(results), cards, known, margin)
    averages, runs = averaged(blocks, known, margin), run_files(folder)
    material = Material(
        tables=tuple(tables),
        findings=tuple(findings),
        outside=others,
        results=tuple(results),
        runs=runs,
        blocks=blocks,
        averages=averages,
        margin=margin,
        known=known,
        named=choices(paths.configs()),
    )
    return {
        **other_pages(others, known),
        **comparison_pages(blocks, margin, averages),
        **ablation_pages(ablations(results, known, margin), margin),
        **agreement_pages(beside(results, runs, margin), margin),
        PAGE: page(material),
    }
