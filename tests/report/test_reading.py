"""A published file with a mistake in it is refused by file and field."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.report.reading import read_published, read_table

GOOD = """\
order: 1
title: Small
group: Made up
source: {card: a/card, url: https://example.org/card, read: "2026-01-01", section: Results}
measure: nDCG@10
measure_label: NDCG@10
decimals: 3
columns:
  - {label: Alpha, model: alpha}
  - {label: dim=8, model: beta, dim: 8}
average: {label: avg, of: [two, one], values: [0.400, 0.25]}
rows:
  - {label: one, dataset: one, values: [0.500, 0.300]}
  - {label: two, dataset: two, language: en, values: [0.300, 0.200]}
notes:
  - {row: one, column: Alpha, text: "A fact."}
"""
MISTAKES = {
    "unknown field": ("title: Small", "title: Small\ncolour: red", "unknown 'colour'"),
    "missing field": ("measure: nDCG@10\n", "", "no measure"),
    "too few values": ("values: [0.500, 0.300]", "values: [0.500]", "rows[0]: values: got 1 values, expected 2"),
    "too many decimals": ("0.500", "0.5004", "rows[0]: values: got 0.5004"),
    "percent": ("0.500", "50.1", "rows[0]: values: got 50.1"),
    "a truth": ("0.500", "true", "got True"),
    "not a number": ("0.500", ".nan", "got nan"),
    "a text for a number": ("0.500", '"0.500"', "got '0.500'"),
    "Norway": ("label: one,", "label: no,", "rows[0]: label: got False"),
    "one label twice": ("label: two", "label: one", "rows have the same label: got 'one'"),
    "one dataset twice": ("dataset: two, language: en", "dataset: one", "rows are about the same dataset"),
    "one system twice": ("model: beta, dim: 8", "model: alpha", "columns are about the same system"),
    "one column label twice": ("label: dim=8", "label: Alpha", "columns have the same label"),
    "one key twice": ("title: Small", "title: Small\ntitle: Big", "a key stands twice"),
    "one key twice inside": ("{label: one,", "{label: one, label: uno,", "a key stands twice"),
    "average of nothing known": ("of: [two, one]", "of: [two, six]", "average: of: got ['six']"),
    "average of a row twice": ("of: [two, one]", "of: [two, two]", "average.of: got 'two'"),
    "average named like a row": ("label: avg", "label: one", "the average has the label of a row: got 'one'"),
    "note about nothing": ("{row: one,", "{row: six,", "a note's row is not in the table: got 'six'"),
    "dimension zero": ("dim: 8", "dim: 0", "columns[1]: dim: got 0"),
    "address that is none": ("https://example.org/card", "javascript:x", "url: got 'javascript:x'"),
    "terminal escape": ("text: \"A fact.\"", 'text: "A \\e[31m fact."', "notes[0]: text"),
    "no list": ("rows:\n", "rows: 7\nothers:\n", "unknown 'others'"),
    "broken YAML": ("rows:\n", "rows: [\n", "is no YAML"),
    "code": ("title: Small", "title: !!python/object/apply:os.getcwd []", "is no YAML"),
}  # fmt: skip


def _written(folder: Path, text: str, name: str = "small") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


def test_a_file_becomes_a_table_with_the_printed_decimals(tmp_path: Path) -> None:
    table = read_table(_written(tmp_path, GOOD))
    assert table.name == "small"
    assert table.rows[1].language == "en"
    assert table.columns[1].dim == 8
    assert table.average is not None
    assert table.average.of == ("one", "two")
    assert [str(value) for value in table.average.values] == ["0.400", "0.250"]
    assert table.rows[0].values == (Decimal("0.500"), Decimal("0.300"))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_that_names_the_file_and_the_field(tmp_path: Path, mistake: str) -> None:
    old, new, message = MISTAKES[mistake]
    assert old in GOOD
    path = _written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(DataError) as error:
        read_table(path)
    assert str(path) in str(error.value)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "- 1\n", "just words\n"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match="a mapping with order"):
        read_table(_written(tmp_path, text))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_bytes(b"title: \xff\n")
    with pytest.raises(DataError, match="is no YAML"):
        read_table(path)


def test_tables_come_in_the_cards_order_and_not_in_that_of_their_names(tmp_path: Path) -> None:
    _written(tmp_path, GOOD.replace("order: 1", "order: 2"), "a")
    _written(tmp_path, GOOD, "b")
    assert [table.name for table in read_published(tmp_path)] == ["b", "a"]


def test_two_tables_in_one_place_and_a_folder_without_any_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no published table"):
        read_published(tmp_path)
    _written(tmp_path, GOOD, "a")
    _written(tmp_path, GOOD, "b")
    with pytest.raises(DataError, match="same order: got a and b"):
        read_published(tmp_path)
