"""What was found in a card, as lines."""

from __future__ import annotations

from collections.abc import Iterator

from harness.audit.averages import Finding
from harness.audit.card import CardAudit


def lines(name: str, found: CardAudit) -> Iterator[str]:
    """Yield the audit of the card `name`: what was read, the findings, what is known, what was skipped."""
    numbers = sum(len(one.numbers) for one in found.grids)
    read = (
        f"{_count(len(found.grids), 'table')}, {_count(numbers, 'number')}, {_count(found.checked, 'average')} checked"
    )
    yield f"{name}: {read}; {_count(len(found.findings), 'finding')}"
    for finding in found.findings:
        yield f"finding: {_told(finding)}"
    for note in found.notes:
        yield f"known: {_told(note)}"
    for line in found.skipped:
        yield f"skipped: {line}"


def _told(one: Finding) -> str:
    return f"line {one.line}, {one.table}: {one.cell}: {one.text.removesuffix('.')}."


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
