"""Results on disk as jobs leave them, and what an export makes of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from harness import paths
from harness.model_spec import EncoderSpec
from harness.report.exports.formats import Exported, export
from harness.report.published import PublishedTable
from harness.report.record import RESULT, Result, write_result
from harness.report.registered import Registered
from harness.report.registered import registered as read_registered
from harness.retrieve.run import Run, ranking
from harness.retrieve.trec import write_run
from harness.score.scores import Scores

Make = Callable[..., Result]
HUB = "jina-colbert-v2"


@pytest.fixture(scope="session")
def configured() -> Registered:
    """What the package itself registers."""
    return read_registered(paths.configs())


@pytest.fixture
def of_card(make_result: Make, configured: Registered) -> Make:
    """A result of the published model on a registered dataset with its counts; values rise from query to query."""

    def make(dataset: str = "scifact", language: str | None = None, **changes: Any) -> Result:
        spec = configured.datasets[dataset, language]
        model = configured.models[changes.pop("model", HUB)]
        overrides = {"dataset": _plain(asdict(spec)), "model": _plain(asdict(model)), **changes.pop("overrides", {})}
        facts: dict[str, Any] = {"dim": 128, "dim_kind": "full"} if isinstance(model, EncoderSpec) else {}
        facts |= {"model": model.name, "dataset": dataset, "language": language, "measure": spec.measure}
        facts |= {"documents": spec.documents, "queries": spec.queries, "overrides": overrides} | changes
        value = facts.pop("value", 0.5)
        result = make_result(value, **facts)
        return with_values(result, spread(value, spec.queries or 0), spec.measure, "R@100")

    return make


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Write results as jobs do, each in a folder of its own, and return the folder `out`."""

    def write(results: Iterable[Result], runs: Mapping[str, Run] | None = None) -> Path:
        for number, result in enumerate(results):
            folder = tmp_path / "results" / f"{number:02d}"
            write_result(folder / RESULT, result)
            if runs and result.key in runs:
                write_run(folder / "run.trec", runs[result.key], 10)
        return tmp_path

    return write


@pytest.fixture
def exported(put: Callable[..., Path]) -> Callable[..., Exported]:
    """Write results and export them in one format."""

    def make(
        name: str,
        results: Iterable[Result],
        known: Registered,
        cards: Iterable[PublishedTable] = (),
        runs: Mapping[str, Run] | None = None,
    ) -> Exported:
        (done,) = export([name], put(list(results), runs), tuple(cards), known)
        return done

    return make


@pytest.fixture
def run() -> Run:
    """Two queries, one of them without a document."""
    found = {"q0": ranking([("d1", 1.5), ("d2", 0.1)]), "q1": ranking(()), "q2": ranking([("d3", 2.0)])}
    return Run("alpha-one", found)


def with_values(result: Result, values: Mapping[str, float], *measures: str) -> Result:
    """Return the result with these values per query, the same in every measure."""
    return replace(result, scores=Scores({measure: dict(values) for measure in measures or (result.measure,)}))


def spread(mean: float, queries: int, width: float = 0.3) -> dict[str, float]:
    """Return values of `queries` queries, not equal and with more digits than any table prints, around a mean."""
    return {f"q{number}": mean + width * ((number % 7) / 7 - 3 / 7) for number in range(queries)}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(json.dumps(values)))


def content(done: Exported) -> dict[str, bytes]:
    """Return the files of an export by their paths below its folder."""
    return {path.relative_to(done.folder).as_posix(): path.read_bytes() for path in done.paths}
