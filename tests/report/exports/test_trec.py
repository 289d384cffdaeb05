"""TREC runs with an ir_metadata header."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ir_measures
import pytest
import yaml

from harness.errors import DataError
from harness.report.exports.formats import Exported, export
from harness.report.exports.ir_metadata import END, START
from harness.report.record import Result
from harness.report.registered import Registered
from harness.retrieve.run import Run
from harness.retrieve.trec_lines import read_lines
from harness.score.evaluate import evaluate as score
from tests.report.exports.conftest import content

Make = Callable[..., Result]
SECTIONS = ["platform", "implementation", "resources", "research goal", "method", "actor", "data"]


def read(text: bytes) -> tuple[dict[str, Any], bytes]:
    """Return header and run as repro_eval takes them apart: lines between two marks, without their number sign."""
    lines = text.decode().split("\n")
    assert lines[0] == START
    end = lines.index(END)
    header = "\n".join(line.strip("#") for line in lines[1:end])
    return yaml.safe_load(header), "\n".join(line for line in lines if not line.startswith("#")).encode()


def test_the_run_is_the_jobs_own_to_the_byte_and_the_header_is_yaml(
    exported: Callable[..., Exported], make_result: Make, registered: Registered, run: Run, tmp_path: Path
) -> None:
    result = make_result(0.25, dim=128, dim_kind="full", command=["python", "-m", "harness", "dim=128"])
    done = exported("trec", [result], registered, runs={"k1": run})
    header, rest = read(content(done)["00/run.trec"])
    assert rest == (tmp_path / "results" / "00" / "run.trec").read_bytes()
    assert header["schema-version"] == 0.1
    assert header["tag"] == "alpha-one"
    assert [name for name in header if name in SECTIONS] == SECTIONS
    assert header["research goal"]["evaluation"]["means"] == {"ndcg_cut_10": 0.25}
    assert header["implementation"]["executable"]["cmd"] == "python -m harness dim=128"
    (stage,) = header["method"]["retrieval"]
    assert (stage["precision"], stage["dim"], stage["dim_kind"]) == ("strict", 128, "full")
    assert stage["params"]["query_length"] == 32
    assert header["actor"]["role"] == "reproducer"


def test_the_run_without_its_comments_reads_back_as_the_ranking(
    exported: Callable[..., Exported], make_result: Make, registered: Registered, run: Run, tmp_path: Path
) -> None:
    done = exported("trec", [make_result(0.25)], registered, runs={"k1": run})
    (tmp_path / "plain.trec").write_bytes(read(content(done)["00/run.trec"])[1])
    with (tmp_path / "plain.trec").open("rb") as file:
        name, rankings = read_lines(file, "run", mark=False)
    assert name == run.name
    assert rankings == {query: found for query, found in run.rankings.items() if len(found)}


def test_what_ir_measures_makes_of_the_run_is_what_the_result_says(
    exported: Callable[..., Exported], make_result: Make, registered: Registered, run: Run, tmp_path: Path
) -> None:
    qrels = {"q0": {"d2": 1}, "q1": {"d1": 1}, "q2": {"d3": 2, "d4": 1}}
    result = replace(make_result(0.0), scores=score(run, qrels, ["nDCG@10", "R@100"]))
    done = exported("trec", [result], registered, runs={"k1": run})
    header, rest = read(content(done)["00/run.trec"])
    (tmp_path / "plain.trec").write_bytes(rest)
    found = ir_measures.calc_aggregate(
        [ir_measures.nDCG @ 10, ir_measures.R @ 100], qrels, ir_measures.read_trec_run(str(tmp_path / "plain.trec"))
    )
    assert {str(measure): value for measure, value in found.items()} == pytest.approx(result.scores.means, abs=1e-12)
    means = header["research goal"]["evaluation"]["means"]
    assert means == {"ndcg_cut_10": result.scores.mean("nDCG@10"), "recall_100": result.scores.mean("R@100")}


def test_a_system_without_vectors_says_that_it_has_no_dim(
    exported: Callable[..., Exported], make_result: Make, registered: Registered, run: Run
) -> None:
    done = exported("trec", [make_result(0.25, model="bm25")], registered, runs={"k1": run})
    (stage,) = read(content(done)["00/run.trec"])[0]["method"]["retrieval"]
    assert stage["method"] == "BM25"
    assert (stage["params"]["k1"], stage["params"]["b"]) == (0.9, 0.4)
    assert stage["dim"] is None
    assert stage["dim_kind"] is None


def test_a_result_without_its_run_is_left_out_and_said(
    exported: Callable[..., Exported], make_result: Make, registered: Registered
) -> None:
    done = exported("trec", [make_result(0.25)], registered)
    assert done.lines()[:2] == ["trec: nothing to export", "left out of trec: 1 result: run.trec is not beside it"]


def test_a_run_that_lost_its_end_is_not_exported(
    put: Callable[..., Path], make_result: Make, registered: Registered, run: Run
) -> None:
    out = put([make_result(0.25)], {"k1": run})
    path = out / "results" / "00" / "run.trec"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(DataError, match="is not the run that its sidecar describes"):
        export(["trec"], out, (), registered)
    assert not (out / "exports").exists()
