"""Values of a job under changes: each collection is read once, and what has a finished result is not run again."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.data.collection import Collection
from harness.data.load import load
from harness.errors import DataError
from harness.job import RUN, Job
from harness.pipeline import title
from harness.report.record import RESULT, Result, read_result
from harness.retrieve.trec import read_run
from harness.spec import DatasetSpec, ModelSpec, RunSpec
from harness.storage import check_writable
from harness.systems import System, open_system
from harness.watch import Watch
from harness.why.change import Base, Change, changed
from harness.why.rescore import PerQuery, rescored


@dataclass(frozen=True)
class Value:
    """What a job is worth under some changes."""

    per_query: PerQuery
    """Of the queries that count."""
    seconds: float | None
    """How long the job took; None where it was finished before."""

    @property
    def mean(self) -> float:
        """The mean over the queries that count, summed exactly."""
        return math.fsum(self.per_query.values()) / len(self.per_query)


@dataclass(frozen=True)
class _Made:
    result: Result
    folder: Path
    seconds: float | None


@dataclass
class Runs:
    """Runs jobs, and remembers them."""

    watch: Watch
    spent: float = 0.0
    """Seconds that jobs took so far."""
    _collections: dict[DatasetSpec, Collection] = field(default_factory=dict)
    _systems: dict[ModelSpec, System] = field(default_factory=dict)
    _made: dict[RunSpec, _Made] = field(default_factory=dict)

    def base(self, spec: RunSpec) -> Base:
        """Return the job with every setting filled in, and its result; it is run where it was not.

        Raises:
            HarnessError: it cannot be run.
        """
        made = self._job(spec)
        return Base(spec, self._system(spec.model).settled(spec), made.result)

    def value(self, base: Base, changes: Sequence[Change]) -> Value:
        """Return what the job of `base` is worth with all of `changes`.

        Raises:
            HarnessError: it cannot be run so, or not scored so.
        """
        spec = changed(base.asked, [one for change in changes for one in change.settings])
        made = self._job(spec)
        rules = frozenset(change.scoring for change in changes if change.scoring is not None)
        measure = made.result.measure
        if not rules:
            return Value(made.result.scores.values[measure], made.seconds)
        run, qrels = read_run(made.folder / RUN), self._collection(spec.dataset).qrels
        values = rescored(run, qrels, measure, rules)
        if not values:
            raise DataError("no query would count", got=", ".join(sorted(rules)))
        return Value(values, made.seconds)

    def is_stored(self, base: Base, changes: Sequence[Change]) -> bool:
        """Return whether the value under `changes` costs nothing: its job was finished before."""
        spec = changed(base.asked, [one for change in changes for one in change.settings])
        if spec in self._made:
            return True
        # Looking must not strike what `force` would do again.
        spec, system = replace(spec, force=False), self._system(spec.model)
        return not Job(spec, system.settled(spec), self._collection(spec.dataset), system).missing()

    def _job(self, spec: RunSpec) -> _Made:
        if spec not in self._made:
            self._made[spec] = self._run(spec)
        return self._made[spec]

    def _run(self, spec: RunSpec) -> _Made:
        self.watch.begin(title(spec))
        check_writable(Path(spec.out))
        collection, system = self._collection(spec.dataset), self._system(spec.model)
        started = time.monotonic()
        settled = system.settled(spec)
        job = Job(spec, settled, collection, system)
        todo = job.missing()
        if todo:
            found = system.runs(settled, collection, todo, self.watch)
            for dim in todo:
                job.finish(dim, found[dim], self.watch)
        taken = time.monotonic() - started if todo else None
        self.spent += taken or 0.0
        folder = job.folder(settled.dims[0])
        return _Made(read_result(folder / RESULT), folder, taken)

    def _collection(self, spec: DatasetSpec) -> Collection:
        # Dropping a query's own document is for the search; the collection is the same.
        key = replace(spec, drop_self=False)
        if key not in self._collections:
            with self.watch.stage("read") as stage:
                self._collections[key] = load(spec, stage.reach)
        return replace(self._collections[key], spec=spec)

    def _system(self, model: ModelSpec) -> System:
        if model not in self._systems:
            # One model at a time: a second one of full size would not fit beside the first.
            self._systems = {model: open_system(model)}
        return self._systems[model]
