"""Tables on a terminal of 80 columns."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from harness.report.audit import audit
from harness.report.frame import frame
from harness.report.join import join
from harness.report.published import PublishedTable
from harness.report.record import Result
from harness.report.registered import Registered
from harness.report.summary import summary
from harness.report.terminal import render
from harness.score.scores import Scores

Make = Callable[..., Result]
Register = Callable[..., Registered]


def _printed(parts: Sequence[RenderableType], width: int = 80, *, colour: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=colour, color_system="standard" if colour else None)
    console.print(*parts)
    return file.getvalue()


def _every_cell(
    card: Sequence[PublishedTable], make_result: Make, register: Register
) -> tuple[list[Result], Registered]:
    results = [
        make_result(
            float(value) + 0.0014, model=column.model, dim=column.dim, dim_kind="head" if column.dim else None,
            dataset=row.dataset, language=row.language, measure=table.measure,
        )
        for table in card
        for row in table.rows
        for column, value in zip(table.columns, row.values, strict=True)
    ]  # fmt: skip
    models = {column.model for table in card for column in table.columns}
    return results, register(models, {(row.dataset, row.language) for table in card for row in table.rows})


@pytest.mark.parametrize("width", [80, 100, 200])
def test_no_cell_is_cut_and_no_line_is_wider_than_the_terminal(
    card: tuple[PublishedTable, ...], make_result: Make, register: Register, width: int
) -> None:
    results, registered = _every_cell(card, make_result, register)
    long = [make_result(0.123, model="a-name-without-any-space-that-is-far-too-long-for-it", dataset="scifact")]
    tables = [join(table, [*results, *long], registered, audit(card)) for table in card]
    text = _printed(render(tables, width=width), width)
    assert "…" not in text
    assert max(len(line) for line in text.splitlines()) <= width
    assert text.count("reproduced") >= 150
    for table in card:
        for row in table.rows:
            assert row.label in text


def test_the_four_systems_of_beir_stand_side_by_side_on_unbroken_lines(
    card: tuple[PublishedTable, ...], make_result: Make, register: Register
) -> None:
    results, registered = _every_cell(card[:1], make_result, register)
    text = _printed(render([join(card[0], results, registered)]))
    assert "jina-colbert-v2  jina-colbert-v1" in text
    assert "0.678 +0.001" in text
    line = next(line for line in text.splitlines() if line.startswith("climate-fever"))
    assert line.split() == ["climate-fever", "0.240", "0.197", "0.177", "0.214"]


def test_tables_without_results_are_one_line_each_with_the_audit_and_a_hint(card: tuple[PublishedTable, ...]) -> None:
    text = _printed(render([join(table, [], Registered(), audit(card)) for table in card]))
    lines = text.splitlines()
    heads = [line for line in lines if "not run (" in line]
    assert len(heads) == 6
    assert lines[1] == "Retrieval Benchmarks: MS MARCO Passage Retrieval: not run (4 cells)"
    assert lines[2] == "Multilingual Benchmarks: MIRACLE: not run (38 cells)"
    assert sum("does not follow from" in " ".join(lines[at : at + 2]) for at in range(len(lines))) >= 3
    assert "python -m harness model=bm25" in lines[-1]


def test_a_verdict_is_in_words_and_in_colour_and_a_name_cannot_style_itself(
    make_table: Callable[..., PublishedTable], make_result: Make, registered: Registered
) -> None:
    results = [make_result(0.7), make_result(0.7, model="[red]x[/red]\x1b[2J")]
    parts = render([join(make_table(), results, registered)])
    assert "different" in _printed(parts)
    assert "\x1b[31mdifferent" in _printed(parts, colour=True)
    assert "[red]x[/red]" in _printed(parts)
    assert "\x1b[2J" not in _printed(parts, colour=True)


def test_the_table_at_the_end_has_a_row_a_dataset_and_a_column_a_system(make_result: Make) -> None:
    results = [
        make_result(0.5, dataset="mini", language="en"),
        make_result(0.7, dataset="mini", language="ar"),
        make_result(0.9, model="beta", dim=8, dim_kind="full", dataset="mini", language="en"),
    ]
    lines = [line.split() for line in _printed(summary(results)).splitlines()]
    assert lines[1] == ["nDCG@10", "alpha", "dim=8"]
    assert ["avg", "0.600", "-"] in lines
    assert lines.index(["avg", "0.600", "-"]) < lines.index(["mini", "en", "0.500", "0.900"])
    assert ["mini", "ar", "0.700", "-"] in lines


def test_one_row_has_no_average_and_two_measures_are_two_tables(make_result: Make) -> None:
    results = [make_result(0.5), make_result(0.5, dataset="two", measure="RR@10")]
    tables = summary(results)
    assert len(tables) == 2
    assert "avg" not in _printed(tables)


def test_the_table_at_the_end_shows_a_published_value_only_where_it_applies(
    make_table: Callable[..., PublishedTable], make_result: Make, registered: Registered
) -> None:
    tables = [make_table()]
    assert "0.500 +0.001" in _printed(summary([make_result(0.5014)], tables, registered))
    assert "reproduced" in _printed(summary([make_result(0.5014)], tables, registered))
    assert "reproduced" not in _printed(summary([make_result(0.5014, documents=7)], tables, registered))
    assert "reproduced" not in _printed(summary([make_result(0.5014)], tables))


def test_a_frame_has_a_line_per_result_and_measure(make_result: Make) -> None:
    one = make_result(0.5)
    both = Result(**{**vars(one), "scores": Scores({"nDCG@10": {"q": 0.5}, "RR@10": {"q": 1.0}})})
    table = frame([both, make_result(0.25, dim=8, dim_kind="full", language="en")])
    assert list(table["measure"]) == ["nDCG@10", "RR@10", "nDCG@10"]
    assert list(table["value"]) == [0.5, 1.0, 0.25]
    assert table["dim"].isna().tolist() == [True, True, False]
    assert table["documents"].tolist() == [40, 40, 40]
    assert table["precision"].tolist() == ["strict"] * 3
    assert len(frame([])) == 0


def test_the_report_starts_without_torch_pandas_ir_measures_and_hydra(root: Path) -> None:
    code = (
        "import sys, harness.report.card, harness.report.summary\n"
        "heavy = {'torch', 'pandas', 'ir_measures', 'hydra', 'omegaconf', 'transformers'} & set(sys.modules)\n"
        "sys.exit(','.join(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
