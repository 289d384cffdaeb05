"""JinaBERT and its kin, on checkpoints in the published layouts, against slow references in float64."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from harness.encode.architectures import alibi, jina_bert, jina_bert_qk, jina_clip
from harness.encode.attention import packed_attention
from harness.encode.kernels.groups import GROUPS
from harness.encode.packing import packing, segments
from harness.errors import ModelError
from tests.fixtures.published import WRITERS
from tests.references import jina_bert as slow_bert
from tests.references import jina_clip as slow_clip
from tests.references.blocks import slopes as slow_slopes

TOLERANCE = 1e-5
LOADERS = {
    "jina-colbert-v1-en": (jina_bert.load, slow_bert.hidden_states),
    "jina-embeddings-v2-base-en": (jina_bert.load, slow_bert.hidden_states),
    "jina-embeddings-v2-base-de": (jina_bert.load, slow_bert.hidden_states),
    "jina-embeddings-v2-base-es": (jina_bert_qk.load, slow_bert.hidden_states),
    "jina-clip-v1": (jina_clip.load, slow_clip.hidden_states),
}
KINDS = ["jina-embeddings-v2-base-en", "jina-embeddings-v2-base-es", "jina-clip-v1"]
LONG = [(7 * place) % 50 + 5 for place in range(70)]
TEXTS = [LONG, [9, 8, 7, 6], [11, 12, 13, 14], [20]]
ROWS = 96
Folder = Callable[[str], Path]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Return a function that writes a system's checkpoint once and gives its folder."""
    root = tmp_path_factory.mktemp("published")

    def give(name: str) -> Path:
        if not (root / name).exists():
            WRITERS[name](root / name)
        return root / name

    return give


def opened(path: Path, name: str, **changes: Any) -> nn.Module:
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    return LOADERS[name][0](path, config | changes)


@torch.inference_mode()
def packed(
    model: nn.Module, texts: Sequence[Sequence[int]], attended: Sequence[int | None] | None = None
) -> list[Tensor]:
    """Return each text's hidden states from one row of always the same number of tokens."""
    joined = [token for text in texts for token in text]
    ids_1T = torch.tensor([joined + [0] * (ROWS - len(joined))])
    lengths = [len(text) for text in texts]
    laid = packing(segments(lengths, attended), ROWS, GROUPS)
    hidden_TH = model(input_ids=ids_1T, position_ids=torch.zeros_like(ids_1T), packing=laid).last_hidden_state[0]
    return list(hidden_TH[: len(joined)].split(lengths))


def distance(a: Tensor, b: Tensor) -> float:
    assert a.shape == b.shape
    return float((a - b).abs().max())


def rewritten(source: Path, target: Path, change: Callable[[dict[str, Tensor]], object]) -> Path:
    """Return a folder with the source's config and its tensors after `change`."""
    target.mkdir()
    (target / "config.json").write_bytes((source / "config.json").read_bytes())
    tensors = load_file(source / "model.safetensors")
    change(tensors)
    save_file(tensors, target / "model.safetensors")
    return target


@pytest.mark.parametrize("name", LOADERS)
def test_packed_hidden_states_equal_the_reference_one_text_at_a_time(published: Folder, name: str) -> None:
    found = packed(opened(published(name), name), TEXTS)
    for mine, text in zip(found, TEXTS, strict=True):
        assert distance(mine, LOADERS[name][1](published(name), text)) < TOLERANCE


def test_tokens_that_are_not_attended_to_count_for_nothing_but_keep_their_places(published: Folder) -> None:
    name = "jina-colbert-v1-en"
    mine = packed(opened(published(name), name), [LONG], [40])[0]
    told = [place < 40 for place in range(len(LONG))]
    assert distance(mine, slow_bert.hidden_states(published(name), LONG, told)) < TOLERANCE


@pytest.mark.parametrize("name", KINDS)
def test_neighbours_change_no_bit(published: Folder, name: str) -> None:
    model = opened(published(name), name)
    others = [[33, 34], [21, 22, 23, 24], [40]]
    for text, together in zip(TEXTS, packed(model, TEXTS), strict=True):
        assert torch.equal(packed(model, [text])[0], together)
        assert torch.equal(packed(model, [*others, text])[-1], together)


@pytest.mark.parametrize("name", KINDS)
def test_slopes_of_the_wrong_sign_are_seen(published: Folder, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = alibi.slopes
    monkeypatch.setattr(alibi, "slopes", lambda heads: tuple(-slope for slope in right(heads)))
    wrong = packed(opened(published(name), name), [LONG])[0]
    assert distance(wrong, LOADERS[name][1](published(name), LONG)) > 1000 * TOLERANCE


@pytest.mark.parametrize("name", KINDS)
def test_the_tanh_form_of_gelu_is_seen(published: Folder, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nn.functional, "gelu", functools.partial(nn.functional.gelu, approximate="tanh"))
    wrong = packed(opened(published(name), name), [LONG])[0]
    assert distance(wrong, LOADERS[name][1](published(name), LONG)) > 10 * TOLERANCE


@pytest.mark.parametrize("name", KINDS)
def test_swapped_halves_of_the_gated_layer_are_seen(published: Folder, name: str, tmp_path: Path) -> None:
    def swap(tensors: dict[str, Tensor]) -> None:
        for key in [key for key in tensors if "gated_layer" in key]:
            tensors[key] = torch.cat(tensors[key].chunk(2)[::-1])

    path = rewritten(published(name), tmp_path / "swapped", swap)
    wrong = packed(opened(path, name), [LONG])[0]
    assert distance(wrong, LOADERS[name][1](published(name), LONG)) > 1000 * TOLERANCE


@pytest.mark.parametrize("heads", [1, 2, 3, 6, 7, 8, 12, 16, 20])
def test_any_number_of_heads_has_the_slopes_of_the_reference(heads: int) -> None:
    assert alibi.slopes(heads) == pytest.approx(slow_slopes(heads), rel=1e-12)


def test_weights_keep_the_dtype_that_they_are_stored_in(published: Folder, tmp_path: Path) -> None:
    for dtype in (torch.float16, torch.bfloat16):
        path = tmp_path / str(dtype)
        WRITERS[KINDS[0]](path, dtype)
        model = opened(path, KINDS[0])
        assert {tensor.dtype for tensor in model.state_dict().values()} == {dtype}
        found = packed(model, [LONG])[0]
        assert found.dtype == dtype
        assert distance(found.float(), slow_bert.hidden_states(path, LONG)) < 0.1


@pytest.mark.parametrize("name", KINDS)
def test_a_missing_and_an_unexpected_tensor_are_refused_in_one_line(
    published: Folder, name: str, tmp_path: Path
) -> None:
    def lose(tensors: dict[str, Tensor]) -> object:
        return tensors.pop(next(key for key in sorted(tensors) if "gated_layer" in key))

    def add(tensors: dict[str, Tensor]) -> None:
        tensors["encoder.layer.0.mlp.adapter.weight"] = torch.ones(2)

    with pytest.raises(ModelError, match=r"lacks tensors.*1 missing.*gated_layer") as lost:
        opened(rewritten(published(name), tmp_path / "lost", lose), name)
    with pytest.raises(ModelError, match=r"no known purpose: got encoder\.layer\.0\.mlp\.adapter\.weight") as added:
        opened(rewritten(published(name), tmp_path / "added", add), name)
    assert "\n" not in f"{lost.value}{added.value}"


def test_the_two_classes_of_jina_bert_refuse_each_others_weights(published: Folder) -> None:
    english, spanish = published(KINDS[0]), published(KINDS[1])
    with pytest.raises(ModelError, match=r"lacks tensors that config\.json asks for"):
        opened(spanish, KINDS[0])
    with pytest.raises(ModelError, match=r"lacks tensors that config\.json asks for"):
        opened(english, KINDS[1])


def test_a_tensor_under_both_spellings_is_refused(published: Folder, tmp_path: Path) -> None:
    name = "jina-colbert-v1-en"
    key = "embeddings.LayerNorm.bias"
    path = rewritten(published(name), tmp_path / "twice", lambda all_: all_.update({key: all_[f"bert.{key}"].clone()}))
    with pytest.raises(ModelError, match="has tensors twice: got both spellings of a name"):
        opened(path, name)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("hidden_act", "gelu_new"),
        ("feed_forward_type", "reglu"),
        ("position_embedding_type", "absolute"),
        ("hidden_size", None),
        ("num_attention_heads", 5),
    ],
)
def test_a_config_of_another_architecture_is_refused(published: Folder, setting: str, value: object) -> None:
    with pytest.raises(ModelError, match=rf"config\.json: {setting}: got {value!r}"):
        opened(published(KINDS[0]), KINDS[0], **{setting: value})


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("hf_model_name_or_path", "jinaai/jina-embeddings-v3"),
        ("proj_type", "linear"),
        ("hf_model_config_kwargs", {"use_qk_norm": True}),
    ],
)
def test_a_text_tower_of_another_kind_is_refused(published: Folder, setting: str, value: object) -> None:
    path = published("jina-clip-v1")
    tower = json.loads((path / "config.json").read_text(encoding="utf-8"))["text_config"]
    with pytest.raises(ModelError, match=r"(hf_model_name_or_path|proj_type|use_qk_norm): got"):
        opened(path, "jina-clip-v1", text_config=tower | {setting: value})


def test_a_window_and_slopes_together_are_refused() -> None:
    states, laid = torch.ones(1, 2, 3, 4), packing(segments([3]), 3, GROUPS)
    with pytest.raises(ValueError, match="a window or ALiBi"):
        packed_attention(nn.Identity(), states, states, states, packing=laid, sliding_window=2, alibi_H=torch.ones(2))
