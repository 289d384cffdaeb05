from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from tokenizers import Tokenizer

LIMIT = 8 * 2**20
DIMS = (128, 96, 64)
PUBLISHED_KEYS = {
    "architectures", "attention_probs_dropout_prob", "bos_token_id", "emb_pooler", "eos_token_id", "hidden_act",
    "hidden_dropout_prob", "hidden_size", "intermediate_size", "layer_norm_eps", "lora_adaptations", "lora_rank",
    "matryoshka_dimensions", "max_position_embeddings", "num_attention_heads", "num_hidden_layers", "pad_token_id",
    "position_embedding_type", "rotary_emb_base", "torch_dtype", "truncate_dim", "type_vocab_size", "use_cache",
    "use_flash_attn", "vocab_size",
}  # fmt: skip
WINDOW, DENSE_WINDOW = 30, 14
"""Characters in a row, spaces left out, that no training text may share with a passage or question of `mini`.

Less is a phrase of the language (`den größten Teil des Wassers`); Chinese, Japanese and Korean say more in fewer.
"""
DENSE = ("ja", "ko", "zh")


@pytest.fixture
def folder(root: Path) -> Path:
    return root / "harness" / "encode" / "mini"


def _head(folder: Path, dim: int) -> torch.Tensor:
    path = folder if dim == 128 else folder.with_name(f"mini-{dim}")
    with safe_open(path / "model.safetensors", framework="pt") as file:
        return file.get_tensor("linear.weight")


def test_the_miniature_and_its_heads_take_no_more_than_eight_mebibytes(folder: Path) -> None:
    folders = [folder, folder.with_name("mini-96"), folder.with_name("mini-64")]
    assert sum(path.stat().st_size for one in folders for path in one.iterdir()) <= LIMIT


def test_the_config_has_the_published_keys_and_no_model_type(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config.keys() >= PUBLISHED_KEYS
    assert "model_type" not in config
    assert (config["architectures"], config["position_embedding_type"]) == (["HF_ColBERT"], "rotary")
    assert config["rotary_emb_base"] == 10000.0


def test_the_metadata_is_the_published_one_and_names_no_dimension(folder: Path) -> None:
    metadata = json.loads((folder / "artifact.metadata").read_text(encoding="utf-8"))
    assert (metadata["query_maxlen"], metadata["doc_maxlen"]) == (32, 300)
    assert metadata["attend_to_mask_tokens"] is True
    assert metadata["mask_punctuation"] is True
    assert (metadata["query_token_id"], metadata["doc_token_id"]) == ("[QueryMarker]", "[DocumentMarker]")
    assert "dim" not in metadata


def test_the_backbone_has_the_published_names(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    parts = ["mixer.Wqkv", "mixer.out_proj", "norm1", "mlp.fc1", "mlp.fc2", "norm2"]
    modules = [f"encoder.layers.{n}.{part}" for n in range(config["num_hidden_layers"]) for part in parts]
    expected = {
        f"roberta.{module}.{kind}" for module in (*modules, "emb_ln", "pooler.dense") for kind in ("weight", "bias")
    }
    expected |= {f"roberta.embeddings.{table}_embeddings.weight" for table in ("word", "token_type")}
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        assert set(file.keys()) == {*expected, "linear.weight"}
        assert {file.get_tensor(name).dtype for name in expected} == {torch.bfloat16}


@pytest.mark.parametrize("dim", DIMS[1:])
def test_a_head_is_no_prefix_of_a_wider_one(folder: Path, dim: int) -> None:
    head_DH = _head(folder, dim)
    assert head_DH.shape == (dim, 128)
    for wider in (other for other in DIMS if other > dim):
        assert not torch.allclose(head_DH.float(), _head(folder, wider)[:dim].float(), atol=0.05)


@pytest.mark.parametrize("dim", DIMS[1:])
def test_a_head_alone_holds_one_tensor_and_names_its_backbone(folder: Path, dim: int) -> None:
    with safe_open(folder.with_name(f"mini-{dim}") / "model.safetensors", framework="pt") as file:
        assert list(file.keys()) == ["linear.weight"]
        assert len(file.metadata()["backbone"]) == 64


def test_the_markers_are_the_last_ids_after_the_mask(folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    last = config["vocab_size"] - 1
    wanted = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": last - 2}
    wanted |= {"[QueryMarker]": last - 1, "[DocumentMarker]": last}
    assert {token: tokenizer.token_to_id(token) for token in wanted} == wanted
    assert tokenizer.get_vocab_size() == config["vocab_size"]
    assert tokenizer.encode("a <mask> b").ids.count(wanted["<mask>"]) == 1


def test_no_text_of_the_collection_is_in_the_training_text(root: Path, shared_data: Path) -> None:
    text = pytest.importorskip("reports.miniature.text", reason="no shared data: the training script is not here")
    packages = Path(os.environ.get("HARNESS_TEXT_PACKAGES", root / "build" / "node_modules"))
    if not packages.is_dir():
        pytest.skip(f"no shared data: the text packages are not at {packages}; name them with HARNESS_TEXT_PACKAGES")
    trained = list(text.material(shared_data, packages).texts())
    for length, languages in ((WINDOW, set(text.LANGUAGES) - set(DENSE)), (DENSE_WINDOW, set(DENSE))):
        known = set().union(*(_windows(one, length) for one in trained))
        shared = [line for line in _collection(root, languages) if _windows(line, length) & known]
        assert shared == []


def test_a_passage_of_the_collection_would_be_found_among_training_texts(root: Path) -> None:
    for language, length in (("de", WINDOW), ("zh", DENSE_WINDOW)):
        passage = next(_collection(root, {language}))
        assert _windows(f"Vorher. {passage} Danach.", length) & _windows(passage, length)


def _windows(text: str, length: int) -> set[str]:
    """Return all runs of `length` characters; a shorter text is one run by itself."""
    letters = "".join(text.split()).lower()
    return {letters[start : start + length] for start in range(max(1, len(letters) - length + 1))}


def _collection(root: Path, languages: set[str]) -> Iterator[str]:
    for language in sorted(languages):
        for path in sorted((root / "harness" / "data" / "mini" / language).glob("*.jsonl")):
            for line in path.read_text(encoding="utf-8").splitlines():
                yield json.loads(line)["text"]
