"""Markdown and CSV of the tables: golden, inert, readable, equal from equal input."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness import paths
from harness.report.audit import audit
from harness.report.card import report
from harness.report.join import join
from harness.report.published import PublishedTable
from harness.report.record import Result, write_result
from harness.report.registered import Registered, registered
from harness.report.table import JoinedTable
from harness.report.text import csv_text, markdown_text
from harness.report.verdict import Verdict
from harness.report.write import CSV_HEAD, card_markdown, table_csv, table_markdown

Make = Callable[..., Result]
HOSTILE = "=x|<script>`*_[a](b)\n# h\x1b[31m"


@pytest.fixture
def joined(make_table: Callable[..., PublishedTable], make_result: Make, registered: Registered) -> JoinedTable:
    three = make_result(0.3004, dataset="three", key="k3")
    results = [
        make_result(0.512, key="k0"),
        make_result(0.511, key="k1", finished="2026-01-02T04:00:00+00:00"),
        make_result(0.4, dataset="two", language="en", key="k2"),
        three,
        make_result(0.3, model="beta", dim=8, dim_kind="head", key="k4"),
        make_result(0.6, model="minilm", dim=16, dim_kind="full", key="k5"),
        make_result(0.6, documents=7, key="k6"),
    ]
    table = make_table()
    return join(table, results, registered, audit([table]))


def test_a_small_table_is_written_as_it_was_when_a_person_last_read_it(joined: JoinedTable, root: Path) -> None:
    golden = (root / "tests" / "golden" / "report_small.md").read_text()
    assert table_markdown(joined) == golden


def test_rendering_twice_gives_equal_bytes(tmp_path: Path, make_result: Make) -> None:
    folder = tmp_path / "results" / "k1"
    result = make_result(0.7, model="bm25", dataset="scifact", documents=5183, queries=300)
    write_result(folder / "result.json", result)
    first = report(tmp_path, registered(paths.configs()))
    before = {path.name: path.read_bytes() for path in first.paths}
    second = report(tmp_path, registered(paths.configs()))
    assert {path.name: path.read_bytes() for path in second.paths} == before
    assert len(before) == 16
    assert first.verdicts == second.verdicts
    assert first.verdicts[Verdict.DIFFERENT] == 1
    assert sum(first.verdicts.values()) == 161
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == sorted(before)


def test_the_pages_keep_the_cards_rows_columns_and_order(card: tuple[PublishedTable, ...]) -> None:
    for table in card:
        lines = [line for line in table_markdown(join(table, [], Registered())).splitlines() if line.startswith("|")]
        printed = table.markdown().splitlines()
        assert [line.replace("not run · ", "") for line in lines] == printed


def test_the_page_of_the_card_holds_every_table_under_its_headings(card: tuple[PublishedTable, ...]) -> None:
    page = card_markdown([join(table, [], Registered(), audit(card)) for table in card])
    headings = [line for line in page.splitlines() if line.startswith("#")]
    assert headings == [
        "# The card, cell by cell", "## Retrieval Benchmarks", "### BEIR", "### MS MARCO Passage Retrieval",
        "## Multilingual Benchmarks", "### MIRACLE", "### mMARCO",
        "## Matryoshka Representation Benchmarks", "### BEIR", "### MSMARCO",
    ]  # fmt: skip
    assert page.count("does not follow from the printed rows") == 3
    assert "exact 0, reproduced 0, near 0, different 0, not run 161" in page


def test_csv_reads_back_with_a_line_per_cell_and_no_number_where_nothing_was_run(joined: JoinedTable) -> None:
    lines = list(csv.DictReader(io.StringIO(table_csv(joined))))
    assert tuple(lines[0]) == CSV_HEAD
    assert [(line["row"], line["column"]) for line in lines] == [
        (cell.row, cell.column) for cells in joined.lines for cell in cells
    ]
    for line, cell in zip(lines, (cell for cells in joined.lines for cell in cells), strict=True):
        assert (line["measured"] == "") == (cell.measured is None)
        if cell.measured is not None:
            assert float(line["measured"]) == pytest.approx(cell.measured, abs=5e-7)
        if cell.difference is not None:
            assert float(line["difference"]) == pytest.approx(cell.difference, abs=5e-7)
        assert "nan" not in line["measured"] + line["difference"]
        assert line["published"] == ("" if cell.published is None else str(cell.published))
        assert line["verdict"] == (cell.verdict.value if cell.verdict else "")
        assert line["queries"] == ("" if cell.queries is None else str(cell.queries))


def test_a_hostile_name_does_nothing_in_markdown_and_in_csv(
    make_table: Callable[..., PublishedTable], make_result: Make, registered: Registered
) -> None:
    results = [make_result(0.5, model=HOSTILE), make_result(0.5, model=HOSTILE, documents=1)]
    table = join(make_table(), results, registered)
    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(table_markdown(table))
    heads = [token for token in tokens if token.type == "th_open"]
    assert len(heads) == 4
    inline = [child for token in tokens for child in token.children or []]
    assert not [child for child in inline if child.type in ("html_inline", "em_open", "code_inline", "image")]
    links = [child for child in inline if child.type == "link_open"]
    assert [link.attrs["href"] for link in links] == ["https://example.org/card"]
    assert not [token for token in tokens if token.type in ("html_block", "fence", "code_block")]
    assert "\x1b" not in table_markdown(table) + table_csv(table)
    lines = list(csv.reader(io.StringIO(table_csv(table))))
    assert all(len(line) == len(CSV_HEAD) for line in lines)
    assert any(line[2].startswith("'=x|") for line in lines)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_text_in_a_table_cell_or_a_list_is_one_plain_text(text: str) -> None:
    parser = MarkdownIt("commonmark").enable("table").enable("strikethrough")
    page = f"| a | b |\n| --- | --- |\n| x {markdown_text(text)} | y |\n\n- {markdown_text(text)}\n"
    tokens = parser.parse(page)
    assert [token.type for token in tokens].count("td_open") == 2
    assert [token.type for token in tokens].count("list_item_open") == 1
    kinds = {child.type for token in tokens for child in token.children or []}
    assert kinds <= {"text", "text_special"}
    blocks = {token.type for token in tokens} & {"heading_open", "hr", "blockquote_open", "fence", "code_block"}
    assert not blocks


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_text_in_a_csv_cell_reads_back_on_one_line_and_starts_no_formula(text: str) -> None:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerow([csv_text(text), "1"])
    lines = list(csv.reader(io.StringIO(file.getvalue())))
    assert len(lines) == 1
    assert len(lines[0]) == 2
    assert not lines[0][0].lstrip().startswith(("=", "+", "-", "@"))
