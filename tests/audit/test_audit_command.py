"""`harness audit` through the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.report.reading import read_published

CARD = """\
# A model

<table><tr><td>0.5</td></tr></table>

## BEIR

| NDCG@10 | mine | BM25 |
|---|---|---|
| avg | 0.460 | 0.250 |
| nq | 0.500 | 0.300 |
| fiqa | 0.400 | 0.200 |
"""


@pytest.fixture
def harness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    (tmp_path / "README.md").write_text(CARD, encoding="utf-8")

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["harness", "audit", *words])
        with pytest.raises(SystemExit) as end:
            main()
        told = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, told.out, told.err

    return run


def test_findings_are_told_and_are_no_fault(harness: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    code, out, err = harness("card=README.md")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "README.md: 1 table, 6 numbers, 2 averages checked; 1 finding"
    assert "finding: line 7, A model / BEIR: mine, avg: the printed average 0.460 does not follow" in out
    assert "skipped: 1 table written as HTML" in out
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_findings_can_be_made_a_fault(harness: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    code, _, err = harness("card=README.md", "fail=true")
    assert code == 3
    assert "README.md contradicts itself: got 1 findings" in err
    (tmp_path / "README.md").write_text(CARD.replace("0.460", "0.450"), encoding="utf-8")
    assert harness("card=README.md", "fail=true")[0] == 0


def test_tables_are_written_so_that_the_report_can_read_them(
    harness: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    code, out, _ = harness("card=README.md", "yaml=tables", "url=https://huggingface.co/a/b")
    assert code == 0
    assert "written: tables/a-model-beir.yaml" in out
    assert "in it: a-model-beir: mine: no model is known by this name" in out
    (table,) = read_published(tmp_path / "tables")
    assert (table.source.card, table.title, len(table.rows)) == ("a/b", "BEIR", 2)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([], 2, "card is missing"),
        (["card=nope.md"], 2, "card is no file"),
        (["card=README.md", "fail=5"], 2, "fail: got 5, expected true or false"),
        (["card=README.md", "yaml=tables"], 2, "yaml needs the address of the card"),
        (["card=README.md", "yaml=tables", "url=http://e.org"], 2, "expected https://"),
        (["card=README.md", "yaml=tables", "url=https://e.org", "measure=speed"], 2, "unknown measure"),
        (["crad=README.md"], 2, "Did you mean 'card'?"),
        (["card=bytes.md"], 3, "cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_one_line(
    harness: Callable[..., tuple[int, str, str]], tmp_path: Path, words: list[str], code: int, told: str
) -> None:
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe\x00")
    found, out, err = harness(*words)
    assert found == code
    assert told in err
    assert err.count("\n") == 1
    assert out == ""


def test_a_card_cannot_write_to_the_terminal(harness: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(CARD.replace("mine", "m\x1b[2Jine"), encoding="utf-8")
    _, out, _ = harness("card=README.md")
    assert "\x1b" not in out
    assert "m\\x1b[2Jine" in out
