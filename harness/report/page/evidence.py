"""What made one number: its spread over the queries, the queries at both ends, how to get it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.report.comparisons_page import interval_text, ties_text
from harness.report.page.histogram import Histogram, histogram
from harness.report.page.plain import Pairs, duration, inner, moment, pairs, seconds, shown
from harness.report.page.shared import Block
from harness.report.page.top import top_documents
from harness.report.record import Result
from harness.report.statistics import Interval, mean_interval

DECIMALS = 3
ENDS = 3
"""Queries shown from each end, and documents of each."""
SEARCH = ("truncated", "empty", "dropped_self")


@dataclass(frozen=True, kw_only=True)
class Query:
    """One query at an end of the distribution."""

    id: str
    value: str
    documents: tuple[str, ...]
    """Ids of its best documents; empty where no run lies beside the result."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One result as the page opens it."""

    value: str
    measure: str
    interval: str
    spread: Histogram
    lowest: tuple[Query, ...]
    highest: tuple[Query, ...]
    has_run: bool
    facts: Pairs
    way: Block
    collection: Block


def evidence(result: Result, run: Path | None, way: Block, collection: Block) -> Evidence:
    """Return what the page shows of `result`.

    Args:
        result: at least one query is judged.
        run: where its run lies, if it was kept; None where nobody knows.
        way: how it was made.
        collection: what it was measured on.

    Raises:
        DataError: a value is no fraction, or the run cannot be read.
    """
    values = result.scores.values[result.measure]
    lowest, highest = _ends(values)
    top = None if run is None else top_documents(run, [*lowest, *highest], ENDS)
    interval = mean_interval(list(values.values()))
    return Evidence(
        value=f"{result.value:.6f}",
        measure=result.measure,
        interval=interval_text(interval, DECIMALS),
        spread=histogram(values.values()),
        lowest=tuple(_query(query, values, top) for query in lowest),
        highest=tuple(_query(query, values, top) for query in highest),
        has_run=top is not None,
        facts=_facts(result, interval),
        way=way,
        collection=collection,
    )


def _ends(values: Mapping[str, float]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the queries of the lowest and of the highest values, no query in both; equal ones by their ids."""
    rising = sorted(values, key=lambda query: (values[query], query))
    falling = sorted(rising[ENDS:], key=lambda query: (-values[query], query))
    return rising[:ENDS], falling[:ENDS]


def _query(query: str, values: Mapping[str, float], top: Mapping[str, tuple[str, ...]] | None) -> Query:
    return Query(id=query, value=f"{values[query]:.3f}", documents=() if top is None else top[query])


def _facts(result: Result, interval: Interval) -> Pairs:
    made = result.provenance
    others = [f"{name} {mean:.3f}" for name, mean in result.scores.means.items() if name != result.measure]
    spent, when = seconds(result), moment(result)
    memory = made.get("peak_memory_mib")
    found = {
        "Interval by": interval.method,
        "Also": ", ".join(others) or None,
        "Missing queries": f"{len(result.scores.missing):,}" if result.scores.missing else None,
        "Ties leave open": ties_text(result),
        "Documents": ", ".join(f"{value} {name}" for name, value in pairs(result.search, SEARCH) if value != "0")
        or None,
        "Finished": when,
        "Time": None if spent is None else f"{duration(spent)} on {made.get('device', 'an unnamed device')}",
        "Memory": f"{memory:,} MiB at most" if isinstance(memory, int) else None,
        "Head": inner(made, "fingerprints").get("head"),
        "Key": result.key,
    }
    return tuple((name, shown(value)) for name, value in found.items() if value is not None)
