"""Plain mappings to specs: types, unknown and missing keys, names, placeholders, languages, dimensions, counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harness
from harness.config import dataset_specs, model_spec, run_specs
from harness.errors import ConfigError
from harness.placeholders import located
from harness.spec import DatasetSpec, EncoderSpec, EngineSpec, LexicalSpec, SearchSpec

DATASET: dict[str, Any] = {"name": "hand", "source": "beir", "id": None, "path": "some/folder"}
DATASET |= {"default_languages": None, "languages": None}
MANY: dict[str, Any] = {**DATASET, "path": "sets/{language}/{code}", "languages": {"sw": {}, "nl": {"code": "dt"}}}
ENCODER: dict[str, Any] = {"kind": "late-interaction", "name": "tiny", "path": "checkpoint", "dims": [8, 4, 2]}
BM25: dict[str, Any] = {"kind": "bm25", "name": "bm25"}
ROOT: dict[str, Any] = {"dataset": DATASET, "model": BM25, "search": {}, "engine": {}, "language": None, "dim": None}
ROOT |= {"precision": "strict", "out": "runs", "force": False}


def refused(group: str = "", **changes: Any) -> str:
    """Return the one line that a root configuration with `changes` (in `group`) is refused with."""
    base = {"dataset": DATASET, "model": ENCODER}.get(group, {})
    data = {**ROOT, group: {**base, **changes}} if group else {**ROOT, **changes}
    with pytest.raises(ConfigError) as caught:
        run_specs(data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def dims(dim: Any, model: dict[str, Any] = ENCODER) -> tuple[int | None, ...]:
    return run_specs({**ROOT, "model": model, "dim": dim})[0].dims


def languages(language: Any, **changes: Any) -> list[str | None]:
    return [spec.language for spec in dataset_specs({**MANY, **changes}, language)]


def test_an_empty_group_means_the_defaults_of_its_spec() -> None:
    (spec,) = run_specs(ROOT)
    assert spec.dataset == DatasetSpec(name="hand", source="beir", path="some/folder")
    assert (spec.model, spec.search, spec.engine) == (LexicalSpec(name="bm25"), SearchSpec(), EngineSpec())
    assert (spec.dims, spec.precision, spec.out, spec.force) == ((None,), "strict", "runs", False)


@pytest.mark.parametrize(
    ("group", "changes", "message"),
    [
        ("dataset", {"join": True}, "dataset.join: got True (bool), expected text. Put it in quotes"),
        ("dataset", {"name": 2024}, "dataset.name: got 2024 (int), expected text. Put it in quotes"),
        ("dataset", {"path": 1.5}, "dataset.path: got 1.5 (float), expected text or null. Put it in quotes"),
        ("dataset", {"path": {"package": "x"}}, "dataset.path: got {'package': 'x'} (dict), expected text or null"),
        ("dataset", {"documents": "many"}, "dataset.documents: got 'many' (str), expected a whole number or null"),
        ("dataset", {"documents": 3.0}, "dataset.documents: got 3.0 (float), expected a whole number or null"),
        ("dataset", {"queries": True}, "dataset.queries: got True (bool), expected a whole number or null"),
        ("dataset", {"drop_self": 1}, "dataset.drop_self: got 1 (int), expected true or false"),
        ("dataset", {"drop_self": "no"}, "dataset.drop_self: got 'no' (str), expected true or false"),
        ("dataset", {"bm25_k1": "0.9"}, "dataset.bm25_k1: got '0.9' (str), expected a number"),
        ("dataset", {"bm25_k1": True}, "dataset.bm25_k1: got True (bool), expected a number"),
        ("dataset", {"split": None}, "dataset.split: got None (NoneType), expected text"),
        ("dataset", {"also": "R@100"}, "dataset.also: got 'R@100' (str), expected a list"),
        ("dataset", {"fields": ["text", 5]}, "dataset.fields: got 5 (int), expected text. Put it in quotes"),
        ("dataset", {"languages": "en"}, "dataset.languages: got 'en' (str), expected a mapping or null"),
        ("model", {"dims": 128}, "model.dims: got 128 (int), expected a list"),
        ("model", {"dims": ["8"]}, "model.dims: got '8' (str), expected a whole number"),
        ("model", {"head": False}, "model.head: got False (bool), expected text or null. Put it in quotes"),
        ("search", {"depth": None}, "search.depth: got None (NoneType), expected a whole number"),
        ("engine", {"shards": "7"}, "engine.shards: got '7' (str), expected a whole number or null"),
        ("", {"out": None}, "out: got None (NoneType), expected text"),
        ("", {"force": "yes"}, "force: got 'yes' (str), expected true or false"),
        ("", {"precision": True}, "precision: got True (bool), expected text. Put it in quotes"),
    ],
)
def test_a_value_of_another_type_is_refused(group: str, changes: dict[str, Any], message: str) -> None:
    assert refused(group, **changes) == message


def test_a_whole_number_is_a_number_and_a_list_becomes_a_tuple() -> None:
    (spec,) = dataset_specs({**DATASET, "bm25_k1": 1, "fields": ["body", "title"], "also": []}, None)
    assert (spec.bm25_k1, type(spec.bm25_k1)) == (1.0, float)
    assert (spec.fields, spec.also) == (("body", "title"), ())


@pytest.mark.parametrize(
    ("group", "changes", "message"),
    [
        ("", {"datset": 1}, "unknown key: got 'datset', expected one of dataset, model,"),
        ("dataset", {"splt": "dev"}, "unknown key of dataset: got 'splt'"),
        ("dataset", {"language": "en"}, "dataset.language cannot be set. Write language=CODE"),
        ("model", {"query_lenght": 32}, "Did you mean 'query_length'?"),
        (
            "model",
            {"kind": "bm52"},
            "unknown model kind: got 'bm52', expected one of late-interaction, single-vector, bm25",
        ),
        (
            "",
            {"precision": "fats"},
            "unknown precision: got 'fats', expected one of strict, fast. Did you mean 'fast'?",
        ),
        ("search", {"dept": 10}, "Did you mean 'depth'?"),
        ("engine", {"shard": 7}, "Did you mean 'shards'?"),
        ("dataset", {"source": "bier"}, "unknown dataset source: got 'bier', expected one of beir, irds"),
    ],
)
def test_an_unknown_key_or_kind_is_named_with_the_nearest(group: str, changes: dict[str, Any], message: str) -> None:
    assert message in refused(group, **changes)


@pytest.mark.parametrize("key", ROOT)
def test_a_key_that_was_taken_out_of_the_root_is_missed(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{key} is missing\. Give it, as in {key}=\.\.\.$"):
        run_specs({name: value for name, value in ROOT.items() if name != key})


@pytest.mark.parametrize("key", DATASET)
def test_a_key_that_was_taken_out_of_a_dataset_is_missed(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"^dataset\.{key} is missing\."):
        dataset_specs({name: value for name, value in DATASET.items() if name != key}, None)


@pytest.mark.parametrize("key", ["kind", "name", "path"])
def test_a_key_that_was_taken_out_of_a_model_is_missed(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"^model\.{key} is missing\."):
        model_spec({name: value for name, value in ENCODER.items() if name != key})


@pytest.mark.parametrize("name", ["../x", "..", ".", "", "a/b", "two words", "-x", "a\n", "né", "a" * 101, "x\\y", "~"])
def test_a_name_that_cannot_name_a_folder_is_refused(name: str) -> None:
    for group in ("dataset", "model"):
        message = refused(group, name=name)
        assert message.startswith(f"{group}.name cannot name a folder: got ")
        assert message.endswith(f"as in {group}.name=my-collection")


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "0", "a..b", "a" * 100])
def test_a_name_of_letters_digits_and_three_signs_is_taken(name: str) -> None:
    assert dataset_specs({**DATASET, "name": name}, None)[0].name == model_spec({**BM25, "name": name}).name == name


def test_a_dataset_without_a_name_is_called_by_its_folder_or_its_id() -> None:
    unnamed = {**DATASET, "name": None}
    assert dataset_specs({**unnamed, "path": "data/scifact/"}, None)[0].name == "scifact"
    assert dataset_specs({**unnamed, "path": "."}, None)[0].name == Path.cwd().name
    irds = {**unnamed, "source": "irds", "path": None, "id": "beir/nq/dev"}
    assert dataset_specs(irds, None)[0].name == "beir-nq-dev"
    assert "dataset.name cannot name a folder: got 'my data'" in refused("dataset", name=None, path="x/my data")
    assert "dataset.name cannot name a folder: got ''" in refused("dataset", name=None, path="/")


def test_what_a_source_needs_is_asked_for() -> None:
    assert "dataset.path is missing" in refused("dataset", path=None)
    assert "dataset.id is missing" in refused("dataset", source="irds", path=None)


def test_placeholders_are_filled_per_language() -> None:
    sw, nl = dataset_specs({**MANY, "text_language": "{language}"}, "all")
    assert (sw.path, sw.text_language, sw.language) == ("sets/sw/sw", "sw", "sw")
    assert (nl.path, nl.text_language, nl.language) == ("sets/nl/dt", "nl", "nl")


def test_packages_are_found_wherever_they_are_installed() -> None:
    here = Path(harness.__file__).parent
    assert located("{package}/x") == here / "x"
    assert located("{package:harness}/x") == here / "x"
    with pytest.raises(ConfigError) as refusal:
        located("{package:No_such_package}/x")
    assert str(refusal.value) == (
        "{package:No_such_package} names a package that is not installed: got No_such_package. "
        "Install it: pip install No-such-package"
    )


def test_a_spec_keeps_the_folder_of_a_package_as_a_placeholder() -> None:
    """A record then says the same on every machine."""
    assert model_spec({**ENCODER, "path": "{package}/x"}).path == "{package}/x"  # type: ignore[union-attr]


def test_braces_that_are_no_placeholders_stay() -> None:
    assert dataset_specs({**DATASET, "path": "a/{other}/{}"}, None)[0].path == "a/{other}/{}"


def test_an_entry_of_a_language_goes_before_the_dataset() -> None:
    data = {**MANY, "documents": 5, "languages": {"sw": None, "yo": {"documents": 7, "split": "dev"}}}
    found = [(spec.documents, spec.split) for spec in dataset_specs(data, "all")]
    assert found == [(5, "test"), (7, "dev")]
    assert data["languages"]["yo"] == {"documents": 7, "split": "dev"}


def test_entries_of_languages_are_checked() -> None:
    with pytest.raises(ConfigError, match=r"unknown key of dataset: got 'documnts'.*Did you mean 'documents'"):
        languages("sw", languages={"sw": {"documnts": 5}})
    with pytest.raises(ConfigError, match=r"^dataset\.languages\.sw: got 5 \(int\), expected a mapping$"):
        languages("sw", languages={"sw": 5})


def test_without_a_choice_the_datasets_own_languages_are_taken() -> None:
    assert languages(None, default_languages="all") == ["sw", "nl"]
    assert languages(None, default_languages="nl") == ["nl"]
    assert languages(None, default_languages=["nl", "sw"]) == ["nl", "sw"]


def test_a_choice_goes_before_the_datasets_own() -> None:
    assert languages("sw", default_languages="all") == languages(["sw"], default_languages="nl") == ["sw"]
    assert languages("all", default_languages="nl") == ["sw", "nl"]


@pytest.mark.parametrize(
    ("language", "message"),
    [
        (None, "dataset hand has 2 languages and none was chosen: expected language= one or more of sw, nl, or all"),
        ("xx", "unknown language of dataset hand: got 'xx', expected one of sw, nl"),
        (["sw", "xx"], "unknown language of dataset hand: got 'xx', expected one of sw, nl"),
        (["all"], "unknown language of dataset hand: got 'all', expected one of sw, nl"),
        ([], "language: got [], expected different ones of sw, nl, or all"),
        (["sw", "sw"], "language: got ['sw', 'sw'], expected different ones of sw, nl, or all"),
        (True, "language: got True (bool), expected text. Put it in quotes"),
        ([5], "language: got 5 (int), expected text. Put it in quotes"),
    ],
)
def test_a_language_that_is_not_there_is_refused(language: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        languages(language)
    assert str(caught.value) == message


@pytest.mark.parametrize("language", ["en", "all", ["en"]])
def test_a_dataset_without_languages_takes_none(language: Any) -> None:
    assert "dataset hand has no languages: got language=" in refused(language=language)


@pytest.mark.parametrize(
    ("dim", "expected"),
    [("all", (8, 4, 2)), (None, (8,)), (4, (4,)), ([2, 8], (2, 8)), ((4,), (4,))],
)
def test_dim_is_a_width_several_all_or_the_models_own(dim: Any, expected: tuple[int, ...]) -> None:
    assert dims(dim) == expected


@pytest.mark.parametrize(
    ("dim", "message"),
    [
        (5, "dim is not one that tiny offers: got [5], expected different ones of 8, 4, 2, or dim=all"),
        ([8, 5, 3], "dim is not one that tiny offers: got [5, 3], expected"),
        ([4, 4], "dim is not one that tiny offers: got [4, 4], expected different ones"),
        ([], "dim is not one that tiny offers: got [], expected different ones"),
        (0, "got [0]"),
        (-8, "got [-8]"),
        ("8", "dim: got '8' (str), expected a whole number"),
        ("al", "dim: got 'al' (str), expected a whole number"),
        (8.0, "dim: got 8.0 (float), expected a whole number"),
        (True, "dim: got True (bool), expected a whole number"),
        ([8, None], "dim: got None (NoneType), expected a whole number"),
        (["all"], "dim: got 'all' (str), expected a whole number"),
    ],
)
def test_a_dim_that_the_model_does_not_offer_is_refused(dim: Any, message: str) -> None:
    assert message in refused(model=ENCODER, dim=dim)


def test_a_model_without_vectors_has_no_dim() -> None:
    assert dims(None, BM25) == dims("all", BM25) == (None,)
    for dim in (128, [128], []):
        assert refused(dim=dim) == f"model bm25 has no vectors: got dim={dim}. Leave dim out"


def test_a_precision_other_than_strict_is_for_encoders_alone() -> None:
    assert [spec.precision for spec in run_specs({**ROOT, "model": ENCODER, "precision": "fast"})] == ["fast"]
    message = "precision=fast is for encoders alone: got model bm25. Leave precision out"
    assert refused(precision="fast") == message
    pairs = {"kind": "cross-encoder", "name": "pairs", "path": "checkpoint"}
    rerank = {"kind": "rerank", "run": "first.trec"}
    assert refused(model=pairs, search=rerank, precision="fast") == message.replace("bm25", "pairs")


def test_a_dataset_in_several_languages_is_a_job_each() -> None:
    found = run_specs({**ROOT, "dataset": MANY, "language": ["nl", "sw"], "model": ENCODER, "dim": "all"})
    assert [spec.dataset.language for spec in found] == ["nl", "sw"]
    assert len({(spec.model, spec.dims) for spec in found}) == 1
    assert isinstance(found[0].model, EncoderSpec)
