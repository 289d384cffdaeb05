"""The whole report: results under a folder -> the card's tables beside them, on disk and for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import RenderableType

from harness import paths
from harness.report.audit import audit
from harness.report.join import join
from harness.report.other import other_pages
from harness.report.outside import outside
from harness.report.place import elsewhere
from harness.report.reading import read_published
from harness.report.record import read_results
from harness.report.registered import Registered
from harness.report.table import JoinedTable, count_verdicts
from harness.report.terminal import render
from harness.report.verdict import Verdict
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


def report(out: Path, known: Registered, published: Path | None = None, width: int = 80) -> Report:
    """Return the card with the results under `out`/results in its cells, written to `out`/tables.

    Results that fill none of its cells are written beside it, as other.md and other.csv.

    Args:
        out: the folder that jobs write to.
        known: the registered datasets and models.
        published: the folder of the published tables; None for the ones that come with the package.
        width: letters on a line of the terminal; no file depends on it.

    Raises:
        DataError: a published table or a result cannot be read.
        StorageError: the tables cannot be written.
    """
    cards = read_published(published or paths.published())
    results = tuple(read_results(out / "results"))
    findings = audit(cards)
    tables = tuple(join(card, results, known, findings) for card in cards)
    also = elsewhere(cards, results, known)
    written = write_tables(out / "tables", tables, also, other_pages(outside(cards, results, known), known))
    shown = render(tables, also, width)
    return Report(tables=tables, renderables=shown, verdicts=count_verdicts(tables), paths=written)
