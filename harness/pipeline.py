"""The five stages in a row: data -> encode -> retrieve -> score -> a result on disk.

    >>> from harness.spec import DatasetSpec, LexicalSpec, RunSpec
    >>> dataset = DatasetSpec(name="mini", source="beir", path="harness/data/mini/en")
    >>> spec = RunSpec(dataset=dataset, model=LexicalSpec(name="bm25"), dims=(None,))
    >>> results = evaluate(spec)  # doctest: +SKIP

A result is keyed by everything that can change it; one that is there is read, not made again, unless `force`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.data.ledger import enter
from harness.data.load import load
from harness.engine.cluster.there import check_ray
from harness.errors import ConfigError
from harness.job import Job
from harness.report.record import RESULT, Result, read_result
from harness.retrieve.plaid_package import check_plaid
from harness.score.measures import cutoff
from harness.spec import RunSpec
from harness.storage import check_writable
from harness.systems import System, open_system
from harness.watch import Watch


def evaluate(spec: RunSpec, watch: Watch | None = None, system: System | None = None) -> tuple[Result, ...]:
    """Return the result of every dimension of `spec`, in its order; finished ones are read back.

    Where it is worth it (`engine.workers`) the corpus is encoded by processes of their own. They import the harness and
    nothing of the caller's: a script that calls this needs no `if __name__ == "__main__"`.

    Args:
        spec: the job.
        watch: who is told how it goes; nobody by default.
        system: the model, where it is already open.

    Raises:
        HarnessError: a fault its reader can mend; finished shards and results are kept.
    """
    watch = watch or Watch()
    watch.begin(title(spec))
    _check_depth(spec)
    check_ray(spec)
    check_plaid(spec.search)
    check_writable(Path(spec.out))
    with watch.stage("read") as stage:
        collection = load(spec.dataset, stage.reach)
    enter(Path(spec.out), collection, anew=spec.force)
    system = system or open_system(spec.model)
    settled = system.settled(spec)
    job = Job(spec, settled, collection, system)
    todo = job.missing()
    if todo:
        found = system.runs(settled, collection, todo, watch)
        with watch.stage("score and write", len(todo), "runs") as stage:
            for dim in todo:
                job.finish(dim, found[dim], watch)
                stage.advance(1)
    else:
        watch.tell(f"{watch.job}: finished before, nothing to do (force=true runs it again)")
    return tuple(read_result(job.folder(dim) / RESULT) for dim in settled.dims)


def evaluate_all(specs: Sequence[RunSpec], watch: Watch | None = None) -> list[Result]:
    """Return the results of several jobs; each model is opened once."""
    systems = {spec.model: open_system(spec.model) for spec in specs}
    return [result for spec in specs for result in evaluate(spec, watch, systems[spec.model])]


def title(spec: RunSpec) -> str:
    """Return what a job is called while it runs: its model, dataset and language."""
    return f"{spec.model.name} on {spec.dataset.name} {spec.dataset.language or ''}".rstrip()


def _check_depth(spec: RunSpec) -> None:
    """Refuse, before any work, a measure that is unknown or that looks deeper than the run goes."""
    for name in (spec.dataset.measure, *spec.dataset.also):
        looked_at = cutoff(name)
        if looked_at is not None and looked_at > spec.search.depth:
            remedy = "Keep more documents with search.depth, or leave the measure out of dataset.also"
            raise ConfigError(
                f"search.depth is less than {name} looks at", got=spec.search.depth, expected=looked_at, remedy=remedy
            )
