"""`python -m harness.score run=FILE dataset=...`: score a TREC run of any tool with the harness' own scorer."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table

from harness.cli import command
from harness.config import dataset_specs
from harness.data.load import load_qrels
from harness.errors import ConfigError, printable, short
from harness.retrieve.run import Run
from harness.retrieve.trec import read_foreign_run, read_run, sidecar_path
from harness.score.evaluate import drop_self, evaluate
from harness.score.scores import Scores


def main() -> NoReturn:
    """Score one run against one dataset."""
    command("score", _job)


def _job(settings: Mapping[str, Any]) -> None:
    specs = dataset_specs(settings["dataset"], settings["language"])
    if len(specs) != 1:
        raise ConfigError("a run is scored in one language", got=f"{len(specs)}", remedy="Choose one: language=CODE")
    spec, per_query = specs[0], _flag(settings, "per_query")
    qrels = load_qrels(spec)
    run = _read(Path(str(settings["run"])))
    dropped = 0
    if spec.drop_self:
        run, dropped = drop_self(run, qrels)
    scores = evaluate(
        run,
        qrels,
        [spec.measure, *spec.also],
        allow_missing=_flag(settings, "allow_missing"),
        drop_unjudged=_flag(settings, "drop_unjudged"),
    )
    if per_query:
        _write_per_query(scores)
    title = f"{spec.name} {spec.language or ''}".rstrip()
    console = Console()
    console.print(printable(f"{run.name} on {title}: {_notes(scores, dropped)}"), markup=False, highlight=False)
    console.print(_table(scores))


def _flag(settings: Mapping[str, Any], key: str) -> bool:
    value = settings[key]
    if not isinstance(value, bool):
        raise ConfigError(key, got=short(value), expected="true or false")
    return value


def _read(path: Path) -> Run:
    if not path.is_file():
        raise ConfigError("run is no file", got=short(str(path)), remedy="Name a TREC run, as in run=runs/bm25.trec")
    return read_run(path) if sidecar_path(path).exists() else read_foreign_run(path)


def _notes(scores: Scores, dropped: int) -> str:
    notes = [f"{scores.queries:,} judged queries"]
    if scores.missing:
        notes.append(f"{len(scores.missing):,} of them missing from the run, counted 0")
    if dropped:
        notes.append(f"{dropped:,} documents dropped whose id is the query's")
    return ", ".join(notes)


def _table(scores: Scores) -> Table:
    table = Table("measure", "mean")
    for measure, mean in scores.means.items():
        table.add_row(measure, f"{mean:.4f}")
    return table


def _write_per_query(scores: Scores) -> None:
    for measure, values in scores.values.items():
        for query_id, value in values.items():
            sys.stdout.write(f"{measure}\t{query_id}\t{value:.4f}\n")


if __name__ == "__main__":
    main()
