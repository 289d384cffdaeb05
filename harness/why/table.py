"""An explanation for the terminal: a line a change, and what they come to together."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.table import Table
from rich.text import Text

from harness.errors import printable
from harness.report.statistics import Paired
from harness.report.text import number, signed
from harness.report.verdict import EXACT_BOUND
from harness.why.explain import Explanation, Outcome
from harness.why.target import Target

DECIMALS = 4
HEADS = ("one field changed", "value", "change", "95 % interval", "share", "cost")


def table(found: Explanation) -> Table:
    """Return what each change alone does, the cheapest first."""
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for place, head in enumerate(HEADS):
        made.add_column(head, overflow="fold", no_wrap=place > 0, justify="right" if place else "left")
    for one in found.single:
        if one.value is not None:
            made.add_row(*(Text(printable(cell)) for cell in _cells(one)))
    return made


def lines(found: Explanation, target: Target) -> Iterator[str]:
    """Yield the gap, what explains it in the order of its share, what is left, and what was not run."""
    gap = f"measured {number(found.measured, DECIMALS)}, {number(found.target, DECIMALS)} is {target.source}"
    yield f"{gap}: a gap of {signed(found.gap, DECIMALS)}"
    if abs(found.gap) <= EXACT_BOUND:
        yield "there is nothing to explain"
    elif not found.together:
        yield "no change brings the value nearer to it"
    else:
        steps = ", then ".join(f"{one.change.text} ({_share(one)})" for one in found.together)
        left = f"{signed(found.remaining, DECIMALS)} remains"
        yield f"it would be explained by {steps}; {left}{' (nothing)' if abs(found.remaining) <= EXACT_BOUND else ''}"
    for one in (*found.single, *found.left_out):
        if one.reason is not None:
            yield f"not run: {one.change.text}: {one.reason}"


def _cells(one: Outcome) -> Iterator[str]:
    value = one.value
    if value is None:
        return
    yield from (one.change.text, number(value.mean, DECIMALS))
    yield signed(value.mean - one.before, DECIMALS)
    yield _interval(one.interval)
    yield _share(one)
    # A change of the scoring costs nothing, whoever ran the job first.
    yield "stored" if value.seconds is None or not one.change.settings else f"{value.seconds:.1f} s"


def _interval(found: Paired | None) -> str:
    # Over other queries there is no difference a query, and so no interval.
    return "-" if found is None else f"{signed(found.low, DECIMALS)} to {signed(found.high, DECIMALS)}"


def _share(one: Outcome) -> str:
    return "-" if one.share is None else f"{round(100 * one.share)} %"
