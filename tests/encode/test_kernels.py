"""The kernels that need CUDA, with their libraries stood in for, against the groups that run anywhere."""

from __future__ import annotations

import importlib.machinery
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from harness.encode.architectures import load_backbone
from harness.encode.batches import batches
from harness.encode.encoder import Encoder
from harness.encode.kernels import choose_kernel, torch_varlen
from harness.encode.kernels.flash import flash_attention
from harness.encode.kernels.groups import GROUPS
from harness.encode.kernels.torch_varlen import VARLEN
from harness.encode.packing import Kernel, Packing, Rule, packing, segments
from harness.errors import ModelError
from tests.fixtures import varlen
from tests.fixtures.published import WRITERS

HEADS = 4
LENGTHS = [2, 3, 3, 7, 11]
CUDA = torch.device("cuda", 0)
SLOPES = torch.tensor([0.5, 0.25, 0.125, 1.0])
Open = Callable[..., Encoder]


@pytest.fixture(params=["torch varlen", "flash-attn"])
def kernel(request: pytest.FixtureRequest, stood_in: None) -> Kernel:
    return VARLEN if request.param == "torch varlen" else flash_attention()


@pytest.fixture
def stood_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let both libraries be there."""
    monkeypatch.setattr(torch_varlen, "varlen_attn", varlen.varlen_attn)
    install(monkeypatch, flash_attn_varlen_func=varlen.flash_attn_varlen_func)


def install(monkeypatch: pytest.MonkeyPatch, **content: Any) -> None:
    """Let flash-attn be installed, with `content` in it."""
    module = ModuleType("flash_attn")
    module.__spec__ = importlib.machinery.ModuleSpec("flash_attn", None)
    module.__dict__.update(content)
    monkeypatch.setitem(sys.modules, "flash_attn", module)


def states(heads: int, tokens: int, seed: int) -> Tensor:
    return torch.randn(tokens, heads, 8, generator=torch.Generator().manual_seed(seed))


def attended(
    kernel: Kernel, rule: Rule, shared: int = 1, seen: list[int | None] | None = None, tail: int = 5
) -> Tensor:
    """Return what a kernel gives for the rows that belong to a text."""
    used = sum(LENGTHS)
    laid = packing(segments(LENGTHS, seen), used + tail, kernel)
    sides = [states(heads, used + tail, seed) for seed, heads in enumerate((HEADS, HEADS // shared, HEADS // shared))]
    return kernel.attend(*sides, laid, rule)[:used]


@pytest.mark.parametrize("tail", [0, 1, 40])
@pytest.mark.parametrize("shared", [1, 2, 4])
@pytest.mark.parametrize("rule", [Rule(), Rule(scaling=0.7), Rule(window=3), Rule(0.2, window=1)])
def test_a_kernel_gives_what_the_groups_give(kernel: Kernel, rule: Rule, shared: int, tail: int) -> None:
    expected = attended(GROUPS, rule, shared, tail=tail)
    torch.testing.assert_close(attended(kernel, rule, shared, tail=tail), expected, atol=1e-6, rtol=0)
    assert not torch.allclose(expected, attended(GROUPS, replaced(rule), shared, tail=tail), atol=1e-3)


def replaced(rule: Rule) -> Rule:
    """Return another rule, whose results a kernel must not give."""
    return rule._replace(scaling=2.0) if rule.window is None else rule._replace(window=rule.window + 1)


@pytest.mark.parametrize("seen", [[1, None, 3, 4, None], [2, 2, 2, 6, 10]])
def test_tokens_that_are_not_attended_to_are_no_keys_but_still_look_around(
    kernel: Kernel, seen: list[int | None]
) -> None:
    expected = attended(GROUPS, Rule(), 2, seen)
    torch.testing.assert_close(attended(kernel, Rule(), 2, seen), expected, atol=1e-6, rtol=0)
    assert not torch.allclose(expected, attended(GROUPS, Rule(), 2), atol=1e-3)


def test_flash_attention_takes_the_slopes_of_alibi(stood_in: None) -> None:
    rule = Rule(alibi_H=SLOPES)
    expected = attended(GROUPS, rule)
    torch.testing.assert_close(attended(flash_attention(), rule), expected, atol=1e-6, rtol=0)
    assert not torch.allclose(expected, attended(GROUPS, Rule()), atol=1e-3)


@pytest.mark.parametrize("rule", [Rule(window=3), Rule(alibi_H=SLOPES)])
def test_a_kernel_refuses_to_count_places_from_the_end(kernel: Kernel, rule: Rule) -> None:
    with pytest.raises(ValueError, match="cannot attend by this rule"):
        attended(kernel, rule, seen=[1, None, 3, 4, None])


def test_torchs_kernel_refuses_slopes(stood_in: None) -> None:
    with pytest.raises(ValueError, match="cannot attend by this rule"):
        attended(VARLEN, Rule(alibi_H=SLOPES))


def test_the_filling_is_a_sequence_of_its_own() -> None:
    laid = packing(segments([3, 3, 5], [None, 2, 5]), 20, GROUPS)
    assert laid.queries.starts_S.tolist() == [0, 3, 6, 11, 20]
    assert laid.keys.starts_S.tolist() == [0, 3, 5, 10, 19]
    assert (laid.queries.longest, laid.keys.longest) == (9, 9)
    assert laid.key_rows is not None
    assert laid.key_rows.tolist() == [0, 1, 2, 3, 4, *range(6, 20)]


@pytest.mark.parametrize("name", ["bert", "xlm-roberta", "xmod", "modernbert", "jina", "eurobert"])
def test_every_backbone_runs_in_every_kernel(encoder_of: Open, kernel: Kernel, name: str) -> None:
    encoder = encoder_of(name)
    texts = ["the old bridge", "river " + "stone " * 40, "a", "town of the north"]
    (batch,) = batches([text.ids for text in encoder.tokens.documents(texts)], 128)
    width = encoder.checkpoint.width
    expected, found = (one._vectors(batch, [width])[width] for one in (encoder, replace(encoder, kernel=kernel)))
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-5)


def test_flash_attention_runs_a_whole_backbone_with_alibi(stood_in: None, tmp_path: Path) -> None:
    WRITERS["jina-colbert-v1-en"](tmp_path)
    model = load_backbone(tmp_path, json.loads((tmp_path / "config.json").read_text(encoding="utf-8")))
    ids_1T = torch.arange(20)[None] + 5
    found = [
        model(
            input_ids=ids_1T, position_ids=torch.zeros_like(ids_1T), packing=packing(segments([3, 12]), 20, one)
        ).last_hidden_state[0, :15]
        for one in (GROUPS, flash_attention())
    ]
    torch.testing.assert_close(found[1], found[0], atol=2e-5, rtol=1e-5)


def test_a_mask_is_made_once_for_all_layers_and_in_the_dtype_of_the_queries() -> None:
    laid = packing(segments([3, 3, 5]), 12, GROUPS)
    sides = [states(HEADS, 12, seed).bfloat16() for seed in range(3)]
    GROUPS.attend(*sides, laid, Rule(alibi_H=SLOPES))
    made = {key: mask.data_ptr() for key, mask in laid.masks.items()}
    assert {tuple(mask.shape) for mask in laid.masks.values()} == {(1, HEADS, 3, 3), (1, HEADS, 5, 5)}
    assert {mask.dtype for mask in laid.masks.values()} == {torch.bfloat16}
    GROUPS.attend(*sides, laid, Rule(alibi_H=SLOPES))
    assert {key: mask.data_ptr() for key, mask in laid.masks.items()} == made


def test_layers_with_and_without_a_window_do_not_share_masks() -> None:
    laid = packing(segments(LENGTHS), sum(LENGTHS), GROUPS)
    sides = [states(HEADS, sum(LENGTHS), seed) for seed in range(3)]
    for rule in (Rule(window=2), Rule(), Rule(window=5), Rule(window=2)):
        alone = replace(laid, masks={})
        assert torch.equal(GROUPS.attend(*sides, laid, rule), GROUPS.attend(*sides, alone, rule))


class Backbone(nn.Module):
    """What is looked at of a backbone to choose its kernel."""

    def __init__(self, dtype: torch.dtype, head: int, window: int | None, *, alibi: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, dtype=dtype))
        self.config = SimpleNamespace(hidden_size=4 * head, num_attention_heads=4)
        self.layer = nn.Identity()
        self.layer.sliding_window = window  # type: ignore[assignment]
        self.alibi = alibi


@pytest.mark.parametrize(
    ("changes", "by_torch", "by_flash"),
    [
        ({}, "torch varlen", "flash-attn"),
        ({"dtype": torch.float16}, "torch varlen", "flash-attn"),
        ({"dtype": torch.float32}, "sdpa groups", "sdpa groups"),
        ({"device": torch.device("cpu")}, "sdpa groups", "sdpa groups"),
        ({"head": 256}, "torch varlen", "flash-attn"),
        ({"head": 264}, "sdpa groups", "sdpa groups"),
        ({"head": 12}, "sdpa groups", "sdpa groups"),
        ({"capability": (7, 5)}, "sdpa groups", "sdpa groups"),
        ({"alibi": True}, "sdpa groups", "flash-attn"),
        ({"alibi": True, "partly": True}, "sdpa groups", "sdpa groups"),
        ({"window": 9}, "torch varlen", "flash-attn"),
        ({"window": 9, "partly": True}, "sdpa groups", "sdpa groups"),
        ({"partly": True}, "torch varlen", "flash-attn"),
    ],
)
def test_the_kernel_is_the_fastest_that_can_do_it(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], by_torch: str, by_flash: str
) -> None:
    said = {"dtype": torch.bfloat16, "head": 64, "window": None, "alibi": False, "capability": (9, 0)} | changes
    device, partly = said.pop("device", CUDA), said.pop("partly", False)
    capability = said.pop("capability")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: capability)
    monkeypatch.setattr("harness.encode.kernels.find_spec", lambda _name: None)
    assert choose_kernel(Backbone(**said), device, partly=partly).name == by_torch
    monkeypatch.undo()
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: capability)
    install(monkeypatch, flash_attn_varlen_func=varlen.flash_attn_varlen_func)
    assert choose_kernel(Backbone(**said), device, partly=partly).name == by_flash


def test_a_flash_attention_that_cannot_be_loaded_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: (9, 0))
    with pytest.raises(ModelError, match=r"^flash-attn cannot be loaded: got .*or uninstall it$"):
        choose_kernel(Backbone(torch.bfloat16, 64, None, alibi=False), CUDA, partly=False)


def test_the_record_names_the_kernel(encoder_of: Open) -> None:
    assert encoder_of().details["attention"] == "sdpa groups"
    told: list[Packing] = []

    def attend(*sides: Any) -> Tensor:
        told.append(sides[3])
        return GROUPS.attend(*sides)

    other = replace(encoder_of(), kernel=Kernel("another", attend))
    other.documents(["river"], [other.checkpoint.width])
    assert other.details["attention"] == "another"
    assert len(told) == 2, "once a layer"
    assert told[0] is told[1]
