"""How documents lie side by side, and queries one after another."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.encode.vectors import TokenVectors, pack
from harness.retrieve.fused_layout import DocumentRows, document_rows, ends, query_rows, spaced
from tests.retrieve.oracle import texts

SIDE, DEEP = 4, 2
LENGTHS = st.lists(st.integers(0, 9), max_size=20)


def numbered(lengths: list[int], width: int = 16) -> TokenVectors:
    """Return vectors of which every one is its own: its number, over and over."""
    count = sum(lengths)
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    return TokenVectors(torch.arange(1.0, count + 1)[:, None].expand(count, width).half(), offsets)


def laid_out(lengths: list[int]) -> DocumentRows:
    return document_rows(numbered(lengths), query_rows(numbered([1])), side=SIDE, deep=DEEP)


def columns(laid: DocumentRows) -> dict[int, list[float]]:
    """Return the numbers that lie in each document's column, whatever the tile."""
    found: dict[int, list[float]] = {}
    for group, (start, stop) in enumerate(pairwise(laid.bounds)):
        numbers_TW = laid.rows_ND[start * SIDE * DEEP : stop * SIDE * DEEP, 0].view(-1, SIDE)
        for place, owner in enumerate(laid.owners_GW[group].tolist()):
            assert owner not in found or owner == -1
            found[owner] = numbers_TW[:, place].tolist()
    return found


@given(LENGTHS)
def test_every_document_lies_in_one_column_filled_up_with_its_own_vectors(lengths: list[int]) -> None:
    documents, laid = numbered(lengths), laid_out(lengths)
    found = columns(laid)
    assert {owner for owner in found if owner >= 0} == {place for place, length in enumerate(lengths) if length}
    assert laid.empty.tolist() == [place for place, length in enumerate(lengths) if not length]
    for owner, numbers in found.items():
        if owner >= 0:
            assert set(numbers) == set(documents.of(owner)[:, 0].tolist())
    assert len(laid.rows_ND) == laid.bounds[-1] * SIDE * DEEP


@given(LENGTHS)
def test_what_fills_up_a_group_of_too_few_is_no_document(lengths: list[int]) -> None:
    laid = laid_out(lengths)
    owners = laid.owners_GW.flatten().tolist()
    assert laid.filling == owners.count(-1) == -sum(length > 0 for length in lengths) % SIDE
    assert owners[: laid.filling] == [-1] * laid.filling
    assert sorted(owner for owner in owners if owner >= 0) == [place for place, length in enumerate(lengths) if length]


def test_filling_takes_little_of_a_block_of_mixed_lengths() -> None:
    source = torch.Generator().manual_seed(0)
    lengths = (torch.randn(1024, generator=source).mul(0.4).exp() * 75).clamp(5, 300).long().tolist()
    documents = texts(source, lengths, 16)
    laid = document_rows(documents, query_rows(numbered([1])), side=16, deep=4)
    assert len(laid.rows_ND) < 1.05 * sum(lengths)


def test_queries_are_filled_up_with_zeros_to_a_multiple_of_thirty_two_rows() -> None:
    lengths = [3, 33, 0, 32]
    queries = numbered(lengths, 48)
    laid = query_rows(queries, (16, 48))
    assert (laid.length, laid.queries, laid.scaled) == (64, 4, (16,))
    for query, rows_LD in enumerate(laid.rows_ND.split(64)):
        assert torch.equal(rows_LD[: lengths[query]], queries.of(query))
        assert not rows_LD[lengths[query] :].any()
        scales_L = laid.scales_SN[0].split(64)[query]
        torch.testing.assert_close(scales_L[: lengths[query]] * queries.of(query)[:, 0] * 4, torch.ones(lengths[query]))
        assert not scales_L[lengths[query] :].any()


@pytest.mark.parametrize("unit", [True, False])
def test_only_cuts_below_the_width_are_scaled_and_only_for_unit_vectors(unit: bool) -> None:
    laid = query_rows(numbered([2], 64), (16, 32, 64), unit=unit)
    assert laid.scaled == ((16, 32) if unit else ())
    assert laid.scales_SN.shape == (len(laid.scaled), 32)


def test_cuts_that_are_no_multiple_of_sixteen_are_filled_up_with_columns_of_zeros() -> None:
    vectors_ND = torch.arange(1, 31.0).half()[None].expand(3, 30)
    spaced_ND = spaced(vectors_ND, (5, 20, 25))
    assert ends((5, 20, 25)) == (16, 32, 48)
    assert spaced_ND.shape == (3, 48)
    for start, first, last in ((0, 1, 5), (16, 6, 20), (32, 21, 25)):
        kept = last - first + 1
        assert torch.equal(spaced_ND[:, start : start + kept], vectors_ND[:, first - 1 : last])
        assert not spaced_ND[:, start + kept : start + 16].any()


def test_no_queries_and_no_documents_have_no_rows() -> None:
    assert query_rows(pack([], 16)).rows_ND.shape == (0, 16)
    laid = document_rows(pack([], 16), query_rows(numbered([1])), side=SIDE, deep=DEEP)
    assert (laid.bounds, laid.rows_ND.shape, laid.owners_GW.shape) == ((0,), (0, 16), (0, SIDE))
