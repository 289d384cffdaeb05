"""Settings that cannot be meant: exit 2, one line that names what, got and expected, nothing left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

UNKNOWN_NAMES = [
    (["dataset=scifcat"], ["unknown dataset", "'scifcat'", "beir/nfcorpus", "Did you mean 'beir/scifact'?"]),
    (["dataset=scifact"], ["unknown dataset", "Did you mean 'beir/scifact'?"]),
    (["model=bm52"], ["unknown model", "'bm52'", "minilm", "Did you mean 'bm25'?"]),
    (["model=xyzzy"], ["unknown model", "'xyzzy'", "bm25"]),
    (["model="], ["unknown model", "''"]),
    (["search=plait"], ["unknown search", "'plait'", "exact", "Did you mean 'plaid'?"]),
    (["search=plaid", "search.plaid.nbits=3"], ["search.plaid.nbits", "one of 1, 2, 4, 8"]),
    (["engine=rai"], ["unknown engine", "'rai'", "Did you mean 'ray'?"]),
    (["+experiment=card/mircl"], ["unknown experiment", "Did you mean 'card/miracl'?"]),
    (["experiment=card/miracl"], ["+experiment="]),
    (["--config-name=nope"], ["no such configuration", "'nope'"]),
    (["datset=mini"], ["unknown key", "'datset'", "Did you mean 'dataset'?"]),
    (["langauge=en"], ["unknown key", "'langauge'", "Did you mean 'language'?"]),
    (["dims=3"], ["unknown key", "'dims'", "Did you mean 'dim'?"]),
    (["dataset.pth=x"], ["unknown key of dataset", "'pth'", "Did you mean 'path'?"]),
    (["model.name_=x"], ["unknown key of model", "'name_'", "Did you mean 'name'?"]),
    (["search.dpth=1"], ["unknown key of search", "'dpth'", "Did you mean 'depth'?"]),
    (["engine.sards=7"], ["unknown key of engine", "'sards'", "Did you mean 'shards'?"]),
    (["engine.device=tpu"], ["unknown engine.device", "'tpu'", "auto, cpu, cuda"]),
    (["dataset.measure=nDCG@ten"], ["measure", "'nDCG@ten'"]),
    (["language=xx"], ["unknown language of dataset mini", "'xx'", "en, ar, de"]),
    (["language=[en,xx]"], ["unknown language of dataset mini", "'xx'"]),
    (["dataset=miracl"], ["miracl has 18 languages", "ar, bn, de, en, es, fa, fi, fr, hi, id, ja, ko, ru, sw, te"]),
    (["dataset=mmarco"], ["mmarco has 13 languages"]),
]
WRONG_VALUES = [
    (["language=false"], ["language", "False (bool)", "Put it in quotes"]),
    (["language=[]"], ["language", "[]"]),
    (["language=[en,en]"], ["language", "different ones of"]),
    (["dim=7"], ["mini offers", "[7]", "128, 96, 64"]),
    (["dim=[128,128]"], ["mini offers", "[128, 128]", "different ones"]),
    (["dim=[]"], ["mini offers", "[]"]),
    (["dim=x"], ["dim: got 'x' (str)", "a whole number"]),
    (["dim=true"], ["dim: got True (bool)", "a whole number"]),
    (["dim=128", "model=bm25"], ["bm25 has no vectors", "dim=128"]),
    (["force=maybe"], ["force: got 'maybe' (str)", "true or false"]),
    (["force=1"], ["force: got 1 (int)", "true or false"]),
    (["precision=fsat"], ["unknown precision: got 'fsat'", "strict, fast"]),
    (["model=bm25", "precision=fast"], ["precision=fast is for encoders alone", "model bm25"]),
    (["out=null"], ["out: got None", "expected text"]),
    (["out=[a]"], ["out: got ['a'] (list)", "expected text"]),
    (["out="], ["out", "a folder"]),
    (["engine.shards=0"], ["engine.shards: got 0", "1 or more"]),
    (["engine=ray", "engine.patience=0"], ["engine.patience: got 0", "1 or more"]),
    (["engine=ray", "engine.address=ray://head:10001"], ["engine.address: got 'ray://head:10001'", "host:port"]),
    (["engine.address=auto"], ["engine.address is for engine=ray alone", "Write engine=ray"]),
    (["engine=ray", "engine.threads=2"], ["engine.threads is for engine.address alone", "OMP_NUM_THREADS"]),
    (["out=s3://bucket/runs"], ["out is no URL", "a cluster one that all its hosts share"]),
    (["search.depth=0"], ["search.depth: got 0", "1 or more"]),
    (["search.depth=1.5"], ["search.depth: got 1.5 (float)", "a whole number"]),
    (["search.depth=5"], ["search.depth", "nDCG@10", "expected 10"]),
    (["model=bm25", "model.k1=abc"], ["model.k1: got 'abc' (str)", "a number or null"]),
    (["dataset.split=false"], ["dataset.split: got False (bool)", "expected text", "Put it in quotes"]),
    (["dataset.split=10"], ["dataset.split: got 10 (int)", "Put it in quotes"]),
    (["dataset.fields=title"], ["dataset.fields: got 'title' (str)", "a list"]),
    (["dataset.fields=[]"], ["dataset.fields is empty", "[title,text]"]),
    (["dataset.name=../../x"], ["dataset.name cannot name a folder", "'../../x'"]),
    (["dataset.name=.."], ["dataset.name cannot name a folder"]),
    (["model.name=/etc"], ["model.name cannot name a folder", "'/etc'"]),
    (["dataset=folder"], ["dataset.path is missing", "dataset.path="]),
    (["dataset=irds"], ["dataset.id is missing", "dataset.id="]),
    (["model=folder"], ["model.path is missing", "model.path="]),
    (["dataset=folder", "dataset.path=nowhere"], ["dataset.path is no folder", "'nowhere'", "BEIR's layout"]),
    (["dataset=folder", "dataset.path=${nope}"], ["cannot be resolved", "nope"]),
]
WORDS_HYDRA_READS_OTHERWISE = [
    (["word"], ["cannot read the override", "'word'", "key=value"]),
    (["dataset.path=[a"], ["cannot read the override", "'dataset.path=[a'"]),
    (
        ["+foo=1"],
        ["unknown key", "'foo'", "one of dataset, model, search, engine, language, dim, precision, out, force"],
    ),
    (["++foo=1"], ["unknown key", "'foo'"]),
    (["+dataset.foo=1"], ["unknown key of dataset", "'foo'"]),
    (["+dataset=mini"], ["dataset"]),
    (["~model"], ["cannot be taken out", "'~model'"]),
    (["~dataset.path"], ["cannot be taken out", "'~dataset.path'"]),
    (["=3"], ["cannot be composed"]),
    (["dataset=null"], ["cannot be composed", "must be a string"]),
    (["dataset={a:1}"], ["'dataset' cannot be set this way"]),
    (["model=bm25,minilm"], ["several values", "model=bm25,minilm", "-m"]),
    (["hydra.output_subdir=.hydra"], ["Hydra's own settings", "hydra.output_subdir"]),
    (["hydra.run.dir=elsewhere"], ["Hydra's own settings"]),
    (["hydra.job.chdir=true"], ["Hydra's own settings"]),
    (["hydra/job_logging=default"], ["Hydra's own settings"]),
    (["hydra/launcher=joblib"], ["Hydra's own settings"]),
    (["hydra.launcher._target_=os.system", "-m"], ["Hydra's own settings"]),
    (["+hydra.callbacks.x._target_=os.system"], ["Hydra's own settings"]),
    (["++hydra.callbacks.x._target_=os.system"], ["Hydra's own settings"]),
]


@pytest.mark.parametrize(("words", "told"), [*UNKNOWN_NAMES, *WRONG_VALUES, *WORDS_HYDRA_READS_OTHERWISE])
def test_a_setting_that_cannot_be_meant_is_told_in_one_line(
    harness: Callable[..., Any], left: Callable[[], list[str]], words: list[str], told: list[str]
) -> None:
    found = harness(*words)
    assert found.code == 2
    assert found.err == f"{found.fault}\n"
    for part in told:
        assert part in found.fault
    assert found.out == ""
    assert [name for name in left() if not name.endswith("multirun.yaml")] == []


def test_a_collection_without_languages_refuses_one(harness: Callable[..., Any], six: Callable[..., Any]) -> None:
    found = harness(*six(), "model=bm25", "language=en")
    assert found.code == 2
    assert "has no languages: got language=en" in found.fault


@pytest.mark.parametrize("flag", ["-x", "--foo", "--cfg=foo"])
def test_an_unknown_flag_exits_with_2_and_is_named(harness: Callable[..., Any], flag: str) -> None:
    found = harness(flag)
    assert found.code == 2
    assert flag.partition("=")[2] or flag in found.err.splitlines()[-1]
    assert "Traceback" not in found.err


def test_a_callback_named_on_the_command_line_is_not_imported(
    harness: Callable[..., Any], left: Callable[[], list[str]], here: Any
) -> None:
    (here / "trap.py").write_text("import pathlib\npathlib.Path('sprung').touch()\nclass Callback: pass\n")
    found = harness("model=bm25", "language=en", "+hydra.callbacks.trap._target_=trap.Callback")
    assert found.code == 2
    assert left() == ["trap.py"]


def test_the_18_languages_of_miracl_are_named(harness: Callable[..., Any]) -> None:
    found = harness("dataset=miracl", "language=xx")
    assert found.code == 2
    named = found.fault.partition("expected one of ")[2].partition(".")[0].split(", ")
    assert len(named) == len(set(named)) == 18


def test_a_fault_of_the_harness_keeps_its_traceback(
    harness: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a fault")

    monkeypatch.setattr("harness.__main__.evaluate_all", broken)
    with pytest.raises(ValueError, match="a fault"):
        harness("model=bm25")


def test_the_configuration_is_shown_and_nothing_is_run(
    harness: Callable[..., Any], left: Callable[[], list[str]]
) -> None:
    found = harness("--cfg", "job", "model=bm25", "language=en")
    assert found.code == 0
    assert "language: en" in found.out
    assert "name: bm25" in found.out
    assert "hydra" not in found.out
    assert left() == []


def test_help_has_three_examples_every_group_and_every_key_of_the_root(harness: Callable[..., Any]) -> None:
    found = harness("--help")
    assert found.code == 0
    assert found.out.count("  python -m harness") >= 3
    for name in ("arguana", "msmarco", "miracl", "mmarco", "folder", "irds", "minilm", "bm25", "exact", "local"):
        assert name in found.out
    keys = [line.split()[0] for line in found.out.partition("Keys")[2].splitlines() if line.strip()]
    for key in ("dataset", "model", "search", "engine", "language", "dim", "precision", "out", "force"):
        assert key in keys
