"""The command line, run in this process in an empty folder, with words of an attacker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.__main__ import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder from which modules can be imported, as with `python -m`."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.fixture
def harness(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str]]:
    """Run words as the command line does; give the exit code and what stands on standard error."""
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")

    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["harness", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        assert isinstance(end.value.code, int)
        return end.value.code, capsys.readouterr().err

    return run
