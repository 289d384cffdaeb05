"""One job and its results: where they lie, which are finished, and how one is written."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from harness.data.collection import Collection
from harness.keys import dim_kind, result_key
from harness.report.provenance import environment, peak_memory_mib
from harness.report.record import RESULT, Result, write_result
from harness.retrieve.trec import sidecar_path, write_run
from harness.score.evaluate import evaluate as score
from harness.score.measures import measure_name
from harness.score.ties import tie_exposure
from harness.spec import RunSpec
from harness.systems import Found, System
from harness.watch import Watch

RUN = "run.trec"


@dataclass(frozen=True)
class Job:
    """One RunSpec with what it is about: where its results lie and how they come to be."""

    spec: RunSpec
    """As it was asked for."""
    settled: RunSpec
    """With every setting filled in that the checkpoint says."""
    collection: Collection
    system: System

    def key(self, dim: int | None) -> str:
        """Return the key of the result at `dim`."""
        return result_key(self.settled, self.collection, self.system.weights(self.settled, dim), dim)

    def folder(self, dim: int | None) -> Path:
        """Return the folder of the result at `dim`."""
        dataset = self.spec.dataset
        names = [self.spec.model.name, dataset.name, *([dataset.language] if dataset.language else [])]
        without = "pairs" if self.spec.search.kind == "rerank" else "words"
        width = without if dim is None else f"dim-{dim}"
        return Path(self.spec.out, "results", *names, f"{width}-{self.key(dim)}")

    def missing(self) -> list[int | None]:
        """Return the dimensions without a finished result and its run; with `force`, all, their results struck."""
        if self.spec.force:
            for dim in self.settled.dims:
                (self.folder(dim) / RESULT).unlink(missing_ok=True)
        return [dim for dim in self.settled.dims if not self._is_finished(self.folder(dim))]

    @staticmethod
    def _is_finished(folder: Path) -> bool:
        return all(path.exists() for path in (folder / RESULT, folder / RUN, sidecar_path(folder / RUN)))

    def finish(self, dim: int | None, found: Found, watch: Watch) -> None:
        """Write the run, score it, and write the result last: a result that is there is a finished one."""
        dataset = self.spec.dataset
        write_run(self.folder(dim) / RUN, found.run, self.spec.search.depth)
        measure, qrels = measure_name(dataset.measure), self.collection.qrels
        scores = score(found.run, qrels, [measure, *dataset.also])
        ties = tie_exposure(found.run, qrels, scores, measure)
        result = Result(
            key=self.key(dim),
            model=self.spec.model.name,
            dim=dim,
            dim_kind=dim_kind(self.settled, dim),
            dataset=dataset.name,
            language=dataset.language,
            measure=measure,
            scores=scores,
            counts=asdict(self.collection.counts),
            search=dict(found.met),
            spec=asdict(self.spec),
            provenance=self._provenance(dim, watch),
            ties=None if ties is None else asdict(ties),
        )
        write_result(self.folder(dim) / RESULT, result)

    def _provenance(self, dim: int | None, watch: Watch) -> dict[str, object]:
        fingerprints = {**asdict(self.collection.fingerprints), **asdict(self.system.weights(self.settled, dim))}
        return {
            **environment(),
            **self.system.details,
            "fingerprints": fingerprints,
            "model": asdict(self.settled.model),
            "stages": {stage.name: stage.record for stage in watch.stages},
            "peak_memory_mib": peak_memory_mib(),
        }
