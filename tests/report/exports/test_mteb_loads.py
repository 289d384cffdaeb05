"""The tree read by mteb's own classes, in an environment of its own: HARNESS_MTEB_PYTHON names its Python."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.report.exports.formats import Exported
from harness.report.exports.mteb_meta import experiment_name
from harness.report.exports.tasks import TASKS
from harness.report.record import Result
from harness.report.registered import Registered

Make = Callable[..., Result]
READER = Path(__file__).parent / "mteb_reader.py"


@pytest.fixture(scope="session")
def asked() -> Callable[..., Any]:
    """Ask mteb's own Python a question of mteb_reader.py."""
    program = os.environ.get("HARNESS_MTEB_PYTHON")
    if not program:
        pytest.skip("mteb is not installed here: HARNESS_MTEB_PYTHON names no Python that has it")

    def ask(*words: object) -> Any:
        offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
        done = subprocess.run(
            [program, str(READER), *map(str, words)],
            capture_output=True, text=True, check=False, timeout=300, env={**os.environ, **offline},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return ask


def test_mteb_reads_equal_values_and_keeps_variants_apart(
    asked: Callable[..., Any], exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    results = [
        of_card("scifact", value=0.678, key="k1"),
        of_card("scifact", value=0.66, key="k2", dim=64, dim_kind="prefix"),
        of_card("scifact", value=0.67, key="k3", dim=64, dim_kind="head"),
        of_card("miracl", "sw", value=0.5, key="k4"),
        of_card("miracl", "ar", value=0.6, key="k5"),
        of_card("arguana", value=0.4, key="k6"),
        of_card("scifact", value=0.665, key="k7", model="bm25"),
    ]
    done = exported("mteb", results, configured)
    found = asked("read", done.folder)
    values = {(one["folder"], one["task"], one["subset"]): one["main_score"] for one in found["files"]}
    hub = "jinaai__jina-colbert-v2/4552c4dc1ffd7d7a635b6a41a1077fe9c9cdd974"
    variant = experiment_name({"dim": "64", "dim_kind": "prefix"})
    assert values == {
        (hub, "SciFact", "default"): results[0].value,
        (f"{hub}/experiments/{variant}", "SciFact", "default"): results[1].value,
        ("jinaai__jina-colbert-v2-64/7c9f323b61e6f96754300dea81bb51c3cc1d3f34", "SciFact", "default"): results[2].value,
        (hub, "MIRACLRetrieval", "sw"): results[3].value,
        (hub, "MIRACLRetrieval", "ar"): results[4].value,
        (hub, "ArguAna", "default"): results[5].value,
        ("local__bm25/unknown", "SciFact", "default"): results[6].value,
    }
    assert found["experiments"] == [variant], "mteb gives the variant the folder that it lies in"
    own = found["without_experiments"]
    assert own["jinaai/jina-colbert-v2"]["SciFact"] == results[0].value
    assert set(own) == {"jinaai/jina-colbert-v2", "jinaai/jina-colbert-v2-64", "local/bm25"}


def test_names_revisions_and_counts_are_those_of_mteb(asked: Callable[..., Any], configured: Registered) -> None:
    tasks = yaml.safe_load(TASKS.read_text())["tasks"]
    found = asked("tasks", *(one["task"] for one in tasks.values()))
    for name, ours in tasks.items():
        theirs = found[ours["task"]]
        assert theirs["path"] == ours["path"]
        assert theirs["revision"] == ours["revision"]
        assert ours["split"] in theirs["splits"]
        assert theirs["main_score"] == "ndcg_at_10"
        assert theirs["subsets"] == ours["subsets"]
        for subset, counts in theirs["counts"].items():
            spec = configured.datasets[name, None if subset == "default" else subset]
            assert counts == {"documents": spec.documents, "queries": spec.queries}, (name, subset)
