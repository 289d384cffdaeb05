"""Tables for papers: values, what is marked, what is said below; compiled where pdflatex is."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import printable
from harness.report.exports.formats import Exported, export
from harness.report.exports.latex_text import has_accent, latex_text
from harness.report.published import Column, PublishedTable, Row
from harness.report.record import Result
from harness.report.registered import Registered
from tests.report.exports.conftest import content, spread, with_values
from tests.report.exports.latex_reader import Read, read_table, read_tables

Make = Callable[..., Result]
Table = Callable[..., PublishedTable]


def table(done: Exported, name: str) -> Read:
    (only,) = read_tables(content(done)[name].decode())
    return only


def column(read: Read, *words: str) -> int:
    """Return the place of the column whose stacked head has exactly these words."""
    heads = [line for line in read.rows if not line[0] or line is read.rows[0]]
    stacks = [tuple(line[at] for line in heads if line[at]) for at in range(len(read.rows[0]))]
    return stacks.index(words)


@pytest.fixture
def small(make_table: Table) -> PublishedTable:
    """A table of one system on a dataset of 40 queries."""
    rows = (Row(label="one", dataset="one", values=(Decimal("0.500"),)),)
    columns = (Column(label="Alpha", model="alpha"),)
    return make_table(columns=columns, rows=rows, average=None, notes=())


@pytest.fixture
def forty(register: Callable[..., Registered]) -> Registered:
    """Model alpha, and dataset one with 4 queries."""
    return register(["alpha", "beta", "gamma"], [("one", None)])


def test_the_cards_rows_stand_with_measured_and_printed_values(
    exported: Callable[..., Exported], make_result: Make, make_table: Table, registered: Registered
) -> None:
    done = exported("latex", [make_result(0.51249, dim=128, dim_kind="full")], registered, [make_table()])
    read = table(done, "small.tex")
    rows = {line[0]: line for line in read.rows}
    ours, printed = column(read, "Alpha"), column(read, "Alpha", "(card)")
    assert rows["one"][ours] == "0.512"
    assert rows["one"][printed] == "0.500"
    assert rows["three"][ours] == "--", "nothing that was not run is a number"
    assert rows["avg"][ours] == "--"
    assert rows["avg"][printed] == "0.400"
    assert "dim=8" not in read.rows[0], "a system that was not run has no column"
    assert "0.51249" in content(done)["small.tex"].decode().partition("\\end{table}")[2]


def test_below_the_table_stands_what_each_column_is(
    exported: Callable[..., Exported], make_result: Make, make_table: Table, registered: Registered
) -> None:
    results = [
        make_result(0.5, dim=128, dim_kind="full", key="k1"),
        make_result(0.5, dim=64, dim_kind="prefix", key="k2"),
        make_result(0.5, dim=128, dim_kind="full", key="k3", overrides={"precision": "fast"}),
    ]
    done = exported("latex", results, registered, [make_table()])
    read, apart = table(done, "small.tex"), table(done, "other-one.tex")
    assert "dim 128 (dim_kind full), precision strict; registered settings" in read.notes
    assert "dim 64 (dim_kind prefix), precision strict; not the registered settings" in read.notes
    assert "dim 128 (dim_kind full), precision fast; not the registered settings" in apart.notes
    assert "precision fast" not in read.notes, "it may not stand in the card's own column"


def test_only_what_the_queries_support_is_marked(
    exported: Callable[..., Exported], make_result: Make, small: PublishedTable, forty: Registered
) -> None:
    means = {"alpha": 0.70, "beta": 0.55, "gamma": 0.40}
    results = [
        with_values(make_result(0.5, model=model, dim=128, dim_kind="full", key=model), spread(mean, 40))
        for model, mean in means.items()
    ]
    read = table(exported("latex", results, forty, [small]), "small.tex")
    (line,) = (at for at, cells in enumerate(read.rows) if cells[0] == "one")
    marks = {read.rows[0][cell]: mark for (row, cell), mark in read.marked.items() if row == line}
    assert marks == {"Alpha": "\\textbf", "beta": "\\underline"}
    assert len(read.marked) == 2


def test_a_lead_that_a_few_queries_make_is_not_marked(
    exported: Callable[..., Exported], make_result: Make, small: PublishedTable, forty: Registered
) -> None:
    even = spread(0.5, 40)
    results = [
        with_values(make_result(0.5, dim=128, dim_kind="full", key="a"), {**even, "q0": 0.99}),
        with_values(make_result(0.5, model="beta", dim=128, dim_kind="full", key="b"), even),
    ]
    read = table(exported("latex", results, forty, [small]), "small.tex")
    assert read.marked == {}
    assert "Nothing is marked where that cannot be told" in read.notes


def test_what_is_too_wide_for_a_page_goes_on_in_another_table_with_the_same_marks(
    exported: Callable[..., Exported], make_result: Make, small: PublishedTable, forty: Registered
) -> None:
    dims = [128, *range(10, 20)]
    results = [
        with_values(
            make_result(0.5, dim=dim, dim_kind="full" if dim == 128 else "prefix", key=f"k{dim}"),
            spread(0.4 + place / 50, 40),
        )
        for place, dim in enumerate(dims)
    ]
    parts = read_tables(content(exported("latex", results, forty, [small]))["small.tex"].decode())
    assert [len(part.rows[0]) - 1 for part in parts] == [6, 6]
    assert parts[0].rows[0][1:3] == ["Alpha", "Alpha"], "a system and what the card prints for it stay together"
    assert [part.caption.endswith("(continued)") for part in parts] == [False, True]
    marks = [part.rows[0][at] + part.rows[1][at] for part in parts for (_, at) in part.marked]
    assert marks == ["alphadim=19", "alphadim=18"]


def test_a_collection_that_is_in_no_table_gets_one_of_its_own(
    exported: Callable[..., Exported], make_result: Make, registered: Registered
) -> None:
    done = exported("latex", [make_result(0.25, dataset="my_set", dim=128, dim_kind="full")], registered)
    read = table(done, "other-my_set.tex")
    assert [line[0] for line in read.rows if line[1].startswith("0.")] == ["my_set"]
    assert read.caption.startswith("my_set (40 documents and 4 queries)")
    assert "\\input{other-my_set.tex}" in content(done)["all.tex"].decode()


def test_nothing_measured_is_no_table(
    exported: Callable[..., Exported], registered: Registered, make_table: Table
) -> None:
    assert exported("latex", [], registered, [make_table()]).lines() == ["latex: nothing to export"]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_in_a_cell_is_shown_and_nothing_else(text: str) -> None:
    body = latex_text(f"x{text}")
    page = (
        "\\begin{table}\n\\centering\\small\n\\caption{c}\n\\label{tab:t}\n\\begin{tabular}{lr@{}l}\n\\toprule\n"
        f"{body} & \\multicolumn{{2}}{{l}}{{{body}}} \\\\\n\\midrule\n\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n"
    )
    (cells,) = read_table(page).rows
    letters = [one if one.isascii() or has_accent(one) else f"[U+{ord(one):04X}]" for one in printable(f"x{text}")]
    shown = "".join(letters)
    assert cells == [shown.strip(), shown]


@pytest.mark.parametrize(
    "text", ["\\input{x}", "a & b", "50%", "$x$", "a_b^c", "{", "~", "\\\\[1cm]", "#1", "^^41", "\\write18{ls}"]
)
def test_the_reader_of_these_tests_refuses_what_is_not_escaped(text: str) -> None:
    page = (
        "\\begin{table}\n\\centering\\small\n\\caption{c}\n\\label{tab:t}\n\\begin{tabular}{lr@{}l}\n\\toprule\n"
        f"{text} & \\multicolumn{{2}}{{l}}{{x}} \\\\\n\\midrule\n\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n"
    )
    with pytest.raises(ValueError, match=r"."):
        read_table(page)


def test_pdflatex_compiles_all_tables(
    put: Callable[..., Path], make_result: Make, make_table: Table, registered: Registered
) -> None:
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("pdflatex is not installed")
    odd = '=x|<i>`"*_[a]{b}\\c^d~e%f&g#h$i--j?`k\x1b[31m 文é\u202e'
    results = [
        make_result(0.5, dim=128, dim_kind="full", key="k1"),
        make_result(0.4, model=odd, dim=128, dim_kind="full", key="k2"),
        make_result(0.3, dataset=odd, key="k3"),
    ]
    (done,) = export(["latex"], put(results), [make_table()], registered)
    words = [program, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "all.tex"]
    made = subprocess.run(words, cwd=done.folder, capture_output=True, text=True, check=False, timeout=100)
    assert made.returncode == 0, made.stdout[-2000:]
    assert (done.folder / "all.pdf").read_bytes().startswith(b"%PDF")
