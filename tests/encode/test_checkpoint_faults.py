from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.encode.encoder import open_encoder
from harness.errors import ModelError
from harness.spec import EncoderSpec, EngineSpec

WEIGHTS = "model.safetensors"
WORDS = "embeddings.word_embeddings.weight"
Damage = Callable[[Path], object]


def weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Damage:
    def damage(path: Path) -> None:
        tensors = load_file(path / WEIGHTS)
        change(tensors)
        save_file(tensors, path / WEIGHTS, metadata={"format": "pt"})

    return damage


def cut(name: str, size: int) -> Damage:
    return lambda path: (path / name).write_bytes((path / name).read_bytes()[:size])


def config(**changes: Any) -> Damage:
    def damage(path: Path) -> None:
        found = json.loads((path / "config.json").read_text())
        (path / "config.json").write_text(json.dumps(found | changes))

    return damage


FAULTS: dict[str, tuple[Damage, str]] = {
    "only pickled weights": (lambda path: (path / WEIGHTS).rename(path / "pytorch_model.bin"), "only pickled weights"),
    "no weights": (lambda path: (path / WEIGHTS).unlink(), "no model.safetensors"),
    "no tokenizer": (lambda path: (path / "tokenizer.json").unlink(), "no tokenizer.json"),
    "no config": (lambda path: (path / "config.json").unlink(), "no config.json"),
    "weights cut at the end": (cut(WEIGHTS, -100), "cannot be loaded"),
    "weights cut in the header": (cut(WEIGHTS, 100), "cannot be loaded"),
    "empty weights": (cut(WEIGHTS, 0), "cannot be loaded"),
    "missing tensors": (
        weights(lambda tensors: tensors.pop("encoder.layer.1.output.dense.weight")),
        "lacks tensors .*: got 1 missing, 0 of another shape, encoder.layer.1.output.dense.weight the first",
    ),
    "a tensor of another shape": (
        weights(lambda tensors: tensors.update({WORDS: torch.zeros(5, 32)})),
        f"lacks tensors .*: got 0 missing, 1 of another shape, {WORDS} the first",
    ),
    "unknown architecture": (config(model_type="frobnicate"), "cannot be loaded: got .*frobnicate"),
    "heads that do not divide": (config(num_attention_heads=5), "cannot be loaded"),
    "a width that is no number": (config(hidden_size="wide"), "cannot be loaded"),
    "config cut": (cut("config.json", 40), "cannot be loaded"),
    "tokenizer cut": (cut("tokenizer.json", 40), "its tokenizer cannot be loaded: got JSONDecodeError"),
    "tokenizer of another kind": (
        lambda path: (path / "tokenizer.json").write_text("{}"),
        "its tokenizer cannot be loaded",
    ),
}


def fault(path: Path, **changes: Any) -> str:
    """Return the one line that opening the checkpoint at `path` and encoding a text with it gives."""
    spec = EncoderSpec(**({"name": "tiny", "path": str(path), "dims": (32,), "document_length": 60} | changes))
    with pytest.raises(ModelError) as caught:
        open_encoder(spec, EngineSpec(device="cpu")).documents(["the old town"], spec.dims)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
    return str(caught.value)


@pytest.mark.parametrize("name", FAULTS)
def test_a_damaged_checkpoint_is_told_in_one_line(damaged: Path, name: str) -> None:
    damage, expected = FAULTS[name]
    damage(damaged)
    line = fault(damaged)
    assert str(damaged) in line
    assert re.search(expected, line), line


def test_the_copy_that_the_faults_are_made_in_is_sound(damaged: Path) -> None:
    spec = EncoderSpec(name="tiny", path=str(damaged), dims=(16,), head="linear.weight", document_length=60)
    found = open_encoder(spec, EngineSpec(device="cpu")).documents(["the old town"], [16])
    assert found.by_dim[16].vectors_ND.shape == (5, 16)


def test_a_missing_pooler_is_no_fault_since_nothing_reads_it(damaged: Path) -> None:
    weights(lambda tensors: [tensors.pop(name) for name in list(tensors) if name.startswith("pooler.")])(damaged)
    spec = EncoderSpec(name="tiny", path=str(damaged), dims=(32,), document_length=60)
    assert open_encoder(spec, EngineSpec(device="cpu")).documents(["old"], [32]).tokens == 3


def test_a_head_that_is_not_there_or_not_as_wide_is_told(damaged: Path) -> None:
    assert "has no projection: expected 'dense.weight'" in fault(damaged, head="dense.weight", dims=(16,))
    assert "of another width: got 16, expected 12" in fault(damaged, head="linear.weight", dims=(12,))
    assert "of another width: got 32, expected 16" in fault(damaged, head=None, dims=(16,))
    weights(lambda tensors: tensors.update({"linear.weight": torch.zeros(16, 31)}))(damaged)
    assert "linear.weight: got (16, 31), expected (16, 32)" in fault(damaged, head="linear.weight", dims=(16,))
    weights(lambda tensors: tensors.update({"linear.weight": torch.zeros(32)}))(damaged)
    assert "linear.weight: got (32,), expected (32, 32)" in fault(damaged, head="linear.weight", dims=(16,))


@pytest.mark.parametrize(
    ("tensor", "line"),
    [
        ("embeddings.LayerNorm.weight", "tiny gave a vector that is not finite"),
        ("encoder.layer.1.output.dense.weight", "tiny gave a vector that is not finite"),
        ("linear.weight", "linear.weight: got zeros, or values that are not finite"),
    ],
)
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_weight_that_is_no_number_is_told(damaged: Path, tensor: str, line: str, value: float) -> None:
    weights(lambda tensors: tensors[tensor].view(-1)[:1].fill_(value))(damaged)
    assert line in fault(damaged, head="linear.weight", dims=(16,))


def test_a_text_longer_than_the_learned_positions_is_refused_before_the_first_document(
    folder: Callable[[str], Path],
) -> None:
    assert "no positions for model.document_length: got 257, expected 256 at most" in fault(
        folder("bert"), document_length=257
    )
    # fairseq's numbering begins behind the padding id, so a RoBERTa of 256 positions takes texts of 255.
    assert "no positions for model.query_length: got 256, expected 255 at most" in fault(
        folder("xlm-roberta"), query_length=256
    )


def test_rotary_positions_have_no_end(spec_of: Callable[..., EncoderSpec], folder: Callable[[str], Path]) -> None:
    spec = spec_of(folder("modernbert"), document_length=400)
    found = open_encoder(spec, EngineSpec(device="cpu")).documents(["old " * 500], [48])
    assert found.by_dim[48].lengths.tolist() == [400]


def test_a_device_that_is_not_there_is_told(folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    spec = EncoderSpec(name="tiny", path=str(folder("bert")), dims=(32,), document_length=60)
    with pytest.raises(ModelError, match="got cuda, which torch does not see here, expected cpu or auto"):
        open_encoder(spec, EngineSpec(device="cuda"))
