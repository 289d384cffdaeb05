"""Every system of the card, from its files to its vectors, against slow references and the libraries themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sentence_transformers import MultiVectorEncoder
from tokenizers import Tokenizer
from torch import Tensor

from harness.encode.encoder import Encoder, open_encoder
from harness.encode.layouts import settled
from harness.model_spec import EncoderSpec, HeadSpec
from harness.spec import EngineSpec
from tests.references import bert, colbert, jina_bert, jina_clip, pooling

TOLERANCE = 1e-5
QUERIES = ["what is the river in the old town?", "drug", "which bridge, of old stone? " * 12, "Die Brücke steht"]
DOCUMENTS = [
    "The river (old) is in the town, of stone. A bridge!",
    "drug",
    "the old bridge - of the river; " * 60,
    'Die Brücke steht, "zamani" is a river: 12.5 & more',
    "a",
]
SIBLING = (HeadSpec(dim=64, path="{path}-64"),)
POOLED: dict[str, tuple[Callable[..., Tensor], dict[str, Any]]] = {
    "mdpr": (bert.hidden_states, {"pooling": "cls", "similarity": "dot", "document_length": 256}),
    "jina-embeddings-v2-base-en": (jina_bert.hidden_states, {"pooling": "mean"}),
    "jina-embeddings-v2-base-de": (jina_bert.hidden_states, {"pooling": "mean"}),
    "jina-embeddings-v2-base-zh": (jina_bert.hidden_states, {"pooling": "mean"}),
    "jina-embeddings-v2-base-es": (jina_bert.hidden_states, {"pooling": "mean"}),
    "jina-clip-v1": (jina_clip.hidden_states, {"pooling": "mean"}),
}
Folder = Callable[[str], Path]
Vectors = Callable[[Encoder, str, Sequence[str], int], list[Tensor]]


def opened(folder: Path, **settings: Any) -> Encoder:
    return open_encoder(EncoderSpec(name=folder.name, path=str(folder), **settings), EngineSpec(device="cpu"))


def distance(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> float:
    assert [vectors.shape for vectors in ours] == [vectors.shape for vectors in theirs]
    return max(float((one - other).abs().max()) for one, other in zip(ours, theirs, strict=True))


def check(
    vectors_of: Vectors, encoder: Encoder, dim: int, queries: Sequence[Tensor], documents: Sequence[Tensor]
) -> None:
    """See that texts have the vectors expected of them, in one mixed batch, in several, and each alone."""
    for role, texts, expected in (("queries", QUERIES, queries), ("documents", DOCUMENTS, documents)):
        assert distance(vectors_of(encoder, role, texts, dim), expected) < TOLERANCE
        in_several = vectors_of(replace(encoder, batch_tokens=128), role, texts, dim)
        assert distance(in_several, expected) < TOLERANCE
        alone = [vectors_of(encoder, role, [text], dim)[0] for text in texts]
        assert distance(alone, expected) < TOLERANCE


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("jina-colbert-v2", "stanford"),
        ("jina-colbert-v1-en", "stanford"),
        ("colbertv2.0", "stanford"),
        ("pylate", "words"),
    ],
)
def test_a_late_interaction_checkpoint_needs_no_setting_but_its_folder(
    published: Folder, vectors_of: Vectors, name: str, rule: str
) -> None:
    folder = published(name)
    queries = [colbert.query_vectors(folder, text) for text in QUERIES]
    documents = [colbert.document_vectors(folder, text, rule) for text in DOCUMENTS]
    check(vectors_of, opened(folder), 128, queries, documents)


@pytest.mark.parametrize("dim", [128, 64])
def test_each_width_has_the_vectors_of_its_own_checkpoint_in_one_pass(
    published: Folder, vectors_of: Vectors, dim: int
) -> None:
    folder = published("jina-colbert-v2")
    encoder = opened(folder, dims=(128, 64), dim_kind="head", heads=SIBLING)
    own = folder if dim == 128 else folder.with_name("jina-colbert-v2-64")
    queries = [colbert.query_vectors(own, text) for text in QUERIES]
    documents = [colbert.document_vectors(own, text) for text in DOCUMENTS]
    check(vectors_of, encoder, dim, queries, documents)
    together = encoder.documents(DOCUMENTS, [128, 64]).by_dim[dim]
    rounded = [together.of(text).float() for text in range(len(DOCUMENTS))]
    assert distance(rounded, documents) < 1e-3


@pytest.mark.parametrize("rule", ["stanford", "words", "none"])
@pytest.mark.parametrize("name", ["jina-colbert-v2", "pylate"])
def test_a_skiplist_named_by_the_spec_is_the_one_that_is_used(
    published: Folder, vectors_of: Vectors, name: str, rule: str
) -> None:
    folder = published(name)
    expected = [colbert.document_vectors(folder, text, rule) for text in DOCUMENTS]
    assert distance(vectors_of(opened(folder, skiplist=rule), "documents", DOCUMENTS, 128), expected) < TOLERANCE


@pytest.mark.parametrize(("language", "adapter"), [("en", "en_XX"), ("de", "de_DE"), ("fr", "fr_XX")])
def test_colbert_xm_speaks_the_language_of_the_texts_and_marks_them_with_unknown_tokens(
    published: Folder, vectors_of: Vectors, language: str, adapter: str
) -> None:
    folder = published("colbert-xm")
    spec = EncoderSpec(name="xm", path=str(folder), query_marker="<unk>", document_marker="<unk>")
    model = settled(spec, folder, language)
    assert model.adapter == adapter
    backbone = partial(bert.hidden_states, language=adapter)
    queries = [colbert.query_vectors(folder, text, backbone) for text in QUERIES]
    documents = [colbert.document_vectors(folder, text, backbone=backbone) for text in DOCUMENTS]
    check(vectors_of, open_encoder(model, EngineSpec(device="cpu")), 128, queries, documents)


@pytest.mark.parametrize("name", ["multi-vector-encoder", "pylate"])
def test_sentence_transformers_own_model_gives_the_same_vectors(
    published: Folder, vectors_of: Vectors, name: str
) -> None:
    folder = published(name)
    library = MultiVectorEncoder(str(folder), device="cpu", local_files_only=True)
    queries, documents = library.encode_query(QUERIES), library.encode_document(DOCUMENTS)
    check(vectors_of, opened(folder), 128, queries, documents)


def test_a_pylate_model_saved_by_sentence_transformers_keeps_its_vectors(
    published: Folder, vectors_of: Vectors, tmp_path: Path
) -> None:
    folder = published("pylate")
    library = MultiVectorEncoder(str(folder), device="cpu", local_files_only=True)
    library.save(str(tmp_path), create_model_card=False)
    for role, texts in (("queries", QUERIES), ("documents", DOCUMENTS)):
        expected = vectors_of(opened(folder), role, texts, 128)
        assert distance(vectors_of(opened(tmp_path), role, texts, 128), expected) < TOLERANCE


def token_ids(folder: Path, text: str, length: int) -> list[int]:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    first, *content, last = tokenizer.encode(text).ids
    return [first, *content[: length - 2], last]


@pytest.mark.parametrize("name", POOLED)
def test_a_text_has_one_vector_where_the_spec_pools_its_tokens(
    published: Folder, vectors_of: Vectors, name: str
) -> None:
    folder = published(name)
    hidden_states, settings = POOLED[name]
    encoder = opened(folder, **settings)

    def expected(text: str, length: int | None) -> Tensor:
        hidden_TH = hidden_states(folder, token_ids(folder, text, length or 0))
        if settings["pooling"] == "cls":
            return pooling.first(hidden_TH)[None]
        return pooling.unit(pooling.mean(hidden_TH))[None]

    queries = [expected(text, encoder.spec.query_length) for text in QUERIES]
    documents = [expected(text, encoder.spec.document_length) for text in DOCUMENTS]
    check(vectors_of, encoder, encoder.checkpoint.width, queries, documents)
