from __future__ import annotations

import struct

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.retrieve import order

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
EDGES = [0.0, -0.0, 1e-45, -1e-45, 1.1754942e-38, 3.4028235e38, -3.4028235e38, 1.0, 1.0000001, -1.0, -1.0000001]
SCORES = st.one_of(FLOATS, st.sampled_from([float(np.float32(edge)) for edge in EDGES]))
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4)
FOUND = st.dictionaries(IDS, SCORES, min_size=1, max_size=25)


def key(score: float) -> int:
    return int(order.keys(torch.tensor([[score]], dtype=torch.float32), torch.tensor([0]))[0, 0])


def in_order(found: dict[str, float]) -> list[str]:
    """Return the ids by score descending, then by UTF-8 bytes descending."""
    return sorted(found, key=lambda doc_id: (found[doc_id], doc_id.encode()), reverse=True)


@settings(deadline=None, max_examples=200)
@given(found=FOUND)
def test_keys_sort_exactly_like_scores_and_then_bytes_of_ids(found: dict[str, float]) -> None:
    ids = list(found)
    ranks = order.id_ranks(ids)
    keys = order.keys(torch.tensor([list(found.values())], dtype=torch.float32), ranks)[0].tolist()
    assert [doc_id for _, doc_id in sorted(zip(keys, ids, strict=True), reverse=True)] == in_order(found)
    assert len(set(keys)) == len(ids)
    assert min(keys) > order.NOTHING


@settings(deadline=None, max_examples=200)
@given(left=SCORES, right=SCORES)
def test_two_scores_compare_as_their_keys_do(left: float, right: float) -> None:
    assert (key(left) < key(right)) == (left < right)
    assert (key(left) == key(right)) == (left == right)


@settings(deadline=None, max_examples=100)
@given(score=SCORES, rank=st.integers(0, 2**32 - 1))
def test_a_key_gives_back_its_score_and_its_rank(score: float, rank: int) -> None:
    packed = order.keys(torch.tensor([[score]], dtype=torch.float32), torch.tensor([rank]))
    assert order.ranks_of(packed).tolist() == [[rank]]
    assert struct.pack("<f", order.scores_of(packed)[0, 0]) == struct.pack("<f", score + 0.0)


def test_ids_beyond_the_first_plane_sort_by_bytes_and_not_by_utf_16() -> None:
    # In UTF-16 the emoji's surrogates (D83D..) sort below U+FF5E; in UTF-8 its first byte F0 is above EF.
    assert order.id_ranks(["\U0001f600", "\uff5e", "z", "é"]).tolist() == [3, 2, 0, 1]


def test_minus_infinity_has_no_key_and_minus_zero_is_zero() -> None:
    keys = order.keys(torch.tensor([[-torch.inf, -0.0, 0.0]]), torch.tensor([0, 1, 1]))
    assert keys[0, 0] == order.NOTHING
    assert keys[0, 1] == keys[0, 2]


@settings(deadline=None, max_examples=100)
@given(found=FOUND, depth=st.integers(1, 30))
def test_the_best_keys_are_the_head_of_the_full_sort(found: dict[str, float], depth: int) -> None:
    ids = list(found)
    ranks = order.id_ranks(ids)
    best = order.best(order.keys(torch.tensor([list(found.values())], dtype=torch.float32), ranks), depth)
    name = dict(zip(ranks.tolist(), ids, strict=True))
    expected = in_order(found)[:depth]
    assert [name[rank] for rank in order.ranks_of(best)[0].tolist()[: len(expected)]] == expected
    assert best[0].tolist()[len(expected) :] == [order.NOTHING] * (depth - len(expected))


def test_new_ranks_leave_empty_places_empty() -> None:
    keys = order.keys(torch.tensor([[1.5, -torch.inf]]), torch.tensor([1, 0]))
    moved = order.with_ranks(keys, torch.tensor([7, 9]))
    assert order.ranks_of(moved)[0, 0] == 9
    assert order.scores_of(moved)[0, 0] == 1.5
    assert moved[0, 1] == order.NOTHING
