"""Batches hold every text once, within their tokens, and hardly any filling."""

from __future__ import annotations

import random

import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.encode.batches import ROUND_UP, Batch, batches

TEXTS = st.lists(st.lists(st.integers(1, 99), max_size=30), max_size=25)


def rows(batch: Batch) -> dict[int, list[int]]:
    """Return the ids of each text of a batch, having seen that its positions count them."""
    found, start = {}, 0
    for text, length in zip(batch.texts, batch.lengths, strict=True):
        found[text] = batch.ids_T[start : start + length].tolist()
        assert batch.positions_T[start : start + length].tolist() == list(range(length))
        start += length
    assert start == batch.used
    return found


@given(texts=TEXTS, size=st.integers(1, 64), filled=st.booleans())
def test_every_text_with_a_token_is_in_one_batch(texts: list[list[int]], size: int, filled: bool) -> None:
    held: dict[int, list[int]] = {}
    for batch in batches(texts, size, filled=filled):
        mine = rows(batch)
        assert not held.keys() & mine.keys()
        held |= mine
        assert batch.used <= size or len(batch.texts) == 1
        assert len(batch.ids_T) == len(batch.positions_T)
        if filled and batch.used <= size:
            assert len(batch.ids_T) == size
        else:
            assert len(batch.ids_T) % ROUND_UP == 0
            assert len(batch.ids_T) < batch.used + ROUND_UP
    assert held == {text: ids for text, ids in enumerate(texts) if ids}


@given(texts=TEXTS, size=st.integers(1, 64), data=st.data())
def test_texts_of_one_kind_are_neighbours_and_the_segments_say_how_many(
    texts: list[list[int]], size: int, data: st.DataObject
) -> None:
    seen = [data.draw(st.none() | st.integers(1, len(ids))) if ids else None for ids in texts]
    for batch in batches(texts, size, seen):
        kinds = [(length, attended) for length, texts_, attended in batch.segments for _ in range(texts_)]
        assert kinds == [(len(texts[text]), seen[text]) for text in batch.texts]
        assert len({(segment.length, segment.attended) for segment in batch.segments}) == len(batch.segments)


def test_short_texts_fill_what_long_ones_leave() -> None:
    texts = [[1] * length for length in (300, 290, 150, 140, 40, 30, 20, 10)]
    assert [batch.lengths for batch in batches(texts, 512)] == [(20, 40, 150, 300), (10, 30, 140, 290)]
    chosen = random.Random(3)
    lengths = [chosen.randint(5, 300) for _ in range(512)]
    rows_made = sum(len(batch.ids_T) for batch in batches([[1] * length for length in lengths], 1024))
    assert rows_made < sum(lengths) * 1.01 + 1024


def test_only_the_texts_asked_for_are_packed() -> None:
    texts = [[1, 2], [3], [4, 5, 6], [7]]
    assert sorted(text for batch in batches(texts, 4, among=[0, 3]) for text in batch.texts) == [0, 3]


def test_bounds_count_the_rows_that_are_kept() -> None:
    (batch,) = batches([[1, 2, 3], [4], [5, 6]], 8)
    assert batch.lengths == (1, 2, 3)
    kept = torch.tensor([False, True, False, True, False, True])
    assert batch.bounds(kept) == [(0, 0), (0, 1), (1, 3)]
    assert batch.bounds(torch.ones(6, dtype=torch.bool)) == [(0, 1), (1, 3), (3, 6)]
