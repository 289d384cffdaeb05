"""Jobs from the command line: what they leave, what they say, and what a second start does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """Every result under `folder` by the name of its own folder, its key left out."""
    return {
        path.parent.name.rpartition("-")[0]: json.loads(path.read_bytes())
        for path in sorted(folder.glob("runs/results/**/result.json"))
    }


def rows(table: str, first: str) -> Iterable[list[str]]:
    return [line.split() for line in table.splitlines() if line.startswith(first)]


def test_a_job_leaves_what_it_read_a_run_its_sidecar_and_a_result_and_nothing_else(
    harness: Callable[..., Any], six: Callable[..., Any], left: Callable[[], list[str]]
) -> None:
    found = harness(*six(), "model=bm25")
    assert found.code == 0
    inputs, *others = left()
    assert inputs.startswith("runs/inputs/six-")
    assert [name.rpartition("/")[2] for name in others] == ["result.json", "run.trec", "run.trec.json"]
    assert all(name.startswith("runs/results/bm25/six/words-") for name in others)
    assert list(rows(found.out, "six ")) == [["six", "0.815"]]


def test_off_a_terminal_each_stage_is_one_line(harness: Callable[..., Any], six: Callable[..., Any]) -> None:
    found = harness(*six(), "model=bm25")
    told = found.err.splitlines()
    assert len(told) == 3
    for line, stage in zip(
        told, ["read: 6 documents", "index and search: 6 documents", "score and write"], strict=True
    ):
        assert stage in line
        assert line.endswith(" s")
        assert line.isprintable()


def test_a_finished_job_says_so_and_is_not_run_again(
    harness: Callable[..., Any], six: Callable[..., Any], here: Path
) -> None:
    first = harness(*six(), "model=bm25")
    before = results(here)
    again = harness(*six(), "model=bm25")
    assert again.code == 0
    assert "finished before, nothing to do (force=true runs it again)" in again.err
    assert "index and search" not in again.err
    assert again.out == first.out
    assert results(here) == before


def test_force_runs_a_finished_job_again(harness: Callable[..., Any], six: Callable[..., Any], here: Path) -> None:
    harness(*six(), "model=bm25")
    run = next(here.glob("runs/**/run.trec"))
    content = run.read_bytes()
    run.write_bytes(b"")
    found = harness(*six(), "model=bm25", "force=true")
    assert found.code == 0
    assert "index and search: 6 documents" in found.err
    assert run.read_bytes() == content


@pytest.mark.parametrize(
    ("words", "widths"),
    [
        (["dim=null"], ["dim-384"]),
        (["dim=384"], ["dim-384"]),
        (["dim=all"], ["dim-128", "dim-384", "dim-64", "dim-96"]),
        (["dim=[64,128]"], ["dim-128", "dim-64"]),
    ],
)
def test_a_job_has_a_result_for_each_dimension_asked_for_and_one_table(
    harness: Callable[..., Any], six: Callable[..., Any], here: Path, words: list[str], widths: list[str]
) -> None:
    found = harness(*six(), "model=minilm", *words)
    assert found.code == 0
    assert sorted(results(here)) == widths
    (row,) = rows(found.out, "six ")
    assert len(row) == 1 + len(widths)


def test_a_dimension_asked_for_later_is_added_without_doing_the_others_again(
    harness: Callable[..., Any], six: Callable[..., Any], here: Path
) -> None:
    harness(*six(), "model=minilm", "dim=384")
    alone = results(here)["dim-384"]
    harness(*six(), "model=minilm", "dim=[384,64]")
    assert results(here)["dim-384"] == alone
    assert sorted(results(here)) == ["dim-384", "dim-64"]


@pytest.mark.parametrize(("language", "count"), [("en", 1), ("[en,de]", 2), ("all", 10)])
def test_language_takes_one_a_list_or_all(harness: Callable[..., Any], language: str, count: int) -> None:
    found = harness("model=bm25", f"language={language}")
    assert found.code == 0
    assert len(list(rows(found.out, "mini "))) == count
    assert len(list(rows(found.out, "avg "))) == (count > 1)
    assert found.out.count("nDCG@10") == 1


def test_a_sweep_prints_one_table_at_the_end_avg_first(
    harness: Callable[..., Any], left: Callable[[], list[str]]
) -> None:
    found = harness("-m", "model=bm25", "language=en,de")
    assert found.code == 0
    assert found.out.count("nDCG@10") == 1
    table = [line.split()[:2] for line in found.out.splitlines() if line.startswith(("avg ", "mini "))]
    assert [row[-1] for row in table[1:]] == ["en", "de"]
    assert table[0][0] == "avg"
    assert {name.split("/")[0] for name in left()} == {"runs"}
    assert [name for name in left() if ".hydra" in name or name.endswith(".log") or name.startswith("multirun")] == []


def test_one_failing_job_of_a_sweep_exits_with_5_and_the_others_have_their_table(
    harness: Callable[..., Any], six: Callable[..., Any]
) -> None:
    folder = six()[1]
    found = harness("-m", "dataset=folder", "model=bm25", f"{folder}_nowhere,{folder.partition('=')[2]}")
    assert found.code == 5
    assert "error: dataset.path is no folder" in found.err
    assert len(list(rows(found.out, "six "))) == 1


def test_a_sweep_whose_jobs_all_fail_exits_with_their_code(harness: Callable[..., Any]) -> None:
    found = harness("-m", "dataset=folder", "model=bm25", "dataset.path=here,there")
    assert found.code == 2
    assert found.out == ""
    assert found.err.count("error: ") == 2


def test_an_unknown_choice_in_a_sweep_is_told_before_any_job_starts(harness: Callable[..., Any]) -> None:
    found = harness("-m", "model=bm25,nope", "language=en")
    assert found.code == 2
    assert "unknown model: got 'nope'" in found.fault
    assert found.err == f"{found.fault}\n"


@pytest.mark.parametrize("model", ["bm25", "minilm"])
def test_an_empty_document_and_one_of_a_megabyte_run_through_and_are_counted(
    harness: Callable[..., Any], six: Callable[..., Any], here: Path, model: str
) -> None:
    words = six()
    corpus = Path(words[1].partition("=")[2]) / "corpus.jsonl"
    odd = [{"_id": "empty", "text": ""}, {"_id": "blank", "text": " \t"}, {"_id": "long", "text": "drug " * 210_000}]
    with corpus.open("a") as file:
        file.writelines(json.dumps(one) + "\n" for one in odd)
    found = harness(*words, f"model={model}", "dim=null")
    assert found.code == 0
    (result,) = results(here).values()
    assert result["search"]["documents"] == 9
    assert result["search"]["empty"] == 2
    assert result["search"]["truncated"] == (model == "minilm")
    found_ids = {line.split()[2] for line in next(here.glob("runs/**/run.trec")).read_text().splitlines()}
    assert "long" in found_ids
    assert not found_ids & {"empty", "blank"}


def test_ctrl_c_ends_a_whole_sweep_with_130_and_says_what_goes_on(
    harness: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []

    def broken_off(specs: object, *_: object) -> None:
        begun.append(specs)
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.__main__.evaluate_all", broken_off)
    found = harness("-m", "model=bm25", "language=en,de,fr")
    assert found.code == 130
    assert len(begun) == 1
    assert found.err.startswith("interrupted by SIGINT: what is finished is kept; go on with: ")
    assert found.err.count("\n") == 1
