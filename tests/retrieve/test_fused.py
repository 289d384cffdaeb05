"""MaxSim on CUDA, by the fused kernel and by plain products, against its definition in float64.

The kernel's arithmetic runs on every machine, in Triton's interpreter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.encode.vectors import TokenVectors, pack
from harness.retrieve.fused import importable
from tests.retrieve.oracle import assert_close, by_definition, texts, tolerance
from tests.retrieve.paths import Case, Interpreter, Score, fused, on_cuda, tiles

needs_triton = pytest.mark.skipif(not importable(), reason="triton is not installed")
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
FUSED = [
    pytest.param("interpreter", marks=needs_triton, id="fused, interpreted"),
    pytest.param("fused", marks=[needs_cuda, needs_triton], id="fused, on CUDA"),
]
PLAIN = [pytest.param("plain", id="plain, on the CPU"), pytest.param("cuda", marks=needs_cuda, id="plain, on CUDA")]
every_path = pytest.mark.parametrize("path", [*FUSED, *PLAIN], indirect=True)
fused_paths = pytest.mark.parametrize("path", FUSED, indirect=True)


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interpreter]:
    started = Interpreter(tmp_path_factory.mktemp("interpreter"))
    yield started
    started.close()


@pytest.fixture
def path(request: pytest.FixtureRequest) -> Score:
    if request.param == "interpreter":
        started: Interpreter = request.getfixturevalue("interpreter")
        return started
    return {"fused": on_cuda(fused), "plain": tiles, "cuda": on_cuda(tiles)}[request.param]


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def check(path: Score, case: Case) -> None:
    found = path(case)
    assert list(found) == [cut for cut in case.cuts if cut in case.dims or not case.dims]
    for dim, scores_QP in found.items():
        exact_QP = by_definition(case.queries, case.documents, dim, unit=case.unit)
        assert_close(scores_QP, exact_QP, tolerance(case.queries, dim))


RAGGED = [5, 1, 0, 82, 33, 64, 300, 1, 0, *[7] * 20]


@every_path
@pytest.mark.parametrize(
    ("width", "cuts", "query_lengths", "lengths"),
    [
        pytest.param(128, (128,), [32] * 7, RAGGED, id="128 alone"),
        pytest.param(128, (64, 96, 128), [32, 5, 32, 17, 32, 1, 32], RAGGED, id="the dimensions of the card"),
        pytest.param(128, (64,), [32], RAGGED, id="64 of 128"),
        pytest.param(96, (64, 96), [32] * 9, [3, 40], id="96 and 64"),
        pytest.param(96, (96,), [32, 3], [3, 40], id="96 in one cut, which takes two products"),
        pytest.param(64, (16, 32, 48), [300, 5], [1, 90, 2], id="queries as long as documents"),
        pytest.param(64, (64,), [5], [1], id="one document of one token"),
        pytest.param(384, (64, 128, 384), [32, 30], [9, 1, 0, 70], id="384 and prefixes"),
        pytest.param(768, (768,), [32], [9, 1], id="768"),
        pytest.param(1024, (32, 1024), [6], [20], id="1024 in chunks of 32"),
        pytest.param(20, (5, 13, 20), [4, 2], [6, 1], id="no multiples of 16"),
    ],
)
def test_every_path_gives_the_definition_at_every_dimension(
    path: Score, width: int, cuts: tuple[int, ...], query_lengths: list[int], lengths: list[int]
) -> None:
    source = generator(width + len(lengths))
    check(path, Case(texts(source, query_lengths, width), texts(source, lengths, width), cuts))


@every_path
@settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**31),
    query_lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    lengths=st.lists(st.integers(0, 40), min_size=1, max_size=40),
    cuts=st.lists(st.integers(1, 4).map(lambda step: step * 8), min_size=1, unique=True).map(sorted),
)
def test_any_lengths_and_dimensions_give_the_definition(
    path: Score, seed: int, query_lengths: list[int], lengths: list[int], cuts: list[int]
) -> None:
    source = generator(seed)
    check(path, Case(texts(source, query_lengths, 32), texts(source, lengths, 32), tuple(cuts)))


@every_path
def test_vectors_compared_as_they_are_are_not_scaled_where_they_are_cut(path: Score) -> None:
    source = generator(1)
    case = Case(texts(source, [4, 8], 64), texts(source, [3, 9], 64), (32, 64), unit=False)
    check(path, case)
    cut = by_definition(case.queries, case.documents, 32)
    assert not torch.allclose(path(case)[32].double(), cut, atol=0.1), "scaled scores are others"


@every_path
def test_the_dimensions_asked_for_are_the_same_bits_as_among_all(path: Score) -> None:
    source = generator(2)
    queries, documents, cuts = texts(source, [32, 9], 128), texts(source, [30, 1, 8], 128), (64, 96, 128)
    whole = path(Case(queries, documents, cuts))
    for dims in ((128,), (64,), (64, 128), (96, 64)):
        found = path(Case(queries, documents, cuts, dims))
        assert sorted(found) == sorted(dims)
        assert all(torch.equal(found[dim], whole[dim]) for dim in dims)


@every_path
def test_similarities_that_are_all_negative_stay_negative(path: Score) -> None:
    source = generator(3)
    queries = TokenVectors(texts(source, [7, 1, 33], 64).vectors_ND.abs(), torch.tensor([0, 7, 8, 41]))
    lengths = [1, 9, 30, *[1] * 20]
    documents = texts(source, lengths, 64)
    negative = TokenVectors(-documents.vectors_ND.abs(), documents.offsets)
    case = Case(queries, negative, (32, 64))
    check(path, case)
    # Shorter queries are filled up with zeros and shorter documents have longer mates: neither lifts a score to 0.
    assert all((scores_QP < -0.1).all() for scores_QP in path(case).values())


@every_path
def test_a_document_without_tokens_scores_minus_infinity_wherever_it_stands(path: Score) -> None:
    for lengths in ([0], [0, 0], [0, 3, 0], [3, 0], [64, 0], [0, *[5] * 16]):
        source = generator(4)
        for scores_QP in path(Case(texts(source, [2, 5], 32), texts(source, lengths, 32), (16, 32))).values():
            assert torch.equal(torch.isneginf(scores_QP), (torch.tensor(lengths) == 0).expand(2, -1))
            assert torch.equal(torch.isfinite(scores_QP), (torch.tensor(lengths) > 0).expand(2, -1))


@every_path
def test_no_queries_and_no_documents_give_empty_scores(path: Score) -> None:
    nothing, one = pack([], 32), texts(generator(5), [2], 32)
    assert path(Case(nothing, one, (16, 32)))[16].shape == (0, 1)
    assert path(Case(one, nothing, (16, 32)))[32].shape == (1, 0)


@every_path
@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("side", ["query", "document"])
def test_a_vector_that_is_no_number_reaches_its_scores_and_no_others(path: Score, value: float, side: str) -> None:
    source = generator(6)
    queries, documents = texts(source, [3, 40, 3], 32), texts(source, [4, 20, 4], 32)
    (queries if side == "query" else documents).of(1)[2, 5] = value
    odd = ~(path(Case(queries, documents, (32,)))[32] < torch.inf)
    if side == "query":
        assert odd.any(1).tolist() == [False, True, False]
    else:
        # A maximum passes over -inf: a query whose products are all of that sign cannot tell.
        assert odd[:, [0, 2]].any().item() is False
        assert odd[:, 1].any()
        assert odd[:, 1].all() or not math.isnan(value)


@every_path
@pytest.mark.parametrize("side", ["query", "document"])
def test_a_vector_that_is_zero_where_it_is_cut_to_gives_nan_there_alone(path: Score, side: str) -> None:
    source = generator(7)
    queries, documents = texts(source, [3, 4], 32), texts(source, [4, 20], 32)
    (queries if side == "query" else documents).of(1)[2, :16] = 0
    found = path(Case(queries, documents, (16, 32)))
    assert torch.isfinite(found[32]).all()
    odd = torch.isnan(found[16] if side == "query" else found[16].T)
    assert odd.all(1).tolist() == [False, True]
    assert odd.any(1).tolist() == [False, True]


@fused_paths
def test_a_score_is_the_same_bits_alone_and_in_any_batch(path: Score) -> None:
    source = generator(8)
    query_lengths, lengths = [32, 7, 70, 5, 1, 32], [5, 0, 1, 30, 100, 2, *[9] * 15]
    queries, documents = texts(source, query_lengths, 64), texts(source, lengths, 64)
    whole = path(Case(queries, documents, (32, 64)))
    for row, column in ((0, 0), (1, 4), (2, 2), (5, 20), (4, 6)):
        alone = path(Case(pack([queries.of(row)], 64), pack([documents.of(column)], 64), (32, 64)))
        assert all(torch.equal(alone[dim][0, 0], whole[dim][row, column]) for dim in (32, 64))


@fused_paths
def test_the_order_of_a_documents_tokens_changes_no_bit(path: Score) -> None:
    source = generator(9)
    queries, documents = texts(source, [5, 9], 64), [texts(source, [length], 64).vectors_ND for length in (3, 40, 1)]
    one, other = (path(Case(queries, pack(some, 64), (32, 64))) for some in (documents, [d.flip(0) for d in documents]))
    assert all(torch.equal(one[dim], other[dim]) for dim in (32, 64))


@every_path
def test_the_best_hundred_are_the_exact_ones_but_for_what_rounding_may_swap(path: Score) -> None:
    source = generator(10)
    queries, documents = texts(source, [32, 6], 32), texts(source, [1 + place % 13 for place in range(220)], 32)
    for dim, scores_QP in path(Case(queries, documents, (16, 32))).items():
        exact_QP, off = by_definition(queries, documents, dim), tolerance(queries, dim)
        for mine_P, exact_P in zip(scores_QP, exact_QP, strict=True):
            best = exact_P[torch.sort(mine_P, descending=True, stable=True).indices[:100]]
            torch.testing.assert_close(best, exact_P.sort(descending=True).values[:100], rtol=0, atol=2 * off)


@needs_cuda
@needs_triton
def test_thousands_of_pairs_on_cuda_agree_between_the_paths_and_with_float64() -> None:
    source = generator(11)
    lengths = torch.randint(1, 300, (2000,), generator=source).tolist()
    case = Case(texts(source, [32] * 301, 128), texts(source, lengths, 128), (64, 96, 128))
    one, other = on_cuda(fused)(case), on_cuda(tiles)(case)
    for dim in case.cuts:
        off = tolerance(case.queries, dim)
        torch.testing.assert_close(one[dim], other[dim], rtol=0, atol=2 * off)
        some = TokenVectors(case.queries.vectors_ND[: 32 * 3], case.queries.offsets[:4])
        assert_close(one[dim][:3], by_definition(some, case.documents, dim), off)
        assert torch.equal(on_cuda(fused)(case)[dim], one[dim]), "the same bits every time"
