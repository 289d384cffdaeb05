"""What makes a checkpoint rank plausibly and wrongly: each is refused in one line, or changes the vectors."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from harness.encode.encoder import Encoder, open_encoder
from harness.encode.files import fingerprint
from harness.encode.heads import backbone_fingerprint, shares_backbone
from harness.encode.layouts import settled
from harness.errors import ModelError
from harness.model_spec import EncoderSpec, HeadSpec
from harness.retrieve.maxsim import maxsim, query_tiles
from harness.spec import EngineSpec

QUERY = "what is the river in the old town?"
DOCUMENT = "The river (old) is in the town, of stone. A bridge!"
WEIGHTS = "model.safetensors"
METADATA = "artifact.metadata"
V2 = "jina-colbert-v2"
HEADS = (HeadSpec(dim=96, path="{path}-96"), HeadSpec(dim=64, path="{path}-64"))
Folder = Callable[[str], Path]
Vectors = Callable[[Encoder, str, Sequence[str], int], list[Tensor]]
FIELDS = {
    "query_maxlen": "32",
    "doc_maxlen": 300.0,
    "query_token_id": 5,
    "doc_token_id": None,
    "attend_to_mask_tokens": "false",
    "mask_punctuation": 1,
    "similarity": "l2",
}
"""Each field of artifact.metadata that is read, and a value that it cannot have."""


def opened(folder: Path, asked: Sequence[int] | None = None, **settings: Any) -> Encoder:
    """Return the encoder with the settings of a spec, opened for the dimensions `asked`, or for all of the spec's."""
    return open_encoder(EncoderSpec(name=folder.name, path=str(folder), **settings), EngineSpec(device="cpu"), asked)


def encode(folder: Path, asked: Sequence[int] | None, **settings: Any) -> None:
    encoder = opened(folder, asked, **settings)
    encoder.documents([DOCUMENT], [encoder.checkpoint.width])


def refused(folder: Path, asked: Sequence[int] | None = None, **settings: Any) -> str:
    """Return the one line with which opening a checkpoint and encoding a text with it is refused."""
    with pytest.raises(ModelError) as caught:
        encode(folder, asked, **settings)
    line = str(caught.value)
    assert "\n" not in line
    assert len(line) < 700
    assert str(folder) in line
    return line


def change_json(path: Path, **changes: Any) -> None:
    """Set values in a JSON file; those that are `...` are taken out."""
    found = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps({name: value for name, value in found.items() if value is not ...}), encoding="utf-8")


def change_tensors(path: Path, **changes: Tensor | None) -> None:
    """Set tensors of a safetensors file, dots written as `__`; those that are None are taken out."""
    found = load_file(path) | {name.replace("__", "."): value for name, value in changes.items()}
    save_file({name: value for name, value in found.items() if value is not None}, path, metadata={"format": "pt"})


def apart(one: Sequence[Tensor], other: Sequence[Tensor]) -> float:
    return max(float((a - b).abs().max()) for a, b in zip(one, other, strict=True))


def test_the_copy_that_the_traps_are_set_in_gives_the_vectors_of_its_original(
    published: Folder, copied: Folder, vectors_of: Vectors
) -> None:
    copy = copied(V2)
    assert fingerprint(copy) == fingerprint(published(V2))
    for role, text in (("queries", QUERY), ("documents", DOCUMENT)):
        one, other = (vectors_of(opened(folder), role, [text], 128) for folder in (published(V2), copy))
        assert apart(one, other) == 0


def test_another_base_of_the_rotary_angles_changes_the_vectors(
    published: Folder, copied: Folder, vectors_of: Vectors
) -> None:
    wrong = copied(V2)
    change_json(wrong / "config.json", rotary_emb_base=20000.0)
    for role, text in (("queries", QUERY), ("documents", DOCUMENT)):
        right, other = (vectors_of(opened(folder), role, [text], 128) for folder in (published(V2), wrong))
        assert apart(right, other) > 1e-3


@pytest.mark.parametrize("value", [..., None, "10000", True, 0])
def test_a_config_that_does_not_say_the_base_of_the_rotary_angles_is_refused(copied: Folder, value: object) -> None:
    folder = copied(V2)
    change_json(folder / "config.json", rotary_emb_base=value)
    assert "rotary_emb_base" in refused(folder)


def test_a_checkpoint_without_its_head_is_refused(copied: Folder) -> None:
    folder = copied(V2)
    change_tensors(folder / WEIGHTS, linear__weight=None)
    line = refused(folder)
    assert "model.safetensors has no projection: expected 'linear.weight'" in line
    assert "another system" in line


def test_a_width_whose_checkpoint_is_not_there_is_refused_and_the_line_names_the_way_to_cut(published: Folder) -> None:
    line = refused(published(V2), [96], dims=(128, 96, 64), dim_kind="head", heads=HEADS)
    assert f"no projection to 96 dimensions: there is no such checkpoint: got '{published(V2)}-96'" in line
    assert "dim=[128,64]" in line
    assert "model.dim_kind=prefix" in line


def test_a_width_without_any_checkpoint_named_for_it_is_refused(published: Folder) -> None:
    with pytest.raises(
        ModelError, match=r"^jina-colbert-v2 has no projection to 32 dimensions.*model\.dim_kind=prefix"
    ):
        opened(published(V2), dims=(128, 32), dim_kind="head", heads=HEADS)


def test_a_prefix_is_cut_from_its_own_vectors_and_scores_otherwise_than_the_head_of_its_width(
    published: Folder, vectors_of: Vectors
) -> None:
    cut = opened(published(V2), dims=(128, 96, 64), dim_kind="prefix", heads=HEADS)
    query_TD, document_TD = (
        vectors_of(cut, "queries", [QUERY], 128)[0],
        vectors_of(cut, "documents", [DOCUMENT], 128)[0],
    )
    found = scored(cut, 128)
    for dim in (128, 96, 64):
        query_Td, document_Td = (rows[:, :dim] / rows[:, :dim].norm(dim=1)[:, None] for rows in (query_TD, document_TD))
        expected = float((query_Td @ document_Td.T).amax(1).sum())
        assert abs(found[dim] - expected) < 0.02, "32 query tokens of vectors stored in float16"
    trained = opened(published(V2), [64], dims=(128, 96, 64), dim_kind="head", heads=HEADS)
    assert abs(scored(trained, 64)[64] - found[64]) > 0.1


def scored(encoder: Encoder, width: int) -> dict[int, float]:
    """Return the score of the document for the query at every dimension of one projection."""
    queries = encoder.queries([QUERY], [width]).by_dim[width]
    documents = encoder.documents([DOCUMENT], [width]).by_dim[width]
    scores = maxsim(query_tiles(queries, encoder.spec.cuts(width)), documents)
    return {dim: float(scores_QP[0, 0]) for dim, scores_QP in scores.items()}


def test_swapped_markers_change_the_vectors(published: Folder, copied: Folder, vectors_of: Vectors) -> None:
    swapped = copied(V2)
    change_json(swapped / METADATA, **{"query_token_id": "[DocumentMarker]", "doc_token_id": "[QueryMarker]"})
    for role, text in (("queries", QUERY), ("documents", DOCUMENT)):
        right, other = (vectors_of(opened(folder), role, [text], 128) for folder in (published(V2), swapped))
        assert apart(right, other) > 1e-2


def test_the_other_skiplist_keeps_other_rows_and_leaves_those_that_both_keep_alone(
    published: Folder, vectors_of: Vectors
) -> None:
    rules = ("none", "stanford", "words")
    rows = {}
    for rule in rules:
        encoder = opened(published(V2), skiplist=rule)
        ids = encoder.tokens.documents([DOCUMENT])[0].ids
        kept = [place for place, token in enumerate(ids) if token not in encoder.tokens.skiplist]
        vectors_TD = vectors_of(encoder, "documents", [DOCUMENT], 128)[0]
        rows[rule] = dict(zip(kept, vectors_TD, strict=True))
    assert rows["stanford"].keys() - rows["words"].keys()
    assert rows["words"].keys() - rows["stanford"].keys()
    assert rows["none"].keys() == rows["stanford"].keys() | rows["words"].keys()
    for rule in rules[1:]:
        assert all(row_D.equal(rows["none"][place]) for place, row_D in rows[rule].items())


@pytest.mark.parametrize(("name", "said"), [(V2, True), ("jina-colbert-v1-en", False), ("colbertv2.0", False)])
def test_mask_tokens_that_are_attended_to_against_what_the_checkpoint_says_change_the_queries(
    published: Folder, vectors_of: Vectors, name: str, said: bool
) -> None:
    right, wrong = (opened(published(name), attend_to_expansion=value) for value in (None, not said))
    assert right.spec.attend_to_expansion is said
    assert apart(*(vectors_of(one, "queries", [QUERY], 128) for one in (right, wrong))) > 1e-2
    assert apart(*(vectors_of(one, "documents", [DOCUMENT], 128) for one in (right, wrong))) == 0


def test_the_adapter_of_another_language_changes_the_vectors(published: Folder, vectors_of: Vectors) -> None:
    found = []
    for adapter in ("en_XX", "de_DE", "fr_XX"):
        encoder = opened(published("colbert-xm"), query_marker="<unk>", document_marker="<unk>", adapter=adapter)
        found.append(vectors_of(encoder, "documents", [DOCUMENT], 128))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert apart(found[one], found[other]) > 1e-2


def test_a_language_without_an_adapter_is_refused_and_the_line_lists_those_that_have_one(published: Folder) -> None:
    folder = published("colbert-xm")
    with pytest.raises(ModelError) as caught:
        settled(EncoderSpec(name="xm", path=str(folder)), folder, "yo")
    assert caught.value.exit_code == 4
    assert "has no adapter for the language: got yo, expected de, en, fr" in str(caught.value)
    line = refused(folder, query_marker="<unk>", document_marker="<unk>", adapter="yo_NG")
    assert "got 'yo_NG', expected one of en_XX, de_DE, fr_XX" in line


def test_a_head_beside_another_backbone_does_not_share_it(copied: Folder) -> None:
    folder = copied(V2)
    sibling = folder.with_name(f"{V2}-64")
    assert shares_backbone(folder, sibling)
    name = "roberta.encoder.layers.1.norm2.bias"
    biases_H = load_file(sibling / WEIGHTS)[name]
    biases_H[0] += 1e-6
    change_tensors(sibling / WEIGHTS, **{name: biases_H})
    assert not shares_backbone(folder, sibling)


def test_the_pooler_is_no_part_of_the_backbone_since_no_vector_depends_on_it(copied: Folder) -> None:
    folder = copied(V2)
    sibling = folder.with_name(f"{V2}-64")
    change_tensors(sibling / WEIGHTS, roberta__pooler__dense__bias=None)
    assert shares_backbone(folder, sibling)


def head_alone(folder: Path, metadata: dict[str, str] | None) -> Path:
    """Turn the sibling of a checkpoint into a folder with its projection and nothing else; return it."""
    sibling = folder.with_name(f"{folder.name}-64")
    head = {"linear.weight": load_file(sibling / WEIGHTS)["linear.weight"]}
    shutil.rmtree(sibling)
    sibling.mkdir()
    save_file(head, sibling / WEIGHTS, metadata=metadata)
    return sibling


def test_a_head_alone_runs_on_the_backbone_it_names(published: Folder, copied: Folder, vectors_of: Vectors) -> None:
    folder = copied(V2)
    assert shares_backbone(folder, head_alone(folder, {"backbone": backbone_fingerprint(folder)}))
    settings: dict[str, Any] = {"dims": (128, 64), "dim_kind": "head", "heads": HEADS}
    whole, alone = (opened(path, **settings) for path in (published(V2), folder))
    assert apart(*(vectors_of(one, "documents", [DOCUMENT], 64) for one in (whole, alone))) == 0


@pytest.mark.parametrize("metadata", [{"backbone": "0" * 64}, {"format": "pt"}, None])
def test_a_head_alone_that_does_not_name_the_backbone_is_refused(
    copied: Folder, metadata: dict[str, str] | None
) -> None:
    folder = copied(V2)
    alone = head_alone(folder, metadata)
    with pytest.raises(ModelError) as caught:
        shares_backbone(folder, alone)
    told = (metadata or {}).get("backbone")
    assert str(caught.value).startswith(f"{alone} is no head of {folder}: got {told!r}, expected the SHA-256")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [V2, "jina-colbert-v1-en", "colbertv2.0", "mdpr", "jina-clip-v1"])
def test_a_tensor_of_no_known_purpose_is_refused(copied: Folder, name: str) -> None:
    folder = copied(name)
    change_tensors(folder / WEIGHTS, encoder__surprise__weight=torch.ones(3))
    assert "has tensors of no known purpose: got encoder.surprise.weight" in refused(folder)


@pytest.mark.parametrize("name", [V2, "jina-colbert-v1-en", "colbertv2.0"])
def test_pickled_weights_are_never_read(copied: Folder, name: str) -> None:
    folder = copied(name)
    (folder / WEIGHTS).rename(folder / "pytorch_model.bin")
    line = refused(folder)
    assert "got only pickled weights, expected model.safetensors" in line
    assert "convert them to safetensors" in line


@pytest.mark.parametrize("name", [V2, "jina-colbert-v1-en", "colbertv2.0"])
@pytest.mark.parametrize("size", [0, 7, 200, -1])
def test_truncated_weights_are_refused(copied: Folder, name: str, size: int) -> None:
    path = copied(name) / WEIGHTS
    path.write_bytes(path.read_bytes()[:size])
    assert f"{path} cannot be loaded" in refused(path.parent)


@pytest.mark.parametrize("name", [V2, "jina-colbert-v1-en", "colbertv2.0"])
@pytest.mark.parametrize("place", [0, 7, 8, 60, 150, 333])
def test_a_bit_that_flipped_in_the_header_of_the_weights_is_refused(copied: Folder, name: str, place: int) -> None:
    path = copied(name) / WEIGHTS
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert WEIGHTS in refused(path.parent)


def test_a_head_of_another_width_is_refused(copied: Folder) -> None:
    folder = copied(V2)
    sibling = folder.with_name(f"{V2}-64")
    settings: dict[str, Any] = {"dims": (128, 64), "dim_kind": "head", "heads": HEADS}
    change_tensors(sibling / WEIGHTS, linear__weight=torch.ones(63, 64))
    assert f"{sibling / WEIGHTS}: linear.weight: got (63, 64), expected (64, 64)" in refused(folder, **settings)
    change_tensors(folder / WEIGHTS, linear__weight=torch.ones(128, 63))
    assert f"{folder / WEIGHTS}: linear.weight: got (128, 63), expected (128, 64)" in refused(folder)
    change_tensors(folder / WEIGHTS, linear__weight=torch.ones(96, 64))
    assert "gives token vectors of another width: got 96, expected 128" in refused(folder, dims=(128,))


def test_a_tokenizer_without_the_markers_is_refused(published: Folder, copied: Folder) -> None:
    folder = copied(V2)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(published("colbert-xm") / name, folder)
    assert f"{folder} has no token for the marker: got '[QueryMarker]'" in refused(folder)
    # Stanford's code takes the unknown token here, which a spec has to ask for.
    assert "has no token for the marker: got '[unused0]'" in refused(published("colbert-xm"))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model_type": "frobnicate"}, "got model_type 'frobnicate'"),
        ({"position_embedding_type": "absolute"}, "config.json names no known architecture: got no model_type"),
        ({"position_embedding_type": "alibi"}, "config.json: feed_forward_type: got None, expected 'geglu'"),
    ],
)
def test_an_unknown_architecture_is_refused(copied: Folder, changes: dict[str, str], told: str) -> None:
    folder = copied(V2)
    change_json(folder / "config.json", **changes)
    assert told in refused(folder)


def test_a_colbert_checkpoint_without_its_settings_is_refused(copied: Folder) -> None:
    for name in (V2, "jina-colbert-v1-en", "colbertv2.0", "colbert-xm"):
        folder = copied(name)
        (folder / METADATA).unlink()
        assert f"got no {METADATA}. Fetch it" in refused(folder)


@pytest.mark.parametrize("name", FIELDS)
def test_a_setting_that_is_missing_or_cannot_be_meant_is_refused(copied: Folder, name: str) -> None:
    folder = copied(V2)
    change_json(folder / METADATA, **{name: FIELDS[name]})
    assert f"{folder / METADATA}: {name}: got {FIELDS[name]!r}, expected " in refused(folder)
    change_json(folder / METADATA, **{name: ...})
    assert f"{folder / METADATA}: {name}: got nothing, expected " in refused(folder)
