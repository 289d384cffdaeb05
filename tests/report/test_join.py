"""Which result stands in which cell, and which in none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import DataError
from harness.report.audit import audit
from harness.report.join import join
from harness.report.published import PublishedTable
from harness.report.record import Result
from harness.report.registered import Registered
from harness.report.table import Cell, JoinedTable, count_verdicts
from harness.report.verdict import Verdict

MakeResult = Callable[..., Result]
MakeTable = Callable[..., PublishedTable]
ALL = ({"dataset": "one"}, {"dataset": "two", "language": "en"}, {"dataset": "three"})


def _cell(table: JoinedTable, row: str, column: str) -> Cell:
    return next(cell for line in table.lines for cell in line if (cell.row, cell.column) == (row, column))


def test_without_results_every_cell_is_not_run_and_none_is_zero(make_table: MakeTable, registered: Registered) -> None:
    table = join(make_table(), [], registered)
    cells = [cell for line in table.lines for cell in line]
    assert len(cells) == 8
    assert all(cell.measured is None and cell.verdict is Verdict.NOT_RUN and cell.difference is None for cell in cells)
    assert count_verdicts([table]) == {word: 8 * (word is Verdict.NOT_RUN) for word in Verdict}


def test_a_result_fills_the_cell_of_its_model_dataset_and_language(
    make_table: MakeTable, make_result: MakeResult, registered: Registered
) -> None:
    table = join(make_table(), [make_result(0.401, dataset="two", language="en", key="abc")], registered)
    cell = _cell(table, "two en", "Alpha")
    assert (cell.measured, cell.published, cell.verdict) == (0.401, Decimal("0.400"), Verdict.REPRODUCED)
    assert (cell.queries, cell.key, cell.fitting) == (4, "abc", 1)
    assert cell.difference == pytest.approx(0.001)
    assert sum(cell.measured is not None for line in table.lines for cell in line) == 1


@pytest.mark.parametrize("kind", ["head", "full"])
def test_a_column_with_a_dimension_takes_a_projection_of_that_width(
    make_table: MakeTable, make_result: MakeResult, registered: Registered, kind: str
) -> None:
    table = join(make_table(), [make_result(0.3, model="beta", dim=8, dim_kind=kind)], registered)
    assert _cell(table, "one", "dim=8").measured == pytest.approx(0.3)


def test_a_column_with_a_dimension_never_takes_a_prefix(
    make_table: MakeTable, make_result: MakeResult, registered: Registered
) -> None:
    table = join(make_table(), [make_result(0.3, model="beta", dim=8, dim_kind="prefix")], registered)
    assert not table.has_results
    assert table.columns == ("Alpha", "dim=8")
    assert table.left_out == (
        "left out: beta dim=8 prefix on one: a prefix cut from wider vectors, "
        "the table's column is a projection of that width",
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([8, 16, 4]), st.sampled_from(["prefix", "head", "full"])), max_size=8))
def test_no_column_ever_mixes_prefix_and_head(
    make_table: MakeTable,
    make_result: MakeResult,
    registered: Registered,
    systems: list[tuple[int, str]],
) -> None:
    results = [
        make_result(0.3, model="beta", dim=dim, dim_kind=kind, key=f"{kind}-{dim}-{at}", **ALL[at % 3])
        for at, (dim, kind) in enumerate(systems)
    ]
    table = join(make_table(), results, registered)
    for position in range(len(table.columns)):
        keys = [line[position].key for line in table.rows if line[position].key is not None]
        kinds = {key.split("-")[0] == "prefix" for key in keys if key is not None}
        assert len(kinds) <= 1
        if position < 2:
            assert kinds <= {False}


@pytest.mark.parametrize(("kind", "dim"), [("head", 64), ("prefix", 64)])
def test_a_column_without_a_dimension_takes_the_models_own_width_only(
    make_table: MakeTable, make_result: MakeResult, registered: Registered, kind: str, dim: int
) -> None:
    results = [
        make_result(0.5, dim=128, dim_kind="full", key="own"),
        make_result(0.9, dim=dim, dim_kind=kind, key="cut"),
    ]
    table = join(make_table(), results, registered)
    assert _cell(table, "one", "Alpha").key == "own"
    assert _cell(table, "one", f"alpha dim=64 {kind} (not in the card)").measured == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"documents": 7}, "left out: alpha on one: 7 documents, the table's dataset has 40"),
        ({"documents": 1234567}, "left out: alpha on one: 1,234,567 documents, the table's dataset has 40"),
        ({"queries": 3}, "left out: alpha on one: 3 queries, the table's dataset has 4"),
        ({"measure": "RR@10"}, "left out: alpha on one: measured by RR@10, the table by nDCG@10"),
    ],
)
def test_a_result_of_another_collection_or_measure_fills_no_cell_and_says_why(
    make_table: MakeTable, make_result: MakeResult, registered: Registered, changes: dict[str, object], reason: str
) -> None:
    table = join(make_table(), [make_result(0.5, **changes)], registered)
    assert not table.has_results
    assert table.left_out == (reason,)


def test_a_dataset_whose_numbers_nobody_registered_fills_no_cell(
    make_table: MakeTable, make_result: MakeResult
) -> None:
    table = join(make_table(), [make_result(0.5)], Registered())
    assert not table.has_results
    assert "no numbers are registered" in table.left_out[0]


def test_results_about_other_datasets_or_languages_are_passed_over(
    make_table: MakeTable, make_result: MakeResult, registered: Registered
) -> None:
    others = [make_result(0.5, dataset="four"), make_result(0.5, dataset="two"), make_result(0.5, language="en")]
    table = join(make_table(), others, registered)
    assert not table.has_results
    assert table.left_out == ()


def test_of_several_results_the_one_that_finished_last_stands_whatever_the_clock_and_the_order(
    make_table: MakeTable, make_result: MakeResult, registered: Registered
) -> None:
    times = {"a": "2026-01-02T10:00:00+05:00", "b": "2026-01-02T06:00:00Z", "c": "2026-01-01T23:00:00"}
    results = [make_result(0.5, key=key, finished=time) for key, time in times.items()]
    for order in (results, results[::-1]):
        cell = _cell(join(make_table(), order, registered), "one", "Alpha")
        assert (cell.key, cell.fitting) == ("b", 3)


def test_a_missing_row_never_makes_an_average(
    make_table: MakeTable, make_result: MakeResult, registered: Registered
) -> None:
    results = [make_result(0.5, key=str(at), **changes) for at, changes in enumerate(ALL)]
    for kept in range(3):
        average = join(make_table(), results[:kept], registered).average[0]
        assert (average.measured, average.verdict, average.rows_run) == (None, Verdict.NOT_RUN, (kept, 3))
    average = join(make_table(), results, registered).average[0]
    assert average.measured == pytest.approx(0.5)
    assert average.verdict is Verdict.DIFFERENT


def test_an_average_is_of_the_rows_it_names(
    make_table: MakeTable, make_result: MakeResult, registered: Registered
) -> None:
    table = make_table()
    assert table.average is not None
    some = replace(table, average=replace(table.average, of=("one", "three")))
    results = [make_result(0.5), make_result(0.3, dataset="three"), make_result(0.9, dataset="two", language="en")]
    for order in (results[:2], results):
        assert join(some, order, registered).average[0].measured == pytest.approx(0.4)


def test_an_average_stands_beside_both_of_the_cards_where_they_are_two(
    make_table: MakeTable, make_result: MakeResult, registered: Registered
) -> None:
    results = [make_result(0.201, model="beta", dim=8, dim_kind="head", **changes) for changes in ALL]
    (own,) = join(make_table(), results, registered).two_averages
    assert own.cell.column == "dim=8"
    assert own.mean_of_rows == pytest.approx(0.2)
    assert (own.cell.verdict, own.verdict_on_mean) == (Verdict.DIFFERENT, Verdict.REPRODUCED)


def test_a_system_that_is_not_in_the_card_has_a_column_at_the_right_without_verdicts(
    make_table: MakeTable, make_result: MakeResult, registered: Registered
) -> None:
    results = [make_result(0.7, model="minilm", dim=dim, dim_kind=kind) for dim, kind in
               ((64, "prefix"), (384, "full"), (128, "prefix"))]  # fmt: skip
    table = join(make_table(), results, registered)
    assert table.columns[2:] == (
        "minilm dim=384 (not in the card)",
        "minilm dim=128 prefix (not in the card)",
        "minilm dim=64 prefix (not in the card)",
    )
    cell = table.rows[0][2]
    assert (cell.measured, cell.published, cell.verdict) == (pytest.approx(0.7), None, None)
    assert sum(count_verdicts([table]).values()) == 8


def test_findings_stand_with_the_table_they_are_about(make_table: MakeTable, registered: Registered) -> None:
    table, other = make_table(), make_table(name="other")
    findings = audit([table])
    assert [finding.column for finding in join(table, [], registered, findings).findings] == ["dim=8"]
    assert join(other, [], registered, findings).findings == ()


@pytest.mark.parametrize("value", [float("nan"), 1.5, -0.1])
def test_a_mean_that_is_no_fraction_is_an_error(
    make_table: MakeTable, make_result: MakeResult, registered: Registered, value: float
) -> None:
    with pytest.raises(DataError, match="impossible mean"):
        join(make_table(), [make_result(value)], registered)


def test_a_time_that_is_none_is_an_error(
    make_table: MakeTable, make_result: MakeResult, registered: Registered
) -> None:
    with pytest.raises(DataError, match="when it finished"):
        join(make_table(), [make_result(0.5, finished="yesterday")], registered)
