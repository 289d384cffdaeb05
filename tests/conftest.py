"""What tests share: where the real data lies, and how many tests this machine could not run for want of it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import settings

# A property holds however busy the machine is: a time limit per example fails on a slow disk and finds nothing.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

# Read when torch is imported, here and in the processes that tests start. One thread each: tests run side by side, and
# two threads that wait for each other on a busy machine take many times as long. Waiting ones sleep, as they do under
# `python -m harness`.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

ROOT = Path(__file__).resolve().parent.parent


def _shared_data() -> Path:
    return Path(os.environ.get("HARNESS_SHARED_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture
def shared_data() -> Path:
    folder = _shared_data()
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; name it with HARNESS_SHARED_DATA")
    return folder


@pytest.fixture
def root() -> Path:
    return ROOT


WANTING = {
    "shared data": "shared data", "packages": "is not installed", "a CUDA device": "needs a CUDA device",
    "a browser": "needs a browser", "network namespaces": "needs network namespaces",
}  # fmt: skip
"""What a machine may be in want of, and the words in a skipped test's reason that say so."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    _tell_damaged(terminalreporter)
    reasons = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    for want, words in WANTING.items():
        count = sum(words in reason for reason in reasons)
        terminalreporter.write_line(f"tests that this machine could not run for want of {want}: {count}")


DAMAGED = "damaged files"
"""The property of a test that read some: their kind, and how many came to what."""


def _tell_damaged(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what came of damaged files (tests/faults/test_fuzz.py), by kind and in all."""
    reports = [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])]
    found = [value for report in reports for name, value in report.user_properties if name == DAMAGED]
    total: Counter[str] = Counter()
    for kind, counts in found:
        total.update(counts)
        terminalreporter.write_line(f"damaged: {kind}: {_counted(counts)}")
    if found:
        terminalreporter.write_line(f"damaged: {sum(total.values()):,} files in all: {_counted(total)}")


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in sorted(counts.items()))
