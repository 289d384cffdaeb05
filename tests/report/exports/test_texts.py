"""JSON, YAML and CSV as exports write them."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.report.exports.texts import csv_lines, json_text, yaml_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_whatever_is_written_reads_back_equal_from_ascii(value: object) -> None:
    assert json.loads(json_text(value)) == value
    text = yaml_text({"value": value})
    assert text.isascii()
    assert yaml.safe_load(text) == {"value": value}


@given(TEXTS)
def test_a_text_of_many_lines_is_one_line_of_yaml(text: str) -> None:
    assert len(yaml_text({"a": f"{text}\n{text}"}).splitlines()) == 1


def test_a_list_that_stands_in_two_places_is_written_twice_without_an_anchor() -> None:
    both = [1, 2]
    assert yaml_text({"a": both, "b": both}) == "a:\n- 1\n- 2\nb:\n- 1\n- 2\n"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_has_no_number_that_is_none(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        json_text({"value": value})


def test_csv_keeps_digits_and_leaves_out_what_is_not_there() -> None:
    assert csv_lines(("a", "b", "c"), [[0.1 + 0.2, None, "=1"], [7, "x,y", "-"]]) == (
        b"a,b,c\n0.30000000000000004,,'=1\n7,\"x,y\",'-\n"
    )
