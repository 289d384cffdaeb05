"""jina-reranker-v2 from its files to its scores, against transformers' own class and a slow reference."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor
from transformers import AutoTokenizer, XLMRobertaConfig, XLMRobertaForSequenceClassification

from harness.encode.pairs import PairScorer, open_scorer
from harness.errors import ModelError
from harness.model_spec import CrossEncoderSpec
from harness.spec import EngineSpec
from tests.fixtures.published import WRITERS
from tests.references import flash_xlmr
from tests.references.blocks import read_json

NAME = "jina-reranker-v2-base-multilingual"
TOLERANCE = 1e-5
PAIRS = [
    ("what is the river in the old town?", "The river (old) is in the town, of stone. A bridge!"),
    ("what is the river in the old town?", "drug"),
    ("drug", "the old bridge - of the river; " * 12),
    ("which bridge, of old stone? " * 6, 'Die Brücke steht, "zamani" is a river: 12.5 & more'),
    ("a", "a"),
    ("drug", "the old bridge of stone " * 300),
]
Folder = Callable[[str], Path]


def opened(folder: Path, batch_tokens: int = 512, **settings: Any) -> PairScorer:
    engine = EngineSpec(device="cpu", batch_tokens=batch_tokens)
    return open_scorer(CrossEncoderSpec(name="reranker", path=str(folder), **settings), engine)


@pytest.fixture(scope="module")
def scorer(published: Folder) -> PairScorer:
    return opened(published(NAME))


def scores_of(scorer: PairScorer, pairs: list[tuple[str, str]]) -> Tensor:
    queries = scorer.tokens.queries([query for query, _ in pairs])
    return scorer.scores(scorer.tokens.pairs(queries, [document for _, document in pairs]))


def renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors by transformers' names, written out here a second time."""
    found: dict[str, Tensor] = {}
    for name, value in tensors.items():
        new = name.replace("emb_ln", "embeddings.LayerNorm").replace("encoder.layers", "encoder.layer")
        new = new.replace("norm1", "attention.output.LayerNorm").replace("norm2", "output.LayerNorm")
        new = new.replace("mixer.out_proj", "attention.output.dense")
        new = new.replace("mlp.fc1", "intermediate.dense").replace("mlp.fc2", "output.dense")
        parts = {new: value}
        if "Wqkv" in new:
            names = (new.replace("mixer.Wqkv", f"attention.self.{part}") for part in ("query", "key", "value"))
            parts = dict(zip(names, value.chunk(3), strict=True))
        found |= parts
    return found


@torch.no_grad()
def test_logits_equal_those_of_transformers_own_class_one_pair_at_a_time(published: Folder, scorer: PairScorer) -> None:
    folder = published(NAME)
    left_out = ("auto_map", "_name_or_path", "architectures", "num_labels")
    said = {name: value for name, value in read_json(folder / "config.json").items() if name not in left_out}
    model = XLMRobertaForSequenceClassification(XLMRobertaConfig(**said, num_labels=1)).eval()
    model.load_state_dict(renamed(load_file(folder / "model.safetensors")))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    expected = []
    for query, document in PAIRS:
        given = tokenizer(query, document, truncation="only_second", max_length=1024, return_tensors="pt")
        expected.append(float(model(**given).logits))
    found = scores_of(scorer, PAIRS)
    assert found.dtype == torch.float32
    assert max(expected) - min(expected) > 1000 * TOLERANCE, "the pairs have to have different scores"
    assert found.tolist() == pytest.approx(expected, abs=TOLERANCE)


def test_logits_equal_those_of_the_slow_reference(published: Folder, scorer: PairScorer) -> None:
    folder = published(NAME)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    expected = [flash_xlmr.logit(folder, tokenizer.encode(*pair).ids) for pair in PAIRS[:5]]
    assert scores_of(scorer, PAIRS[:5]).tolist() == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_pair_scores_the_same_alone_and_among_any_mates(dtype: torch.dtype, tmp_path: Path) -> None:
    WRITERS[NAME](tmp_path / "checkpoint", dtype)
    scorer = opened(tmp_path / "checkpoint")
    together = scores_of(scorer, PAIRS)
    alone = torch.cat([scores_of(scorer, [pair]) for pair in PAIRS])
    turned = scores_of(scorer, PAIRS[::-1]).flip(0)
    crowded = scores_of(scorer, [*PAIRS, *PAIRS[:5] * 7])[: len(PAIRS)]
    assert together.tolist() == alone.tolist() == turned.tolist() == crowded.tolist()


def test_another_batch_size_moves_a_score_by_rounding_alone(scorer: PairScorer) -> None:
    for size in (64, 200, 2048):
        other = scores_of(replace(scorer, batch_tokens=size), PAIRS)
        assert other.tolist() == pytest.approx(scores_of(scorer, PAIRS).tolist(), abs=TOLERANCE)


def test_scores_of_bfloat16_weights_are_finer_than_bfloat16(tmp_path: Path) -> None:
    WRITERS[NAME](tmp_path / "checkpoint", torch.bfloat16)
    scorer = opened(tmp_path / "checkpoint")
    assert scorer.details["dtype"] == "bfloat16"
    found = scores_of(scorer, PAIRS)
    assert not torch.equal(found, found.bfloat16().float())


def test_tokens_of_a_pair_are_those_of_the_checkpoints_tokenizer(published: Folder, scorer: PairScorer) -> None:
    tokenizer = AutoTokenizer.from_pretrained(published(NAME))
    for length in (64, 1024):
        tokens = replace(scorer.tokens, length=length)
        pairs = [pair for pair in PAIRS if len(tokenizer(pair[0])["input_ids"]) < length - 4]
        found = tokens.pairs(tokens.queries([query for query, _ in pairs]), [document for _, document in pairs])
        whole = [tokenizer(*pair, truncation="only_second", max_length=length)["input_ids"] for pair in pairs]
        assert [list(pair.ids) for pair in found] == whole
        uncut = [len(tokenizer(*pair)["input_ids"]) for pair in pairs]
        assert [pair.truncated for pair in found] == [number > length for number in uncut]
        assert any(pair.truncated for pair in found)


@pytest.mark.parametrize(("query_length", "kept"), [(None, 1024 - 5), (10, 10)])
def test_a_long_query_is_cut_to_its_length_or_leaves_a_document_one_token(
    scorer: PairScorer, query_length: int | None, kept: int
) -> None:
    tokens = replace(scorer.tokens, query_length=query_length)
    (query,) = tokens.queries(["the old bridge of stone " * 300])
    assert (len(query.encoding), query.truncated) == (kept, True)
    (pair,) = tokens.pairs([query], ["drug"])
    assert (len(pair.ids), pair.truncated) == (kept + 5, False)
    (short,) = tokens.queries(["drug"])
    assert not short.truncated


def changed(folder: Path, **changes: Any) -> Path:
    said = read_json(folder / "config.json")
    (folder / "config.json").write_text(json.dumps({**said, **changes}))
    return folder


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"position_embedding_type": "rotary"}, "position_embedding_type: got 'rotary', expected 'absolute'"),
        ({"pad_token_id": None}, "got no pad_token_id"),
        ({"num_hidden_layers": 9}, "missing"),
        ({"hidden_size": 128}, "of another shape"),
        ({"hidden_size": 63}, "cannot be loaded.*not a multiple"),
    ],
)
def test_a_config_of_another_architecture_is_refused_in_one_line(
    changes: dict[str, Any], message: str, copied: Folder
) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        opened(changed(copied(NAME), **changes))
    assert "\n" not in str(caught.value)


def test_a_tensor_of_no_known_purpose_or_missing_is_refused(copied: Folder) -> None:
    folder = copied(NAME)
    tensors = load_file(folder / "model.safetensors")
    save_file({**tensors, "lora.weight": torch.ones(2)}, folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"lora\.weight"):
        opened(folder)
    del tensors["classifier.out_proj.weight"]
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"classifier\.out_proj\.weight the first"):
        opened(folder)


def test_a_pair_longer_than_the_table_of_positions_is_refused(published: Folder) -> None:
    with pytest.raises(ModelError, match=r"no positions for model\.length: got 1025, expected 1024 at most"):
        opened(published(NAME), length=1025)


def test_a_score_that_is_no_number_is_refused(copied: Folder) -> None:
    folder = copied(NAME)
    tensors = load_file(folder / "model.safetensors")
    tensors["classifier.dense.bias"][0] = torch.nan
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ModelError, match="reranker gave a score that is not finite"):
        scores_of(opened(folder), PAIRS[:1])
