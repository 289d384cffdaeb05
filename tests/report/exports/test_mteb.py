"""MTEB's results tree: which name a result may take, what it says, and which results are left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.report.exports.formats import Exported
from harness.report.exports.mteb_meta import experiment_name, experiment_values
from harness.report.exports.tasks import read_tasks
from harness.report.record import Result
from harness.report.registered import Registered
from tests.report.exports.conftest import content, with_values

Make = Callable[..., Result]
OWN = "results/jinaai__jina-colbert-v2/4552c4dc1ffd7d7a635b6a41a1077fe9c9cdd974"


def loaded(done: Exported) -> dict[str, Any]:
    return {path: json.loads(text) for path, text in content(done).items()}


def test_the_published_model_takes_its_place_with_every_digit(
    exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    result = of_card("scifact", value=0.678)
    found = loaded(exported("mteb", [result], configured))
    assert sorted(found) == [f"{OWN}/SciFact.json", f"{OWN}/model_meta.json"]
    task, meta = found[f"{OWN}/SciFact.json"], found[f"{OWN}/model_meta.json"]
    (scores,) = task["scores"]["test"]
    assert scores["main_score"] == scores["ndcg_at_10"] == result.value
    assert scores["recall_at_100"] == result.scores.mean("R@100")
    assert (scores["hf_subset"], scores["languages"]) == ("default", ["eng-Latn"])
    assert (scores["precision"], scores["dim"], scores["dim_kind"]) == ("strict", 128, "full")
    assert task["mteb_version"] is None, "the values were not made by mteb"
    assert meta["name"] == "jinaai/jina-colbert-v2"
    assert meta["embed_dim"] == 128
    assert meta["experiment_kwargs"] is None
    assert meta["similarity_fn_name"] == "MaxSim"


def test_a_head_of_its_own_is_a_repository_of_its_own(
    exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    found = loaded(exported("mteb", [of_card("scifact", dim=64, dim_kind="head")], configured))
    folder = "results/jinaai__jina-colbert-v2-64/7c9f323b61e6f96754300dea81bb51c3cc1d3f34"
    assert sorted(found) == [f"{folder}/SciFact.json", f"{folder}/model_meta.json"]
    assert found[f"{folder}/model_meta.json"]["embed_dim"] == 64


@pytest.mark.parametrize(
    ("changes", "variant"),
    [
        ({"dim": 64, "dim_kind": "prefix"}, {"dim": "64", "dim_kind": "prefix"}),
        ({"overrides": {"precision": "fast"}}, {"precision": "fast"}),
        ({"overrides": {"search": {"kind": "plaid"}}}, {"search.kind": "_22_plaid_22_"}),
    ],
    ids=["prefix", "precision", "search"],
)
def test_what_is_not_the_cards_own_setting_is_an_experiment_and_never_the_entry(
    exported: Callable[..., Exported],
    of_card: Make,
    configured: Registered,
    changes: dict[str, Any],
    variant: dict[str, str],
) -> None:
    found = loaded(exported("mteb", [of_card("scifact", **changes)], configured))
    name = experiment_name({key: changes_value(value) for key, value in variant.items()})
    assert sorted(found) == [f"{OWN}/experiments/{name}/{file}" for file in ("SciFact.json", "model_meta.json")]
    assert found[f"{OWN}/experiments/{name}/model_meta.json"]["experiment_kwargs"] == variant
    (scores,) = found[f"{OWN}/experiments/{name}/SciFact.json"]["scores"]["test"]
    assert scores["standing"].startswith("not the registered settings: ")


def changes_value(value: str) -> str:
    """Return the setting that is spelled so."""
    return '"plaid"' if "plaid" in value else value


def test_a_folder_in_the_place_of_the_repository_is_local(
    exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    result = of_card("scifact")
    spec = {**result.spec, "model": {**result.spec["model"], "path": "checkpoints/jina"}}
    provenance = {**result.provenance, "fingerprints": {"model": "ab" * 32}}
    found = loaded(exported("mteb", [replace(result, spec=spec, provenance=provenance)], configured))
    folder = f"results/local__jina-colbert-v2/{'ab' * 20}"
    assert sorted(found) == [f"{folder}/SciFact.json", f"{folder}/model_meta.json"]
    meta = found[f"{folder}/model_meta.json"]
    assert meta["name"] == "local/jina-colbert-v2"
    assert meta["open_weights"] is None
    assert meta["reference"] is None


def test_languages_are_subsets_of_one_task(
    exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    results = [of_card("miracl", code, value=value, key=code) for code, value in (("sw", 0.5), ("ar", 0.6))]
    found = loaded(exported("mteb", results, configured))
    scores = found[f"{OWN}/MIRACLRetrieval.json"]["scores"]["dev"]
    assert [(one["hf_subset"], one["languages"]) for one in scores] == [("ar", ["ara-Arab"]), ("sw", ["swa-Latn"])]
    assert [one["main_score"] for one in scores] == [results[1].value, results[0].value]


def test_what_no_task_is_on_is_left_out_with_the_reason(
    exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    whole = of_card("scifact", key="k1")
    few = replace(whole, key="k2", counts={**whole.counts, "documents": 100})
    results = [few, of_card("mmarco", "de", key="k3"), of_card("mini", "de", model="mini", key="k4")]
    done = exported("mteb", results, configured)
    assert done.paths == ()
    reasons = {one.what.partition("(")[2]: one.why for one in done.left_out}
    assert "another collection than the task's: 100 documents, registered 5183" in reasons["k2)"]
    assert "MMarcoRetrieval" in reasons["k3)"]
    assert reasons["k4)"] == "no task of MTEB is on this collection"
    assert done.lines()[0] == "mteb: nothing to export"


def test_a_task_whose_main_score_was_not_measured_is_left_out_until_it_is(
    exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    result = of_card("msmarco")
    done = exported("mteb", [result], configured)
    assert done.paths == ()
    assert "main score was not measured: dataset.also=[nDCG@10]" in done.left_out[0].why
    also = with_values(result, result.scores.values["RR@10"], "RR@10", "nDCG@10")
    (scores,) = loaded(exported("mteb", [also], configured))[f"{OWN}/MSMARCO.json"]["scores"]["dev"]
    assert scores["main_score"] == scores["ndcg_at_10"] == also.scores.mean("nDCG@10")
    assert scores["mrr_at_10"] == also.value


def test_of_two_results_of_one_system_the_one_that_finished_last_is_exported(
    exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    late = of_card("scifact", value=0.6, key="late", finished="2026-02-02T00:00:00+00:00")
    early = of_card("scifact", value=0.5, key="early", finished="2026-02-01T00:00:00+00:00")
    done = exported("mteb", [late, early], configured)
    (scores,) = loaded(done)[f"{OWN}/SciFact.json"]["scores"]["test"]
    assert scores["result_key"] == "late"
    assert [one.why for one in done.left_out] == ["another result of the same system finished later"]


def test_every_task_is_on_a_registered_dataset_with_its_split(configured: Registered) -> None:
    tasks = read_tasks()
    for name, task in tasks.tasks.items():
        for subset in task.subsets:
            spec = configured.datasets[name, None if subset == "default" else subset]
            assert spec.split == task.split
    assert set(tasks.others) | set(tasks.tasks) >= {name for name, _ in configured.datasets} - {"mini"}


def test_no_two_variants_have_one_name() -> None:
    names = [experiment_name({"join": value}) for value in (" ", "|", "_", " | ", "x" * 300, "x" * 301)]
    assert len(set(names)) == len(names)
    assert experiment_name({}) is None
    assert experiment_values({"a/b": "c d"}) == {"a_b": "c_20_d"}
