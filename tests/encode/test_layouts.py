"""What a checkpoint's files say about its texts, by hand for each layout, and what is refused."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import pytest

from harness.encode.layouts import METADATA, SENTENCE, UNSAID, adapter_of, read_json, said_by, settled
from harness.errors import ModelError
from harness.model_spec import EncoderSpec

MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Dense", "type": "pylate.models.Dense.Dense"},
]
MASK = {"idx": 2, "name": "2", "path": "2_Mask", "type": "sentence_transformers.multi_vector_encoder.MultiVectorMask"}
DENSE = {"in_features": 8, "out_features": 4, "bias": False, "activation_function": "torch.nn.modules.linear.Identity"}
STANFORD: dict[str, Any] = {
    "query_token_id": "[QueryMarker]",
    "doc_token_id": "[DocumentMarker]",
    "query_token": "[Q]",
    "similarity": "cosine",
    "query_maxlen": 32,
    "attend_to_mask_tokens": True,
    "doc_maxlen": 300,
    "mask_punctuation": True,
    "dim": 128,
}
PYLATE: dict[str, Any] = {
    "query_prefix": "[Q] ",
    "document_prefix": "[D] ",
    "query_length": 48,
    "document_length": 519,
    "attend_to_expansion_tokens": False,
    "skiplist_words": list(string.punctuation),
    "do_query_expansion": True,
}
MULTI = {"model_type": "MultiVectorEncoder", "prompts": {"query": "[unused0] ", "document": "[unused1] "}}
LENGTHS: dict[str, Any] = {
    "document_length": 180,
    "query_expansion": {"strategy": "fixed", "attend": False, "token": None, "length": 40},
}
SPEC = EncoderSpec(name="model", path="somewhere")


def put(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def stanford(folder: Path, **changes: Any) -> Path:
    put(folder / "config.json", {"architectures": ["HF_ColBERT"]})
    put(folder / METADATA, STANFORD | changes)
    return folder


def pylate(folder: Path, **changes: Any) -> Path:
    put(folder / "config.json", {"architectures": ["BertModel"]})
    put(folder / "modules.json", MODULES)
    put(folder / "1_Dense" / "config.json", DENSE)
    put(folder / SENTENCE, PYLATE | changes)
    return folder


def multi_vector(folder: Path, **changes: Any) -> Path:
    put(folder / "config.json", {"architectures": ["BertModel"]})
    put(folder / "modules.json", [*MODULES, MASK])
    put(folder / "1_Dense" / "config.json", DENSE)
    put(folder / "2_Mask" / "config.json", {"skiplist_words": list(string.punctuation)})
    put(folder / SENTENCE, MULTI)
    put(folder / "sentence_bert_config.json", LENGTHS | changes)
    return folder


def refused(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        settled(SPEC, folder)
    assert caught.value.exit_code == 4
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)
    return str(caught.value)


def test_stanfords_metadata_says_everything_but_the_width(tmp_path: Path) -> None:
    assert said_by(stanford(tmp_path)) == {
        "query_length": 32,
        "document_length": 300,
        "query_marker": "[QueryMarker]",
        "document_marker": "[DocumentMarker]",
        "expand_queries": True,
        "attend_to_expansion": True,
        "skiplist": "stanford",
        "head": "linear.weight",
    }


def test_pylates_settings_keep_the_space_that_belongs_to_its_markers(tmp_path: Path) -> None:
    assert said_by(pylate(tmp_path)) == {
        "query_length": 48,
        "document_length": 519,
        "query_marker": "[Q] ",
        "document_marker": "[D] ",
        "expand_queries": True,
        "attend_to_expansion": False,
        "skiplist": "words",
        "head": "1_Dense/linear.weight",
    }


def test_a_multi_vector_encoder_says_it_in_three_files(tmp_path: Path) -> None:
    assert said_by(multi_vector(tmp_path)) == {
        "query_length": 40,
        "document_length": 180,
        "query_marker": "[unused0]",
        "document_marker": "[unused1]",
        "expand_queries": True,
        "attend_to_expansion": False,
        "skiplist": "words",
        "head": "1_Dense/linear.weight",
    }


def test_a_multi_vector_encoder_without_expansion_has_a_length_of_its_own_for_queries(tmp_path: Path) -> None:
    said = said_by(multi_vector(tmp_path, query_expansion=None, query_length=64))
    assert (said["query_length"], said["expand_queries"]) == (64, False)


def test_a_marker_that_ends_in_a_blank_keeps_it_where_the_tokenizer_has_it_so(tmp_path: Path) -> None:
    folder = multi_vector(tmp_path)
    put(folder / "tokenizer.json", {"added_tokens": [{"id": 5, "content": "[unused0] "}]})
    said = said_by(folder)
    assert (said["query_marker"], said["document_marker"]) == ("[unused0] ", "[unused1]")


def test_a_multi_vector_encoder_without_a_mask_drops_nothing(tmp_path: Path) -> None:
    folder = multi_vector(tmp_path)
    put(folder / "modules.json", MODULES)
    assert said_by(folder)["skiplist"] == "none"


@pytest.mark.parametrize("write", [stanford, pylate])
def test_a_checkpoint_that_keeps_its_punctuation_has_no_skiplist(tmp_path: Path, write: Any) -> None:
    name, value = {stanford: ("mask_punctuation", False), pylate: ("skiplist_words", [])}[write]
    assert said_by(write(tmp_path, **{name: value}))["skiplist"] == "none"


def test_a_plain_backbone_says_nothing_and_the_rest_is_what_holds_where_nothing_is_said(tmp_path: Path) -> None:
    put(tmp_path / "config.json", {"architectures": ["BertModel"], "model_type": "bert"})
    put(tmp_path / SENTENCE, {"__version__": {}, "prompts": {}})
    assert said_by(tmp_path) == {}
    model = settled(SPEC, tmp_path)
    assert {name: getattr(model, name) for name in UNSAID} == UNSAID
    assert model.head is None
    assert model.dims == ()


def test_what_a_spec_sets_stays_even_where_it_sets_nothing_or_false(tmp_path: Path) -> None:
    spec = EncoderSpec(
        name="model",
        path="somewhere",
        query_length=16,
        query_marker="",
        expand_queries=False,
        attend_to_expansion=False,
        skiplist="none",
        head="other.weight",
    )
    model = settled(spec, stanford(tmp_path))
    for name in ("query_length", "query_marker", "expand_queries", "attend_to_expansion", "skiplist", "head"):
        assert getattr(model, name) == getattr(spec, name)
    assert (model.document_length, model.document_marker) == (300, "[DocumentMarker]")


def test_a_settled_spec_is_settled(tmp_path: Path) -> None:
    model = settled(SPEC, stanford(tmp_path))
    assert settled(model, tmp_path) == model
    assert all(getattr(model, name) is not None for name in UNSAID)


def test_a_pooled_encoder_has_none_of_what_the_files_say_about_tokens(tmp_path: Path) -> None:
    model = settled(EncoderSpec(name="model", path="somewhere", pooling="mean"), stanford(tmp_path))
    assert {name: getattr(model, name) for name in UNSAID} == UNSAID
    assert model.head is None


def test_stanfords_metadata_comes_before_a_librarys_settings(tmp_path: Path) -> None:
    assert said_by(stanford(pylate(tmp_path)))["query_marker"] == "[QueryMarker]"


@pytest.mark.parametrize("name", ["query_length", "document_length", "document_prefix", "attend_to_expansion_tokens"])
def test_a_setting_of_pylate_that_is_missing_or_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    folder = pylate(tmp_path, **{name: [1]})
    assert f"{folder / SENTENCE}: {name}: got [1], expected " in refused(folder)
    put(folder / SENTENCE, {key: value for key, value in PYLATE.items() if key != name})
    assert f"{folder / SENTENCE}: {name}: got nothing, expected " in refused(folder)


@pytest.mark.parametrize("settings", [{}, {"model_type": "SentenceTransformer"}, None])
def test_a_projection_whose_settings_are_of_no_known_layout_is_refused_rather_than_left_out(
    tmp_path: Path, settings: dict[str, Any] | None
) -> None:
    folder = pylate(tmp_path)
    (folder / SENTENCE).unlink()
    if settings is not None:
        put(folder / SENTENCE, settings)
    assert f"{folder / SENTENCE} does not say how texts are projected: got a projection in 1_Dense" in refused(folder)
    own = EncoderSpec(name="model", path="somewhere", head="1_Dense/linear.weight")
    assert settled(own, folder).head == "1_Dense/linear.weight"
    pooled = EncoderSpec(name="model", path="somewhere", pooling="mean")
    assert settled(pooled, folder).head is None


@pytest.mark.parametrize("words", [["the", "of"], [*string.punctuation, "the"], "!?", {"!": 1}])
def test_words_to_skip_that_are_no_known_rule_are_refused(tmp_path: Path, words: object) -> None:
    line = refused(pylate(tmp_path, skiplist_words=words))
    assert "skiplist_words: got" in line
    assert "expected the ASCII punctuation, or nothing" in line


@pytest.mark.parametrize("expansion", [{"strategy": "multiple", "length": 32}, {"length": 32}])
def test_an_expansion_by_another_rule_is_refused(tmp_path: Path, expansion: dict[str, Any]) -> None:
    folder = multi_vector(tmp_path, query_expansion=expansion)
    assert f"{folder}/sentence_bert_config.json: query_expansion" in refused(folder)


@pytest.mark.parametrize(
    ("name", "value"), [("document_length", None), ("query_expansion", {"strategy": "fixed", "length": "32"})]
)
def test_a_length_of_a_multi_vector_encoder_that_is_no_number_is_refused(
    tmp_path: Path, name: str, value: object
) -> None:
    assert "length: got" in refused(multi_vector(tmp_path, **{name: value}))


@pytest.mark.parametrize(
    ("modules", "told"),
    [
        ([MODULES[0]], "has no projection: expected one module of type Dense"),
        ([*MODULES, MODULES[1] | {"path": "2_Dense"}], "Dense: got ['1_Dense', '2_Dense'], expected one at most"),
        ([MODULES[1] | {"path": "../1_Dense"}], "Dense: got ['../1_Dense'], expected one at most, in a folder here"),
        ([{"path": "1_Dense"}], "cannot be loaded: got"),
        ({"modules": 1}, "cannot be loaded: got"),
    ],
)
def test_modules_that_name_no_projection_within_the_folder_are_refused(
    tmp_path: Path, modules: object, told: str
) -> None:
    folder = pylate(tmp_path)
    put(folder / "modules.json", modules)
    line = refused(folder)
    assert "modules.json" in line
    assert told in line


@pytest.mark.parametrize(
    "change", [{"bias": True}, {"activation_function": "torch.nn.modules.activation.Tanh"}, {"activation_function": 1}]
)
def test_a_projection_that_is_no_plain_product_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    folder = pylate(tmp_path)
    put(folder / "1_Dense" / "config.json", DENSE | change)
    assert "1_Dense: the projection: got bias" in refused(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b"null"])
@pytest.mark.parametrize("name", [METADATA, SENTENCE])
def test_settings_that_are_no_mapping_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    folder = stanford(tmp_path) if name == METADATA else pylate(tmp_path)
    (folder / name).write_bytes(content)
    assert f"{folder / name} cannot be loaded: got" in refused(folder)


def test_a_folder_without_a_config_is_no_checkpoint(tmp_path: Path) -> None:
    assert refused(tmp_path) == f"{tmp_path} is no checkpoint: got no config.json"


def test_a_config_that_is_a_folder_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    with pytest.raises(ModelError, match=r"config\.json cannot be loaded"):
        read_json(tmp_path / "config.json")


def test_the_adapter_is_that_of_the_language_of_the_texts(tmp_path: Path) -> None:
    put(tmp_path / "config.json", {"model_type": "xmod", "languages": ["en_XX", "sw_KE", "so_SO"]})
    assert settled(SPEC, tmp_path, "sw").adapter == "sw_KE"
    assert settled(SPEC, tmp_path).adapter is None
    own = EncoderSpec(name="model", path="somewhere", adapter="en_XX")
    assert settled(own, tmp_path, "yo").adapter == "en_XX"
    with pytest.raises(ModelError, match="no adapter for the language: got s, expected en, so, sw"):
        settled(SPEC, tmp_path, "s")
    with pytest.raises(ModelError, match="got en, expected none"):
        adapter_of(tmp_path, {}, "en")


def test_a_backbone_without_adapters_has_none_in_any_language(tmp_path: Path) -> None:
    assert settled(SPEC, stanford(tmp_path), "yo").adapter is None
