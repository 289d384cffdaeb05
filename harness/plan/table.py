"""A plan as a table: a row a job, and their sum."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Column, Table

from harness.plan.cost import GIB, Cost
from harness.plan.room import collections

Timed = tuple[Cost, float | None]
"""A job and its hours on one device."""
UNKNOWN = "?"


def table(jobs: Sequence[Timed], machines: int) -> Table:
    """Return the plan; what nobody knows is a question mark, and a sum without it is marked with a plus.

    Args:
        jobs: each with its hours on one device.
        machines: how many such devices share the shards of a job.
    """
    heads = ["documents", "Mtokens", "PFLOP", *(f"{what}\nGiB" for what in ("download", "disk", "memory")), "hours"]
    heads += [f"hours\non {machines}"] * (machines > 1)
    several = len({cost.spec.model.name for cost, _ in jobs}) > 1
    title = "job" if several else jobs[0][0].spec.model.name
    found = Table(
        Column(title, min_width=10, overflow="fold"),
        *(Column(head, justify="right", no_wrap=True) for head in heads),
        box=box.SIMPLE_HEAD,
        padding=0,
    )
    rows = [_numbers([job], machines) for job in jobs]
    for (cost, _), cells in zip(jobs, rows, strict=True):
        found.add_row(_title(cost, with_model=several), *cells)
    if len(jobs) > 1:
        found.add_section()
        found.add_row("total", *_numbers(jobs, machines))
    return found


def shared(cost: Cost, hours: float | None, machines: int) -> float | None:
    """Return the hours of a job whose shards are done by several devices: the one with the most has the last word."""
    if hours is None or not cost.shards:
        return None
    return hours * -(-cost.shards // machines) / cost.shards


def _title(cost: Cost, *, with_model: bool) -> str:
    dataset = cost.spec.dataset
    title = f"{dataset.name} {dataset.language or ''}".rstrip()
    return f"{cost.spec.model.name} on {title}" if with_model else title


def _numbers(jobs: Sequence[Timed], machines: int) -> list[str]:
    costs = [cost for cost, _ in jobs]
    files = collections(costs).values()
    whole = all(cost.files is not None for cost in costs)
    download = sum(file.download for file in files) if whole or files else None
    disk = sum(file.disk for file in files) + sum(cost.out or 0 for cost in costs)
    flop = [None if one.encode is None or one.search is None else (one.encode + one.search) / 1e15 for one in costs]
    memories = [one.memory for one in costs if one.memory is not None]
    more = "" if whole else " +"
    cells = [
        _sum(one.documents for one in costs),
        _sum(None if one.tokens is None else one.tokens / 1e6 for one in costs),
        _sum(flop),
        UNKNOWN if download is None else _number(download / GIB) + more,
        _number(disk / GIB) + more,
        _number(max(memories) / GIB) if memories else UNKNOWN,
        _sum(hours for _, hours in jobs),
    ]
    if machines > 1:
        cells.append(_sum(shared(cost, hours, machines) for cost, hours in jobs))
    return cells


def _sum(values: Iterable[float | None]) -> str:
    known = list(values)
    there = [value for value in known if value is not None]
    if not there:
        return UNKNOWN
    return _number(sum(there)) + (" +" if len(there) < len(known) else "")


def _number(value: float) -> str:
    """Return a number with three digits that count, or all before the point.

    >>> _number(106332152), _number(0.0185), _number(0)
    ('106,332,152', '0.0185', '0')
    """
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
