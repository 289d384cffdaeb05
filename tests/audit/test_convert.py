"""Tables of a card become published tables, as far as their labels and numbers allow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.audit.card import CardAudit
from harness.audit.convert import Converted, Origin, convert
from harness.audit.known import Known
from harness.audit.values import subject
from harness.report.published import PublishedTable
from harness.report.reading import read_table

Audited = Callable[[str], CardAudit]
Write = Callable[..., str]
ORIGIN = Origin(card="a/card", url="https://example.org/card", read="2026-01-01")


@pytest.fixture
def converted(audited: Audited, meanings: Known) -> Callable[[str], tuple[Converted, ...]]:
    def make(text: str) -> tuple[Converted, ...]:
        grids = audited(text).grids
        return convert(grids, meanings, ORIGIN, subject(grids))

    return make


@pytest.fixture
def loaded(converted: Callable[[str], tuple[Converted, ...]], tmp_path: Path) -> Callable[[str], list[PublishedTable]]:
    def load(text: str) -> list[PublishedTable]:
        found = []
        for one in converted(text):
            assert one.text is not None, one.said
            path = tmp_path / f"{one.name}.yaml"
            path.write_text(one.text, encoding="utf-8")
            found.append(read_table(path))
        return found

    return load


def test_a_table_is_loaded_with_its_names_and_its_numbers(
    loaded: Callable[[str], list[PublishedTable]], write: Write
) -> None:
    rows = [["avg", "0.450", "0.25"], ["NQ", "0.500", "0.3"], ["fiqa", "0.400", "0.2"]]
    (one,) = loaded(write(["NDCG@10", "jina-colbert-v2", "BM-25"], rows, "BEIR"))
    assert [(column.label, column.model) for column in one.columns] == [
        ("jina-colbert-v2", "jina-colbert-v2"), ("BM-25", "bm25"),
    ]  # fmt: skip
    assert [(row.label, row.dataset) for row in one.rows] == [("NQ", "nq"), ("fiqa", "fiqa")]
    assert (one.measure, one.measure_label, one.title, one.decimals) == ("nDCG@10", "NDCG@10", "BEIR", 3)
    assert one.average is not None
    assert [str(value) for value in (*one.average.values, *one.rows[0].values)] == ["0.450", "0.250", "0.500", "0.300"]


def test_systems_in_rows_are_turned(loaded: Callable[[str], list[PublishedTable]], write: Write) -> None:
    rows = [["BM25", "30.0", "20.0", "25.0"], ["mine", "50.0", "40.0", "45.0"]]
    (one,) = loaded(write(["Model", "nq", "fiqa", "Avg"], rows, "BEIR, nDCG@10"))
    assert [row.dataset for row in one.rows] == ["nq", "fiqa"]
    assert [column.model for column in one.columns] == ["bm25", "mine"]
    assert [str(value) for value in one.rows[1].values] == ["0.200", "0.400"]
    assert one.average is not None
    assert str(one.average.values[1]) == "0.450"


def test_languages_are_those_of_the_title(loaded: Callable[[str], list[PublishedTable]], write: Write) -> None:
    (one,) = loaded(write(["NDCG@10", "mdpr"], [["sw", "0.299"], ["no", "0.1"]], "MIRACLE"))
    assert [(row.dataset, row.language) for row in one.rows] == [("miracl", "sw"), ("no", None)]


def test_an_unknown_label_stays_and_is_told(
    converted: Callable[[str], tuple[Converted, ...]], loaded: Callable[[str], list[PublishedTable]], write: Write
) -> None:
    text = write(["NDCG@10", "New | model".replace("|", "\\|")], [["my: set", "0.3"]])
    (one,) = converted(text)
    assert one.said == ("New | model: no model is known by this name", "my: set: no dataset is known by this name")
    (table,) = loaded(text)
    assert (table.rows[0].dataset, table.columns[0].model) == ("my: set", "New | model")


def test_a_width_alone_is_the_system_of_the_card(loaded: Callable[[str], list[PublishedTable]], write: Write) -> None:
    head = ["NDCG@10", "jina-colbert-v2"]
    text = write(head, [["nq", "0.640"]], "A") + write(head, [["fiqa", "0.408"]], "B")
    *_, one = loaded(text + write(["NDCG@10", "dim=128", "dim=64"], [["nq", "0.640", "0.635"]], "C"))
    assert [(column.model, column.dim) for column in one.columns] == [("jina-colbert-v2", 128), ("jina-colbert-v2", 64)]


@pytest.mark.parametrize(
    ("head", "rows", "told"),
    [
        (["x", "m"], [["nq", "0.5"]], "it names no measure"),
        (["NDCG@10", "m"], [["nq", "137.5"]], "no table of fractions"),
        (["NDCG@10", "m"], [["nq", "-0.5"]], "no table of fractions"),
        (["NDCG@10", "m", "k"], [["nq", "0.5", "-"], ["fiqa", "", "0.5"]], "no row has a value in every column"),
    ],
)
def test_what_cannot_be_a_published_table_is_told(
    converted: Callable[[str], tuple[Converted, ...]], write: Write, head: list[str], rows: list[list[str]], told: str
) -> None:
    (one,) = converted(write(head, rows))
    assert one.text is None
    assert told in one.said[0]


def test_rows_with_a_missing_value_are_left_out_and_the_average_is_still_of_the_others(
    converted: Callable[[str], tuple[Converted, ...]], loaded: Callable[[str], list[PublishedTable]], write: Write
) -> None:
    text = write(["NDCG@10", "m", "k"], [["avg", "0.5", "0.4"], ["nq", "0.5", "-"], ["fiqa", "0.5", "0.4"]])
    assert "nq: left out, a value is missing" in converted(text)[0].said
    (one,) = loaded(text)
    assert one.average is not None
    assert one.average.of == ("fiqa",)


def test_two_tables_of_one_heading_get_two_names(
    converted: Callable[[str], tuple[Converted, ...]], write: Write
) -> None:
    one = write(["NDCG@10", "m"], [["nq", "0.5"]], "BEIR")
    assert [table.name for table in converted(one + one)] == ["beir", "beir-2"]
