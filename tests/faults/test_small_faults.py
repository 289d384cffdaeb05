"""Faults that one small test each can show: clocks, closed pipes, forks, ids that look like paths."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.paths import PACKAGE
from harness.pipeline import evaluate
from harness.spec import DatasetSpec, LexicalSpec, RunSpec

MODULES = sorted(PACKAGE.rglob("*.py"))
WALL = {"time.time", "time.time_ns", "datetime.now", "datetime.today", "datetime.utcnow", "time.localtime"}
FORKS = {"os.fork", "os.forkpty", "multiprocessing.Process", "multiprocessing.Pool"}
FORKING_NAMES = {"Process", "Pool", "ProcessPoolExecutor", "DataLoader"}


def uses(path: Path, names: set[str]) -> set[str]:
    """Return which of the dotted `names` a module reads."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {text for node in nodes if isinstance(node, ast.Attribute) and (text := ast.unparse(node)) in names}


def test_nothing_but_the_record_looks_at_a_clock_that_can_be_set_back() -> None:
    found = {path.relative_to(PACKAGE).as_posix(): uses(path, WALL) for path in MODULES}
    assert {name: clocks for name, clocks in found.items() if clocks} == {
        "report/provenance.py": {"datetime.now"},
        # On what day a card was read, in the YAML that is made of it.
        "audit/__main__.py": {"datetime.now"},
    }


def test_no_process_is_forked_for_threads_and_cuda_do_not_survive_it() -> None:
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        assert not uses(path, FORKS), path
        assert not imported & FORKING_NAMES, path


def test_a_reader_that_is_gone_ends_the_command_with_141_and_no_traceback(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "harness.report", f"out={tmp_path}"],
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
        assert process.wait(timeout=60) == 141
    assert told == ""


@pytest.mark.parametrize("odd", ["../../evil", "/etc/evil", "..", "~evil", "con:evil"])
def test_an_id_never_becomes_the_name_of_a_file(tmp_path: Path, odd: str) -> None:
    data = tmp_path / "data"
    (data / "qrels").mkdir(parents=True)
    (data / "corpus.jsonl").write_text(json.dumps({"_id": odd, "text": "a river"}) + "\n")
    (data / "queries.jsonl").write_text(json.dumps({"_id": odd, "text": "river"}) + "\n")
    (data / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{odd}\t{odd}\t1\n")
    spec = RunSpec(
        dataset=DatasetSpec(name="x", source="beir", path=str(data)),
        model=LexicalSpec(name="bm25"),
        dims=(None,),
        out=str(tmp_path / "out"),
    )
    (result,) = evaluate(spec)
    assert result.scores.values[result.measure] == {odd: 1.0}
    made = [path for path in tmp_path.rglob("*") if path.is_file() and data not in path.parents]
    (entry,) = (tmp_path / "out" / "inputs").iterdir()
    assert sorted(path.name for path in made) == sorted([entry.name, "result.json", "run.trec", "run.trec.json"])
    assert all("evil" not in str(path.relative_to(tmp_path)) for path in made)
