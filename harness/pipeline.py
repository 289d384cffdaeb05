"""The five stages in a row: data -> encode -> retrieve -> score -> a result on disk.

    >>> from harness.spec import DatasetSpec, LexicalSpec, RunSpec
    >>> dataset = DatasetSpec(name="mini", source="beir", path="harness/data/mini/en")
    >>> spec = RunSpec(dataset=dataset, model=LexicalSpec(name="bm25"), dims=(None,))
    >>> results = evaluate(spec)  # doctest: +SKIP

A result is keyed by everything that can change it; one that is there is read, not made again, unless `force`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.data.collection import Collection
from harness.data.load import load
from harness.errors import ConfigError
from harness.keys import dim_kind, result_key
from harness.report.provenance import environment, peak_memory_mib
from harness.report.record import RESULT, Result, read_result, write_result
from harness.retrieve.trec import sidecar_path, write_run
from harness.score.evaluate import evaluate as score
from harness.score.measures import cutoff, measure_name
from harness.spec import RunSpec
from harness.storage import check_writable
from harness.systems import Found, System, open_system
from harness.watch import Watch

RUN = "run.trec"


def evaluate(spec: RunSpec, watch: Watch | None = None, system: System | None = None) -> tuple[Result, ...]:
    """Return the result of every dimension of `spec`, in its order; finished ones are read back.

    Args:
        spec: the job.
        watch: who is told how it goes; nobody by default.
        system: the model, where it is already open.

    Raises:
        HarnessError: a fault its reader can mend; finished shards and results are kept.
    """
    watch = watch or Watch()
    watch.begin(_title(spec))
    _check_depth(spec)
    check_writable(Path(spec.out))
    with watch.stage("read") as stage:
        collection = load(spec.dataset, stage.reach)
    job = Job(spec, collection, system or open_system(spec.model))
    todo = job.missing()
    if todo:
        found = job.system.runs(spec, collection, todo, watch)
        with watch.stage("score and write", len(todo), "runs") as stage:
            for dim in todo:
                job.finish(dim, found[dim], watch)
                stage.advance(1)
    else:
        watch.tell(f"{watch.job}: finished before, nothing to do (force=true runs it again)")
    return tuple(read_result(job.folder(dim) / RESULT) for dim in spec.dims)


def evaluate_all(specs: Sequence[RunSpec], watch: Watch | None = None) -> list[Result]:
    """Return the results of several jobs; each model is opened once."""
    systems = {spec.model: open_system(spec.model) for spec in specs}
    return [result for spec in specs for result in evaluate(spec, watch, systems[spec.model])]


@dataclass(frozen=True)
class Job:
    """One RunSpec with what it is about: where its results lie and how they come to be."""

    spec: RunSpec
    collection: Collection
    system: System

    def key(self, dim: int | None) -> str:
        """Return the key of the result at `dim`."""
        return result_key(self.spec, self.collection, self.system.fingerprint, dim)

    def folder(self, dim: int | None) -> Path:
        """Return the folder of the result at `dim`."""
        dataset = self.spec.dataset
        names = [self.spec.model.name, dataset.name, *([dataset.language] if dataset.language else [])]
        width = "words" if dim is None else f"dim-{dim}"
        return Path(self.spec.out, "results", *names, f"{width}-{self.key(dim)}")

    def missing(self) -> list[int | None]:
        """Return the dimensions without a finished result and its run; with `force`, all, their results struck."""
        if self.spec.force:
            for dim in self.spec.dims:
                (self.folder(dim) / RESULT).unlink(missing_ok=True)
        return [dim for dim in self.spec.dims if not self._is_finished(self.folder(dim))]

    @staticmethod
    def _is_finished(folder: Path) -> bool:
        return all(path.exists() for path in (folder / RESULT, folder / RUN, sidecar_path(folder / RUN)))

    def finish(self, dim: int | None, found: Found, watch: Watch) -> None:
        """Write the run, score it, and write the result last: a result that is there is a finished one."""
        dataset = self.spec.dataset
        write_run(self.folder(dim) / RUN, found.run, self.spec.search.depth)
        result = Result(
            key=self.key(dim),
            model=self.spec.model.name,
            dim=dim,
            dim_kind=dim_kind(self.spec, dim),
            dataset=dataset.name,
            language=dataset.language,
            measure=measure_name(dataset.measure),
            scores=score(found.run, self.collection.qrels, [dataset.measure, *dataset.also]),
            counts=asdict(self.collection.counts),
            search=dict(found.met),
            spec=asdict(self.spec),
            provenance=self._provenance(watch),
        )
        write_result(self.folder(dim) / RESULT, result)

    def _provenance(self, watch: Watch) -> dict[str, object]:
        fingerprints = {**asdict(self.collection.fingerprints), "model": self.system.fingerprint}
        return {
            **environment(),
            **self.system.details,
            "fingerprints": fingerprints,
            "stages": {stage.name: stage.record for stage in watch.stages},
            "peak_memory_mib": peak_memory_mib(),
        }


def _title(spec: RunSpec) -> str:
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
