"""Results that differ in one setting alone are found and set against the default; all others are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from harness.report.ablations import Ablation, ablations
from harness.report.ablations_page import ablation_pages
from harness.report.record import Result
from harness.report.registered import Registered

Make = Callable[..., Result]
Found = Callable[..., tuple[Ablation, ...]]


@pytest.fixture
def found(registered: Registered) -> Found:
    return lambda *results: ablations(results, registered, 0.005)


def told(one: Ablation) -> tuple[str, Mapping[str, str], list[str]]:
    return one.setting, one.others, [level.value for level in one.levels]


def changed(make: Make, value: float, finished: str = "2026-01-02T03:04:05+00:00", **overrides: Any) -> Result:
    return make(value, finished=finished, overrides={name.replace("__", "."): one for name, one in overrides.items()})


def test_one_setting_with_several_values_is_an_ablation_and_the_registered_one_is_its_default(
    make_result: Make, found: Found
) -> None:
    (one,) = found(
        changed(make_result, 0.3, model__query_length=300),
        changed(make_result, 0.5, model__query_length=64),
        changed(make_result, 0.4),
    )
    assert told(one) == ("model.query_length", {}, ["32", "64", "300"])
    assert [level.paired and round(level.paired.difference, 6) for level in one.levels] == [None, 0.1, -0.1]


def test_two_settings_at_once_are_no_ablation(make_result: Make, found: Found) -> None:
    assert found(changed(make_result, 0.4), changed(make_result, 0.5, model__query_length=64, dataset__join="|")) == ()


def test_a_grid_is_told_apart_by_its_other_setting(make_result: Make, found: Found) -> None:
    cells = [
        changed(
            make_result, 0.1 * length / 32 + 0.1 * expanded, model__query_length=length, model__expand_queries=expanded
        )
        for length in (32, 64)
        for expanded in (False, True)
    ]
    assert [told(one) for one in found(*cells)] == [
        ("model.expand_queries", {"model.query_length": "32"}, ["false", "true"]),
        ("model.expand_queries", {"model.query_length": "64"}, ["false", "true"]),
        ("model.query_length", {"model.expand_queries": "false"}, ["32", "64"]),
        ("model.query_length", {"model.expand_queries": "true"}, ["32", "64"]),
    ]


def test_widths_are_an_ablation_whose_default_is_the_widest(make_result: Make, found: Found) -> None:
    (one,) = found(
        make_result(0.4, dim=64, dim_kind="prefix"), make_result(0.5, dim=128, dim_kind="full"),
        make_result(0.3, dim=8, dim_kind="prefix"),
    )  # fmt: skip
    assert told(one) == ("dim", {}, ["128", "8", "64"])


def test_heads_and_prefixes_are_compared_where_they_are_cut(make_result: Make, found: Found) -> None:
    kinds = [
        make_result(0.5, dim=dim, dim_kind="full" if dim == 128 else kind, overrides={"model.dim_kind": kind})
        for dim in (128, 64)
        for kind in ("head", "prefix")
    ]
    assert [(one.setting, one.levels[0].result.dim) for one in found(*kinds) if one.setting != "dim"] == [
        ("model.dim_kind", 64)
    ]


def test_what_the_checkpoint_says_is_a_value_like_any_other(make_result: Make, found: Found) -> None:
    asked = changed(make_result, 0.4, model__query_length=None)
    asked.provenance["model"] = {"query_length": 32}  # type: ignore[index]
    (one,) = found(asked, changed(make_result, 0.5, model__query_length=64))
    assert {level.value for level in one.levels} == {"32", "64"}
    same = changed(make_result, 0.4)
    assert found(asked, same) == ()


def test_naming_what_the_checkpoint_says_is_the_default_too(make_result: Make, register: Any) -> None:
    known = register(["alpha"], [("one", None), ("three", None)])
    known.models["alpha"] = replace(known.models["alpha"], query_length=None)
    elsewhere = make_result(0.4, dataset="three", overrides={"model.query_length": None})
    elsewhere.provenance["model"] = {"query_length": 48}  # type: ignore[index]
    named = [changed(make_result, 0.4, model__query_length=length) for length in (32, 48, 64)]
    (one,) = ablations([elsewhere, *named], known, 0.005)
    assert told(one) == ("model.query_length", {}, ["48", "32", "64"])


def test_another_collection_another_model_and_other_queries_are_not_mixed(make_result: Make, found: Found) -> None:
    one = changed(make_result, 0.4)
    assert found(one, make_result(0.5, dataset="two", language="en", overrides={"model.query_length": 64})) == ()
    assert found(one, make_result(0.5, model="beta", overrides={"model.query_length": 64})) == ()
    assert found(one, make_result(0.5, queries=5, overrides={"model.query_length": 64})) == ()
    assert found(one, make_result(0.5, documents=41, overrides={"model.query_length": 64})) == ()


def test_the_result_that_finished_last_counts(make_result: Make, found: Found) -> None:
    (one,) = found(
        changed(make_result, 0.4),
        changed(make_result, 0.9, "2026-01-03T00:00:00+00:00", model__query_length=64),
        changed(make_result, 0.1, "2026-01-02T00:00:00+00:00", model__query_length=64),
    )
    assert [level.result.value for level in one.levels] == [0.4, 0.9]


def test_the_depth_of_an_exact_search_is_no_setting_and_that_of_reranking_is(make_result: Make, found: Found) -> None:
    exact = [
        make_result(0.4, overrides={"search": {"kind": "exact", "depth": depth, "run": None}}) for depth in (10, 100)
    ]
    assert found(*exact) == ()
    rerank = [
        make_result(0.4, overrides={"search": {"kind": "rerank", "depth": depth, "run": "r"}}) for depth in (10, 100)
    ]
    (one,) = found(*rerank)
    assert told(one) == ("search.depth", {}, ["100", "10"])


def test_bm25s_parameters_are_those_that_were_used(make_result: Make, found: Found, register: Any) -> None:
    known = register(["bm25"], [("one", None)])
    plain = make_result(0.4, model="bm25")
    named = make_result(0.4, model="bm25", overrides={"model.k1": 0.9})
    other = make_result(0.5, model="bm25", overrides={"model.k1": 1.2})
    assert ablations([plain, named], known, 0.005) == ()
    (one,) = ablations([plain, other], known, 0.005)
    assert told(one) == ("model.k1", {}, ["0.9", "1.2"])


def test_the_page_shows_a_line_a_value_and_is_inert(make_result: Make, found: Found) -> None:
    cells = [changed(make_result, 0.4), changed(make_result, 0.5, dataset__join="| <b>*x*")]
    page = ablation_pages(found(*cells), 0.005)["ablations.md"]
    assert "## dataset.join: alpha on one" in page
    assert '| "\\| \\<b\\>\\*x\\*" | 0.5000 |' in page
    assert "default" in page
    assert ablation_pages((), 0.005) == {}


def test_languages_share_a_section(make_result: Make, register: Any) -> None:
    known = register(["alpha"], [("two", "en"), ("two", "de")])
    cells = [
        make_result(0.4, dataset="two", language=language, overrides={"model.query_length": length})
        for language in ("en", "de")
        for length in (32, 64)
    ]
    page = ablation_pages(ablations(cells, known, 0.005), 0.005)["ablations.md"]
    assert page.count("## ") == 1
    assert page.count("| de | ") == page.count("| en | ") == 2
