"""Keys: each field of each spec is changed in turn; the key changes for those that can change a result, and no other.

Fields that say where content lies or how it is read act through the content: the collection is loaded anew for each.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from harness.data.load import load
from harness.keys import Weights, bm25_parameters, dim_kind, pass_key, result_key, search_key
from harness.plaid_spec import PlaidSpec
from harness.spec import (
    CrossEncoderSpec,
    DatasetSpec,
    EncoderSpec,
    EngineSpec,
    HeadSpec,
    LexicalSpec,
    RunSpec,
    SearchSpec,
)

CORPUS = [{"_id": "d1", "title": "Aspirin", "text": "A drug."}, {"_id": "d2", "title": "Nile", "text": "A river."}]
QUERIES = [{"_id": "q1", "text": "which drug", "keywords": "drug"}, {"_id": "q2", "text": "river", "keywords": "Nile"}]
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n"

# What a change of each field does to the key of a result at a prefix: "both" models', "encoder", "bm25" or "none".
Expected = dict[str, tuple[Any, str]]
DATASET: Expected = {
    "name": ("other", "none"),
    "source": (None, "none"),  # content from ir_datasets has the same fingerprint: tests/data/test_irds_source.py
    "id": ("beir/nq", "none"),
    "path": ("copy", "none"),
    "split": ("same", "none"),
    "language": ("sw", "none"),
    "text_language": ("de", "bm25"),
    "fields": (("text",), "both"),
    "join": (" | ", "both"),
    "query_field": ("keywords", "both"),
    "measure": ("RR@10", "both"),
    "also": (("P@5",), "both"),
    "documents": (2, "none"),
    "queries": (2, "none"),
    "qrels": (2, "none"),
    "missing_judged": (1, "none"),
    "drop_self": (True, "both"),
    "bm25_k1": (0.82, "bm25"),
    "bm25_b": (0.68, "bm25"),
    "description": ("Words.", "none"),
}
ENCODER: Expected = {
    "name": ("other", "none"),
    "path": ("elsewhere", "none"),  # what lies there enters by its fingerprint
    "revision": ("0" * 40, "none"),
    "dims": ((8, 4, 2), "encoder"),  # sums are made from cut to cut; another own width is another model
    "dim_kind": ("head", "encoder"),
    "head": ("linear.weight", "encoder"),
    "heads": ((HeadSpec(dim=4, path="{path}-4"),), "none"),  # enters by its fingerprint too
    "pooling": ("mean", "encoder"),
    "similarity": ("dot", "encoder"),
    "query_length": (64, "encoder"),
    "document_length": (180, "encoder"),
    "query_marker": ("[Q]", "encoder"),
    "document_marker": ("[D]", "encoder"),
    "expand_queries": (True, "encoder"),
    "attend_to_expansion": (False, "encoder"),
    "skiplist": ("words", "encoder"),
    "adapter": ("sw_KE", "encoder"),
    "trained_on": (("hand",), "none"),
}
LEXICAL: Expected = {"name": ("other", "none"), "k1": (1.2, "bm25"), "b": (0.75, "bm25")}
SEARCH: Expected = {"kind": (None, "both"), "depth": (10, "both"), "run": (None, "rerank"), "plaid": (None, "plaid")}
PLAID: Expected = {
    "nbits": (2, "plaid"),
    "kmeans_niters": (8, "plaid"),
    "max_points_per_centroid": (64, "plaid"),
    "n_samples_kmeans": (500, "plaid"),
    "n_ivf_probe": (32, "plaid"),
    "n_full_scores": (1024, "plaid"),
    "seed": (1, "plaid"),
    "device": ("cuda", "plaid"),  # k-means sums otherwise there, and finds other centroids
}
PAIRS: Expected = {"name": ("other", "none"), "path": ("elsewhere", "none"), "revision": ("0" * 40, "none")}
PAIRS |= {"query_length": (64, "rerank"), "length": (512, "rerank")}
ENGINE: Expected = {
    "device": ("cpu", "none"),
    "shards": (7, "none"),
    "shard_documents": (5, "none"),
    "batch_tokens": (64, "none"),
    "block_documents": (3, "none"),
    "workers": (2, "none"),
    "maxsim": ("plain", "none"),
    "kind": ("ray", "none"),
    "address": ("auto", "none"),
    "threads": (2, "none"),
    "patience": (60, "none"),
}
RUN: Expected = {"out": ("elsewhere", "none"), "force": (True, "none"), "dims": ((8, 4), "none")}
RUN |= {"precision": ("fast", "encoder")}
W = Weights("w")
SPECS = {DatasetSpec: DATASET, SearchSpec: SEARCH, PlaidSpec: PLAID, EngineSpec: ENGINE}
SPECS |= {EncoderSpec: ENCODER, LexicalSpec: LEXICAL, CrossEncoderSpec: PAIRS}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("here", "copy"):
        (tmp_path / name / "qrels").mkdir(parents=True)
        for file, records in (("corpus", CORPUS), ("queries", QUERIES)):
            text = "".join(json.dumps(record) + "\n" for record in records)
            (tmp_path / name / f"{file}.jsonl").write_text(text, encoding="utf-8")
        for split in ("test", "same"):
            (tmp_path / name / "qrels" / f"{split}.tsv").write_text(QRELS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def runs(folder: Path) -> dict[str, RunSpec]:
    dataset = DatasetSpec(name="hand", source="beir", path=str(folder / "here"))
    encoder = EncoderSpec(name="tiny", path="checkpoint", dims=(8, 4))
    return {
        "encoder": RunSpec(dataset=dataset, model=encoder, dims=(4,)),
        "bm25": RunSpec(dataset=dataset, model=LexicalSpec(name="bm25"), dims=(None,)),
    }


def key(spec: RunSpec, weights: str = "w", head: str | None = None) -> str:
    """Return the key of the result at the last of the spec's dimensions, its collection read from disk."""
    return result_key(spec, load(spec.dataset), Weights(weights, head), spec.dims[-1])


def changed(spec: RunSpec, part: str, changes: Mapping[str, Any]) -> RunSpec:
    return replace(spec, **{part: replace(getattr(spec, part), **changes)})


def moved(runs: Mapping[str, RunSpec], part: str, changes: Mapping[str, Any]) -> str:
    """Return for which models the key changes when a field of one part of the spec does."""
    found = []
    for name, spec in runs.items():
        here = getattr(spec, part)
        if changes.keys() <= {item.name for item in fields(here)} and key(changed(spec, part, changes)) != key(spec):
            found.append(name)
    return {0: "none", 1: "".join(found), 2: "both"}[len(found)]


def test_every_field_of_every_spec_is_classified_here() -> None:
    for kind, expected in SPECS.items():
        assert {item.name for item in fields(kind)} == set(expected), f"{kind.__name__}: say what a new field changes"
    parts = {"dataset", "model", "search", "engine"}
    assert {item.name for item in fields(RunSpec)} == parts | set(RUN)


@pytest.mark.parametrize("name", [name for name, (value, _) in DATASET.items() if value is not None])
def test_a_field_of_the_dataset_changes_the_key_as_it_changes_the_result(
    name: str, runs: dict[str, RunSpec], folder: Path
) -> None:
    value, expected = DATASET[name]
    assert moved(runs, "dataset", {name: str(folder / value) if name == "path" else value}) == expected


@pytest.mark.parametrize(("name", "change"), ENCODER.items())
def test_a_field_of_the_encoder_changes_the_key_as_it_changes_the_result(
    name: str, change: tuple[Any, str], runs: dict[str, RunSpec]
) -> None:
    assert moved({"encoder": runs["encoder"]}, "model", {name: change[0]}) == change[1]


@pytest.mark.parametrize(("name", "change"), LEXICAL.items())
def test_a_field_of_bm25_changes_the_key_as_it_changes_the_result(
    name: str, change: tuple[Any, str], runs: dict[str, RunSpec]
) -> None:
    assert moved({"bm25": runs["bm25"]}, "model", {name: change[0]}) == change[1]


def test_the_depth_of_the_search_changes_the_key(runs: dict[str, RunSpec]) -> None:
    assert moved(runs, "search", {"depth": SEARCH["depth"][0]}) == "both"


@pytest.mark.parametrize(("name", "change"), PAIRS.items())
def test_a_field_of_a_cross_encoder_changes_the_key_as_it_changes_the_result(
    name: str, change: tuple[Any, str], runs: dict[str, RunSpec]
) -> None:
    search = SearchSpec(kind="rerank", run="first.trec")
    spec = replace(runs["bm25"], model=CrossEncoderSpec(name="pairs", path="checkpoint"), search=search)
    other = changed(spec, "model", {name: change[0]})
    assert (key(other) != key(spec)) is (change[1] == "rerank")


def test_the_run_that_is_reranked_changes_the_key_by_its_content(runs: dict[str, RunSpec]) -> None:
    spec = runs["bm25"]
    collection = load(spec.dataset)
    found = [result_key(spec, collection, Weights("w", run=run), None) for run in (None, "1" * 64, "2" * 64)]
    assert len(set(found)) == 3


def test_the_kind_of_the_search_changes_the_key(runs: dict[str, RunSpec]) -> None:
    """A kind must not be taken for another one."""
    for spec in runs.values():
        other = SearchSpec()
        object.__setattr__(other, "kind", "other")
        assert key(replace(spec, search=other)) != key(spec)


@pytest.mark.parametrize(("name", "change"), PLAID.items())
def test_every_setting_of_an_index_changes_the_key(
    name: str, change: tuple[Any, str], runs: dict[str, RunSpec]
) -> None:
    spec = replace(runs["encoder"], dims=(8,), search=SearchSpec(kind="plaid", plaid=PlaidSpec()))
    other = changed(spec, "search", {"plaid": replace(PlaidSpec(), **{name: change[0]})})
    assert len({key(spec), key(other), key(replace(spec, search=SearchSpec()))}) == 3
    collection = load(spec.dataset)
    assert pass_key(spec, collection, W) == pass_key(other, collection, W), "documents have the same vectors"


@pytest.mark.parametrize(("name", "change"), ENGINE.items())
def test_no_field_of_the_engine_changes_the_key(name: str, change: tuple[Any, str], runs: dict[str, RunSpec]) -> None:
    # From a cluster, which has all of them: on one machine two are refused.
    cluster = {"kind": "ray", "address": "10.0.0.1:6379"} if name != "kind" else {}
    assert change[1] == moved(runs, "engine", cluster | {name: change[0]}) == "none"


def test_folder_force_and_further_dimensions_change_no_key_and_the_precision_does(runs: dict[str, RunSpec]) -> None:
    for name, (value, expected) in RUN.items():
        assert (key(replace(runs["encoder"], **{name: value})) == key(runs["encoder"])) is (expected == "none"), name


def test_the_precision_is_part_of_the_pass_for_what_reads_texts_with_weights(runs: dict[str, RunSpec]) -> None:
    """A cross-encoder takes no other precision yet: its key must not wait until one does."""
    pairs = CrossEncoderSpec(name="pairs", path="checkpoint")
    runs["pairs"] = replace(runs["bm25"], model=pairs, search=SearchSpec(kind="rerank", run="first.trec"))
    for name, spec in runs.items():
        collection, fast = load(spec.dataset), replace(spec)
        object.__setattr__(fast, "precision", "fast")
        same = pass_key(fast, collection, W) == pass_key(spec, collection, W)
        assert same is (name == "bm25"), name
        assert search_key(fast, collection, spec.dims[-1], W) == search_key(spec, collection, spec.dims[-1], W)


def test_each_dimension_has_its_own_key(runs: dict[str, RunSpec]) -> None:
    assert key(replace(runs["encoder"], dims=(8,))) != key(runs["encoder"])


def test_how_smaller_vectors_are_made_does_not_touch_the_width_of_a_model_without_any(runs: dict[str, RunSpec]) -> None:
    wide = changed(replace(runs["encoder"], dims=(8,)), "model", {"dims": (8,)})
    assert key(changed(wide, "model", {"dim_kind": "head"})) == key(wide)
    assert dim_kind(wide, 8) == "full"
    assert dim_kind(wide, 4) == "prefix"
    assert dim_kind(runs["bm25"], None) is None


def test_other_weights_are_another_result(runs: dict[str, RunSpec]) -> None:
    for spec in runs.values():
        assert key(spec, "other weights") != key(spec)


@pytest.mark.parametrize("file", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_other_content_under_the_same_names_is_another_result(
    file: str, runs: dict[str, RunSpec], folder: Path
) -> None:
    before = {name: key(spec) for name, spec in runs.items()}
    path = folder / "here" / file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("river", "town") if file.endswith("jsonl") else text.replace("d2\t1", "d2\t2"))
    for name, spec in runs.items():
        assert key(spec) != before[name]


def test_the_order_of_queries_and_judgments_changes_nothing_but_that_of_documents_does(
    runs: dict[str, RunSpec], folder: Path
) -> None:
    spec = runs["encoder"]
    before = key(spec)
    for file, same in (("queries.jsonl", True), ("corpus.jsonl", False)):
        path = folder / "here" / file
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(reversed(lines)), encoding="utf-8")
        assert (key(spec) == before) is same
        path.write_text("".join(lines), encoding="utf-8")
    shutil.copy(folder / "here/qrels/test.tsv", folder / "spare.tsv")
    head, *rest = (folder / "spare.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "here/qrels/test.tsv").write_text("".join([head, *reversed(rest)]), encoding="utf-8")
    assert key(spec) == before


def test_one_measure_under_two_of_its_names_is_one_result(runs: dict[str, RunSpec]) -> None:
    assert moved(runs, "dataset", {"measure": "ndcg_cut_10"}) == "none"
    assert moved(runs, "dataset", {"also": ("nDCG@10",)}) == "none"


def test_the_measure_of_the_table_and_a_further_one_cannot_change_places_unseen(runs: dict[str, RunSpec]) -> None:
    """A result says which measure its value is by: read back for the other order it would show the wrong one."""
    spec = changed(runs["bm25"], "dataset", {"measure": "nDCG@10", "also": ("RR@10",)})
    other = changed(runs["bm25"], "dataset", {"measure": "RR@10", "also": ("nDCG@10",)})
    assert key(spec) != key(other)


def test_bm25s_own_parameters_go_before_the_benchmarks(runs: dict[str, RunSpec]) -> None:
    spec = changed(runs["bm25"], "model", {"k1": 1.2})
    model = spec.model
    assert isinstance(model, LexicalSpec)
    assert bm25_parameters(spec, model) == (1.2, 0.4)
    assert key(changed(runs["bm25"], "model", {"k1": 0.9, "b": 0.4})) == key(runs["bm25"])
    assert key(changed(spec, "dataset", {"bm25_k1": 0.5})) == key(spec)


def test_a_pass_serves_every_dimension_and_query_setting_and_a_search_every_document_setting(
    runs: dict[str, RunSpec],
) -> None:
    spec = runs["encoder"]
    collection = load(spec.dataset)
    document_side = {"head", "pooling", "similarity", "adapter", "document_length", "document_marker", "skiplist"}
    query_side = {"query_length", "query_marker", "expand_queries", "attend_to_expansion", "dim_kind", "dims"}
    for name, (value, _) in ENCODER.items():
        other = changed(spec, "model", {name: value})
        assert (pass_key(other, collection, W) != pass_key(spec, collection, W)) is (name in document_side), name
        assert (search_key(other, collection, 4, W) != search_key(spec, collection, 4, W)) is (name in query_side), name


def test_a_key_is_a_word_that_names_a_folder_and_lasts(runs: dict[str, RunSpec]) -> None:
    found = key(runs["encoder"])
    assert found == key(runs["encoder"])
    assert len(found) == 16
    assert set(found) <= set("0123456789abcdef")
    assert all(is_dataclass(kind) for kind in SPECS)
