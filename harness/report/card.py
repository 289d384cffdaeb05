"""The whole report: results under a folder -> the card's tables beside them, on disk and for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import RenderableType

from harness import paths
from harness.report.audit import audit
from harness.report.join import join
from harness.report.place import elsewhere
from harness.report.reading import read_published
from harness.report.record import read_results
from harness.report.registered import Registered
from harness.report.table import JoinedTable, count_verdicts
from harness.report.terminal import render
from harness.report.verdict import NEAR_BOUND, Verdict
from harness.report.write import write_tables


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a report made."""

    tables: tuple[JoinedTable, ...]
    """Every published table with its results, in the card's order."""
    renderables: tuple[RenderableType, ...]
    """What to print, in order."""
    verdicts: Mapping[Verdict, int]
    """Cells of the card per verdict."""
    paths: tuple[Path, ...]
    """The files that were written; the first holds all the card's tables."""


def report(
    out: Path, known: Registered, published: Path | None = None, width: int = 80, margin: float = NEAR_BOUND
) -> Report:
    """Return the card with the results under `out`/results in its cells, written to `out`/tables.

    Results that fill none of its cells are written beside it, as other.md and other.csv.
    How sure the values are and which of them differ is written as comparisons.md and comparisons.csv, those that differ
    in one setting alone as ablations.md.
    Approximate search beside exact search is written as plaid.md, where there is any.
    All of it stands in one page, report.html.

    Args:
        out: the folder that jobs write to.
        known: the registered datasets and models.
        published: the folder of the published tables; None for the ones that come with the package.
        width: letters on a line of the terminal; no file depends on it.
        margin: the difference below which two systems are as good as one another.

    Raises:
        DataError: a published table or a result cannot be read, or results over one set of queries cannot be compared.
        StorageError: the tables cannot be written.
    """
    from harness.report.pages import pages  # noqa: PLC0415 - NumPy and Jinja2, which take half a second

    cards = read_published(published or paths.published())
    results = tuple(read_results(out / "results"))
    findings = audit(cards)
    tables = tuple(join(card, results, known, findings) for card in cards)
    also = elsewhere(cards, results, known)
    made = pages(out / "results", results, tables, findings, known, margin)
    written = write_tables(out / "tables", tables, also, made)
    shown = render(tables, also, width)
    return Report(tables=tables, renderables=shown, verdicts=count_verdicts(tables), paths=written)
