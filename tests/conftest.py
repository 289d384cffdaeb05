"""What tests share: where the real data lies, and how many tests this machine could not run for want of it."""

from __future__ import annotations

import os
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


WANTING = {"shared data": "shared data", "packages": "is not installed", "a CUDA device": "needs a CUDA device"}
"""What a machine may be in want of, and the words in a skipped test's reason that say so."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    for want, words in WANTING.items():
        count = sum(words in reason for reason in reasons)
        terminalreporter.write_line(f"tests that this machine could not run for want of {want}: {count}")
