"""What a comparison comes to, in words, and which systems of a row may be marked as best."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from harness.errors import DataError
from harness.report.statistics import Kind, Paired, adjusted, judged, judgement, paired, supported_best

Named = Callable[..., dict[str, float]]


@pytest.fixture
def make(named: Named) -> Callable[..., Paired]:
    """A comparison of two systems whose difference has this mean and spread over so many queries."""

    def one(mean: float, sd: float, queries: int) -> Paired:
        rng = np.random.default_rng(41)
        offsets = rng.normal(size=queries)
        offsets = (offsets - offsets.mean()) / offsets.std(ddof=1) * sd + mean
        base = rng.uniform(0.45, 0.55, size=queries)
        return paired(named(base + offsets), named(base), 0.005)

    return one


def test_the_words_say_no_more_than_the_data(make: Callable[..., Paired], named: Named) -> None:
    assert str(judgement(make(0.05, 0.05, 100))) == "higher"
    assert str(judgement(make(-0.05, 0.05, 100))) == "lower"
    assert str(judgement(make(0.002, 0.005, 300))) == "higher, by less than 0.005"
    assert str(judgement(make(0.0, 0.01, 300))) == "equivalent within 0.005"
    assert str(judgement(make(0.01, 0.1, 50))) == "cannot be told at n = 50"
    assert str(judgement(make(0.003, 0.09, 1200))) == "cannot be told at n = 1,200"
    same = named([0.5, 0.25])
    assert str(judgement(paired(same, same, 0.005))) == "equal on each of 2 queries"
    assert judgement(paired(named([0.5]), named([0.5]), 0.005)).kind is Kind.UNTOLD


def test_a_table_of_many_comparisons_asks_more_of_each(make: Callable[..., Paired]) -> None:
    close = make(0.02, 0.09, 100)
    assert 0.01 < close.p < 0.05
    assert judgement(close).kind is Kind.HIGHER
    assert {one.kind for one in judged([close] * 10)} == {Kind.UNTOLD}
    alike = make(0.0, 0.028, 300)
    assert alike.p_equivalence is not None
    assert 0.0005 < alike.p_equivalence < 0.05
    assert judgement(alike).kind is Kind.EQUIVALENT
    assert {one.kind for one in judged([alike] * 200)} == {Kind.UNTOLD}


def test_a_comparison_without_an_equivalence_test_takes_no_place_among_them(
    make: Callable[..., Paired], named: Named
) -> None:
    alone = paired(named([0.5]), named([0.25]), 0.005)
    alike = make(0.0, 0.01, 300)
    assert adjusted([alone, alike, alone]) == ((1.0, None), (1.0, alike.p_equivalence), (1.0, None))


def test_the_best_is_marked_only_where_it_is_apart_from_every_other(named: Named) -> None:
    rng = np.random.default_rng(43)
    base = rng.uniform(0.2, 0.5, size=200)
    low, middle = named(base), named(base + 0.1 + rng.normal(0, 0.02, 200))
    high, twin = named(base + 0.2 + rng.normal(0, 0.02, 200)), named(base + 0.2 + rng.normal(0, 0.02, 200))
    found = supported_best({"low": low, "high": high, "middle": middle})
    assert (found.best, found.second, found.leaders) == ("high", "middle", ("high",))
    tied = supported_best({"low": low, "high": high, "twin": twin})
    assert (tied.best, tied.second, set(tied.leaders)) == (None, None, {"high", "twin"})
    below = supported_best({"high": high, "low": low, "low too": dict(low)})
    assert (below.best, below.second) == ("high", None)
    assert supported_best({"high": high, "low": low}).second is None


def test_nothing_is_marked_beside_a_system_of_which_only_the_mean_is_known(named: Named) -> None:
    assert supported_best({"own": named([1.0] * 50), "other": named([0.0] * 50)}).best == "own"
    found = supported_best({"own": named([1.0] * 50), "other": named([0.0] * 50), "published": None})
    assert (found.best, found.second, found.leaders) == (None, None, ())
    assert supported_best({"own": named([1.0] * 50)}).best is None
    assert supported_best({}).leaders == ()


def test_a_row_of_systems_over_different_queries_is_refused() -> None:
    with pytest.raises(DataError, match="missing"):
        supported_best({"one": {"a": 0.5}, "other": {"b": 0.5}})
