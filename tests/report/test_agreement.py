"""Approximate search beside exact search: which results belong together, how far they agree, and the page of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import DataError
from harness.plaid_spec import PlaidSpec
from harness.report.ablations import ablations
from harness.report.agreement import Beside, beside
from harness.report.agreement_page import agreement_pages, settings_text
from harness.report.card import report
from harness.report.place import label_of
from harness.report.rankings import agreement, overlap, rank_biased_overlap
from harness.report.record import RESULT, Result, write_result
from harness.report.registered import Registered
from harness.retrieve.run import Run, ranking
from harness.retrieve.trec import write_run

Make = Callable[..., Result]
RANKINGS = st.lists(st.sampled_from("abcdefghijkl"), unique=True)


def a_run(**found: str) -> Run:
    """Return a run whose documents are letters, best first."""
    return Run("hand", {query: ranking((one, -place) for place, one in enumerate(ids)) for query, ids in found.items()})


@pytest.mark.parametrize(
    ("one", "other", "value"),
    [
        ("abc", "abc", 1.0),
        ("abc", "xyz", 0.0),
        ("a", "xa", 0.45),  # (1-p)/p (p * 0 + p^2 / 2 + p^2 * 0) + ((1 - 0)/2 + 0) p^2
        ("ab", "ba", 0.9),  # (1-p)/p (p * 0 + p^2) + p^2
        ("ab", "ac", 0.55),  # (1-p)/p (p + p^2 / 2) + p^2 / 2
        ("a", "ax", 1.0),
        ("a", "xyz", 0.0),
        ("", "", 1.0),
        ("", "a", 0.0),
    ],
)
def test_rank_biased_overlap_is_that_of_the_paper(one: str, other: str, value: float) -> None:
    assert rank_biased_overlap(one, other) == pytest.approx(value, abs=1e-12)


@given(RANKINGS, RANKINGS, st.floats(0.05, 0.95))
def test_rank_biased_overlap_is_its_definition_term_by_term(one: list[str], other: list[str], p: float) -> None:
    found = rank_biased_overlap(one, other, p)
    assert found == rank_biased_overlap(other, one, p)
    assert 0 <= found <= 1
    if one and other:
        assert found == pytest.approx(_by_definition(*sorted((one, other), key=len), p), abs=1e-9)


def _by_definition(short: list[str], long: list[str], p: float) -> float:
    s, last = len(short), len(long)
    common = [len(set(short[:depth]) & set(long[:depth])) for depth in range(last + 1)]
    seen = sum(common[d] / d * p**d for d in range(1, last + 1))
    beyond = sum(common[s] * (d - s) / (s * d) * p**d for d in range(s + 1, last + 1))
    return (1 - p) / p * (seen + beyond) + ((common[last] - common[s]) / last + common[s] / s) * p**last


@given(RANKINGS, st.integers(0, 11))
def test_a_ranking_that_begins_as_another_agrees_with_it(one: list[str], cut: int) -> None:
    if one[:cut]:
        assert rank_biased_overlap(one, one[:cut]) == pytest.approx(1)


@given(RANKINGS, RANKINGS)
def test_a_swap_further_down_costs_less(one: list[str], other: list[str]) -> None:
    if len(one) > 3:
        first, last = [one[1], one[0], *one[2:]], [*one[:-2], one[-1], one[-2]]
        assert rank_biased_overlap(one, first) < rank_biased_overlap(one, last) < 1


def test_the_overlap_is_a_share_of_what_exact_search_has() -> None:
    assert [overlap("abcd", "bxya", depth) for depth in (1, 2, 4, 10)] == [0.0, 0.5, 0.5, 0.5]
    assert overlap("ab", "bca", 10) == 1.0
    assert overlap("abcd", "ab", 4) == 0.5


def test_an_agreement_is_a_mean_over_the_queries_that_exact_search_answers() -> None:
    exact, other = a_run(q1="abcd", q2="", q3="ab"), a_run(q1="abxy", q2="z", q3="xy")
    found = agreement(exact, other, 4, (2, 4, 10))
    assert found is not None
    assert (found.queries, found.overlaps) == (2, {2: 0.5, 4: 0.25})
    assert found.rbo == pytest.approx(rank_biased_overlap("abcd", "abxy") / 2)
    assert agreement(exact, Run("none", {}), 4, (2,)) == agreement(exact, a_run(q1="", q3=""), 4, (2,))
    assert agreement(a_run(q1=""), other, 4, (2,)) is None


@pytest.fixture
def indexed(make_result: Make) -> Callable[..., Result]:
    def give(value: float, key: str, depth: int = 100, group: Mapping[str, Any] | None = None, **knobs: Any) -> Result:
        search = {"kind": "plaid", "depth": depth, "run": None, "plaid": {**vars(PlaidSpec()), **knobs}}
        return make_result(value, key=key, dim=64, dim_kind="full", overrides={"search": search, **(group or {})})

    return give


@pytest.fixture
def exact(make_result: Make) -> Result:
    return make_result(0.5, key="exact", dim=64, dim_kind="full")


def told(*results: Result, runs: Mapping[str, Path] | None = None) -> tuple[Beside, ...]:
    where = runs or {}
    return beside(results, [where.get(one.key, Path("nowhere/run.trec")) for one in results], 0.005)


def kept(folder: Path, **runs: Run) -> dict[str, Path]:
    for key, run in runs.items():
        write_run(folder / key / "run.trec", run, 100)
    return {key: folder / key / "run.trec" for key in runs}


def test_an_index_stands_beside_the_exact_result_of_the_same_vectors(
    exact: Result, indexed: Callable[..., Result], make_result: Make, tmp_path: Path
) -> None:
    others = [make_result(0.9, key="narrow", dim=32), make_result(0.9, key="two", dim=64, dataset="two")]
    others.append(make_result(0.9, key="long", dim=64, overrides={"model.query_length": 64}))
    runs = kept(tmp_path, exact=a_run(q0="abcdefghij"), p=a_run(q0="abcdexyzuv"))
    (one,) = told(exact, indexed(0.4, "p"), *others, runs=runs)
    assert (one.title, one.exact) == ("alpha dim=64 on one", exact)
    (line,) = one.approximate
    assert line.paired is not None
    assert line.paired.difference == pytest.approx(-0.1)
    assert line.agreement is not None
    assert line.agreement.overlaps[10] == 0.5


def test_other_weights_of_the_same_name_are_not_the_same_vectors(exact: Result, indexed: Callable[..., Result]) -> None:
    other = indexed(0.4, "p")
    other.provenance["fingerprints"] = {"model": "other"}  # type: ignore[index]
    (one,) = told(exact, other)
    assert one.exact is None


def test_seeds_have_a_spread_and_other_settings_one_of_their_own(exact: Result, indexed: Callable[..., Result]) -> None:
    lines = [indexed(value, f"s{seed}", seed=seed) for seed, value in ((1, 0.4), (2, 0.5), (3, 0.6))]
    (one,) = told(exact, *lines, indexed(0.1, "n2", nbits=2, seed=1))
    (spread,) = one.spreads
    assert (spread.seeds, spread.least, spread.greatest) == (("1", "2", "3"), 0.4, 0.6)
    assert (spread.mean, spread.sd) == (pytest.approx(0.5), pytest.approx(0.1))
    assert len(one.approximate) == 4


def test_a_run_that_is_not_kept_leaves_the_values(exact: Result, indexed: Callable[..., Result]) -> None:
    page = agreement_pages(told(exact, indexed(0.4, "p")), 0.005)["plaid.md"]
    assert "| exact | 0.5000 |" in page
    assert "| -0.1000 |" in page
    assert page.count("no run beside it") == 1


def test_without_an_exact_result_the_page_says_how_to_make_one(indexed: Callable[..., Result]) -> None:
    page = agreement_pages(told(indexed(0.4, "p")), 0.005)["plaid.md"]
    assert "There is no exact result beside it: the same command with search=exact makes one." in page


def test_a_depth_that_a_run_does_not_reach_has_no_overlap(
    exact: Result, indexed: Callable[..., Result], tmp_path: Path
) -> None:
    runs = kept(tmp_path, exact=a_run(q0="ab"), p=a_run(q0="ab"))
    (one,) = told(exact, indexed(0.5, "p", depth=50), runs=runs)
    assert one.approximate[0].agreement is not None
    assert set(one.approximate[0].agreement.overlaps) == {10}
    assert "overlap@100" not in agreement_pages([one], 0.005)["plaid.md"]


def test_a_run_that_was_changed_is_an_error(exact: Result, indexed: Callable[..., Result], tmp_path: Path) -> None:
    runs = kept(tmp_path, exact=a_run(q0="ab"), p=a_run(q0="ab"))
    runs["p"].write_text("q0 Q0 z 1 1 hand\n", encoding="utf-8")
    with pytest.raises(DataError, match="not the run that its sidecar describes"):
        told(exact, indexed(0.5, "p"), runs=runs)


def test_two_sections_of_one_title_say_what_tells_them_apart(indexed: Callable[..., Result]) -> None:
    found = told(indexed(0.4, "p"), indexed(0.4, "l", group={"model.query_length": 64}))
    assert [one.title for one in found] == [
        "alpha dim=64 on one (model.query_length=32)", "alpha dim=64 on one (model.query_length=64)",
    ]  # fmt: skip


def test_the_settings_of_an_index_that_are_not_the_usual_ones_are_shown() -> None:
    usual = {
        f"search.plaid.{name}": f'"{value}"' if isinstance(value, str) else str(value)
        for name, value in vars(PlaidSpec()).items()
    }
    usual["search.plaid.n_samples_kmeans"] = "null"
    assert settings_text(usual) == "plaid nbits=4 n_ivf_probe=8 n_full_scores=4096 seed=42"
    assert settings_text(usual | {"search.plaid.device": '"cuda"'}).endswith('seed=42 device="cuda"')


def test_the_settings_of_an_index_are_told_beside_its_kind_where_they_are_not_the_usual_ones(
    indexed: Callable[..., Result], registered: Registered
) -> None:
    assert label_of(indexed(0.4, "p"), registered) == 'alpha dim=64 search.kind="plaid"'
    assert label_of(indexed(0.4, "p", seed=1, nbits=2), registered) == (
        'alpha dim=64 search.kind="plaid" search.plaid.nbits=2 search.plaid.seed=1'
    )


def test_indexes_of_different_bits_are_an_ablation_and_exact_search_is_none_of_it(
    exact: Result, indexed: Callable[..., Result], registered: Registered
) -> None:
    (one,) = ablations([exact, indexed(0.4, "p"), indexed(0.3, "n", nbits=2)], registered, 0.005)
    assert (one.setting, [level.value for level in one.levels]) == ("search.plaid.nbits", ["4", "2"])


def test_the_page_is_inert_and_there_is_none_without_an_index(make_result: Make, exact: Result) -> None:
    assert agreement_pages(told(exact), 0.005) == {}
    search = {"kind": "plaid", "depth": 100, "plaid": {"nbits": "| <b>*x*"}}
    page = agreement_pages(told(make_result(0.4, dataset="<i>", overrides={"search": search})), 0.005)["plaid.md"]
    assert "<b>" not in page
    assert "<i>" not in page


def test_the_report_writes_it_and_keeps_seeds_out_of_the_comparisons(
    exact: Result, indexed: Callable[..., Result], registered: Registered, tmp_path: Path
) -> None:
    results = [exact, *(indexed(0.4, f"s{seed}", seed=seed) for seed in (1, 2))]
    for one in results:
        write_result(tmp_path / "results" / one.key / RESULT, one)
        write_run(tmp_path / "results" / one.key / "run.trec", a_run(q0="ab"), 100)
    report(tmp_path, registered)
    page = (tmp_path / "tables" / "plaid.md").read_text(encoding="utf-8")
    assert page.count("| 1.0000 | 1.0000 | 1.0000 |") == 2
    assert "2 seeds (1, 2) of plaid" in page
    assert "plaid" not in (tmp_path / "tables" / "comparisons.md").read_text(encoding="utf-8")
    other = (tmp_path / "tables" / "other.md").read_text(encoding="utf-8")
    assert "search.plaid.seed=1" in other, "results of two seeds must have two labels"
