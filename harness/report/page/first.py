"""What the page says first: how much of the card was run and what came of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.report import text
from harness.report.page.axis import point
from harness.report.page.marks import Mark, mark
from harness.report.page.plain import Pairs, moment
from harness.report.place import finished
from harness.report.record import Result
from harness.report.table import Cell, JoinedTable, count_verdicts
from harness.report.verdict import REPRODUCED_BOUND, Verdict

WITHIN = (Verdict.EXACT, Verdict.REPRODUCED)
SHOWN = 4
"""Commits that are named one by one."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """A verdict with the number of its cells and its part of the bar, in a box 100 wide."""

    mark: Mark
    cells: int
    x: str
    width: str


@dataclass(frozen=True, kw_only=True)
class First:
    """The first screen."""

    title: str
    counts: tuple[Count, ...]
    sentences: tuple[str, ...]
    facts: Pairs


def first(tables: Sequence[JoinedTable], results: Sequence[Result]) -> First:
    """Return what is said first about `tables` and all `results` that were read."""
    cards = dict.fromkeys(table.published.source.card for table in tables)
    return First(
        title=", ".join(cards),
        counts=_counts(tables),
        sentences=tuple(_sentences(tables)),
        facts=_facts(results),
    )


def _counts(tables: Sequence[JoinedTable]) -> tuple[Count, ...]:
    found = count_verdicts(tables)
    total = sum(found.values()) or 1
    made, before = [], 0
    for verdict, cells in found.items():
        x, width = point(100 * before / total), point(100 * cells / total)
        made.append(Count(mark=mark(verdict), cells=cells, x=x, width=width))
        before += cells
    return tuple(made)


def _sentences(tables: Sequence[JoinedTable]) -> list[str]:
    cells = [cell for table in tables for line in table.lines for cell in line if cell.published is not None]
    run = [cell for cell in cells if cell.difference is not None]
    if not run:
        return [f"None of the card's {len(cells):,} cells has been run. Nothing is reproduced and nothing refuted."]
    within = sum(cell.verdict in WITHIN for cell in run)
    said = [
        f"{len(run):,} of the card's {len(cells):,} cells {'has' if len(run) == 1 else 'have'} been run. "
        f"{_share(within, len(run))} within {REPRODUCED_BOUND} of the card's value. {_differences(run)}"
    ]
    if len(run) < len(cells):
        said.append(f"Nothing is known of the other {len(cells) - len(run):,}: not run is not zero.")
    return said


def _share(within: int, run: int) -> str:
    if run == 1:
        return "It is" if within else "It is not"
    return f"{within:,} of them {'is' if within == 1 else 'are'}"


def _differences(run: Sequence[Cell]) -> str:
    known = [(cell.difference, cell) for cell in run if cell.difference is not None]
    mean = math.fsum(difference for difference, _ in known) / len(known)
    largest, where = max(known, key=lambda pair: abs(pair[0]))
    named = f"{where.column} on {where.row}"
    if len(known) == 1:
        return f"It differs by {text.signed(largest, 4)} ({named})."
    return f"Differences are {text.signed(mean, 4)} in the mean; the largest is {text.signed(largest, 4)} ({named})."


def _facts(results: Sequence[Result]) -> Pairs:
    if not results:
        return (("Results", "none"),)
    when = [moment(result) for result in sorted(results, key=finished)]
    times = [one for one in when if one is not None]
    models = sorted({result.model for result in results})
    collections = sorted({result.dataset for result in results})
    facts = {
        "Results": f"{len(results):,}, over {sum(result.scores.queries for result in results):,} judged queries",
        "Models": ", ".join(models),
        "Collections": ", ".join(collections),
        "Finished": " to ".join(dict.fromkeys((times[0], times[-1]))) if times else "not recorded",
        "Code": _code(results),
    }
    return tuple(facts.items())


def _code(results: Sequence[Result]) -> str:
    made = Counter(
        (str(result.provenance.get("commit") or "")[:12], bool(result.provenance.get("dirty"))) for result in results
    )
    words = [
        f"{commit or 'no commit recorded'}{' with uncommitted changes' if dirty else ''} ({count:,} results)"
        for (commit, dirty), count in sorted(made.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    more = len(words) - SHOWN
    return ", ".join([*words[:SHOWN], *([f"and {more} more"] if more > 0 else [])])
