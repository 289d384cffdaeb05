"""What stands for a verdict on the page: a sign and a word, so that no colour is needed to read it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.report.verdict import Verdict

SIGNS = {
    Verdict.EXACT: "=",
    Verdict.REPRODUCED: "✓",
    Verdict.NEAR: "≈",
    Verdict.DIFFERENT: "≠",
    Verdict.NOT_RUN: "·",
}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A verdict as it is shown."""

    word: str
    sign: str
    style: str
    """The class that gives it its colour."""


def mark(verdict: Verdict) -> Mark:
    """Return how `verdict` is shown.

    >>> mark(Verdict.NOT_RUN)
    Mark(word='not run', sign='·', style='not-run')
    """
    return Mark(word=verdict.value, sign=SIGNS[verdict], style=verdict.value.replace(" ", "-"))
