"""Tables are found as GitHub shows them, and on a single line where the line breaks are lost."""

from __future__ import annotations

import pytest

from harness.audit.markdown import html_tables, read_tables

TWO = """# Card

Words | with a pipe.

## Results

### BEIR

| NDCG@10 | A | B |
|:--------|--:|---|
| nq | 0.5 | - |
| fiqa | 0.4 | 0.3 |

Words.

## Other
Name | Value
--- | ---
a \\| b | 1
c
"""


def test_a_table_has_its_headings_its_line_and_its_cells() -> None:
    first, second = read_tables(TWO)
    assert first.headings == ("Card", "Results", "BEIR")
    assert first.line == 9
    assert first.head == ("NDCG@10", "A", "B")
    assert first.rows == (("nq", "0.5", "-"), ("fiqa", "0.4", "0.3"))
    assert second.headings == ("Card", "Other")
    assert second.rows == (("a \\| b", "1"),)


def test_a_card_on_one_line_has_the_same_tables() -> None:
    first, second = read_tables(TWO.replace("Name | Value\n--- | ---", "| Name | Value |\n|---|---|").replace("a \\| b | 1\nc", "| a \\| b | 1 |"))  # fmt: skip # noqa: E501
    flat = " ".join(TWO.replace("Words | with a pipe.", "").replace("Name | Value\n--- | ---\na \\| b | 1\nc", "| Name | Value | |---|---| | a \\| b | 1 | Words.").split("\n"))  # fmt: skip # noqa: E501
    one, other = read_tables(flat)
    assert (one.head, one.rows, one.headings) == (first.head, first.rows, first.headings)
    assert (other.head, other.rows) == (second.head, second.rows)
    assert other.headings == ("Card", "Other")


def test_tables_side_by_side_on_one_line_are_two() -> None:
    one, other = read_tables("| a | b | |---|---| | x | 1 | | c | d | |---|---| | y | 2 | end")
    assert (one.head, one.rows) == (("a", "b"), (("x", "1"),))
    assert (other.head, other.rows) == (("c", "d"), (("y", "2"),))


def test_an_empty_cell_and_a_row_of_dashes_are_cells_and_no_new_table() -> None:
    (one,) = read_tables("| a | b | |---|---| | | 1 | | - | - | | z | 2 |")
    assert one.rows == (("", "1"), ("-", "-"), ("z", "2"))
    (one,) = read_tables("| a | b |\n|---|---|\n| - | - |\n| z | 2 |\n")
    assert one.rows == (("-", "-"), ("z", "2"))


@pytest.mark.parametrize(
    "text",
    [
        "```\n| a | b |\n|---|---|\n| x | 1 |\n```\n",
        "text ```| a | b | |---|---| | x | 1 |``` text",
        "<!--\n| a | b |\n|---|---|\n| x | 1 |\n-->\n",
        "---\na: |\n  | a | b |\n  |---|---|\n---\n",
        "no table\n---\n",
        "| a | b | c |\n|---|---|\n| x | 1 |\n",
        "|---|---|",
        "",
    ],
)
def test_what_is_not_shown_as_a_table_is_none(text: str) -> None:
    assert read_tables(text) == ()


def test_a_row_that_is_too_short_is_filled_and_one_that_is_too_long_is_cut() -> None:
    (one,) = read_tables("| a | b |\n|---|---|\n| x |\n| y | 1 | 2 |\n")
    assert one.rows == (("x", ""), ("y", "1"))


def test_tables_in_html_are_counted() -> None:
    assert html_tables("<table><tr><td>1</td></tr></table> <TABLE border=1></TABLE> ```<table>```") == 2
