"""`export=`: which names it takes, what it says, and that equal results give equal bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.report.__main__ import LIST
from harness.report.exports.formats import FORMATS, Exported, export, formats_of
from harness.report.published import PublishedTable
from harness.report.record import Result
from harness.report.registered import Registered
from harness.retrieve.run import Run
from tests.report.exports.conftest import content, spread, with_values

Make = Callable[..., Result]
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, ()),
        ("mteb", ("mteb",)),
        ("mteb, csv", ("mteb", "csv")),
        (["trec", "latex"], ("trec", "latex")),
        ("all", tuple(FORMATS)),
    ],
)
def test_formats_are_asked_for_by_name(value: object, names: tuple[str, ...]) -> None:
    assert formats_of(value) == names


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("mtbe", "unknown export: got 'mtbe', expected one of csv, latex.*Did you mean 'mteb'"),
        (["csv", "csv"], "export: got .*expected different ones of csv"),
        (["csv", "all"], "expected different ones of csv"),
        (5, "export: got 5, expected one or more of csv"),
        ("", "unknown export: got ''"),
        ([7], "unknown export: got 7"),
    ],
)
def test_another_name_is_one_line_with_the_choices(value: object, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        formats_of(value)


@pytest.mark.parametrize(
    ("word", "taken"),
    [
        ("export=mteb,model-index,latex", "export=[mteb,model-index,latex]"),
        ("export=mteb", "export=mteb"),
        ("export=[mteb,csv]", "export=[mteb,csv]"),
        ("export='mteb,csv'", "export='mteb,csv'"),
        ("out=a,b", "out=a,b"),
    ],
)
def test_a_bare_list_of_formats_is_a_list_and_no_sweep(word: str, taken: str) -> None:
    assert LIST.sub(r"export=[\1]", word) == taken


def small(make_result: Make) -> list[Result]:
    """Return four results: two systems told apart, one prefix, one without vectors on another collection."""
    results = [
        make_result(0.5, dim=128, dim_kind="full", key="k1"),
        make_result(0.5, model="beta", dim=128, dim_kind="full", key="k2"),
        make_result(0.5, dim=64, dim_kind="prefix", key="k3"),
    ]
    means = {"k1": 0.75, "k2": 0.5, "k3": 0.7}
    made = [with_values(result, spread(means[result.key], 40), "nDCG@10", "R@100") for result in results]
    return [*made, make_result(1 / 3, model="bm25", dataset="else", key="k4", command=["python", "-m", "harness"])]


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("parquet", "mteb")])
def test_a_small_export_is_as_it_was_when_a_person_last_read_it(
    name: str,
    exported: Callable[..., Exported],
    make_result: Make,
    make_table: Callable[..., PublishedTable],
    registered: Registered,
    run: Run,
) -> None:
    done = exported(name, small(make_result), registered, [make_table()], {"k1": run, "k4": run})
    golden = GOLDEN / name
    assert content(done) == {
        path.relative_to(golden).as_posix(): path.read_bytes() for path in golden.rglob("*") if path.is_file()
    }


def test_a_small_mteb_tree_is_as_it_was_when_a_person_last_read_it(
    exported: Callable[..., Exported], of_card: Make, configured: Registered
) -> None:
    results = [
        of_card("scifact", value=0.678, key="k1"),
        of_card("scifact", value=0.66, key="k2", dim=64, dim_kind="prefix"),
        of_card("miracl", "sw", value=0.5, key="k3"),
    ]
    done = exported("mteb", results, configured)
    golden = GOLDEN / "mteb"
    assert content(done) == {
        path.relative_to(golden).as_posix(): path.read_bytes() for path in golden.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("name", FORMATS)
def test_equal_results_give_equal_bytes_in_whatever_order_they_were_made(
    name: str, put: Callable[..., Path], of_card: Make, configured: Registered, run: Run
) -> None:
    out = put([of_card("scifact", key="k1"), of_card("scifact", key="k2", model="bm25")], {"k1": run})
    (first,) = export([name], out, (), configured)
    before = content(first)
    (second,) = export([name], out, (), configured)
    assert content(second) == before != {}
    assert second.stale == ()


def test_files_of_an_export_before_are_told_and_left(
    put: Callable[..., Path], make_result: Make, registered: Registered
) -> None:
    out = put([make_result(0.5)])
    (out / "exports" / "csv").mkdir(parents=True)
    (out / "exports" / "csv" / "old.csv").write_text("mine\n")
    (done,) = export(["csv"], out, (), registered)
    assert done.lines()[-1].endswith("also holds 1 file of before, as old.csv: remove what is no more")
    assert (out / "exports" / "csv" / "old.csv").read_text() == "mine\n"


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_of_nothing_is_said(name: str, tmp_path: Path, registered: Registered) -> None:
    (done,) = export([name], tmp_path, (), registered)
    assert done.lines() == [f"{name}: nothing to export"]
    assert not (tmp_path / "exports").exists()
