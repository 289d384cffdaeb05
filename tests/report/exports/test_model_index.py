"""Hugging Face's model-index, read back by huggingface_hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from huggingface_hub import EvalResult, ModelCard, ModelCardData, metadata_load
from huggingface_hub.repocard_data import model_index_to_eval_results

from harness.report.exports.formats import Exported
from harness.report.record import Result
from harness.report.registered import Registered

Make = Callable[..., Result]


def read(done: Exported, name: str) -> tuple[str, list[EvalResult]]:
    """Return the model's name and its results as the hub's own library reads them, by both of its ways."""
    path = done.folder / name
    found = metadata_load(path)
    assert found is not None
    model, results = model_index_to_eval_results(found["model-index"])
    card = ModelCard.load(path)
    assert isinstance(card.data, ModelCardData)
    assert card.data.model_name == model
    assert card.data.eval_results == results
    return model, results


def test_the_hubs_library_reads_equal_values(
    exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    result = of_card("scifact", value=0.678)
    model, (first, second) = read(exported("model-index", [result], configured), "jina-colbert-v2_dim=128.md")
    assert model == "jina-colbert-v2 dim=128"
    assert (first.metric_type, first.metric_name) == ("ndcg_at_10", "nDCG@10")
    assert first.metric_value == result.value
    assert second.metric_value == result.scores.mean("R@100")
    assert (first.task_type, first.dataset_type, first.dataset_split) == ("retrieval", "mteb/scifact", "test")
    assert first.metric_args is not None
    assert [first.metric_args[name] for name in ("precision", "dim", "dim_kind")] == ["strict", 128, "full"]
    assert first.metric_args["standing"] == "registered settings"
    assert not first.verified


def test_the_index_survives_the_librarys_own_round_trip(
    exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    results = [of_card("miracl", "sw", key="k1"), of_card("scifact", key="k2"), of_card("arguana", key="k3")]
    model, found = read(exported("model-index", results, configured), "jina-colbert-v2_dim=128.md")
    again = ModelCardData(model_name=model, eval_results=found).to_dict()["model-index"]
    assert model_index_to_eval_results(again) == (model, found)
    assert len(found) == 6


def test_a_prefix_is_another_card_and_names_no_dataset_of_the_hub(
    exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    results = [of_card("scifact", key="k1"), of_card("scifact", key="k2", dim=64, dim_kind="prefix")]
    done = exported("model-index", results, configured)
    assert sorted(path.name for path in done.paths) == [
        "jina-colbert-v2_dim=128.md", "jina-colbert-v2_dim=64_prefix.md",
    ]  # fmt: skip
    model, (first, _) = read(done, "jina-colbert-v2_dim=64_prefix.md")
    assert model == "jina-colbert-v2 dim=64 prefix"
    assert first.dataset_type == "scifact"
    assert first.metric_args is not None
    assert "dim_kind is prefix" in first.metric_args["standing"]
    assert "not the registered settings" in (done.folder / "jina-colbert-v2_dim=64_prefix.md").read_text()


def test_a_system_without_vectors_has_no_dim(
    exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    _, (first, _) = read(exported("model-index", [of_card("scifact", model="bm25")], configured), "bm25.md")
    assert first.metric_args is not None
    assert first.metric_args["dim"] is None
    assert first.metric_args["model"] == "local/bm25"


def test_other_weights_of_one_name_are_another_card(
    exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    results = [
        replace(
            of_card(dataset, model="minilm", key=dataset, dim=384), provenance={"fingerprints": {"model": one * 64}}
        )
        for dataset, one in (("scifact", "a"), ("arguana", "b"))
    ]
    done = exported("model-index", results, configured)
    assert sorted(path.name for path in done.paths) == ["minilm_dim=384_aaaaaaaa.md", "minilm_dim=384_bbbbbbbb.md"]
    assert read(done, "minilm_dim=384_aaaaaaaa.md")[1][0].dataset_name == "scifact"


def test_a_part_of_a_collection_is_not_in_the_card_of_the_whole(
    exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    whole = of_card("scifact", key="k1", value=0.6)
    part = of_card("scifact", key="k2", value=0.8, documents=100, finished="2026-05-01T00:00:00+00:00")
    done = exported("model-index", [whole, part], configured)
    _, (first, _) = read(done, "jina-colbert-v2_dim=128.md")
    assert first.metric_value == whole.value
    assert [one.why for one in done.left_out] == [
        "another collection than the registered one: 100 documents, registered 5183"
    ]
