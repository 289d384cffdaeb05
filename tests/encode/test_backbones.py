"""Every backbone, packed, against the same backbone in transformers' own attention, one text at a time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModel, AutoTokenizer

from harness.encode.attention import packed_attention
from harness.encode.batches import batches
from harness.encode.encoder import Encoder, open_encoder
from harness.encode.kernels.groups import GROUPS
from harness.encode.packing import packing, segments
from harness.errors import ModelError
from harness.spec import EncoderSpec, EngineSpec

ARCHITECTURES = ["bert", "xlm-roberta", "xmod", "modernbert", "jina", "eurobert"]
LENGTH = 60
TEXTS = [
    "the old bridge",
    "aspirin is a drug; the town is north of the river.",
    "a",
    "",
    "stone " * 80,
    "river town north old",
    "zqx 17 (bridges)",
    "drug aspirin stone the",
    "the river, the town, the bridge and the stones of the north",
]
Open = Callable[..., Encoder]


def one_at_a_time(path: Path, texts: list[str], attention: str) -> list[torch.Tensor]:
    """Return the hidden states of each text, by transformers and nothing else."""
    model = AutoModel.from_pretrained(path, attn_implementation=attention, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(path)
    found = []
    for text in texts:
        inputs = tokenizer(text, truncation=True, max_length=LENGTH, return_tensors="pt")
        with torch.no_grad():
            states = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])
        found.append(states.last_hidden_state[0])
    return found


def packed(encoder: Encoder, texts: list[str]) -> list[torch.Tensor]:
    """Return each text's float32 vectors as the encoder has them before it rounds to float16."""
    found = [torch.empty(0)] * len(texts)
    for batch in batches([tokens.ids for tokens in encoder.tokens.documents(texts)], encoder.batch_tokens):
        (rows,) = encoder._vectors(batch, [encoder.checkpoint.width]).values()
        for text, (start, stop) in zip(
            batch.texts, batch.bounds(torch.ones(batch.used, dtype=torch.bool)), strict=True
        ):
            found[text] = rows[start:stop]
    return found


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_packed_vectors_equal_the_backbone_run_one_text_at_a_time(
    encoder_of: Open, folder: Callable[[str], Path], name: str, attention: str
) -> None:
    texts = [text for text in TEXTS if text]
    expected = one_at_a_time(folder(name), texts, attention)
    found = packed(encoder_of(name), texts)
    assert max(len(states) for states in expected) == LENGTH, "a text of the full length belongs to this test"
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_neighbours_and_filling_are_not_attended_to(encoder_of: Open, name: str) -> None:
    encoder = encoder_of(name)
    mates = ["town " * 20, "the old bridge", "drug drug drug"]
    assert torch.equal(packed(encoder, ["the old bridge"])[0], packed(encoder, mates)[1])
    swapped = [mates[0].replace("town", "river"), mates[1], "a a a"]
    assert torch.equal(packed(encoder, mates)[1], packed(encoder, swapped)[1])


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("batch_tokens", [16, 61, 1024])
def test_batches_of_any_size_give_the_same_bits(encoder_of: Open, name: str, batch_tokens: int) -> None:
    width = encoder_of(name).checkpoint.width
    alone = [encoder_of(name).documents([text], [width]).by_dim[width].of(0) for text in TEXTS]
    together = encoder_of(name, batch_tokens=batch_tokens).documents(TEXTS, [width]).by_dim[width]
    assert all(torch.equal(together.of(place), vectors) for place, vectors in enumerate(alone))


@pytest.mark.parametrize("name", ["bert", "modernbert", "jina"])
def test_a_document_has_the_same_bits_alone_and_in_any_batch(encoder_of: Open, name: str) -> None:
    encoders = {size: encoder_of(name, batch_tokens=size) for size in (64, 100, 256)}
    width = encoders[100].checkpoint.width
    alone = [encoders[100].documents([text], [width]).by_dim[width].of(0) for text in TEXTS]

    @settings(deadline=None, max_examples=12)
    @given(places=st.lists(st.integers(0, len(TEXTS) - 1), min_size=1, max_size=7), size=st.sampled_from([*encoders]))
    def check(places: list[int], size: int) -> None:
        found = encoders[size].documents([TEXTS[place] for place in places], [width]).by_dim[width]
        for row, place in enumerate(places):
            assert torch.equal(found.of(row), alone[place])

    check()


@pytest.mark.parametrize("name", ["bert", "jina"])
def test_any_number_of_threads_gives_the_same_bits(encoder_of: Open, name: str) -> None:
    encoder = encoder_of(name, batch_tokens=256)
    width = encoder.checkpoint.width
    threads = torch.get_num_threads()
    found = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            found.append(encoder.documents(TEXTS * 3, [width]).by_dim[width].vectors_ND)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


def test_local_layers_see_no_further_than_their_window(encoder_of: Open, folder: Callable[[str], Path]) -> None:
    path = folder("modernbert")
    far = ["river " + "stone " * 40, "town " + "stone " * 40]
    config = json.loads((path / "config.json").read_text())
    assert config["layer_types"].count("sliding_attention") == 1
    first, second = one_at_a_time(path, far, "sdpa")
    mine, other = packed(encoder_of("modernbert"), far)
    torch.testing.assert_close(mine - other, first - second, rtol=1e-4, atol=1e-5)


def test_a_decoder_is_refused(encoder_of: Open) -> None:
    with pytest.raises(ModelError, match=r"cannot run packed: got causal LlamaModel, expected attention in both"):
        encoder_of("llama")


def test_x_mod_without_a_default_language_is_refused(
    folder: Callable[[str], Path], spec_of: Callable[..., EncoderSpec], tmp_path: Path
) -> None:
    path = Path(shutil.copytree(folder("xmod"), tmp_path / "xmod"))
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(config | {"default_language": None}))
    with pytest.raises(ModelError, match=r"default_language: got None, expected one of en_XX, de_DE"):
        open_encoder(spec_of(path), EngineSpec(device="cpu"))


@pytest.mark.parametrize("keyword", ["softcap", "s_aux", "position_bias"])
def test_attention_that_is_bent_in_an_unknown_way_is_refused(keyword: str) -> None:
    states, laid = torch.ones(1, 2, 3, 4), packing(segments([3]), 3, GROUPS)
    with pytest.raises(ModelError, match=f"Linear cannot run packed: got {keyword}, expected plain attention"):
        packed_attention(torch.nn.Linear(1, 1), states, states, states, packing=laid, **{keyword: 1.0})
