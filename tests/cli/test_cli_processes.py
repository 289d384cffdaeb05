"""The same through processes of their own: the modules, the console script, and what a shell sees."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CONSOLE_SCRIPT = Path(sys.executable).with_name("harness")


def start(here: Path, root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(root), "COLUMNS": "160"}
    return subprocess.run(words, cwd=here, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
def test_the_module_and_the_console_script_do_the_same(
    here: Path, root: Path, six: Callable[..., tuple[str, str]], left: Callable[[], list[str]]
) -> None:
    module = start(here, root, sys.executable, "-m", "harness", *six(), "model=bm25")
    assert module.returncode == 0, module.stderr
    assert "nDCG@10" in module.stdout
    assert {name.split("/")[0] for name in left()} == {"runs"}
    if not CONSOLE_SCRIPT.exists():
        pytest.skip("the console script is not installed beside this Python")
    script = start(here, root, str(CONSOLE_SCRIPT), *six(), "model=bm25")
    assert script.returncode == 0, script.stderr
    assert script.stdout == module.stdout
    assert "finished before" in script.stderr


@pytest.mark.slow
def test_a_bad_setting_is_one_line_and_exit_2_in_a_process_too(here: Path, root: Path) -> None:
    found = start(here, root, sys.executable, "-m", "harness", "model=bm52")
    assert found.returncode == 2
    assert found.stdout == ""
    assert found.stderr.startswith("error: unknown model: got 'bm52'")
    assert found.stderr.count("\n") == 1


def test_score_and_report_are_modules_of_their_own(here: Path, root: Path, six: Callable[..., tuple[str, str]]) -> None:
    (here / "x.trec").write_text("q1 Q0 d0 1 1 x\nq2 Q0 d1 1 1 x\n")
    score = start(here, root, sys.executable, "-m", "harness.score", "run=x.trec", *six())
    assert (score.returncode, score.stderr) == (0, "")
    assert "1.0000" in score.stdout
    report = start(here, root, sys.executable, "-m", "harness.report")
    assert (report.returncode, report.stderr) == (0, "")
    assert (here / "runs" / "tables" / "card.md").is_file()
