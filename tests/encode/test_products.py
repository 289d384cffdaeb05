"""Products whose weights are laid out once: what a linear layer gives, with GELU where a linear layer leads to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from transformers.activations import ACT2FN

from harness.encode import products
from harness.encode.encoder import Encoder
from harness.encode.products import Product, has_products, lay_out

DTYPES = [torch.float32, torch.bfloat16]
CLOSE = {torch.float32: 2e-6, torch.bfloat16: 2e-2}

pytestmark = pytest.mark.skipif(
    not all(map(has_products, DTYPES)), reason="these kernels of oneDNN are not installed on this CPU"
)


class Intermediate(nn.Module):
    """The first half of BERT's MLP, with any activation."""

    def __init__(self, activation: str, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.dense = nn.Linear(24, 40, dtype=dtype)
        self.intermediate_act_fn = ACT2FN[activation]

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.intermediate_act_fn(self.dense(states))
        return found


def rows(count: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(1, count, 24, generator=torch.Generator().manual_seed(1)).to(dtype) * 2


@torch.inference_mode()
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("count", [1, 7, 64])
def test_a_product_is_what_the_linear_layer_gives_for_any_number_of_rows(
    dtype: torch.dtype, bias: bool, count: int
) -> None:
    linear = nn.Linear(24, 40, bias=bias, dtype=dtype)
    found = Product(linear, 64, gelu=False)(rows(count, dtype))
    assert found.dtype == dtype
    torch.testing.assert_close(found, linear(rows(count, dtype)), atol=CLOSE[dtype], rtol=CLOSE[dtype])


@torch.inference_mode()
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("activation", "within"), [("gelu", True), ("gelu_new", False), ("relu", False)])
def test_the_exact_gelu_is_part_of_the_product_and_other_activations_are_not(
    activation: str, within: bool, dtype: torch.dtype
) -> None:
    layer = Intermediate(activation, dtype)
    expected = layer(rows(64, dtype))
    lay_out(layer, 64)
    assert isinstance(layer.intermediate_act_fn, nn.Identity) == within
    torch.testing.assert_close(layer(rows(64, dtype)), expected, atol=CLOSE[dtype], rtol=CLOSE[dtype])


@pytest.mark.parametrize("name", ["bert", "xlm-roberta", "xmod", "modernbert", "jina", "eurobert"])
def test_no_linear_layer_of_a_backbone_is_left_out(encoder_of: Callable[..., Encoder], name: str) -> None:
    layers = [*encoder_of(name).checkpoint.backbone.modules()]
    assert not any(isinstance(layer, nn.Linear) for layer in layers)
    fused = [layer for layer in layers if isinstance(layer, Product) and layer.then[0] == "gelu"]
    assert len(fused) == (0 if name in ("modernbert", "eurobert") else 2), "one a layer, where nothing stands between"


def test_a_dtype_or_a_processor_without_such_kernels_keeps_its_linear_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Intermediate("gelu", torch.float16)
    lay_out(narrow, 64)
    assert type(narrow.dense) is nn.Linear
    monkeypatch.setattr(products.torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    layer = Intermediate("gelu")
    lay_out(layer, 64)
    assert type(layer.dense) is nn.Linear
