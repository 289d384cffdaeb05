"""Averages are recomputed: what follows is no finding, what does not is one, with what would explain it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.audit.card import CardAudit, audit_card
from harness.audit.known import Known
from tests.audit.conftest import written

Audited = Callable[[str], CardAudit]
Write = Callable[..., str]
NOTHING = Known()


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[Decimal]], list[Decimal], list[Decimal], int]:
    """Draw true values; return them printed, with the averages of their columns and of their rows."""
    height, width, decimals = draw(st.integers(2, 9)), draw(st.integers(2, 6)), draw(st.integers(1, 4))
    top = draw(st.sampled_from([1, 100]))
    cell = st.integers(0, top * 10**6).map(lambda value: Fraction(value, 10**6))
    true = draw(st.lists(st.lists(cell, min_size=width, max_size=width), min_size=height, max_size=height))
    down = [sum(column, Fraction(0)) / height for column in zip(*true, strict=True)]
    across = [sum(row, Fraction(0)) / width for row in true]
    shown = [[rounded(value, decimals) for value in row] for row in true]
    return shown, [rounded(one, decimals) for one in down], [rounded(one, decimals) for one in across], decimals


def rounded(value: Fraction, decimals: int) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)


def card(cells: list[list[Decimal]], down: list[Decimal], across: list[Decimal]) -> str:
    rows = [
        [f"**set{at}**", *map(str, row), str(mean)] for at, (row, mean) in enumerate(zip(cells, across, strict=True))
    ]
    return written(
        ["nDCG@10", *(f"system{at}" for at in range(len(down))), "Average"],
        [["**avg**", *map(str, down), "-"], *rows],
    )


@settings(max_examples=50)
@given(tables())
def test_a_table_written_out_from_numbers_has_no_finding(
    drawn: tuple[list[list[Decimal]], list[Decimal], list[Decimal], int],
) -> None:
    cells, down, across, _ = drawn
    found = audit_card(card(cells, down, across), NOTHING)
    assert found.findings == ()
    assert found.checked == len(down) + len(across)
    flat = audit_card(card(cells, down, across).replace("\n", " "), NOTHING)
    assert (flat.findings, flat.checked) == ((), found.checked)


@settings(max_examples=50)
@given(tables(), st.data())
def test_one_changed_cell_is_found(
    drawn: tuple[list[list[Decimal]], list[Decimal], list[Decimal], int], data: st.DataObject
) -> None:
    cells, down, across, decimals = drawn
    row = data.draw(st.integers(0, len(cells) - 1))
    column = data.draw(st.integers(0, len(down) - 1))
    # Rounding leaves one unit open in an average; a cell moves the average by a fraction of itself. And it may have
    # been off by one before.
    unit = Decimal(1).scaleb(-decimals)
    cells[row][column] += unit * (2 * max(len(cells), len(down)) + 1)
    found = audit_card(card(cells, down, across), NOTHING)
    assert {one.cell for one in found.findings} == {f"system{column}, avg", f"set{row}, Average"}


@settings(max_examples=50)
@given(tables(), st.data())
def test_one_changed_average_is_found(
    drawn: tuple[list[list[Decimal]], list[Decimal], list[Decimal], int], data: st.DataObject
) -> None:
    cells, down, across, decimals = drawn
    column = data.draw(st.integers(0, len(down) - 1))
    down[column] += 3 * Decimal(1).scaleb(-decimals)
    found = audit_card(card(cells, down, across), NOTHING)
    assert [one.cell for one in found.findings] == [f"system{column}, avg"]


def test_a_coarser_average_and_finer_rows_are_held_to_their_own_decimals(audited: Audited, write: Write) -> None:
    rows = [["a", "0.4312"], ["b", "0.4304"]]
    assert audited(write(["s", "m"], [["avg", "0.43"], *rows])).findings == ()
    assert len(audited(write(["s", "m"], [["avg", "0.44"], *rows])).findings) == 1
    coarse = [["a", "0.43"], ["b", "0.43"]]
    # Rows of two decimals leave half a hundredth open, an average of four next to nothing.
    assert audited(write(["s", "m"], [["avg", "0.4350"], *coarse])).findings == ()
    assert len(audited(write(["s", "m"], [["avg", "0.4351"], *coarse])).findings) == 1


def test_what_would_explain_an_average_is_named(audited: Audited, write: Write) -> None:
    rows = [["a", "0.50", "0.40"], ["b", "0.51", "0.42"], ["c", "0.52", "0.44"], ["d", "0.10", "0.20"]]
    one, other = audited(write(["x", "m1", "m2"], [*rows, ["mean", "0.51", "0.42"]])).findings
    assert "the printed average 0.51 does not follow from the printed rows, whose mean is 0.407" in one.text
    assert "leaving out d would explain it" in one.text
    assert "leaving out d explains all 2 such averages" in other.text


def test_two_rows_left_out_are_found_where_no_single_one_explains(audited: Audited, write: Write) -> None:
    rows = [["a", "0.50"], ["b", "0.50"], ["c", "0.50"], ["d", "0.10"], ["e", "0.20"]]
    (one,) = audited(write(["x", "m"], [*rows, ["avg", "0.50"]])).findings
    assert "leaving out d and e would explain it" in one.text


def test_an_average_that_nothing_explains_says_so(audited: Audited, write: Write) -> None:
    (one,) = audited(write(["x", "m"], [["a", "0.5"], ["b", "0.4"], ["avg", "0.9"]])).findings
    assert "no one or two rows left out would explain it" in one.text


def test_a_line_of_averages_of_something_else_is_one_finding(audited: Audited, write: Write) -> None:
    rows = [["m1", "0.50", "0.40", "0.31"], ["m2", "0.52", "0.41", "0.33"], ["m3", "0.54", "0.44", "0.36"]]
    (one,) = audited(write(["Model", "a", "b", "Avg (56 sets)"], rows)).findings
    assert "none of its 3 values follows" in one.text
    assert one.cell == "Avg (56 sets)"


def test_an_average_of_a_block_of_rows_is_of_that_block(audited: Audited, write: Write) -> None:
    rows = [["a", "0.5"], ["b", "0.4"], ["avg", "0.45"], ["c", "0.1"], ["d", "0.2"], ["average", "0.15"]]
    assert audited(write(["x", "m"], rows)).findings == ()


def test_sizes_beside_scores_are_not_averaged(audited: Audited, write: Write) -> None:
    head = ["Model", "Params (M)", "Dim", "a", "b", "Avg"]
    rows = [["m1", "33.5", "128", "0.5", "0.4", "0.45"], ["m2", "110.0", "64", "0.3", "0.4", "0.35"]]
    found = audited(write(head, rows))
    assert found.findings == ()
    assert found.checked == 2


@pytest.mark.parametrize("label", ["weighted avg", "geometric mean", "Avg. rank"])
def test_another_kind_of_mean_is_skipped_and_told(audited: Audited, write: Write, label: str) -> None:
    found = audited(write(["x", "m"], [["a", "0.5"], ["b", "0.4"], [label, "0.9"]]))
    assert found.findings == ()
    assert any("is no plain mean" in line for line in found.skipped)


@pytest.mark.parametrize(
    ("label", "average"),
    [
        *(
            (label, True)
            for label in ("avg", "Avg.", "AVERAGE", "Mean", "Macro avg", "Average (13 datasets)", "BEIR avg")
        ),
        *((label, True) for label in ("Avg nDCG@10", "Overall", "average of all")),
        *((label, False) for label in ("mean pooling", "meaning", "avgerank", "BM25", "", "averaged-model")),
    ],
)
def test_the_label_of_an_average_is_known(audited: Audited, write: Write, label: str, average: bool) -> None:
    found = audited(write(["x", "m"], [["a", "0.5"], ["b", "0.4"], [label, "0.45"]]))
    assert found.checked == int(average)


def test_percentages_and_missing_cells_are_averaged_as_they_stand(audited: Audited, write: Write) -> None:
    rows = [["a", "50.1%", "—"], ["b", "40.1%", "0,4"], ["c", "n/a", "0,5"], ["avg", "45.1%", "0,45"]]
    assert audited(write(["x", "m"], [row[:2] for row in rows])).findings == ()
    assert audited(write(["x", "k"], [[row[0], row[2]] for row in rows])).findings == ()
    rows[-1][1] = "55.1%"
    (one,) = audited(write(["x", "m"], [row[:2] for row in rows])).findings
    assert "55.1% does not follow from the printed rows, whose mean is 45.10%" in one.text


def test_a_cell_that_is_no_number_is_told(audited: Audited, write: Write) -> None:
    found = audited(write(["x", "m"], [["a", "0.5"], ["b", "0.4"], ["c", "soon"]]))
    assert any("c, m: soon" in line for line in found.skipped)
