"""A cell is a number, a label, or says that there is nothing."""

from __future__ import annotations

import pytest

from harness.audit.cells import decimal_comma, is_missing, number, plain


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("0.346", "0.346"),
        ("**0.350**", "0.350"),
        ("*.5*", "0.5"),
        ("_0.5_", "0.5"),
        ("`0.5`", "0.5"),
        ("[0.5](https://e.org/a_b)", "0.5"),
        ("0.5[^1]", "0.5"),
        ("0.5<sup>2</sup>", "0.5"),
        ("0.5 †", "0.5"),
        ("0.5 ± 0.1", "0.5"),
        ("0.5 (0.1)", "0.5"),
        ("50.1%", "0.501"),
        ("50.1 %", "0.501"),
        ("-0.5", "-0.5"),
        ("\N{MINUS SIGN}0.5", "-0.5"),
        ("1,406", "1406"),
        ("40,3", "40.3"),
        ("0,346", "0.346"),
        ("1,234,567.5", "1234567.5"),
        ("<b>0.5</b>", "0.5"),
        ("0.5&nbsp;", "0.5"),
    ],
)
def test_a_number_is_read_with_its_decimals(cell: str, value: str) -> None:
    found = number(cell)
    assert found is not None
    assert str(found.value) == value


@pytest.mark.parametrize(
    "cell", ["137M", "0.5 / 0.6", "0.5 0.6", "v2", "", "-", "1,234,5", "1.2.3", "12-13", "nan", "1e3"]
)
def test_what_is_no_single_number_is_none(cell: str) -> None:
    assert number(cell) is None


@pytest.mark.parametrize(("cell", "value"), [("0,346", "0.346"), ("1.406,5", "1406.5"), (",5", ".5"), ("7", "7")])
def test_a_comma_may_begin_the_decimals(cell: str, value: str) -> None:
    found = number(cell, comma=True)
    assert found is not None
    assert found.value == number(value).value  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("cells", "comma"),
    [
        (["0,346", "0,5"], True),
        (["31,4", "1"], True),
        (["1,406", "12,345"], False),
        (["0,346", "0.5"], False),
        (["0.346"], False),
        ([], False),
    ],
)
def test_the_comma_is_judged_by_the_whole_table(cells: list[str], comma: bool) -> None:
    assert decimal_comma(cells) is comma


@pytest.mark.parametrize("cell", ["", " ", "-", "**-**", "\N{EN DASH}", "—", "N/A", "n/a", "/", "?"])
def test_dashes_and_the_like_say_that_there_is_nothing(cell: str) -> None:
    assert is_missing(cell)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (r"a \| b", "a | b"),
        ("**jina-colbert-v2**", "jina-colbert-v2"),
        ("[BM25](https://e.org) [^3]", "BM25"),
        ("trec_covid_v2", "trec_covid_v2"),
        (r"\*starred\*", "*starred*"),
        ("![logo](x.png) name", "logo name"),
        ("a<br>b", "a b"),
        ("\x1b[31mred", "\\x1b[31mred"),
    ],
)
def test_a_label_is_shown_without_its_dress(cell: str, text: str) -> None:
    assert plain(cell) == text
