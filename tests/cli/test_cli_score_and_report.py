"""`harness score` and `harness report` through the same door."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def run(harness: Callable[..., Any], six: Callable[..., Any], here: Path) -> Path:
    assert harness(*six(), "model=bm25").code == 0
    return next(here.glob("runs/**/run.trec"))


def test_scoring_a_run_gives_what_the_job_gave(harness: Callable[..., Any], six: Callable[..., Any], run: Path) -> None:
    found = harness("score", f"run={run}", *six())
    assert found.code == 0
    assert found.err == ""
    assert "0.8155" in found.out
    assert "2 judged queries" in found.out


def test_a_foreign_run_may_lack_queries_and_have_others_when_that_is_allowed(
    harness: Callable[..., Any], six: Callable[..., Any], here: Path
) -> None:
    (here / "foreign.trec").write_text("q1 Q0 d0 1 1 x\nq9 Q0 d0 1 1 x\n")
    found = harness("score", "run=foreign.trec", *six(), "allow_missing=true", "drop_unjudged=true", "per_query=true")
    assert found.code == 0
    assert "nDCG@10\tq1\t1.0000\nnDCG@10\tq2\t0.0000\n" in found.out
    assert "0.5000" in found.out
    assert "1 of them missing" in " ".join(found.out.split())


def test_a_damaged_run_of_the_harness_is_refused(
    harness: Callable[..., Any], six: Callable[..., Any], run: Path
) -> None:
    run.write_bytes(run.read_bytes()[:-1])
    found = harness("score", f"run={run}", *six())
    assert found.code == 3
    assert "is not the run that its sidecar describes" in found.fault


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], ["run is missing", "run="]),
        (["run=nope.trec"], ["run is no file", "'nope.trec'"]),
        (["rnu=x"], ["unknown key", "Did you mean 'run'?"]),
        (["run=x", "model=bm25"], ["unknown key", "'model'"]),
        (["run=x", "out=runs"], ["unknown key", "'out'"]),
        (["run=x", "dataset=scifcat"], ["unknown dataset", "Did you mean 'beir/scifact'?"]),
        (["run=x", "dataset=mini"], ["one language", "language="]),
        (["run=x", "dataset=miracl"], ["miracl has 18 languages"]),
        (["run=x", "dataset=mini", "language=xx"], ["unknown language of dataset mini"]),
        (["run=x", "allow_missing=no"], ["allow_missing", "'no'", "true or false"]),
        (["run=x", "drop_unjudged=5"], ["drop_unjudged", "true or false"]),
    ],
)
def test_a_setting_of_score_that_cannot_be_meant_is_told_in_one_line(
    harness: Callable[..., Any], six: Callable[..., Any], here: Path, words: list[str], told: list[str]
) -> None:
    (here / "x").write_text("q1 Q0 d0 1 1 x\nq2 Q0 d0 1 1 x\n")
    dataset = [] if any(word.startswith("dataset=") for word in words) else six()
    found = harness("score", *dataset, *words)
    assert found.code == 2
    assert found.err == f"{found.fault}\n"
    for part in told:
        assert part in found.fault


def test_the_report_of_an_empty_folder_says_not_run_and_how_to_run(
    harness: Callable[..., Any], left: Callable[[], list[str]]
) -> None:
    found = harness("report")
    assert found.code == 0
    assert "not run" in found.out
    assert "python -m harness" in found.out
    assert "runs/tables/card.md" in left()
    assert all(name.startswith("runs/tables/") for name in left())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["out=5"], ["out: got 5", "a folder"]),
        (["otu=x"], ["unknown key", "Did you mean 'out'?"]),
        (["dataset=mini"], ["unknown key", "'dataset'"]),
    ],
)
def test_a_setting_of_report_that_cannot_be_meant_is_told_in_one_line(
    harness: Callable[..., Any], left: Callable[[], list[str]], words: list[str], told: list[str]
) -> None:
    found = harness("report", *words)
    assert found.code == 2
    assert found.err == f"{found.fault}\n"
    for part in told:
        assert part in found.fault
    assert left() == []


def test_a_damaged_result_is_named_by_the_report(harness: Callable[..., Any], run: Path, here: Path) -> None:
    run.with_name("result.json").write_text("{")
    found = harness("report")
    assert found.code == 3
    assert "result.json is no result" in found.fault
    assert not (here / "runs" / "tables").exists()


@pytest.mark.parametrize(("command", "keys"), [("score", ["run", "language", "per_query"]), ("report", ["out"])])
def test_the_other_commands_have_help_of_their_own(harness: Callable[..., Any], command: str, keys: list[str]) -> None:
    found = harness(command, "--help")
    assert found.code == 0
    assert found.out.count(f"python -m harness.{command}") >= 2
    for key in keys:
        assert key in found.out.partition("Keys")[2]
