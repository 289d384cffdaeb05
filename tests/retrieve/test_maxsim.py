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

DIM = 16


def texts(seed: int, lengths: Sequence[int], dim: int = DIM) -> list[torch.Tensor]:
    """Return unit float16 vectors of texts with these numbers of tokens."""
    generator = torch.Generator().manual_seed(seed)
    return [unit(torch.randn(length, dim, generator=generator)) for length in lengths]


def packed(pieces: Sequence[torch.Tensor], dim: int = DIM) -> TokenVectors:
    return pack(list(pieces), dim)


def scores(queries: Sequence[torch.Tensor], documents: Sequence[torch.Tensor], dim: int = DIM) -> torch.Tensor:
    return maxsim(query_tiles(packed(queries, dim)), packed(documents, dim))[dim]


def by_definition(query: torch.Tensor, document: torch.Tensor) -> float:
    """Return MaxSim in float64, one pair of tokens at a time."""
    if not len(document):
        return -np.inf
    products = [[float(np.dot(q, d)) for d in document.double().numpy()] for q in query.double().numpy()]
    return sum(max(row) for row in products)


LENGTHS = st.lists(st.integers(0, 9), min_size=1, max_size=8)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**31), query_lengths=st.lists(st.integers(1, 6), min_size=1, max_size=4), lengths=LENGTHS)
def test_scores_and_ranking_equal_a_double_loop(seed: int, query_lengths: list[int], lengths: list[int]) -> None:
    queries, documents = texts(seed, query_lengths), texts(seed + 1, lengths)
    found = scores(queries, documents).double().numpy()
    expected = np.array([[by_definition(query, document) for document in documents] for query in queries])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    for mine, theirs in zip(found, expected, strict=True):
        ranked = theirs[np.argsort(-mine, kind="stable")]
        finite = ranked[np.isfinite(ranked)]
        assert (np.diff(finite) < 2e-5).all(), "only documents closer than rounding may change places"


def test_many_documents_and_queries_over_several_tiles_equal_a_double_loop() -> None:
    queries = texts(1, [32, 5, 32, 17] * 20, 24)  # 80 queries of up to 32 tokens: three tiles
    documents = texts(2, [300, 1, 0, 40, 511, 512, 513, 7] * 2, 24)  # longer than a block of rows, and across blocks
    found = scores(queries, documents, 24)
    expected = torch.stack(
        [
            torch.stack(
                [
                    (query.double() @ document.double().T).amax(1).sum()
                    if len(document)
                    else torch.tensor(-torch.inf, dtype=torch.float64)
                    for document in documents
                ]
            )
            for query in queries
        ]
    )
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=3e-5)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**31), data=st.data())
def test_the_order_of_a_documents_tokens_changes_no_bit(seed: int, data: st.DataObject) -> None:
    queries, documents = texts(seed, [4, 2]), texts(seed + 1, [9, 1, 0, 700])
    shuffled = [document[torch.tensor(data.draw(st.permutations(range(9))))] if len(document) == 9 else document.flip(0)
                for document in documents]  # fmt: skip
    assert torch.equal(scores(queries, documents), scores(queries, shuffled))


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**31), places=st.lists(st.integers(0, 7), min_size=1, max_size=12))
def test_a_document_scores_the_same_bits_alone_and_in_any_batch(seed: int, places: list[int]) -> None:
    queries, documents = texts(seed, [6, 3]), texts(seed + 1, [5, 0, 1, 30, 600, 2, 512, 9])
    alone = [scores(queries, [document])[:, 0] for document in documents]
    batch = scores(queries, [documents[place] for place in places])
    assert all(torch.equal(batch[:, row], alone[place]) for row, place in enumerate(places))


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**31), mates=st.lists(st.integers(1, 70), max_size=40))
def test_a_query_scores_the_same_bits_whatever_its_mates_are_filled_up_to(seed: int, mates: list[int]) -> None:
    query, documents = texts(seed, [7]), texts(seed + 1, [5, 0, 40])
    alone = scores(query, documents)
    assert torch.equal(scores([*query, *texts(seed + 2, mates)], documents)[:1], alone)
    assert torch.equal(scores([*texts(seed + 2, mates), *query], documents)[-1:], alone)


def test_scores_add_up_over_query_tokens() -> None:
    query, documents = texts(3, [12])[0], texts(4, [8, 20, 1])
    apart = scores([query[token : token + 1] for token in range(12)], documents)
    torch.testing.assert_close(scores([query], documents)[0], apart.sum(0), rtol=0, atol=1e-5)


def test_similarities_that_are_all_negative_stay_negative() -> None:
    query = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).half()
    documents = [torch.tensor(rows).half() for rows in ([[-1.0, 0.0]], [[-0.6, -0.8], [-0.8, -0.6]])]
    found = scores([query, query[:1]], documents, 2)
    # The shorter query is filled up with a zero vector, the shorter document has a longer mate: neither lifts to 0.
    torch.testing.assert_close(found, torch.tensor([[-1.0, -1.2], [-1.0, -0.6]]), rtol=0, atol=1e-3)
    assert (found < 0).all()


def test_documents_of_one_token_score_their_one_similarity() -> None:
    query, documents = texts(5, [1])[0], texts(6, [1] * 5)
    expected = torch.stack([(query.float() @ document.float().T)[0, 0] for document in documents])
    torch.testing.assert_close(scores([query], documents)[0], expected, rtol=0, atol=1e-6)


def test_a_document_without_tokens_scores_minus_infinity_wherever_it_stands() -> None:
    for lengths in ([0], [0, 0], [0, 3, 0], [3, 0], [512, 0], [0, 512]):
        found = scores(texts(7, [2, 5]), texts(8, lengths))
        assert torch.equal(torch.isneginf(found), (torch.tensor(lengths) == 0).expand(2, -1))


def test_no_queries_and_no_documents_give_empty_scores() -> None:
    assert scores([], texts(1, [2])).shape == (0, 1)
    assert scores(texts(1, [2]), []).shape == (1, 0)


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("side", ["query", "document"])
def test_a_vector_that_is_no_number_is_an_error(value: float, side: str) -> None:
    queries, documents = texts(9, [3, 3]), texts(10, [4, 4])
    (queries if side == "query" else documents)[1][2, 5] = value
    with pytest.raises(ModelError, match=r"a score is no number: got query \d, document \d of the block"):
        scorer(packed(queries)).scores(packed(documents), [DIM])
