"""`python -m harness.report export=...`: through the same door as a user."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.report.__main__ import main
from harness.report.record import Result

Make = Callable[..., Result]
Outcome = tuple[int, str, str]


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Run the command in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("COLUMNS", "300")

    def run(*words: str) -> Outcome:
        monkeypatch.setattr("sys.argv", ["report", *words])
        with pytest.raises(SystemExit) as end:
            main()
        told = capsys.readouterr()
        return int(end.value.code or 0), told.out, told.err

    return run


def test_a_list_between_commas_writes_every_form_beside_the_tables(
    report: Callable[..., Outcome], put: Callable[..., Path], of_card: Make
) -> None:
    out = put([of_card("scifact")])
    code, told, _ = report(f"out={out}", "export=mteb,model-index,latex")
    assert code == 0
    assert sorted(path.name for path in (out / "exports").iterdir()) == ["latex", "model-index", "mteb"]
    assert (out / "tables" / "card.md").exists()
    assert f"mteb: 2 files under {out}/exports/mteb" in told
    assert "latex: 2 files under" in told


def test_an_unknown_form_is_told_in_one_line_before_anything_is_written(
    report: Callable[..., Outcome], put: Callable[..., Path], of_card: Make
) -> None:
    out = put([of_card("scifact")])
    code, _, told = report(f"out={out}", "export=[mteb,latx]")
    assert code == 2
    assert told == (
        "error: unknown export: got 'latx', expected one of csv, latex, model-index, mteb, parquet, trec, all. "
        "Did you mean 'latex'?\n"
    )
    assert not (out / "tables").exists()
    assert not (out / "exports").exists()


def test_without_a_form_nothing_is_exported(
    report: Callable[..., Outcome], put: Callable[..., Path], of_card: Make
) -> None:
    out = put([of_card("scifact")])
    assert report(f"out={out}")[0] == 0
    assert not (out / "exports").exists()
