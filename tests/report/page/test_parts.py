"""The parts of the page: what is looked up, drawn and counted, each on its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.page.anchors import Anchors
from harness.report.page.axis import doubling, linear
from harness.report.page.curve import fields
from harness.report.page.histogram import HEIGHT, histogram
from harness.report.page.languages import language_bars
from harness.report.page.lines import curves
from harness.report.page.speed import speeds
from harness.report.page.top import top_documents
from harness.report.published import PublishedTable
from harness.report.record import Result
from harness.report.registered import Registered
from harness.retrieve.run import Run, ranking
from harness.retrieve.trec import write_run

Make = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of queries one of whose ids begins and ends like another's."""
    rankings = {
        query: ranking((f"{query}-d{number}", 10.0 - number) for number in range(count))
        for query, count in {"1": 5, "11": 2, "q 1".replace(" ", "\u00a0"): 4, "111": 0, "2": 3}.items()
    }
    write_run(tmp_path / "run.trec", Run("x", rankings), depth=5)
    return tmp_path / "run.trec"


def test_the_best_documents_of_a_query_are_its_first_and_never_anothers(run: Path) -> None:
    assert top_documents(run, ["1", "11", "q\u00a01", "2"], 3) == {
        "1": ("1-d0", "1-d1", "1-d2"),
        "11": ("11-d0", "11-d1"),
        "q\u00a01": ("q\u00a01-d0", "q\u00a01-d1", "q\u00a01-d2"),
        "2": ("2-d0", "2-d1", "2-d2"),
    }


def test_a_query_that_found_nothing_or_is_not_there_has_no_documents(run: Path) -> None:
    assert top_documents(run, ["111", "none", "1 Q0"], 3) == {"111": (), "none": (), "1 Q0": ()}


def test_a_run_that_is_not_there_or_not_finished_is_none(run: Path, tmp_path: Path) -> None:
    assert top_documents(tmp_path / "none.trec", ["1"], 3) is None
    (tmp_path / "run.trec.json").unlink()
    assert top_documents(run, ["1"], 3) is None


def test_a_run_of_no_lines_has_no_documents(tmp_path: Path) -> None:
    write_run(tmp_path / "run.trec", Run("x", {"1": ranking(())}), depth=5)
    assert top_documents(tmp_path / "run.trec", ["1"], 3) == {"1": ()}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_every_query_is_in_one_bar_and_the_highest_bar_fills_the_drawing(values: list[float]) -> None:
    found = histogram(values)
    numbers = [int(part.split()[0].replace(",", "")) for part in found.text.split(", ")]
    assert sum(numbers) == len(values)
    assert numbers[0] == sum(value == 0 for value in values)
    assert numbers[2] == sum(value == 1 for value in values)
    assert f"v-{HEIGHT}h" in found.path
    assert found.path.count("M") <= 12


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_linear_axis_holds_both_ends_between_round_ticks(one: float, other: float) -> None:
    axis = linear(min(one, other), max(one, other), 100, 0)
    assert axis.low <= min(one, other) + 1e-9
    assert axis.high >= max(one, other) - 1e-9
    assert 2 <= len(axis.ticks) <= 7
    assert axis.at(axis.low) == "100"
    assert axis.at(axis.high) == "0"


@given(st.floats(1, 1e7), st.floats(1, 50))
def test_a_doubling_axis_has_ticks_that_double_and_lie_on_it(low: float, times: float) -> None:
    axis = doubling(low, low * times, 0, 300)
    assert axis.ticks
    assert all(later == 2 * earlier for earlier, later in zip(axis.ticks, axis.ticks[1:], strict=False))
    assert all(0 <= float(axis.at(tick)) <= 300 for tick in axis.ticks)


@given(st.lists(st.text(max_size=5), max_size=10))
def test_ids_are_given_once_whatever_they_are_made_of(names: list[str]) -> None:
    anchors = Anchors()
    given_out = [anchors.give("cell", name) for name in names]
    assert len(set(given_out)) == len(names)


def _vectors(make_result: Make, value: float, dim: int, kind: str, **places: object) -> Result:
    result = make_result(value, dim=dim, dim_kind=kind, **places)
    return Result(**{**vars(result), "search": {"documents": 40, "tokens": 4000}})


def test_a_curve_goes_through_the_widths_of_one_way_to_make_them_and_never_mixes_two(make_result: Make) -> None:
    results = [
        _vectors(make_result, value, dim, kind)
        for value, dim, kind in ((0.6, 128, "full"), (0.5, 64, "head"), (0.4, 64, "prefix"), (0.3, 32, "prefix"))
    ]
    (found,) = curves(results, Registered())
    lines = {line.kind: [(point.dim, point.bytes, point.value) for point in line.points] for line in found.lines}
    assert lines == {
        "head": [(64, 12_800, 0.5), (128, 25_600, 0.6)],
        "prefix": [(32, 6_400, 0.3), (64, 12_800, 0.4), (128, 25_600, 0.6)],
    }


def test_a_curve_over_languages_is_a_mean_over_the_same_ones_and_a_line_that_lacks_one_is_left_out(
    make_result: Make,
) -> None:
    def one(model: str, language: str, dim: int, value: float) -> Result:
        kind = "full" if dim == 128 else "prefix"
        return _vectors(make_result, value, dim, kind, model=model, dataset="poly", language=language)

    results = [
        one("alpha", language, dim, value) for language, value in (("de", 0.2), ("en", 0.4)) for dim in (128, 64)
    ]
    results += [one("beta", "de", dim, 0.9) for dim in (128, 64)]
    (found,) = curves(results, Registered())
    assert [line.label for line in found.lines] == ["alpha"]
    assert [point.value for point in found.lines[0].points] == pytest.approx([0.3, 0.3])
    assert found.languages == 2


def test_a_system_of_one_width_and_words_have_no_curve(make_result: Make) -> None:
    words = make_result(0.5, model="bm25")
    assert curves([_vectors(make_result, 0.5, 128, "full"), words], Registered()) == ()


def test_a_system_has_one_colour_in_every_drawing(make_result: Make) -> None:
    results = [
        _vectors(make_result, 0.5, dim, "full" if dim == 128 else "prefix", model=model, dataset=dataset)
        for model, dataset in (("beta", "one"), ("alpha", "two"), ("beta", "two"))
        for dim in (128, 64)
    ]
    drawn = fields(curves(results, Registered()), Anchors())
    styles = {(course.label, course.style) for field in drawn for course in field.courses}
    assert styles == {("alpha", "s0"), ("beta", "s1")}


def test_bars_stand_in_the_cards_order_with_its_value_where_the_cell_is_the_cards(
    make_table: Callable[..., PublishedTable], make_result: Make, register: Callable[..., Registered]
) -> None:
    known = register(["alpha"], [("one", None), ("two", "en"), ("two", "ar"), ("three", None)])
    results = [
        make_result(0.5, dataset="two", language="ar"),
        make_result(0.3, dataset="two", language="en"),
        make_result(0.9, dataset="two", language="en", model="other"),
    ]
    (found,) = language_bars(results, [make_table()], known, Anchors())
    assert [(bar.language, bar.value, bar.published) for bar in found.bars] == [
        ("en", "0.300", "0.400"),
        ("ar", "0.500", ""),
    ]
    assert found.bars[0].mark == "130"


def test_languages_are_drawn_for_a_system_at_its_widest_alone(make_result: Make) -> None:
    results = [
        _vectors(make_result, 0.5, dim, "full" if dim == 128 else "prefix", dataset="poly", language=language)
        for dim in (128, 64)
        for language in ("de", "en")
    ]
    drawn = language_bars(results, [], Registered(), Anchors())
    assert [one.title for one in drawn] == ["alpha dim=128 on poly"]


def _timed(result: Result, seconds: float, documents: int = 40) -> Result:
    stage = {"documents": documents, "seconds": seconds, "tokens": documents * 10}
    made = {**result.provenance, "device": "cpu", "stages": {"encode and search": stage, "merge": {"seconds": 1.0}}}
    return Result(**{**vars(result), "provenance": made})


def test_the_widths_of_a_pass_are_one_pass_and_languages_are_added_up(make_result: Make) -> None:
    results = [
        _timed(make_result(0.5, dim=dim, dim_kind="prefix", dataset="poly", language=language), seconds)
        for language, seconds in (("de", 2.0), ("en", 6.0))
        for dim in (128, 64)
    ]
    (found,) = speeds([*results, make_result(0.5, dataset="untimed")])
    assert (found.documents, found.tokens, found.per_second, found.spent) == ("80", "800", "10", "8.0 s")
    assert found.collection == "poly, 2 passes"
    assert found.share == "100.0"
