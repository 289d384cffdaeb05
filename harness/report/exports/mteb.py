"""MTEB's results tree: results/<model__name>/<revision>/<Task>.json with model_meta.json beside it.

A result that is not what the names stand for goes under `experiments/`, where MTEB keeps variants of a model and where
its leaderboard does not look for the model itself; one on another collection than the task's is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from harness.report.exports.ir_metadata import stage_seconds
from harness.report.exports.labels import Label, facts, labels, other_collection, safe_name
from harness.report.exports.material import File, LeftOut, Material, named
from harness.report.exports.mteb_meta import experiment_name, experiment_values, model_meta
from harness.report.exports.systems import System, systems
from harness.report.exports.tasks import Task, Tasks, read_tasks
from harness.report.exports.texts import json_text
from harness.report.place import finished
from harness.report.record import Result

NAMES = {"nDCG": "ndcg", "RR": "mrr", "R": "recall", "AP": "map", "P": "precision", "Success": "hit_rate"}
"""Measures with a rank, as MTEB calls them."""
DEFAULT = "default"


class Entry(NamedTuple):
    """A result with all that its place in the tree depends on."""

    result: Result
    label: Label
    system: System
    task: Task

    @property
    def folder(self) -> str:
        """Where the system's tasks lie."""
        model = safe_name(self.system.name.replace("/", "__"))
        folder = f"results/{model}/{safe_name(self.system.revision)}"
        variant = experiment_name(self.system.variant)
        if variant is None:
            return folder
        # Plain letters already, and the name under which MTEB looks for it, unless it starts like a hidden file.
        return f"{folder}/experiments/{variant if variant[0].isalnum() else safe_name(variant)}"


def mteb(material: Material) -> Iterator[File | LeftOut]:
    """Yield the tree, a file per task and one per model; and every result that cannot be in it.

    Raises:
        DataError: a result has a time that is none.
    """
    tasks, results = read_tasks(), material.results
    found: dict[tuple[str, str], dict[str, Entry]] = {}
    named_as = zip(labels(results, material.known), systems(results, material.known), strict=True)
    rows = [(result, *names) for result, names in zip(results, named_as, strict=True)]
    for result, label, system in sorted(rows, key=lambda row: finished(row[0])):
        why = _obstacle(result, tasks, material)
        if why is not None:
            yield LeftOut(named(result), why)
            continue
        entry = Entry(result, label, system, tasks.tasks[result.dataset])
        subset = found.setdefault((entry.folder, entry.task.name), {})
        former = subset.get(result.language or DEFAULT)
        if former is not None:
            yield LeftOut(named(former.result), "another result of the same system finished later")
        subset[result.language or DEFAULT] = entry
    yield from _files(found, tasks)


def score_name(measure: str) -> str | None:
    """Return what MTEB calls a measure; None where it has none of the kind.

    >>> score_name("nDCG@10"), score_name("AP")
    ('ndcg_at_10', None)
    """
    family, _, rank = measure.partition("@")
    return f"{NAMES[family]}_at_{rank}" if family in NAMES and rank.isdecimal() else None


def _obstacle(result: Result, tasks: Tasks, material: Material) -> str | None:
    if result.dataset in tasks.others:
        return tasks.others[result.dataset]
    task = tasks.tasks.get(result.dataset)
    if task is None or (result.language or DEFAULT) not in task.subsets:
        return "no task of MTEB is on this collection"
    if other := other_collection(result, material.known):
        return f"another collection than the task's: {'; '.join(other)}"
    if task.main_score not in result.scores.values:
        return f"{task.name}'s main score was not measured: dataset.also=[{task.main_score}]"
    return None


def _files(found: Mapping[tuple[str, str], Mapping[str, Entry]], tasks: Tasks) -> Iterator[File]:
    metas: dict[str, list[Entry]] = {}
    for (folder, task), subsets in sorted(found.items()):
        entries = [subsets[name] for name in sorted(subsets)]
        metas.setdefault(folder, []).extend(entries)
        yield File(f"{folder}/{safe_name(task)}.json", json_text(_task_result(entries)))
    for folder, entries in metas.items():
        first = max(entries, key=lambda entry: finished(entry.result))
        yield File(f"{folder}/model_meta.json", json_text(model_meta(first.result, first.system, tasks)))


def _task_result(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return what TaskResult reads. `mteb_version` is null: the values were not made by mteb."""
    task = entries[0].task
    seconds = [stage_seconds(entry.result.provenance) for entry in entries]
    return {
        "dataset_revision": task.revision,
        "task_name": task.name,
        "mteb_version": None,
        "scores": {task.split: [_scores(entry) for entry in entries]},
        "evaluation_time": math.fsum(one for one in seconds if one is not None) if any(seconds) else None,
        "kg_co2_emissions": None,
        "date": max(finished(entry.result)[0].timestamp() for entry in entries),
    }


def _scores(entry: Entry) -> dict[str, Any]:
    result, task = entry.result, entry.task
    subset = result.language or DEFAULT
    means = result.scores.means
    named_scores = {score_name(measure): value for measure, value in sorted(means.items())}
    return {
        **{name: value for name, value in named_scores.items() if name is not None},
        "main_score": means[task.main_score],
        "hf_subset": subset,
        "languages": list(task.subsets[subset]),
        **facts(result, entry.label),
        "variant": experiment_values(entry.system.variant),
        "made_by": f"late-interaction-harness {result.provenance.get('harness', 'unknown')}, not by mteb",
        "data": _data(result, task),
    }


def _data(result: Result, task: Task) -> str:
    """Return what was read, since it was not the dataset whose revision the task pins."""
    source = result.spec["dataset"].get("id") or "a folder in BEIR's layout"
    prints = result.provenance.get("fingerprints")
    digest = prints.get("documents") if isinstance(prints, dict) else None
    text = f"read from {source}, documents sha256 {digest or 'unknown'}; the task pins {task.path}"
    return f"{text}. {task.remark}" if task.remark else text
