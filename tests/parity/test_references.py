"""The slow references of the tests against other libraries, on checkpoints in the published layouts.

The harness has no part here: what it is held against has to stand on its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from sentence_transformers import MultiVectorEncoder, SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer
from torch import Tensor
from transformers import (
    BertModel,
    JinaEmbeddingsV3Config,
    JinaEmbeddingsV3Model,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
    XmodModel,
)

from tests.fixtures.published import WRITERS, bert, flash_xlmr, jina_bert, weights
from tests.references import bert as slow_bert
from tests.references import colbert, pooling
from tests.references import flash_xlmr as slow_flash
from tests.references.blocks import read_json, slopes

TOLERANCE = 1e-5
QUERIES = ["what is the river in the old town?", "drug", "which bridge, of old stone? " * 12]
DOCUMENTS = ["The river (old) is in the town, of stone. A bridge!", "drug", "the old bridge - of the river; " * 60]
Folder = Callable[[str], Path]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Return a function that writes a system's checkpoint once and gives its folder."""
    root = tmp_path_factory.mktemp("published")

    def give(name: str) -> Path:
        if not (root / name).exists():
            WRITERS[name](root / name)
        return root / name

    return give


def distance(a: Tensor, b: Tensor) -> float:
    assert a.shape == b.shape
    return float((a - b).abs().max())


def token_ids(path: Path, text: str) -> list[int]:
    return list(Tokenizer.from_file(str(path / "tokenizer.json")).encode(text).ids)


def hosted(path: Path, theta: float | None = None) -> JinaEmbeddingsV3Model:
    """Return transformers' own model of jina-colbert-v2's backbone."""
    said = read_json(path / "config.json")
    same = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act")
    same += ("max_position_embeddings", "type_vocab_size", "layer_norm_eps", "pad_token_id")
    rope = {"rope_type": "default", "rope_theta": theta or said["rotary_emb_base"]}
    config = JinaEmbeddingsV3Config(**{name: said[name] for name in same}, rope_parameters=rope)
    return JinaEmbeddingsV3Model.from_pretrained(path, config=config, add_pooling_layer=False).eval()


@pytest.mark.parametrize("suffix", ["", "-64"])
@torch.no_grad()
def test_the_rotary_backbone_equals_transformers_own_class(folder: Folder, suffix: str) -> None:
    path = folder("jina-colbert-v2").with_name(f"jina-colbert-v2{suffix}")
    ids = token_ids(path, DOCUMENTS[0])
    slow_TH = slow_flash.hidden_states(path, ids)
    assert distance(slow_TH, hosted(path)(torch.tensor([ids])).last_hidden_state[0]) < TOLERANCE
    wrong_TH = hosted(path, theta=20000.0)(torch.tensor([ids])).last_hidden_state[0]
    assert distance(slow_TH, wrong_TH) > 100 * TOLERANCE, "the comparison has to see another base of the angles"


@torch.no_grad()
def test_the_sibling_has_the_backbone_and_tokenizer_of_the_model_and_a_head_of_its_own(folder: Folder) -> None:
    path = folder("jina-colbert-v2")
    sibling = path.with_name("jina-colbert-v2-64")
    one, other = load_file(path / "model.safetensors"), load_file(sibling / "model.safetensors")
    assert [name for name in one if not torch.equal(one[name], other[name])] == ["linear.weight"]
    assert (path / "tokenizer.json").read_bytes() == (sibling / "tokenizer.json").read_bytes()
    assert other["linear.weight"].shape == (64, 64)
    assert not torch.equal(one["linear.weight"][:64], other["linear.weight"])
    assert colbert.query_vectors(sibling, QUERIES[0]).shape == (32, 64)


@pytest.mark.parametrize("language", ["en_XX", "de_DE"])
@torch.no_grad()
def test_xmod_equals_transformers_own_class_in_each_language(folder: Folder, language: str) -> None:
    path = folder("colbert-xm")
    ids = token_ids(path, DOCUMENTS[0])
    model = XmodModel.from_pretrained(path).eval()
    model.set_default_language(language)
    slow_TH = slow_bert.hidden_states(path, ids, language=language)
    assert distance(slow_TH, model(torch.tensor([ids])).last_hidden_state[0]) < TOLERANCE


@torch.no_grad()
def test_bert_equals_transformers_own_class(folder: Folder) -> None:
    path = folder("mdpr")
    ids = token_ids(path, DOCUMENTS[0])
    model = BertModel.from_pretrained(path).eval()
    assert distance(slow_bert.hidden_states(path, ids), model(torch.tensor([ids])).last_hidden_state[0]) < TOLERANCE


def renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the reranker's tensors under the names of transformers' XLMRobertaForSequenceClassification."""
    changes = {
        "emb_ln": "embeddings.LayerNorm",
        "encoder.layers": "encoder.layer",
        "mixer.out_proj": "attention.output.dense",
        "norm1": "attention.output.LayerNorm",
        "mlp.fc1": "intermediate.dense",
        "mlp.fc2": "output.dense",
        "norm2": "output.LayerNorm",
    }
    found = {}
    for name, value in tensors.items():
        new = name
        for old, ours in changes.items():
            new = new.replace(old, ours)
        if "mixer.Wqkv" not in new:
            found[new] = value
            continue
        for part, rows in zip(("query", "key", "value"), value.chunk(3), strict=True):
            found[new.replace("mixer.Wqkv", f"attention.self.{part}")] = rows
    return found


@torch.no_grad()
def test_the_reranker_equals_transformers_own_class(folder: Folder) -> None:
    path = folder("jina-reranker-v2-base-multilingual")
    said = read_json(path / "config.json")
    left_out = ("auto_map", "_name_or_path", "architectures", "num_labels")
    config = XLMRobertaConfig(**{name: value for name, value in said.items() if name not in left_out}, num_labels=1)
    model = XLMRobertaForSequenceClassification(config).eval()
    model.load_state_dict(renamed(load_file(path / "model.safetensors")))
    ids = Tokenizer.from_file(str(path / "tokenizer.json")).encode(QUERIES[0], DOCUMENTS[0]).ids
    assert slow_flash.logit(path, ids) == pytest.approx(float(model(torch.tensor([ids])).logits), abs=TOLERANCE)


@pytest.mark.parametrize("name", ["colbertv2.0", "pylate", "colbert-xm"])
def test_token_vectors_and_scores_equal_those_of_sentence_transformers(folder: Folder, name: str) -> None:
    path = folder(name)
    # sentence-transformers spells a marker out that the vocabulary lacks; Stanford's code takes the unknown token.
    prompts = {"query": "<unk>", "document": "<unk>"} if name == "colbert-xm" else None
    model = MultiVectorEncoder(str(path), device="cpu", local_files_only=True, prompts=prompts)
    queries, documents = model.encode_query(QUERIES), model.encode_document(DOCUMENTS)
    slow_queries = [colbert.query_vectors(path, text) for text in QUERIES]
    slow_documents = [colbert.document_vectors(path, text, "words") for text in DOCUMENTS]
    assert max(map(distance, queries, slow_queries)) < TOLERANCE
    assert max(map(distance, documents, slow_documents)) < TOLERANCE
    scores_QP = [[colbert.maxsim(query, document) for document in slow_documents] for query in slow_queries]
    assert distance(model.similarity(queries, documents).double(), torch.tensor(scores_QP).double()) < 32 * TOLERANCE


def test_a_saved_multi_vector_encoder_gives_the_vectors_of_the_checkpoint_it_was_made_from(folder: Folder) -> None:
    model = MultiVectorEncoder(str(folder("multi-vector-encoder")), device="cpu", local_files_only=True)
    path = folder("colbertv2.0")
    queries = [colbert.query_vectors(path, text) for text in QUERIES]
    documents = [colbert.document_vectors(path, text, "words") for text in DOCUMENTS]
    assert max(map(distance, model.encode_query(QUERIES), queries)) < TOLERANCE
    assert max(map(distance, model.encode_document(DOCUMENTS), documents)) < TOLERANCE


@pytest.mark.parametrize(("mode", "pooled"), [("mean", pooling.mean), ("cls", pooling.first)])
def test_pooling_equals_that_of_sentence_transformers(
    folder: Folder, mode: str, pooled: Callable[[Tensor], Tensor]
) -> None:
    path = folder("mdpr")
    transformer = Transformer(str(path))
    model = SentenceTransformer(modules=[transformer, Pooling(64, pooling_mode=mode)], device="cpu")
    texts = DOCUMENTS[:2]
    slow_PH = torch.stack([pooled(slow_bert.hidden_states(path, token_ids(path, text))) for text in texts])
    assert distance(model.encode(texts, convert_to_tensor=True), slow_PH) < TOLERANCE


def test_the_two_skiplists_share_no_id_where_words_have_pieces_of_their_own(folder: Folder) -> None:
    path = folder("jina-colbert-v2")
    stanford, words = colbert.skiplist(path, "stanford"), colbert.skiplist(path, "words")
    assert (len(stanford), len(words), stanford & words) == (29, 32, set())
    bare = Tokenizer.from_file(str(path / "tokenizer.json")).token_to_id("▁")
    assert bare == 6
    assert bare in stanford


def test_a_query_is_its_own_tokens_cut_to_29_and_mask_tokens_up_to_32(folder: Folder) -> None:
    path = folder("jina-colbert-v2")
    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    mask, marker = tokenizer.token_to_id("<mask>"), tokenizer.token_to_id("[QueryMarker]")
    for text in QUERIES:
        content = tokenizer.encode(text, add_special_tokens=False).ids[:29]
        ids, attended = colbert.query_ids(path, text)
        assert ids == [0, marker, *content, 2] + [mask] * (29 - len(content))
        assert attended == [True] * 32


def test_twelve_heads_have_the_published_slopes() -> None:
    powers = [2.0**-i for i in range(1, 9)]
    between = [0.707107, 0.353553, 0.176777, 0.088388]
    assert slopes(12) == pytest.approx([*powers, *between], abs=1e-6)


def count(shapes: weights.Shapes) -> int:
    return sum(math.prod(shape) for shape in shapes.values())


def test_the_published_sizes_have_the_published_numbers_of_tensors_and_parameters() -> None:
    size, base = weights.LARGE, weights.BASE
    retriever = flash_xlmr.backbone_shapes(size, 250_004) | weights.linear("pooler.dense", size.hidden, size.hidden)
    assert (len(retriever), count(retriever)) == (294, 559_366_144)
    reranker = flash_xlmr.backbone_shapes(base, 250_002) | weights.linear("dense", base.hidden, base.hidden)
    reranker |= weights.linear("out_proj", 1, base.hidden) | {"positions": (1026, base.hidden)}
    assert count(reranker) == 278_437_633
    assert round(count(jina_bert.backbone_shapes(base, 30_528)) / 1e6) in (137, 138)
    assert round(count(jina_bert.backbone_shapes(base, 61_056, query_key_norm=True)) / 1e6) == 161
    assert round(count(bert.backbone_shapes(base, 30_522)) / 1e6) == 109
