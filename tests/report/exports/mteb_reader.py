"""Run by the Python that has mteb: what its own classes make of an exported tree, and of its tasks, as JSON.

python mteb_reader.py read FOLDER; python mteb_reader.py tasks NAME...
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def read(folder: str) -> dict[str, Any]:
    """Return every file of the tree and what mteb's cache loads as a leaderboard would."""
    from mteb.cache import ResultCache  # noqa: PLC0415 - only that Python has it
    from mteb.models.model_meta import ModelMeta  # noqa: PLC0415
    from mteb.results import TaskResult  # noqa: PLC0415

    root = Path(folder) / "results"
    files, experiments = [], []
    for path in sorted(root.rglob("*.json")):
        if path.name == "model_meta.json":
            meta = ModelMeta.model_validate_json_resolved(path.read_text())
            if meta.experiment_name:
                experiments.append(meta.experiment_name)
            continue
        found = TaskResult.from_disk(path, load_historic_data=False)
        found.validate_and_filter_scores()
        for scores in (one for split in found.scores.values() for one in split):
            place = path.parent.relative_to(root).as_posix()
            of = {"folder": place, "task": found.task_name, "subset": scores["hf_subset"]}
            files.append({**of, "main_score": scores["main_score"]})
    cache = ResultCache(cache_path=folder)
    loaded = cache.load_results(include_remote=False, require_model_meta=True)
    plain = {
        model.model_name: {task.task_name: task.get_score() for task in model.task_results}
        for model in loaded.model_results
    }
    return {"files": files, "experiments": experiments, "without_experiments": plain}


def tasks(names: list[str]) -> dict[str, Any]:
    """Return what mteb says of its tasks: data, revision, splits, subsets with languages, counts."""
    return {name: _task(name) for name in names}


def _task(name: str) -> dict[str, Any]:
    import mteb  # noqa: PLC0415 - only that Python has it

    meta = mteb.get_task(name).metadata
    stats = meta.descriptive_stats or {}
    counts = {}
    for split, found in stats.items():
        if split in meta.eval_splits:
            subsets = found.get("hf_subset_descriptive_stats") or {"default": found}
            counts |= {
                subset: {"documents": one["num_documents"], "queries": one["num_queries"]}
                for subset, one in subsets.items()
                if "num_documents" in one
            }
    return {
        "path": meta.dataset["path"],
        "revision": meta.dataset["revision"],
        "splits": list(meta.eval_splits),
        "main_score": meta.main_score,
        "subsets": meta.hf_subsets_to_langscripts,
        "counts": counts,
    }


if __name__ == "__main__":
    verb, *words = sys.argv[1:]
    sys.stdout.write(json.dumps(read(words[0]) if verb == "read" else tasks(words)) + "\n")
