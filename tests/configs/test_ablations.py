"""Every experiment under experiment/ablation: the jobs it makes differ in its own settings and in nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from harness.spec import RunSpec

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "experiment" / "ablation"
SETTINGS = {
    "dims": {"model.dim_kind": 2},
    "query_length": {"model.query_length": 5, "model.expand_queries": 2},
    "document_length": {"model.document_length": 5},
    "skiplist": {"model.skiplist": 3},
    "precision": {"precision": 2},
    "rerank_depth": {"search.depth": 5},
    "exact_plaid": {"search.plaid": 3},
}
"""Experiment -> the settings that it changes, and the number of values of each."""
NEEDED = {"rerank_depth": "search.run=FILE language=en"}


def flat(spec: RunSpec) -> dict[str, Any]:
    """Return every setting of a job under its name on the command line."""
    found = {}
    for key, value in asdict(spec).items():
        found |= {f"{key}.{name}": inner for name, inner in value.items()} if isinstance(value, dict) else {key: value}
    return found


def test_there_is_a_test_for_every_ablation() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(SETTINGS)


@pytest.mark.parametrize(("name", "settings"), SETTINGS.items())
def test_an_ablation_changes_its_settings_and_nothing_else(
    name: str, settings: dict[str, int], specs: Callable[[str], list[RunSpec]]
) -> None:
    line = f"python -m harness -m +experiment=ablation/{name} {NEEDED.get(name, 'model=mini language=en')}"
    jobs = list(map(flat, specs(line)))
    values = {key: {repr(job[key]) for job in jobs} for key in jobs[0]}
    assert {key: len(found) for key, found in values.items() if len(found) > 1} == settings
    assert len({repr(job) for job in jobs}) == len(jobs)


def test_an_ablation_takes_any_model_and_dataset(specs: Callable[[str], list[RunSpec]]) -> None:
    line = "python -m harness -m +experiment=ablation/query_length model=colbertv2 dataset=beir/arguana"
    assert {(spec.model.name, spec.dataset.name) for spec in specs(line)} == {("colbertv2", "arguana")}


def test_the_widths_of_an_ablation_come_from_one_pass(specs: Callable[[str], list[RunSpec]]) -> None:
    found = specs("python -m harness -m +experiment=ablation/dims model=mini language=en")
    assert {spec.dims for spec in found} == {(128, 96, 64)}
