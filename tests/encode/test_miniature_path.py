"""The miniature through the whole path: the published model's own code, dtype and heads, in seconds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from harness import paths
from harness.config import model_spec
from harness.encode.encoder import Encoder, open_encoder
from harness.pipeline import evaluate
from harness.spec import DatasetSpec, EncoderSpec, EngineSpec, RunSpec


@pytest.fixture(scope="module")
def spec() -> EncoderSpec:
    found = model_spec(yaml.safe_load((paths.configs() / "model" / "mini.yaml").read_text(encoding="utf-8")))
    assert isinstance(found, EncoderSpec)
    return found


@pytest.fixture(scope="module")
def encoder(spec: EncoderSpec) -> Encoder:
    return open_encoder(spec, EngineSpec(device="cpu"))


def test_its_settings_come_from_its_own_files(encoder: Encoder) -> None:
    said = encoder.spec
    assert (said.query_length, said.document_length, said.skiplist) == (32, 300, "stanford")
    assert (said.query_marker, said.document_marker) == ("[QueryMarker]", "[DocumentMarker]")
    assert (said.expand_queries, said.attend_to_expansion) == (True, True)
    assert encoder.checkpoint.dtype is torch.bfloat16


def test_each_width_has_a_head_of_its_own(encoder: Encoder) -> None:
    found = encoder.documents(["The river Nile flows north."], [128, 96, 64]).by_dim
    assert [vectors.vectors_ND.shape[1] for vectors in found.values()] == [128, 96, 64]
    cut = torch.nn.functional.normalize(found[128].vectors_ND[:, :64].float(), dim=-1)
    assert (cut - found[64].vectors_ND.float()).abs().max() > 0.05


@pytest.mark.parametrize("batch_tokens", [64, 300, 1024])
def test_a_document_has_the_same_bits_alone_and_in_any_batch_in_bfloat16(encoder: Encoder, batch_tokens: int) -> None:
    texts = ["Der Nil fließt nach Norden.", "a", "", "尼罗河向北流。" * 9, "The river Nile " * 40]
    together = replace(encoder, batch_tokens=batch_tokens).documents(texts, [128, 64]).by_dim
    for place, text in enumerate(texts):
        alone = replace(encoder, batch_tokens=batch_tokens).documents([text], [128, 64]).by_dim
        for dim in (128, 64):
            assert torch.equal(together[dim].of(place), alone[dim].of(0))


def test_any_number_of_shards_gives_the_same_bytes(spec: EncoderSpec, tmp_path: Path) -> None:
    dataset = DatasetSpec(name="mini", source="beir", path="{package}/data/mini/de", language="de", text_language="de")
    found = []
    for shards in (1, 3):
        engine = EngineSpec(device="cpu", shards=shards)
        out = tmp_path / str(shards)
        evaluate(RunSpec(dataset=dataset, model=spec, dims=(128, 96, 64), engine=engine, out=str(out)))
        found.append([path.read_bytes() for path in sorted(out.glob("results/**/run.trec"))])
    assert len(found[0]) == 3
    assert found[0] == found[1]
