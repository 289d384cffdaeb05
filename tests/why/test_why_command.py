"""`harness why` through the command line, with BM25."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.retrieve.plaid_package import is_there


@pytest.fixture
def harness(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setenv("COLUMNS", "160")

    def run(*words: str) -> tuple[int, str, str]:
        own = any(word.startswith("dataset=") for word in words)
        line = words if own else ("dataset=folder", f"dataset.path={folder}", "model=bm25", *words)
        monkeypatch.setattr("sys.argv", ["harness", "why", *line])
        with pytest.raises(SystemExit) as end:
            main()
        told = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, told.out, told.err

    return run


def test_a_gap_is_explained_and_jobs_are_kept(harness: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    code, out, _ = harness("target=1", "fields=[drop_self,ties,bm25,search]")
    assert code == 0
    text = " ".join(out.split())
    assert "it would be explained by drop_self false -> true (100 %)" in text
    assert ("exact against PLAID: it needs fast-plaid" in text) is not is_there()
    assert len(list((tmp_path / "runs" / "results").rglob("result.json"))) == 3
    assert " s " in text
    again = harness("target=1", "fields=[drop_self,ties,bm25,search]")[1]
    assert " s " not in " ".join(again.split("measured")[0].split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "no value is published for bm25 on two-causes"),
        (["target=high"], "target: got 'high', expected a number"),
        (["target=1", "budget=-1"], "budget: got -1"),
        (["target=1", "fields=[colour]"], "unknown field"),
        (["target=1", "fields=drop_self"], "fields: got"),
        (["target=1", "values=5"], "values"),
        (["tarket=1"], "Did you mean 'target'?"),
    ],
)
def test_what_cannot_be_meant_is_one_line(
    harness: Callable[..., tuple[int, str, str]], words: list[str], told: str
) -> None:
    code, _, err = harness(*words)
    assert code == 2
    assert told in err
    assert err.count("error: ") == 1


def test_one_cell_is_explained_at_a_time(harness: Callable[..., tuple[int, str, str]]) -> None:
    for words in (["dataset=mini", "language=[en,de]"], ["dataset=mini", "language=en", "model=mini", "dim=[128,64]"]):
        assert "one cell is explained at a time" in harness(*words, "target=1")[2]
