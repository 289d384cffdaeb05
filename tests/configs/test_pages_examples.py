"""The examples of the pages: the files that a page shows, written to a folder, do what the page says of them."""

from __future__ import annotations

import runpy
import shlex
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.paths import PACKAGE
from harness.report.reading import read_published
from harness.report.registered import registered
from tests.fixtures.pages import blocks, commands, shown_files

Run = Callable[[str], tuple[int, str]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that commands are given in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    return tmp_path


@pytest.fixture
def run(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what gives a command line and returns its exit code and all that it said."""

    def given(line: str) -> tuple[int, str]:
        words = shlex.split(line)
        module = words[words.index("-m") + 1]
        rest = words[words.index("-m") + 2 :]
        monkeypatch.setattr("sys.argv", ["harness", *([module.partition(".")[2]] if "." in module else []), *rest])
        with pytest.raises(SystemExit) as end:
            main()
        told = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, told.out + told.err

    return given


def page(root: Path, name: str) -> str:
    return (root / name).read_text(encoding="utf-8")


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")


def own(text: str) -> list[str]:
    """Return the commands of a page that take a folder of configurations."""
    return [line for line in commands(text) if "--config-dir" in line]


def test_the_dataset_of_the_page_is_checked_and_run(root: Path, here: Path, run: Run) -> None:
    text = page(root, "configs/dataset/README.md")
    files = shown_files(text)
    assert len(files) == 4
    write(here, files)
    doctor, evaluate = own(text)
    assert run(doctor)[0] == 0
    code, told = run(evaluate)
    assert (code, "teas" in told) == (0, True), told
    assert ("teas", None) in registered(here / "my").datasets
    wrong = files["my/dataset/teas.yaml"].replace("documents: 3", "documents: 4")
    write(here, {"my/dataset/teas.yaml": wrong})
    code, told = run(f"{evaluate} out=other")
    assert (code, "number of documents: got 3, expected 4" in told) == (3, True), told


def test_the_model_of_the_page_is_checked_and_run(root: Path, here: Path, run: Run) -> None:
    text = page(root, "configs/model/README.md")
    write(here, shown_files(text))
    for end in ("", "-64"):
        shutil.copytree(PACKAGE / "encode" / f"mini{end}", here / f"checkpoint{end}")
    doctor, evaluate = own(text)
    code, told = run(doctor)
    assert (code, "FAIL" in told) == (0, False), told
    assert list(registered(here / "my").models) == ["mine"]
    assert run(f"{evaluate} engine.workers=1")[0] == 0
    assert sorted(path.name.split("-")[1] for path in here.glob("runs/results/mine/mini/en/*")) == ["128", "64"]


def test_the_card_of_the_page_is_audited_converted_and_filled(root: Path, here: Path, run: Run) -> None:
    text = page(root, "reports/published/README.md")
    ((name, card),) = shown_files(text).items()
    write(here, {name: card})
    audit, convert, evaluate = commands(text)
    code, told = run(audit)
    assert (code, told.count("finding: ")) == (0, 1), told
    assert run(convert)[0] == 0
    (shown,) = blocks(text, "yaml")
    (written,) = (here / "cards").glob("*.yaml")
    assert f"`cards/{written.name}`" in text
    assert undated(written.read_text(encoding="utf-8")) == undated(shown)
    written.write_text(shown, encoding="utf-8")
    assert len(read_published(here / "cards")) == 1
    assert run(evaluate)[0] == 0
    (code_block,) = blocks(text, "python")
    write(here, {"report.py": code_block})
    made = runpy.run_path(str(here / "report.py"))["made"]
    assert {str(word): count for word, count in made.verdicts.items() if count} == {"exact": 3, "not run": 3}
    assert "A model" in (here / "runs/tables/card.md").read_text(encoding="utf-8")


def undated(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("  read: ")]


QUICK = (
    "python -m harness dataset=folder dataset.path=DIR model=bm25",
    "python -m harness.status out=runs",
    "python -m harness.report out=runs",
    "python -m harness.report out=DIR export=mteb,model-index,latex",
    "python -m harness.status out=DIR",
    "python -m harness.audit card=README.md",
    "python -m harness.audit card=README.md yaml=DIR url=https://huggingface.co/jinaai/jina-colbert-v2",
)
"""Commands of the pages that need no network and take a second, in an order in which each finds what it needs."""


def test_the_quick_commands_of_the_pages_run(root: Path, here: Path, run: Run) -> None:
    names = ("README.md", "reports/reproducing.md", "configs/dataset/README.md")
    shown = [line for name in names for line in commands(page(root, name))]
    assert set(QUICK) <= set(shown)
    files = shown_files(page(root, "configs/dataset/README.md"))
    write(here, {name.replace("teas/", "DIR/"): content for name, content in files.items()})
    write(here, {"README.md": shown_files(page(root, "reports/published/README.md"))["card.md"]})
    for line in QUICK:
        code, told = run(line)
        assert code == 0, f"{line}: {told}"
        if line == QUICK[0]:
            shutil.copytree(here / "runs" / "results", here / "DIR" / "results")
    assert (here / "runs/tables/report.html").is_file()
    assert (here / "DIR/exports").is_dir()


def test_the_python_of_the_readme_runs(root: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = shown_files(page(root, "configs/dataset/README.md"))
    write(here, {name.replace("teas/", "DIR/"): content for name, content in files.items()})
    (code,) = blocks(page(root, "README.md"), "python")
    write(here, {"own.py": code})
    result = runpy.run_path(str(here / "own.py"))["result"]
    assert result.value == result.scores.values["nDCG@10"]["q1"] == 1.0
    assert "1.0 " in capsys.readouterr().out
