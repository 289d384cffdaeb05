"""One hostile result through every writer: nothing it holds does anything, and what can be exact is."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml
from huggingface_hub import metadata_load
from markdown_it import MarkdownIt

from harness.report.exports.formats import FORMATS, Exported, export
from harness.report.exports.ir_metadata import END
from harness.report.exports.labels import safe_name
from harness.report.exports.material import Material, read_material
from harness.report.exports.mteb_meta import experiment_name
from harness.report.published import PublishedTable
from harness.report.record import Result
from harness.report.registered import Registered
from harness.retrieve.run import Run
from tests.report.exports.conftest import content, with_values
from tests.report.exports.latex_reader import read_tables

Make = Callable[..., Result]
ODD = (
    "=cmd|' /C calc'!A0<script>alert(1)</script>\\input{/etc/passwd}\\write18{ls}$x$%&#_^~{\x1b[31m\u202egnp.exe"
    "\u2066&a *a !!python/object/apply:os.system [ls] `x` | --- \r\n# ir_metadata.end\n---\nq Q0 d 1 1 x\n"
    "../../etc \x00\x85\u2028"
)
"""HTML, LaTeX, a spreadsheet's formula, escapes of a terminal, letters that turn the direction, YAML, lines, paths."""
ACTIVE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
TEXT = [name for name in FORMATS if name != "parquet"]


@pytest.fixture
def hostile(make_result: Make) -> list[Result]:
    """Results with a hostile text wherever a result holds one."""
    odd = make_result(0.25, model=ODD, dataset=ODD, language=ODD, key=ODD, dim=64, dim_kind=ODD, command=[ODD, ODD])
    odd.provenance.update({"processor": ODD, "platform": ODD, "commit": ODD, "libraries": {ODD: ODD}})
    odd.provenance["fingerprints"] = {"documents": ODD, "model": ODD}
    odd.spec["dataset"].update({"id": ODD, "join": ODD, "split": ODD})
    odd.spec["model"].update({"path": ODD, "skiplist": ODD, "trained_on": [ODD]})
    odd.spec["precision"] = ODD
    values = {ODD: 0.25, "=1+1": 1 / 3}
    known = make_result(0.5, dim=128, dim_kind="full", key="k2", overrides={"model.skiplist": ODD})
    return [with_values(odd, values, "nDCG@10"), known]


@pytest.fixture
def done(
    hostile: list[Result],
    exported: Callable[..., Exported],
    make_table: Callable[..., PublishedTable],
    registered: Registered,
    run: Run,
) -> Callable[[str], Exported]:
    return lambda name: exported(name, hostile, registered, [make_table()], {ODD: run, "k2": run})


@pytest.mark.parametrize("name", TEXT)
def test_no_file_holds_a_letter_that_is_not_seen_or_that_acts_on_a_terminal(
    name: str, done: Callable[[str], Exported]
) -> None:
    for text in content(done(name)).values():
        letters = {letter for letter in text.decode() if unicodedata.category(letter) in ACTIVE}
        assert letters <= {"\n"}


@pytest.mark.parametrize("name", FORMATS)
def test_every_file_lies_in_its_folder_under_a_plain_name(name: str, done: Callable[[str], Exported]) -> None:
    made = done(name)
    for path in made.paths:
        assert made.folder in path.resolve().parents
        parts = path.relative_to(made.folder).parts
        assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._=+-]{0,220}", part) for part in parts)


def test_what_is_told_of_an_export_is_inert(put: Callable[..., Path], hostile: list[Result]) -> None:
    out = put(hostile) / "exports" / "mteb"
    out.mkdir(parents=True)
    (out / "a\x1b[31m\u202e").write_text("")
    (told,) = export(["mteb"], out.parents[1], (), Registered())
    assert len(told.lines()) == 3
    assert not {letter for line in told.lines() for letter in line if unicodedata.category(letter) in ACTIVE}


def test_csv_starts_no_formula_and_keeps_its_lines(done: Callable[[str], Exported]) -> None:
    for text in content(done("csv")).values():
        lines = list(csv.reader(io.StringIO(text.decode(), newline="")))
        assert {len(line) for line in lines} == {len(lines[0])}
        assert not [cell for line in lines for cell in line if cell.lstrip().startswith(("=", "+", "-", "@"))]


def test_parquet_keeps_the_very_texts(done: Callable[[str], Exported]) -> None:
    frame = pd.read_parquet(io.BytesIO(content(done("parquet"))["queries.parquet"]))
    assert {ODD, "=1+1"} <= set(frame["query"])
    assert ODD in set(frame["model"])


def test_the_header_of_a_run_stays_a_comment_and_plain_yaml(done: Callable[[str], Exported]) -> None:
    headers = []
    for text in content(done("trec")).values():
        head, _, rest = text.decode().partition(f"\n{END}\n")
        assert all(line.startswith("# ") for line in head.splitlines())
        assert not re.search(r"(?m)^# +(- |[^\"']*: )[&*!]", head), "no anchor, no alias, no tag"
        assert all(len(line.split()) == 6 for line in rest.splitlines())
        headers.append(yaml.safe_load("\n".join(line.removeprefix("#") for line in head.splitlines()[1:])))
    assert [header["method"]["retrieval"][0]["name"] for header in headers] == [ODD, "alpha"]
    assert headers[0]["data"]["test collection"]["name"] == ODD


def test_a_model_card_is_plain_yaml_and_a_page_without_elements(done: Callable[[str], Exported]) -> None:
    made = done("model-index")
    cards = [metadata_load(path) for path in made.paths]
    names = {card["model-index"][0]["results"][0]["dataset"]["name"] for card in cards if card}
    assert f"{ODD} {ODD}" in names
    for text in content(made).values():
        page = text.decode().split("\n---\n", 1)[1]
        tokens = MarkdownIt("commonmark").parse(page)
        inline = {child.type for token in tokens for child in token.children or []}
        assert inline <= {"text", "text_special", "softbreak"}
        assert not [token for token in tokens if token.type in ("html_block", "fence", "code_block")]


def test_tables_for_papers_hold_no_command_of_theirs(done: Callable[[str], Exported]) -> None:
    made = content(done("latex"))
    tables = {name: text for name, text in made.items() if name != "all.tex"}
    assert len(tables) == 2
    for text in tables.values():
        assert read_tables(text.decode())
    lines = made["all.tex"].decode().splitlines()
    assert [line for line in lines if line.startswith("\\input")] == [f"\\input{{{name}}}" for name in tables]


def test_an_mteb_tree_is_plain_json_with_the_very_texts(
    exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    result = of_card("scifact", overrides={})
    result.spec["model"]["skiplist"] = ODD
    result.spec["dataset"]["id"] = ODD
    made = exported("mteb", [result], configured)
    (path,) = (one for one in made.paths if one.name == "SciFact.json")
    (scores,) = json.loads(path.read_bytes())["scores"]["test"]
    assert ODD in scores["data"]
    assert path.read_bytes().isascii()
    assert "experiments" in path.parts


@pytest.mark.parametrize("text", [ODD, "..", "", ".hidden", "a/b", "x" * 300, "con:", "文"])
def test_any_text_becomes_one_plain_name(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._=+-]{0,99}", safe_name(text))
    assert safe_name(text) != safe_name(f"{text} ")
    assert re.fullmatch(r"[A-Za-z0-9._+-]{1,216}", experiment_name({text: text}) or "")


def test_material_is_read_in_the_order_of_folders(put: Callable[..., Path], hostile: list[Result]) -> None:
    found = read_material(put(hostile), (), Registered())
    assert isinstance(found, Material)
    assert [one.place for one in found.found] == ["00", "01"]
