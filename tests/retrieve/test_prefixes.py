"""Smaller dimensions out of the product of the widest: cut, brought to unit norm again, and compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.encode.vectors import TokenVectors, pack, unit
from harness.errors import ModelError
from harness.retrieve.maxsim import maxsim, query_tiles
from harness.retrieve.scoring import scorer

WIDTH = 24
CUTS = (6, 16, 24)
SUBSETS = [(6,), (16,), (24,), (6, 16), (16, 24), (6, 24), CUTS]


def texts(seed: int, lengths: Sequence[int], *, norm: bool = True) -> TokenVectors:
    generator = torch.Generator().manual_seed(seed)
    rows = [torch.randn(length, WIDTH, generator=generator) for length in lengths]
    return pack([unit(row) if norm else (0.3 * row).half() for row in rows], WIDTH)


def by_definition(query_ND: torch.Tensor, document_ND: torch.Tensor, dim: int, *, norm: bool) -> float:
    """Return MaxSim of the stored vectors cut to `dim`, in float64; of unit norm again where `norm`."""
    if not len(document_ND):
        return -np.inf
    query, document = (rows[:, :dim].double().numpy() for rows in (query_ND, document_ND))
    if norm and dim < WIDTH:
        query, document = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (query, document))
    return float((query @ document.T).max(1).sum())


@pytest.mark.parametrize("norm", [True, False], ids=["cosine", "dot"])
@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**31),
    queries=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    documents=st.lists(st.one_of(st.integers(0, 9), st.integers(120, 300)), min_size=1, max_size=6),
)
def test_every_dimension_scores_as_by_its_definition(
    norm: bool, seed: int, queries: list[int], documents: list[int]
) -> None:
    asked, found = texts(seed, queries, norm=norm), texts(seed + 1, documents, norm=norm)
    scores = maxsim(query_tiles(asked, CUTS, unit=norm), found)
    assert list(scores) == list(CUTS)
    for dim, scores_QP in scores.items():
        expected = [
            [by_definition(asked.of(q), found.of(p), dim, norm=norm) for p in range(len(documents))]
            for q in range(len(queries))
        ]
        np.testing.assert_allclose(scores_QP.double().numpy(), expected, rtol=2e-6, atol=2e-5)


@pytest.mark.parametrize("dims", SUBSETS)
def test_a_dimension_scores_the_same_bits_alone_and_beside_others(dims: tuple[int, ...]) -> None:
    tiles, documents = query_tiles(texts(1, [32, 7, 20]), CUTS), texts(2, [40, 0, 300, 1])
    together = maxsim(tiles, documents)
    alone = maxsim(tiles, documents, dims)
    assert list(alone) == list(dims)
    assert all(torch.equal(alone[dim], together[dim]) for dim in dims)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**31), places=st.lists(st.integers(0, 5), min_size=1, max_size=9))
def test_a_document_scores_the_same_bits_alone_and_in_any_batch_at_every_dimension(
    seed: int, places: list[int]
) -> None:
    tiles, documents = query_tiles(texts(seed, [6, 3]), CUTS), texts(seed + 1, [5, 0, 130, 1, 600, 2])
    pieces = [documents.of(place) for place in range(6)]
    alone = [maxsim(tiles, pack([piece], WIDTH)) for piece in pieces]
    batch = maxsim(tiles, pack([pieces[place] for place in places], WIDTH))
    for dim in CUTS:
        for row, place in enumerate(places):
            assert torch.equal(batch[dim][:, row], alone[place][dim][:, 0])


@settings(max_examples=25)
@given(seed=st.integers(0, 2**31), mates=st.lists(st.integers(1, 70), max_size=40))
def test_a_query_scores_the_same_bits_whatever_its_mates_at_every_dimension(seed: int, mates: list[int]) -> None:
    query, documents = texts(seed, [7]).of(0), texts(seed + 1, [5, 0, 40])
    others = texts(seed + 2, mates)
    pieces = [others.of(place) for place in range(len(mates))]
    alone = maxsim(query_tiles(pack([query], WIDTH), CUTS), documents)
    first = maxsim(query_tiles(pack([query, *pieces], WIDTH), CUTS), documents)
    last = maxsim(query_tiles(pack([*pieces, query], WIDTH), CUTS), documents)
    for dim in CUTS:
        assert torch.equal(first[dim][:1], alone[dim])
        assert torch.equal(last[dim][-1:], alone[dim])


@pytest.mark.parametrize("side", ["query", "document"])
def test_a_vector_that_is_zero_where_it_is_cut_to_is_refused(side: str) -> None:
    queries, documents = texts(1, [3]), texts(2, [4])
    (queries if side == "query" else documents).vectors_ND[1, :6] = 0
    with pytest.raises(ModelError, match="a token vector is zero in its first 6 dimensions"):
        scorer(queries, CUTS).scores(documents, CUTS)


def test_the_stored_vectors_are_compared_and_not_rounded_again() -> None:
    queries, documents = texts(5, [32] * 8), texts(6, [120] * 8)
    exact = maxsim(query_tiles(queries, CUTS), documents, (6,))[6]
    again_q, again_d = (
        TokenVectors(unit(vectors.vectors_ND[:, :6]), vectors.offsets) for vectors in (queries, documents)
    )
    rounded = maxsim(query_tiles(again_q), again_d)[6]
    torch.testing.assert_close(rounded, exact, rtol=0, atol=5e-3)
    assert (rounded - exact).abs().max() > 1e-4, "the definition's tolerance could not tell the two apart"
