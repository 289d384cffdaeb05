"""Real collections of ir_datasets through the command line, pre-placed in a folder of their own, sockets denied."""

from __future__ import annotations

import csv
import gzip
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DENIED = """
import socket
def refuse(*args, **kwargs):
    raise OSError("the network is denied")
socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = socket.create_connection = refuse
"""


@dataclass(frozen=True)
class Offline:
    """A machine without network: IR_DATASETS_HOME holds what was put there, everything else is empty."""

    folder: Path

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def run(self, module: str, *words: str, code: int = 0) -> tuple[str, str]:
        """Return standard output and standard error of a command."""
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=self.work,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == code, done.stderr[-3000:]
        return done.stdout, done.stderr

    def place(self, group: str, name: str) -> Path:
        """Return where ir_datasets looks for a file that it would download."""
        known = json.loads(pkgutil.get_data("ir_datasets", "etc/downloads.json") or b"")
        path = self.folder / "irds" / group / known[group][name]["cache_path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _environment(self) -> dict[str, str]:
        (self.folder / "denied").mkdir(exist_ok=True)
        (self.folder / "denied" / "sitecustomize.py").write_text(DENIED, encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("IR_DATASETS")}
        home = str(self.folder / "irds")
        return kept | {
            "PYTHONPATH": f"{self.folder / 'denied'}{os.pathsep}{ROOT}",
            "HOME": str(self.folder / "home"),
            "IR_DATASETS_HOME": home,
            "IR_DATASETS_TMP": f"{home}/part",
            "IR_DATASETS_DL_TRIES": "1",
            "COLUMNS": "220",
        }


@pytest.fixture
def offline(tmp_path: Path) -> Offline:
    for name in ("work", "home"):
        (tmp_path / name).mkdir()
    return Offline(tmp_path)


def place_scifact(offline: Offline, data: Path) -> None:
    with zipfile.ZipFile(offline.place("beir", "scifact"), "w") as archive:
        for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
            archive.write(data / "scifact" / name, f"scifact/{name}")


def place_yoruba(offline: Offline, data: Path) -> int:
    """Put the real topics and judgments of MIRACL's Yoruba there, and a made-up corpus of the judged documents.

    A relevant document's text is its question, so that BM25 has something to find; returned is the corpus' size.
    """
    for part in ("topics", "qrels"):
        source = data / "topics_qrels" / f"{part}.miracl-v1.0-yo-dev.tsv"
        shutil.copy(source, offline.place("miracl", f"v1.0/yo/dev/{part}"))
    topics = dict(rows(data / "topics_qrels" / "topics.miracl-v1.0-yo-dev.tsv"))
    texts: dict[str, str] = {}
    for query, _, doc_id, grade in rows(data / "topics_qrels" / "qrels.miracl-v1.0-yo-dev.tsv"):
        known = texts.get(doc_id, "")
        texts[doc_id] = f"{known} {topics[query]}" if grade == "1" else known or "ohun mìíràn"
    with gzip.open(offline.place("miracl", "v1.0/yo/corpus/0"), "wt", encoding="utf-8") as file:
        for doc_id, text in sorted(texts.items()):
            file.write(json.dumps({"docid": doc_id, "title": "", "text": text}) + "\n")
    return len(texts)


def rows(path: Path) -> Iterable[list[str]]:
    return (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())


def cell(path: Path, row: str, column: str) -> dict[str, str]:
    """Return what stands in one cell of a table written as CSV, a line per cell."""
    with path.open(encoding="utf-8", newline="") as file:
        (found,) = [line for line in csv.DictReader(file) if (line["row"], line["column"]) == (row, column)]
    return found


def shown_means(shown: str, row: str) -> list[float]:
    """Return the numbers in one row of a printed table, differences left out."""
    line = next(line for line in shown.splitlines() if row in line)
    return [float(number) for number in re.findall(r"(?<![\d.+-])[01]?\.\d{3}(?!\d)", line)]


def test_scifact_offline_stands_in_the_cards_table(offline: Offline, shared_data: Path) -> None:
    place_scifact(offline, shared_data)
    shown, told = offline.run("harness", "dataset=beir/scifact", "model=bm25")
    assert "5,183 documents" in told
    assert "nDCG@10" in shown
    value = shown_means(shown, "scifact")[0]
    # Anserini's flat index gives .6789.
    assert abs(value - 0.6789) < 0.01
    (result,) = (offline.work / "runs").glob("results/bm25/scifact/words-*/result.json")
    exact = json.loads(result.read_text(encoding="utf-8"))["scores"]["means"]["nDCG@10"]
    assert abs(exact - value) <= 0.0005

    report, _ = offline.run("harness.report")
    found = cell(offline.work / "runs" / "tables" / "beir.csv", "scifact", "BM25")
    assert abs(float(found["measured"]) - exact) <= 1e-6
    assert (found["published"], found["verdict"], found["queries"]) == ("0.665", "different", "300")
    assert abs(float(found["difference"]) - (exact - 0.665)) <= 1e-6
    (line,) = (
        line
        for line in (offline.work / "runs" / "tables" / "beir.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| **scifact**")
    )
    for text in (f"{value:.3f}", "0.665", f"{exact - 0.665:+.3f}", "different"):
        assert text in line.rpartition("|")[0].split("|")[-1]
        assert text in report

    again, told = offline.run("harness", "dataset=beir/scifact", "model=bm25")
    assert "finished before, nothing to do" in told
    assert again == shown


def test_a_miracl_language_offline_is_evaluated_and_its_size_checked(offline: Offline, shared_data: Path) -> None:
    documents = place_yoruba(offline, shared_data)
    yoruba = ("dataset=miracl", "language=yo", "model=bm25")
    shown, told = offline.run("harness", *yoruba, code=3)
    assert (shown, told.count("error: ")) == ("", 1)
    assert f"number of documents: got {documents:,}, expected 49,043" in told
    assert not (offline.work / "runs" / "results").exists()

    shown, told = offline.run("harness", *yoruba, f"dataset.languages.yo.documents={documents}")
    assert f"{documents:,} documents" in told
    assert shown_means(shown, "miracl yo")[0] > 0.5, "a corpus that repeats the questions is easily searched"
    (result,) = (offline.work / "runs").glob("results/bm25/miracl/yo/words-*/result.json")
    counts = json.loads(result.read_text(encoding="utf-8"))["counts"]
    assert {"documents": documents, "queries": 119, "qrels": 1188, "missing_judged": 0}.items() <= counts.items()

    report, _ = offline.run("harness.report")
    assert f"{documents:,} documents, the table's dataset has 49,043" in " ".join(report.split())


def test_what_is_not_there_is_asked_for_by_its_place(offline: Offline) -> None:
    shown, told = offline.run("harness", "dataset=beir/nfcorpus", "model=bm25", code=3)
    assert (shown, told.count("error: ")) == ("", 1)
    assert "the network is denied" in told or "beir/nfcorpus/test: ir_datasets could not read it" in told
    assert str(offline.folder / "irds") in told
    assert list((offline.folder / "home").iterdir()) == []
