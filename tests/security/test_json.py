"""JSON and runs of others and of a damaged disk: nothing guessed, nothing half-read, no number that changed unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.encode.architectures import native
from harness.encode.said import read_json
from harness.encode.weights import weight_files
from harness.errors import DataError, ModelError
from harness.json_text import parse_json
from harness.plan.known import config_sizes
from harness.report.record import Result, read_result, write_result
from harness.retrieve import trec, trec_lines
from harness.retrieve.run import Run, ranking
from harness.retrieve.trec import read_foreign_run, read_run, write_run
from harness.score.scores import Scores

BAD = {
    "a key twice": b'{"a": 1, "b": {"c": 1, "c": 1}}',
    "no number": b"[NaN]",
    "infinity": b"[-Infinity]",
    "too large a number": b"[1e999]",
    "too many digits": b"[" + b"9" * 5000 + b"]",
    "depth": b"[" * 100_000,
    "a mark": b"\xef\xbb\xbf{}",
    "another encoding": '{"a": 1}'.encode("utf-16"),
    "bytes that are no text": b'["\xff"]',
    "half a letter in bytes": b'["\xed\xa0\x80"]',
    "more behind it": b"{} {}",
    "nothing": b"",
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_json_that_python_would_read_somehow_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(content)


def test_json_as_it_is_written_is_read_back() -> None:
    data = {"a": [1, -0.5, 1e-300, None, True, "é\u2028"], "b": {"a": {}}}
    assert parse_json(json.dumps(data)) == data
    assert parse_json(json.dumps(data, ensure_ascii=False).encode()) == data


Reader = Callable[[Path], Any]
READERS: dict[str, Reader] = {
    "config.json": read_json,
    "modules.json": read_json,
    "model.safetensors.index.json": lambda path: weight_files(path.parent),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("content", [BAD["depth"], BAD["a key twice"], b"[]", b"1"])
def test_a_checkpoints_json_of_any_shape_is_one_error(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError) as caught:
        READERS[name](tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_plan_reads_no_checkpoint_that_is_nested_deep(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(BAD["depth"])
    with pytest.raises(ModelError, match="cannot be read: got 'nested too deep'"):
        config_sizes(tmp_path, 1)


@pytest.mark.parametrize("name", ["../x.safetensors", "/x.safetensors", "a/x.safetensors", "x.bin", "", "x" * 300, 7])
def test_an_index_names_files_beside_it_and_no_others(tmp_path: Path, name: object) -> None:
    (tmp_path / "here.safetensors").touch()
    names = {"a": "here.safetensors", "b": name}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    with pytest.raises(ModelError, match=r"names weights elsewhere|no index of weights"):
        weight_files(tmp_path)


def test_a_checkpoint_that_asks_for_attention_of_its_own_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="_attn_implementation_internal"):
        native.load(tmp_path, {"model_type": "bert", "_attn_implementation_internal": "somebody/kernel"})


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_run(tmp_path / "run.trec", Run("bm25", {"q": ranking([("a", 2.0), ("b", 1.0)])}), depth=2)
    return tmp_path / "run.trec"


def test_a_sidecar_that_is_nested_deep_or_too_large_is_refused(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sidecar = run.with_name("run.trec.json")
    sidecar.write_bytes(BAD["depth"])
    with pytest.raises(DataError, match="cannot be read: got 'nested too deep'"):
        read_run(run)
    monkeypatch.setattr(trec, "LARGEST_SIDECAR", 1000)
    with pytest.raises(DataError, match="too large: got more than 1,000 bytes"):
        read_run(run)


@pytest.mark.parametrize("change", [{"name": "other"}, {"depth": 1}, {"rows": True}, {"empty": ["a b"]}])
def test_a_sidecar_that_its_run_does_not_bear_out_is_refused(run: Path, change: dict[str, Any]) -> None:
    sidecar = run.with_name("run.trec.json")
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | change))
    with pytest.raises(DataError, match="sidecar"):
        read_run(run)


def test_a_line_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trec_lines, "LONGEST", 5_000_000)
    (tmp_path / "run").write_bytes(b"q Q0 d 1 1 x\n" + b"x" * 7_000_000)
    with pytest.raises(DataError, match="line 2: a line too long: got more than 5,000,000 bytes"):
        read_foreign_run(tmp_path / "run")


@pytest.fixture
def result(tmp_path: Path) -> Path:
    made = Result(
        key="k", model="bm25", dim=None, dim_kind=None, dataset="six", language=None, measure="RR@10",
        scores=Scores({"RR@10": {"q1": 0.5, "q2": 1.0}}), counts={"documents": 6}, search={}, provenance={},
        spec={"dataset": {"name": "six"}, "model": {"name": "bm25"}},
    )  # fmt: skip
    write_result(tmp_path / "result.json", made)
    assert read_result(tmp_path / "result.json") == made
    return tmp_path / "result.json"


EDITS: dict[str, Callable[[dict[str, Any]], object]] = {
    "a value": lambda data: data["scores"]["values"]["RR@10"].update(q1=0.25),
    "no number": lambda data: data["scores"]["values"]["RR@10"].update(q1="0.5"),
    "a mean": lambda data: data["scores"]["means"].update({"RR@10": 0.8}),
    "above one": lambda data: data["scores"]["values"]["RR@10"].update(q1=5.0),
    "a query less": lambda data: data["scores"]["values"]["RR@10"].pop("q2"),
    "a measure that is not there": lambda data: data.update(measure="nDCG@10"),
    "a width in words": lambda data: data.update(dim="128"),
    "a field more": lambda data: data.update(note="x"),
    "a field less": lambda data: data.pop("counts"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("older", [False, True])
def test_a_result_whose_numbers_do_not_belong_together_is_none(
    result: Path, edit: Callable[[dict[str, Any]], object], older: bool
) -> None:
    """Also one that was written before results had a SHA-256."""
    data = json.loads(result.read_text())
    edit(data)
    if older:
        del data["sha256"]
    result.write_text(json.dumps(data))
    with pytest.raises(DataError, match=r"result\.json is no result"):
        read_result(result)


def test_a_fact_that_was_changed_in_a_result_is_noticed(result: Path) -> None:
    result.write_text(result.read_text().replace('"documents": 6', '"documents": 7'))
    with pytest.raises(DataError, match="it does not say what was written: its SHA-256 is another"):
        read_result(result)
