"""The page of results that fill no cell of the card: which they are and what stands beside them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness import paths
from harness.report.card import report
from harness.report.other import CSV_HEAD, other_pages
from harness.report.outside import outside
from harness.report.published import PublishedTable
from harness.report.record import Result, write_result
from harness.report.registered import Registered
from harness.report.registered import registered as read_registered
from harness.report.text import code_text

Make = Callable[..., Result]
MakeTable = Callable[..., PublishedTable]
Register = Callable[..., Registered]
HOSTILE = "=x|<script>`*_[a](b)\n# h\x1b[31m"


@pytest.fixture
def page(make_table: MakeTable, registered: Registered) -> Callable[[Sequence[Result]], str]:
    """The Markdown of some results beside the small card."""

    def render(results: Sequence[Result], known: Registered = registered) -> str:
        return other_pages(outside([make_table()], results, known), known)["other.md"]

    return render


def cells(text: str) -> list[list[str]]:
    """Return the cells of every line of a table, heads among them."""
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ") and "---" not in line]


def test_a_collection_with_a_result_in_no_cell_of_the_card_is_on_the_page_with_all_of_its_results(
    make_table: MakeTable, make_result: Make, registered: Registered
) -> None:
    cell = make_result(0.5)
    others = [
        make_result(0.5, model="mine"),
        make_result(0.5, overrides={"model.query_length": 300}),
        make_result(0.5, model="beta", dim=8, dim_kind="prefix"),
        make_result(0.5, documents=7),
        make_result(0.5, measure="RR@10"),
        make_result(0.5, dataset="own"),
        make_result(0.5, overrides={"precision": "fast"}),
        make_result(0.5, language="de"),
    ]
    found = outside([make_table()], [cell, *others], registered)
    assert [(table.dataset, table.measure, table.counts, list(table.rows)) for table in found] == [
        ("one", "RR@10", "", ["alpha"]),
        (
            "one", "nDCG@10", "",
            ["alpha", "alpha model.query_length=300", "alpha precision=fast", "beta dim=8 prefix", "mine"],
        ),
        ("one", "nDCG@10", "", ["alpha"]),
        ("one", "nDCG@10", "7 documents and 4 queries", ["alpha"]),
        ("own", "nDCG@10", "40 documents and 4 queries", ["alpha"]),
    ]  # fmt: skip
    assert other_pages(outside([make_table()], [cell], registered), registered) == {}


def test_a_collection_in_languages_has_a_column_each_and_an_average_over_all_or_none(
    make_result: Make, register: Register, page: Callable[..., str]
) -> None:
    known = register(["bm25", "alpha"], [("poly", code) for code in ("en", "de", "fr")])
    bm25 = [
        make_result(value, model="bm25", dataset="poly", language=code) for value, code in ((0.2, "en"), (0.4, "de"))
    ]
    alpha = make_result(0.25, dataset="poly", language="de", dim=128, dim_kind="full")
    assert cells(page([*bm25, alpha], known)) == [
        ["nDCG@10", "de", "en", "avg", "queries", "documents"],
        ["alpha dim=128", "0.250", "not run", "not run (1 of 3 languages)", "4", "40"],
        ["bm25", "0.400", "0.200", "not run (2 of 3 languages)", "4", "40"],
    ]
    french = make_result(0.9, model="bm25", dataset="poly", language="fr")
    assert ["bm25", "0.400", "0.200", "0.900", "0.500", "4", "40"] in cells(page([*bm25, french], known))


def test_a_collection_without_languages_has_one_column_of_values_and_the_widest_row_first(
    make_result: Make, page: Callable[..., str]
) -> None:
    results = [
        make_result(0.62, dataset="own", dim=64, dim_kind="prefix", documents=2880, queries=3),
        make_result(0.61, dataset="own", dim=128, dim_kind="full", documents=2880, queries=3),
        make_result(0.4, model="bm25", dataset="own", documents=2880, queries=3),
    ]
    text = page(results)
    assert "\n## own, 2,880 documents and 3 queries\n" in text
    assert cells(text) == [
        ["nDCG@10", "value", "queries", "documents"],
        ["alpha dim=128", "0.610", "3", "2,880"],
        ["alpha dim=64 prefix", "0.620", "3", "2,880"],
        ["bm25", "0.400", "3", "2,880"],
    ]
    assert "**" not in text, "no row is claimed to be better"


def test_queries_and_documents_that_differ_by_language_are_shown_from_least_to_most(
    make_result: Make, page: Callable[..., str]
) -> None:
    counts = {"en": (3, 40), "de": (5, 1200), "fr": (4, 50)}
    results = [
        make_result(0.5, dataset="poly", language=code, queries=queries, documents=documents)
        for code, (queries, documents) in counts.items()
    ]
    assert cells(page(results))[1][-3:] == ["0.500", "3 to 5", "40 to 1,200"]


def test_a_model_that_was_trained_on_the_collection_is_marked_and_the_mark_is_explained_once(
    make_result: Make, page: Callable[..., str]
) -> None:
    trained = {"model.trained_on": ["own"]}
    results = [make_result(0.9, dataset="own", dim=dim, dim_kind="head", overrides=trained) for dim in (128, 64)]
    text = page([*results, make_result(0.5, model="bm25", dataset="own")])
    assert [row[0] for row in cells(text)[1:]] == ["alpha dim=128 head †", "alpha dim=64 head †", "bm25"]
    assert text.count("\n- † trained on it: a score on training text\n") == 1
    assert "†" not in page([make_result(0.5, dataset="own", overrides={"model.trained_on": ["another"]})])


def test_under_a_table_stands_the_command_of_every_row_and_rows_of_one_command_share_a_line(
    make_result: Make, page: Callable[..., str]
) -> None:
    def one(dim: int, language: str, *words: str) -> Result:
        command = ["python", "-m", "harness", *words]
        return make_result(0.5, dataset="poly", language=language, dim=dim, dim_kind="prefix", command=command)

    results = [one(dim, language, "dim=[8,4]") for dim in (8, 4) for language in ("de", "en")]
    results += [
        one(2, "de", "dim=2", "out=my runs"),
        one(2, "en", "dim=2"),
        make_result(0.5, dataset="poly", language="de"),
    ]
    lines = [line for line in page(results).splitlines() if line.startswith("- ")]
    assert lines == [
        "- alpha dim=8 prefix, alpha dim=4 prefix: `python -m harness 'dim=[8,4]'`",
        "- alpha dim=2 prefix: `python -m harness dim=2 'out=my runs'`, `python -m harness dim=2`",
        "- alpha: no command is recorded",
    ]


def test_settings_that_are_registered_nowhere_are_named_where_they_tell_results_apart(
    make_result: Make, page: Callable[..., str]
) -> None:
    def one(value: float, **overrides: Any) -> Result:
        return make_result(value, model="mine", dataset="own", overrides=overrides)

    long, cut = {"model.query_length": 64}, {"dataset.join": " | "}
    text = page([one(0.1), one(0.2, **long), one(0.3, **long, **cut), make_result(0.4, model="bm25", dataset="own")])
    assert [row[0] for row in cells(text)[1:]] == [
        "bm25",
        'mine model.query\\_length=32 dataset.join=" "',
        'mine model.query\\_length=64 dataset.join=" "',
        'mine model.query\\_length=64 dataset.join=" \\| "',
    ]
    moved = one(0.2, **{"model.path": "moved", "model.dims": [128, 64, 32], "dataset.path": "moved"})
    assert [row[0] for row in cells(page([one(0.1), moved]))[1:]] == ["mine"]


def test_the_language_that_a_text_is_in_tells_no_results_in_several_languages_apart(
    make_result: Make, page: Callable[..., str]
) -> None:
    def one(code: str, **places: Any) -> Result:
        return make_result(0.5, model="bm25", dataset="poly", overrides={"dataset.text_language": code}, **places)

    assert [row[0] for row in cells(page([one("de", language="de"), one("en", language="en")]))[1:]] == ["bm25"]
    assert len(cells(page([one("de"), one("en")]))) == 3


def test_fast_and_strict_results_have_a_row_each_and_no_average_mixes_them(
    make_result: Make, page: Callable[..., str]
) -> None:
    strict = [make_result(0.2, model="mine", dataset="poly", language=code) for code in ("de", "en")]
    fast = make_result(0.8, model="mine", dataset="poly", language="en", overrides={"precision": "fast"})
    for results in ([*strict, fast], [strict[0], fast]):
        text = page(results)
        assert ["mine precision=fast", "not run", "0.800", "not run (1 of 2 languages)", "4", "40"] in cells(text)
        assert "- other settings: mine precision=fast: precision is fast, registered strict\n" in text
    assert cells(page([*strict, fast]))[1][:4] == ["mine", "0.200", "0.200", "0.200"]


def test_of_several_results_the_last_is_shown_and_the_page_says_so(make_result: Make, page: Callable[..., str]) -> None:
    last = make_result(0.7, dataset="own", finished="2026-02-01T00:00:00+00:00", key="k9")
    text = page([last, make_result(0.6, dataset="own")])
    assert cells(text)[1][1] == "0.700"
    assert "\n- alpha on own: more than one result fits; the one that finished last is shown\n" in text


def test_csv_has_a_line_per_system_and_language_with_what_it_is_of(
    make_table: MakeTable, make_result: Make, registered: Registered
) -> None:
    trained = {"model.trained_on": ["poly"]}
    results = [
        make_result(0.123456789, dataset="poly", language="en", key="k2", overrides=trained),
        make_result(0.5, dataset="poly", language="de", key="k3", overrides=trained),
        make_result(0.25, model=HOSTILE, dataset="own", queries=2, key="k1"),
    ]
    text = other_pages(outside([make_table()], results, registered), registered)["other.csv"]
    lines = list(csv.reader(io.StringIO(text)))
    assert tuple(lines[0]) == CSV_HEAD
    assert lines[1][1].startswith("'=x|")
    assert lines[1][2:] == ["", "nDCG@10", "0.250000", "2", "40", "no", "k1"]
    assert lines[2:] == [
        ["poly", "alpha", "de", "nDCG@10", "0.500000", "4", "40", "yes", "k3"],
        ["poly", "alpha", "en", "nDCG@10", "0.123457", "4", "40", "yes", "k2"],
    ]


def test_a_hostile_name_or_command_does_nothing_on_the_page(make_result: Make, page: Callable[..., str]) -> None:
    command = ["python", HOSTILE, "``", "</li>"]
    hostile = make_result(0.5, model=HOSTILE, dataset=HOSTILE, language=HOSTILE, measure="nDCG@10", command=command)
    text = page([hostile])
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inline = [child for token in tokens for child in token.children or []]
    assert {child.type for child in inline} <= {"text", "text_special", "code_inline", "softbreak"}
    assert sum(child.type == "softbreak" for child in inline) == 2, "those in the head of the page"
    assert sum(child.type == "code_inline" for child in inline) == 1
    assert [token.type for token in tokens].count("heading_open") == 2
    assert [token.type for token in tokens].count("td_open") == 5
    assert "\x1b" not in text


@settings(deadline=None)
@given(st.text(min_size=1, max_size=30))
def test_any_text_as_code_is_one_piece_of_code_and_nothing_else(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(f"- x: {code_text(text)}, y\n")
    (inline,) = [token for token in tokens if token.type == "inline"]
    assert [child.type for child in inline.children or []] == ["text", "code_inline", "text"]
    assert {token.type for token in tokens} <= {
        "bullet_list_open", "list_item_open", "paragraph_open", "inline",
        "paragraph_close", "list_item_close", "bullet_list_close",
    }  # fmt: skip


def test_the_report_writes_the_page_beside_the_card_only_where_it_has_rows(tmp_path: Path, make_result: Make) -> None:
    known = read_registered(paths.configs())
    write_result(
        tmp_path / "results/a/result.json",
        make_result(0.5, model="bm25", dataset="scifact", documents=5183, queries=300),
    )
    assert not [path for path in report(tmp_path, known).paths if path.name.startswith("other")]
    write_result(
        tmp_path / "results/b/result.json",
        make_result(0.5, model="mine", dataset="scifact", documents=5183, queries=300),
    )
    made = [path for path in report(tmp_path, known).paths if path.name.startswith("other")]
    assert made == [tmp_path / "tables/other.md", tmp_path / "tables/other.csv"]
    text = made[0].read_text(encoding="utf-8")
    assert re.findall(r"^## .*$", text, re.MULTILINE) == ["## scifact"]
    assert cells(text)[1:] == [["bm25", "0.500", "300", "5,183"], ["mine", "0.500", "300", "5,183"]]
