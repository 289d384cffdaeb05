"""The command line, run in this process: words in; exit code, standard output and standard error out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from harness.__main__ import main

TEXTS = (
    "aspirin is a drug against pain",
    "the river flows to the sea",
    "a town with a market",
    "pain in the back",
    "sea salt and fish",
    "the market sells drugs",
)
QUERIES = b'{"_id": "q1", "text": "which drug"}\n{"_id": "q2", "text": "which river"}\n'
QRELS = b"query-id\tcorpus-id\tscore\nq1\td0\t2\nq1\td3\t0\nq2\td1\t1\n"


@dataclass(frozen=True)
class Outcome:
    """What one command line came to."""

    code: int
    out: str
    err: str

    @property
    def fault(self) -> str:
        """The one line that tells what is wrong; a stage that was over before has a line of its own."""
        faults = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert len(faults) == 1, self.err
        assert self.err.endswith(f"{faults[0]}\n")
        assert "Traceback" not in self.err
        return faults[0]


def record(doc_id: str, text: str, title: str = "") -> bytes:
    return json.dumps({"_id": doc_id, "title": title, "text": text}).encode() + b"\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def harness(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setenv("COLUMNS", "160")

    def run(*words: object) -> Outcome:
        monkeypatch.setattr("sys.argv", ["harness", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        told = capsys.readouterr()
        assert not GlobalHydra.instance().is_initialized()
        assert isinstance(end.value.code, int)
        return Outcome(end.value.code, told.out, told.err)

    return run


@pytest.fixture
def six(tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Make a BEIR folder of six documents, any file of which can be given, and return the words that choose it."""

    def make(**files: bytes | None) -> tuple[str, str]:
        folder = tmp_path / "six"
        corpus = b"".join(record(f"d{place}", text) for place, text in enumerate(TEXTS))
        content = {"corpus": corpus, "queries": QUERIES, "qrels": QRELS} | files
        (folder / "qrels").mkdir(parents=True, exist_ok=True)
        names = {"corpus": "corpus.jsonl", "queries": "queries.jsonl", "qrels": "qrels/test.tsv"}
        for part, text in content.items():
            if text is not None:
                (folder / names[part]).write_bytes(text)
        return ("dataset=folder", f"dataset.path={folder}")

    return make


@pytest.fixture
def left(here: Path) -> Callable[[], list[str]]:
    """Every file in the working folder, by its path."""
    return lambda: sorted(str(path.relative_to(here)) for path in here.rglob("*") if path.is_file())
