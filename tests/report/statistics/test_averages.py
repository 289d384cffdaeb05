"""Averages over languages: their interval and their comparison, with each language of equal weight."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from harness.errors import DataError
from harness.report.statistics import average_interval, inside, mean_interval, paired, paired_average
from harness.report.statistics.randomisation import randomisation

SIZES = (36, 120, 60)


def languages(*groups: Sequence[float] | NDArray[np.float64]) -> dict[str, dict[str, float]]:
    """Return groups of values as languages with queries of their own."""
    return {
        f"l{name}": {f"{name}/{at}": float(value) for at, value in enumerate(values)}
        for name, values in enumerate(groups)
    }


def test_intervals_of_averages_hold_the_true_one_95_times_in_100(
    populations: Mapping[str, NDArray[np.float64]],
) -> None:
    chosen = [populations[name] for name in ("minilm/scifact", "bm25/xquad-r", "RR of 0.38")]
    true = math.fsum(values.mean() for values in chosen) / 3
    rng = np.random.default_rng(53)
    draws = [rng.choice(values, size=(1_500, size)) for values, size in zip(chosen, SIZES, strict=True)]
    held = [inside(average_interval(languages(*(one[at] for one in draws))), true) for at in range(1_500)]
    assert 0.935 <= np.mean(held) <= 0.965


def test_two_languages_have_welchs_interval() -> None:
    rng = np.random.default_rng(59)
    one, other = rng.uniform(0, 1, 30), rng.uniform(0.2, 0.6, 50)
    found = average_interval(languages(one, other))
    # The difference from the mirrored values is twice the average, less 1.
    ends = stats.ttest_ind(one, 1 - other, equal_var=False).confidence_interval(0.95)
    assert found.mean == pytest.approx((one.mean() + other.mean()) / 2)
    assert (found.low, found.high) == pytest.approx(((ends.low + 1) / 2, (ends.high + 1) / 2), abs=1e-12)


def system(seed: int, shift: float = 0.0) -> dict[str, dict[str, float]]:
    base, own = np.random.default_rng(61), np.random.default_rng(seed)
    return {
        language: {
            f"{language}{at}": float(value)
            for at, value in enumerate(base.uniform(0.3, 0.6, size) + shift + own.normal(0, 0.05, size))
        }
        for language, size in zip(("de", "en", "fr"), SIZES, strict=True)
    }


def test_a_comparison_of_averages_weighs_every_language_the_same() -> None:
    one, other = system(1), system(2, 0.01)
    found = paired_average(one, other, 0.005)
    each = [paired(one[language], other[language], 0.005) for language in one]
    assert found.difference == pytest.approx(sum(pair.difference for pair in each) / 3)
    assert found.n == sum(SIZES)
    error = math.sqrt(sum(pair.sd**2 / pair.n for pair in each)) / 3
    assert (found.high - found.low) / 2 == pytest.approx(1.97 * error, rel=0.02)


def test_signs_are_weighed_as_the_average_weighs_their_queries() -> None:
    groups = ([0.5, -0.25], [0.25, 0.125, -0.5, 0.375, 0.25, 0.125])
    ways = []
    for signs in itertools.product((1, -1), repeat=8):
        means = [
            math.fsum(sign * value for sign, value in zip(own, group, strict=True)) / len(group)
            for own, group in zip((signs[:2], signs[2:]), groups, strict=True)
        ]
        ways.append(abs(sum(means)))
    found = ways[0]
    one = languages(*([0.5 + value / 2 for value in group] for group in groups))
    two = languages(*([0.5 - value / 2 for value in group] for group in groups))
    assert paired_average(one, two, 0.005).p == sum(way >= found - 1e-12 for way in ways) / len(ways)
    pooled = [value for group in groups for value in group]
    assert paired_average(one, two, 0.005).p != randomisation(pooled).p


def test_one_language_is_compared_as_it_is_alone() -> None:
    one, other = system(1)["en"], system(2)["en"]
    assert paired_average({"en": one}, {"en": other}, 0.005) == paired(one, other, 0.005)
    assert average_interval({"en": one}) == mean_interval(list(one.values()))


def test_an_average_of_one_language_by_welch_would_be_that_of_the_language() -> None:
    one, other = system(1)["en"], system(2)["en"]
    twice = [{"en": values, "us": {f"us{query}": value for query, value in values.items()}} for values in (one, other)]
    found, alone = paired_average(*twice, 0.005), paired(one, other, 0.005)
    assert found.difference == pytest.approx(alone.difference)
    # Twice as many queries that happen to have the same values.
    assert found.high - found.low == pytest.approx((alone.high - alone.low) / math.sqrt(2), rel=0.01)


def test_translations_of_one_query_count_once() -> None:
    one, other = (dict.fromkeys(("de", "en"), values["en"]) for values in (system(1), system(2)))
    assert paired_average(one, other, 0.005) == paired(one["en"], other["en"], 0.005)
    assert average_interval(one) == mean_interval(list(one["en"].values()))
    mixed = {"de": one["de"], "en": other["en"]}
    assert average_interval(mixed).mean == pytest.approx(sum(np.mean(list(of.values())) for of in mixed.values()) / 2)


def test_exchanged_averages_have_the_mirrored_difference() -> None:
    found, exchanged = (paired_average(*pair, 0.005) for pair in ((system(1), system(2)), (system(2), system(1))))
    assert (exchanged.difference, exchanged.low, exchanged.high) == (-found.difference, -found.high, -found.low)
    assert (exchanged.p, exchanged.p_equivalence) == (found.p, found.p_equivalence)


def test_p_values_of_averages_are_uniform_where_the_two_systems_are_one() -> None:
    p = [paired_average(system(seed), system(seed + 1_000), 0.005).p for seed in range(100)]
    assert stats.kstest(p, "uniform").pvalue > 0.05


def test_a_language_of_a_single_query_bounds_nothing() -> None:
    found = average_interval(languages([0.5], [0.25, 0.75, 0.5]))
    assert (found.mean, found.low, found.high) == (0.5, 0.0, 1.0)
    one = {"de": {"a": 0.5}, "en": {"b": 0.25, "c": 0.5}}
    other = {"de": {"a": 0.25}, "en": {"b": 0.5, "c": 0.5}}
    compared = paired_average(one, other, 0.005)
    assert (compared.low, compared.high, compared.equivalent, compared.smallest_difference) == (-1.0, 1.0, None, None)


def test_averages_of_equal_values_differ_by_nothing() -> None:
    found = paired_average(system(1), system(1), 0.005)
    assert (found.difference, found.low, found.high, found.p, found.equivalent) == (0.0, 0.0, 0.0, 1.0, True)


def test_other_languages_or_none_are_refused() -> None:
    with pytest.raises(DataError, match="languages of the two differ: got \\['fr'\\]"):
        paired_average({"de": {"a": 0.5}}, {"de": {"a": 0.5}, "fr": {"a": 0.5}}, 0.005)
    for work in (lambda: average_interval({}), lambda: paired_average({}, {}, 0.005)):
        with pytest.raises(DataError, match="none of them"):
            work()
    with pytest.raises(DataError, match="fractions"):
        average_interval(languages([0.5], [math.nan]))
