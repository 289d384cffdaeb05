from __future__ import annotations

import string
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from harness.encode.encoder import Encoder
from harness.encode.tokens import skiplist, text_tokenizer
from harness.errors import ModelError
from harness.spec import EncoderSpec

CLS, SEP, MASK, QUERY, DOCUMENT = 2, 3, 4, 5, 6
MARKED: dict[str, Any] = {"query_marker": "[Q]", "document_marker": "[D]"}
Open = Callable[..., Encoder]


def spec(**changes: Any) -> EncoderSpec:
    lengths = {"query_length": 32, "document_length": 300}
    return EncoderSpec(**({"name": "tiny", "path": "tiny", "dims": (32,)} | lengths | changes))


def test_markers_stand_at_position_1_as_ids(wordpiece: PreTrainedTokenizerFast) -> None:
    tokens = text_tokenizer(wordpiece, spec(**MARKED))
    river = wordpiece.convert_tokens_to_ids("river")
    assert tokens.queries(["river"])[0].ids == (CLS, QUERY, river, SEP)
    assert tokens.documents(["river"])[0].ids == (CLS, DOCUMENT, river, SEP)
    assert text_tokenizer(wordpiece, spec()).documents(["river"])[0].ids == (CLS, river, SEP)


def test_queries_are_expanded_with_mask_tokens_to_exactly_the_query_length(wordpiece: PreTrainedTokenizerFast) -> None:
    tokens = text_tokenizer(wordpiece, spec(query_length=10, expand_queries=True, **MARKED))
    old = wordpiece.convert_tokens_to_ids("old")
    short, full, long = tokens.queries(["old", "old " * 7, "old " * 8])
    assert short.ids == (CLS, QUERY, old, SEP) + (MASK,) * 6
    assert full.ids == long.ids == (CLS, QUERY, *[old] * 7, SEP)
    assert [short.truncated, full.truncated, long.truncated] == [False, False, True]
    assert all(MASK not in found.ids for found in tokens.documents(["old", "old " * 400]))


@pytest.mark.parametrize("marked", [True, False])
def test_a_text_of_exactly_the_limit_is_whole_and_one_token_more_is_cut(
    wordpiece: PreTrainedTokenizerFast, marked: bool
) -> None:
    tokens = text_tokenizer(wordpiece, spec(document_length=20, **(MARKED if marked else {})))
    room = 20 - 2 - marked
    found = tokens.documents(["old " * count for count in (room - 1, room, room + 1, room + 50)])
    assert [len(one.ids) for one in found] == [19, 20, 20, 20]
    assert [one.truncated for one in found] == [False, False, True, True]
    assert all(one.ids[-1] == SEP for one in found)


@pytest.mark.parametrize("blank", ["", " ", "\n\t \u3000"])
def test_a_text_without_characters_has_no_tokens_and_moves_no_other(
    wordpiece: PreTrainedTokenizerFast, blank: str
) -> None:
    tokens = text_tokenizer(wordpiece, spec(**MARKED))
    mixed = tokens.documents([blank, "old town", blank, "river", blank])
    assert [one.ids for one in mixed[::2]] == [(), (), ()]
    assert mixed[1::2] == tokens.documents(["old town", "river"])
    assert tokens.documents([blank]) == [mixed[0]]
    assert not mixed[0].truncated


def test_a_block_of_empty_documents_is_encoded_to_nothing_and_counted(encoder_of: Open) -> None:
    found = encoder_of().documents(["", "  ", ""], [32])
    assert (found.tokens, found.empty, found.truncated) == (0, 3, 0)
    assert found.by_dim[32].offsets.tolist() == [0, 0, 0, 0]
    assert len(encoder_of().documents([], [32]).by_dim[32]) == 0


def test_a_document_of_a_megabyte_is_cut_and_counted_and_costs_little(wordpiece: PreTrainedTokenizerFast) -> None:
    tokens = text_tokenizer(wordpiece, spec(**MARKED))
    text = "the old town of the north " * 40_000
    started = time.process_time()
    found = tokens.documents([text] * 20)
    assert time.process_time() - started < 2
    assert found == tokens.documents(["the old town of the north " * 100]) * 20
    assert found[0].truncated
    assert len(found[0].ids) == 300


@pytest.mark.parametrize("gap", [" " * 1_000_000, "x" * 1_000_000])
def test_text_that_is_left_out_before_tokenising_is_counted_too(wordpiece: PreTrainedTokenizerFast, gap: str) -> None:
    found = text_tokenizer(wordpiece, spec()).documents([f"old {gap} river"])[0]
    assert wordpiece.convert_tokens_to_ids("river") not in found.ids
    assert found.truncated


def test_the_words_rule_drops_the_entries_that_are_a_sign_themselves(unigram: PreTrainedTokenizerFast) -> None:
    # PyLate: convert_tokens_to_ids of each sign; signs the vocabulary does not know give [UNK], which is never dropped.
    ids = unigram.convert_tokens_to_ids(list(string.punctuation))
    expected = {number for number in ids if number != unigram.unk_token_id}
    assert skiplist(unigram, "words") == expected
    assert len(expected) == len(string.punctuation) - 2
    assert unigram.unk_token_id not in skiplist(unigram, "words")


def test_the_stanford_rule_drops_the_first_piece_of_each_sign_as_a_text(unigram: PreTrainedTokenizerFast) -> None:
    expected = {unigram.encode(sign, add_special_tokens=False)[0] for sign in string.punctuation}
    pieces = set(unigram.convert_ids_to_tokens(sorted(expected)))
    assert skiplist(unigram, "stanford") == expected
    assert pieces == {"▁", "▁(", "▁-", '▁"'}


def test_the_two_rules_share_nothing_on_pieces_and_everything_on_words(
    unigram: PreTrainedTokenizerFast, wordpiece: PreTrainedTokenizerFast
) -> None:
    assert not skiplist(unigram, "words") & skiplist(unigram, "stanford")
    assert skiplist(wordpiece, "words") == skiplist(wordpiece, "stanford")
    assert len(skiplist(wordpiece, "words")) == 32
    assert skiplist(wordpiece, "none") == frozenset()


def test_a_document_loses_its_punctuation_after_encoding_and_a_query_keeps_it(encoder_of: Open) -> None:
    text = "the old town, (north) of the river."
    kept, dropped = encoder_of(skiplist="none"), encoder_of(skiplist="words")
    ids = torch.tensor(kept.tokens.documents([text])[0].ids)
    words = ~torch.isin(ids, torch.tensor(sorted(dropped.tokens.skiplist)))
    assert int((~words).sum()) == 4
    whole = kept.documents([text], [32]).by_dim[32].of(0)
    assert torch.equal(dropped.documents([text], [32]).by_dim[32].of(0), whole[words])
    assert torch.equal(dropped.queries([text], [32]).by_dim[32].of(0), whole)


def test_a_document_of_punctuation_keeps_its_own_special_tokens_only(encoder_of: Open) -> None:
    found = encoder_of(skiplist="words").documents(["?!...", "old"], [32])
    assert found.by_dim[32].lengths.tolist() == [2, 3]
    assert (found.empty, found.tokens) == (0, 10)


def test_counts_add_up_over_batches(encoder_of: Open) -> None:
    texts = ["old " * 100, "", "river", "town " * 58, "town " * 59]
    told = []
    found = encoder_of(batch_tokens=64).documents(texts, [32], lambda texts, tokens: told.append((texts, tokens)))
    assert (found.empty, found.truncated, found.tokens) == (1, 2, 60 + 3 + 60 + 60)
    assert (sum(texts for texts, _ in told), sum(tokens for _, tokens in told)) == (5, found.tokens)


def test_a_marker_that_the_tokenizer_does_not_know_is_told(wordpiece: PreTrainedTokenizerFast) -> None:
    with pytest.raises(ModelError, match=r"tiny has no token for the marker: got '\[QueryMarker\]'"):
        text_tokenizer(wordpiece, spec(query_marker="[QueryMarker]"))


def test_expansion_without_a_mask_token_is_told(wordpiece: PreTrainedTokenizerFast) -> None:
    bare = PreTrainedTokenizerFast(tokenizer_object=wordpiece.backend_tokenizer, pad_token="[PAD]")  # noqa: S106
    with pytest.raises(ModelError, match="tiny has no mask token: expected one, since expand_queries is on"):
        text_tokenizer(bare, spec(expand_queries=True))
    assert text_tokenizer(bare, spec()).expansion is None
