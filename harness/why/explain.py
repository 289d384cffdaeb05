"""Single changes and their shares of a gap, then the changes that together close it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.errors import HarnessError
from harness.report.statistics import Paired, paired
from harness.report.verdict import EXACT_BOUND, NEAR_BOUND
from harness.why.change import Base, Change
from harness.why.running import Runs, Value

MARGIN = NEAR_BOUND
"""The difference below which two values count as equivalent."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One change, alone or on top of others."""

    change: Change
    before: float
    """The value without it."""
    value: Value | None = None
    """None where it was not run."""
    share: float | None = None
    """(value - before) / gap; None where it was not run, or there is no gap."""
    interval: Paired | None = None
    """The paired change with its interval; None where other queries count."""
    reason: str | None = None
    """Why it was not run."""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What explains the gap between a measured value and a target."""

    measured: float
    target: float
    single: tuple[Outcome, ...]
    """Each change alone, the cheapest first."""
    together: tuple[Outcome, ...]
    """The changes that close the gap, each on top of those before it."""
    left_out: tuple[Outcome, ...]
    """Changes that might have helped on top of others and were not run."""

    @property
    def gap(self) -> float:
        """Target minus measured."""
        return self.target - self.measured

    @property
    def remaining(self) -> float:
        """What is left of the gap with all of `together`."""
        reached = [one.value.mean for one in self.together if one.value is not None]
        return self.target - (reached[-1] if reached else self.measured)


@dataclass
class Search:
    """Changes tried on one job."""

    base: Base
    target: float
    runs: Runs
    budget: float | None
    """Seconds that jobs may take."""

    def start(self) -> Value:
        """Return the value as it is."""
        return self.runs.value(self.base, ())

    def tried(self, on: Sequence[Change], change: Change, before: Value) -> Outcome:
        """Return what `change` does on top of others."""
        now = (*on, change)
        if not self._affordable(now):
            return Outcome(change=change, before=before.mean, reason="over the budget")
        try:
            value = self.runs.value(self.base, now)
        except HarnessError as error:
            return Outcome(change=change, before=before.mean, reason=str(error))
        gap = self.target - self.start().mean
        same = value.per_query.keys() == before.per_query.keys()
        return Outcome(
            change=change,
            before=before.mean,
            value=value,
            share=(value.mean - before.mean) / gap if gap else None,
            interval=paired(value.per_query, before.per_query, MARGIN) if same else None,
        )

    def distance(self, value: Value) -> float:
        """Return how far a value is from the target."""
        return abs(self.target - value.mean)

    def _affordable(self, changes: Sequence[Change]) -> bool:
        if self.budget is None or self.runs.is_stored(self.base, changes):
            return True
        stages = self.base.result.provenance.get("stages") or {}
        once = sum(float(stage.get("seconds", 0.0)) for stage in stages.values())
        passes = max((change.passes for change in changes), default=0.0)
        return self.runs.spent + once * passes <= self.budget


def explain(
    base: Base, changes: Sequence[Change], target: float, runs: Runs, budget: float | None = None
) -> Explanation:
    """Return the share of every change in the gap, and the best combination found.

    Effects interact, so shares of single changes need not add up. The combination is greedy: the best change, then the
    next best where it still helps, until what is left is as good as nothing.

    Args:
        base: the measured job.
        changes: what to try, in this order.
        target: the value to explain.
        runs: runs jobs.
        budget: seconds that jobs may take; what would take longer and is not stored is left out and told.
    """
    search = Search(base, target, runs, budget)
    start = search.start()
    single = tuple(search.tried((), change, start) for change in changes)
    steps = list(_combined(search, single, start))
    return Explanation(
        measured=start.mean,
        target=target,
        single=single,
        together=tuple(one for one in steps if one.reason is None),
        left_out=tuple(one for one in steps if one.reason is not None),
    )


def _combined(search: Search, single: Sequence[Outcome], start: Value) -> Iterator[Outcome]:
    """Yield the steps of the greedy combination, and those that could not be tried."""
    now, taken = start, list[Change]()
    for change in _helpful(search, single, start):
        if search.distance(now) <= EXACT_BOUND:
            return
        if change.field in {one.field for one in taken}:
            continue
        found = search.tried(taken, change, now)
        if found.value is None:
            yield found
        elif search.distance(found.value) < search.distance(now):
            yield found
            now, taken = found.value, [*taken, change]


def _helpful(search: Search, single: Sequence[Outcome], start: Value) -> list[Change]:
    """Return the changes that alone bring the value nearer to the target, the best first."""
    far = [(search.distance(one.value), one.change) for one in single if one.value is not None]
    near = [pair for pair in far if pair[0] < search.distance(start)]
    return [change for _, change in sorted(near, key=lambda pair: pair[0])]
