"""Cards for the tests of the audit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from harness import paths
from harness.audit.card import CardAudit, audit_card
from harness.audit.known import Known, known
from harness.report.reading import read_published
from harness.report.registered import registered


@pytest.fixture(scope="session")
def meanings() -> Known:
    """What labels mean, from the files of the package."""
    return known(registered(paths.configs()), read_published(paths.published()))


@pytest.fixture
def audited(meanings: Known) -> Callable[[str], CardAudit]:
    return lambda text: audit_card(text, meanings)


def written(head: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> str:
    """Return a table in Markdown under a heading."""
    lines = [head, ["---"] * len(head), *rows]
    heading = f"## {title}\n\n" if title else ""
    return heading + "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


@pytest.fixture
def write() -> Callable[..., str]:
    return written
