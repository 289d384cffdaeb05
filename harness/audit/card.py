"""A card as a whole: its tables, what contradicts what, and what was not looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.audit.averages import Finding, averages, checked_averages
from harness.audit.grid import OTHER_MEAN, Grid, grid
from harness.audit.known import Known
from harness.audit.markdown import html_tables, read_tables
from harness.audit.values import contradictions, noted


@dataclass(frozen=True, kw_only=True)
class CardAudit:
    """What was found in one card."""

    grids: tuple[Grid, ...]
    """The tables with numbers, in the card's order."""
    findings: tuple[Finding, ...]
    """Contradictions between printed numbers, table by table."""
    notes: tuple[Finding, ...]
    """What is known of single values that no arithmetic can find."""
    checked: int
    """Printed averages that were held against what they stand beside."""
    skipped: tuple[str, ...]
    """What was not looked at, a line each."""


def audit_card(text: str, known: Known) -> CardAudit:
    """Return what the Markdown `text` of a card says against itself.

    Args:
        text: the card; its tables may all stand on one line.
        known: what labels mean. Unknown ones are compared as they are.
    """
    raw = read_tables(text)
    grids = tuple(read for one in raw if (read := grid(one)) is not None)
    findings = [*(finding for one in grids for finding in averages(one)), *contradictions(grids, known)]
    without = len(raw) - len(grids)
    return CardAudit(
        grids=grids,
        findings=tuple(sorted(findings, key=lambda one: one.line)),
        notes=tuple(noted(grids, known)),
        checked=sum(map(checked_averages, grids)),
        skipped=(*_tables(without, html_tables(text)), *(line for one in grids for line in _cells(one))),
    )


def _tables(without: int, as_html: int) -> Iterator[str]:
    if without:
        yield f"{_count(without, 'table')} without numbers"
    if as_html:
        yield f"{_count(as_html, 'table')} written as HTML"


def _cells(one: Grid) -> Iterator[str]:
    if one.unread:
        more = f", and {len(one.unread) - 1} more" if len(one.unread) > 1 else ""
        yield f"{one.name}: no number is read in {one.unread[0]}{more}"
    for axis in ("rows", "columns"):
        for line in one.lines(axis):
            if line.is_average and OTHER_MEAN.search(line.label):
                yield f"{one.name}: {line.label} is no plain mean"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
