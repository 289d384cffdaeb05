"""Token ids of real text in the shape of jina-colbert-v2's tokenizer, held against ids that other code has made."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from harness.encode.tokens import TextTokenizer, skiplist, text_tokenizer
from harness.spec import EncoderSpec
from tests.fixtures import e5, xlmr

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "xlmr_tokens.json").read_text(encoding="utf-8"))
TEXTS = pytest.mark.parametrize("golden", GOLDEN["texts"], ids=[text["name"] for text in GOLDEN["texts"]])
# sentencepiece does not look for special tokens in a text.
PLAIN = [text for text in GOLDEN["texts"] if max(text["document"][2:]) < xlmr.MASK_ID]
JOINER = "\u200d"


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    missing = xlmr.missing_packages()
    if missing is not None:
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("xlmr")
    xlmr.write_tokenizer(folder)
    return AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="session")
def sentencepiece() -> Any:
    found = pytest.importorskip("sentencepiece")
    missing = xlmr.missing_packages()
    if missing is not None:
        pytest.skip(missing)
    content = xlmr.sentencepiece_model(e5.xlmr_pieces(e5.packed_file()), e5.charsmap())
    return found.SentencePieceProcessor(model_proto=content)


@pytest.fixture(scope="session")
def colbert(tokenizer: Any) -> dict[str, TextTokenizer]:
    """One for each skiplist; made once, since looking through 250,004 tokens takes a while."""
    spec = EncoderSpec(
        name="jina-colbert-v2",
        path="jina-colbert-v2",
        dims=(128,),
        query_marker=xlmr.QUERY_MARKER,
        document_marker=xlmr.DOCUMENT_MARKER,
        expand_queries=True,
        query_length=32,
        document_length=300,
    )
    return {rule: text_tokenizer(tokenizer, replace(spec, skiplist=rule)) for rule in ("none", "stanford", "words")}


def skip_another_table(golden: dict[str, Any], tokenizer: Any) -> None:
    if JOINER in golden["text"] and tokenizer.backend_tokenizer.normalizer.normalize_str(JOINER) != " ":
        pytest.skip("XLM-R's own table of characters, tokenlearn-static-model, is not installed")


@TEXTS
def test_a_text_has_the_golden_ids_as_a_document_and_as_a_query(
    golden: dict[str, Any], tokenizer: Any, colbert: dict[str, TextTokenizer]
) -> None:
    skip_another_table(golden, tokenizer)
    tokens = colbert["none"]
    assert list(tokens.documents([golden["text"]])[0].ids) == golden["document"]
    assert list(tokens.queries([golden["text"]])[0].ids) == golden["query"]


@pytest.mark.parametrize("rule", ["stanford", "words"])
@TEXTS
def test_each_skiplist_drops_the_golden_tokens_of_a_document(
    golden: dict[str, Any], rule: str, tokenizer: Any, colbert: dict[str, TextTokenizer]
) -> None:
    skip_another_table(golden, tokenizer)
    ids = colbert[rule].documents([golden["text"]])[0].ids
    assert [place for place, number in enumerate(ids) if number in colbert[rule].skiplist] == golden[rule]


def test_all_texts_at_once_have_the_ids_they_have_alone(colbert: dict[str, TextTokenizer]) -> None:
    tokens, texts = colbert["none"], [golden["text"] for golden in GOLDEN["texts"]]
    assert tokens.documents(texts) == [tokens.documents([text])[0] for text in texts]
    assert tokens.queries(texts) == [tokens.queries([text])[0] for text in texts]


@pytest.mark.parametrize(("rule", "count"), [("stanford", 29), ("words", 32)])
def test_a_skiplist_is_the_published_ids_and_shares_none_with_the_other(rule: str, count: int, tokenizer: Any) -> None:
    found = skiplist(tokenizer, rule)
    assert sorted(found) == GOLDEN[rule]
    assert len(found) == count
    assert not found & skiplist(tokenizer, "words" if rule == "stanford" else "stanford")


@pytest.mark.parametrize("golden", PLAIN, ids=[text["name"] for text in PLAIN])
def test_sentencepiece_cuts_the_texts_into_the_same_pieces(golden: dict[str, Any], sentencepiece: Any) -> None:
    if JOINER in golden["text"] and sentencepiece.normalize(JOINER) != "":
        pytest.skip("XLM-R's own table of characters, tokenlearn-static-model, is not installed")
    assert xlmr.fairseq_ids(sentencepiece.encode(golden["text"])) == golden["document"][2:-1]


def test_hello_world_has_the_ids_that_fairseq_gives(tokenizer: Any) -> None:
    # fairseq's xlmr.base, as the tests of transformers' XLMRobertaTokenizer quote it.
    assert tokenizer("Hello World!")["input_ids"] == [0, 35378, 6661, 38, 2]


def test_the_folder_has_the_shape_of_the_checkpoint(tokenizer: Any) -> None:
    assert len(tokenizer) == len(tokenizer.get_vocab()) == 250_004
    assert tokenizer.mask_token_id == xlmr.MASK_ID
    assert tokenizer.convert_tokens_to_ids([xlmr.QUERY_MARKER, xlmr.DOCUMENT_MARKER]) == [250_002, 250_003]
    assert tokenizer.convert_ids_to_tokens([0, 1, 2, 3, 4, 5, 6]) == ["<s>", "<pad>", "</s>", "<unk>", ",", ".", "▁"]
    assert tokenizer.model_max_length == 8194


def test_a_document_keeps_297_pieces_and_a_query_29_and_both_their_end(colbert: dict[str, TextTokenizer]) -> None:
    tokens = colbert["none"]
    document, query = tokens.documents(["Hello World " * 200])[0], tokens.queries(["Hello World " * 200])[0]
    assert document.ids == (0, xlmr.DOCUMENT_ID, *[35378, 6661] * 148, 35378, 2)
    assert query.ids == (0, xlmr.QUERY_ID, *[35378, 6661] * 14, 35378, 2)
    assert (len(document.ids), len(query.ids)) == (300, 32)
    assert document.truncated
    assert query.truncated


def test_the_golden_texts_are_forty_in_twenty_scripts_and_more() -> None:
    scripts = {text["script"] for text in GOLDEN["texts"]} - {"several", "symbols", "controls"}
    assert len(GOLDEN["texts"]) == len({text["text"] for text in GOLDEN["texts"]}) == 40
    assert len(scripts) > 20
    assert {len(text["query"]) for text in GOLDEN["texts"]} == {32}
    assert len(PLAIN) == 39
