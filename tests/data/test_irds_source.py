"""ir_datasets offline: files put where that package looks for them, in a process of their own without network.

A process, because ir_datasets reads IR_DATASETS_HOME once, when it is imported, and leaves files to be closed.
"""

from __future__ import annotations

import gzip
import json
import os
import pkgutil
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from harness.data.load import load
from harness.data.qrels import read_qrels
from harness.spec import DatasetSpec

PRELUDE = """
import dataclasses, json, pickle, socket, sys
def refuse(*args, **kwargs):
    raise OSError("the network is denied")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
from harness.data.load import load
from harness.errors import HarnessError
from harness.spec import DatasetSpec

def show(**spec):
    try:
        found = load(DatasetSpec(name="x", source="irds", **spec))
    except HarnessError as error:
        return found_error(error)
    documents = list(found.corpus.documents(0, 10**9))
    n = len(documents)
    for cut in (0, 1, n // 3, n - 1, n):
        assert documents == [*found.corpus.documents(0, cut), *found.corpus.documents(cut, n)], cut
    one, other = found.corpus.documents(0, n), found.corpus.documents(5, n)
    pairs = list(zip(one, other))
    assert pairs == list(zip(documents, documents[5:])), "two readers at once disturb each other"
    elsewhere = pickle.loads(pickle.dumps(found))
    assert documents[5:] == list(elsewhere.corpus.documents(5, n)), "a worker process reads something else"
    fingerprints = list(dataclasses.astuple(found.fingerprints))
    return {"counts": dataclasses.asdict(found.counts), "fingerprints": fingerprints, "first": documents[0]}

def found_error(error):
    return {"kind": type(error).__name__, "error": str(error)}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def run(home: Path, script: str, before: str = "") -> Any:
    environment = {**os.environ, "IR_DATASETS_HOME": str(home), "IR_DATASETS_TMP": str(home / "tmp")}
    environment |= {"IR_DATASETS_DL_TRIES": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", f"{PRELUDE}\n{before}\nprint(json.dumps({script}))"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def cached(home: Path, group: str, name: str) -> Path:
    known = json.loads(pkgutil.get_data("ir_datasets", "etc/downloads.json") or b"")
    path = home / group / known[group][name]["cache_path"]
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_scifact_is_the_same_through_both_sources(home: Path, shared_data: Path) -> None:
    with zipfile.ZipFile(cached(home, "beir", "scifact"), "w") as archive:
        for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
            archive.write(shared_data / "scifact" / name, f"scifact/{name}")
    counts = {"documents": 5183, "queries": 300, "qrels": 339}
    found, repeated = run(home, f"[show(id='beir/scifact/test', **{counts}), show(id='beir/scifact/test')]")
    assert found == repeated
    assert counts.items() <= found["counts"].items()
    folder = load(DatasetSpec(name="scifact", source="beir", path=str(shared_data / "scifact")))
    same = folder.fingerprints
    assert found["fingerprints"] == [same.documents, same.queries, same.qrels]


def place_yoruba(home: Path, shared: Path) -> int:
    """Put the real topics and judgments of MIRACL Yoruba and a made-up corpus of the judged ids in their places."""
    for part in ("topics", "qrels"):
        shutil.copy(
            shared / "topics_qrels" / f"{part}.miracl-v1.0-yo-dev.tsv", cached(home, "miracl", f"v1.0/yo/dev/{part}")
        )
    ids = {doc for grades in read_qrels(cached(home, "miracl", "v1.0/yo/dev/qrels")).values() for doc in grades}
    with gzip.open(cached(home, "miracl", "v1.0/yo/corpus/0"), "wt", encoding="utf-8") as file:
        for doc_id in sorted(ids):
            file.write(json.dumps({"docid": doc_id, "title": "Ìwé", "text": f"ọ̀rọ̀ {doc_id}"}) + "\n")
    return len(ids)


def test_a_miracl_language_is_read_from_its_compressed_files(home: Path, shared_data: Path) -> None:
    documents = place_yoruba(home, shared_data)
    found = run(home, f"show(id='miracl/yo/dev', documents={documents}, queries=119, qrels=1188)")
    assert {"documents": documents, "queries": 119, "qrels": 1188, "missing_judged": 0}.items() <= found[
        "counts"
    ].items()
    assert found["first"][1].startswith("Ìwé ọ̀rọ̀ ")
    assert not list(home.glob("miracl/**/*.pklz4/bin")), "reading must not build a store of the whole corpus"


SHARDS = """
import ir_datasets.formats.jsonl as formats
opened, plain = [], formats.JsonlDocs.docs_iter
formats.JsonlDocs.docs_iter = lambda self: opened.append(1) or plain(self)
corpus = load(DatasetSpec(name="x", source="irds", id="miracl/yo/dev")).corpus
opened.clear()
ids = [doc_id for start in (0, 100, 300, 700) for doc_id, _ in corpus.documents(start, start + 100)]
forward = len(opened)
first = [doc_id for doc_id, _ in corpus.documents(0, 1)]
"""


def test_shards_of_a_compressed_corpus_are_read_in_one_go(home: Path, shared_data: Path) -> None:
    place_yoruba(home, shared_data)
    ids, forward, first, back = run(home, "[ids, forward, first, len(opened)]", SHARDS)
    assert (len(set(ids)), forward) == (400, 1)
    assert (first, back) == (ids[:1], 2)


def test_a_missing_part_of_the_corpus_is_told_with_both_numbers(home: Path, shared_data: Path) -> None:
    documents = place_yoruba(home, shared_data)
    found = run(home, "show(id='miracl/yo/dev', documents=49043)")
    assert found["kind"] == "DataError"
    assert f"number of documents: got {documents:,}, expected 49,043" in found["error"]


def test_a_truncated_file_is_told(home: Path, shared_data: Path) -> None:
    place_yoruba(home, shared_data)
    path = cached(home, "miracl", "v1.0/yo/corpus/0")
    path.write_bytes(path.read_bytes()[:-100])
    cached(home, "beir", "scifact").write_bytes(b"<html>404</html>")
    torn, page = run(home, "[show(id='miracl/yo/dev'), show(id='beir/scifact/test')]")
    assert torn["kind"] == page["kind"] == "DataError"
    assert "miracl/yo/dev: ir_datasets could not read it: got EOFError" in torn["error"]
    assert "beir/scifact/test: ir_datasets could not read it: got BadZipFile" in page["error"]
    assert str(home / "beir") in page["error"]


def test_without_network_the_remedy_names_the_file_and_its_place(home: Path) -> None:
    found = run(home, "show(id='beir/nfcorpus/test')")
    assert found["kind"] == "DataError"
    assert "\n" not in found["error"]
    assert str(home) in found["error"]


def test_settings_that_cannot_be_meant_are_told(home: Path) -> None:
    unknown, unjudged, fields, query_field = run(
        home,
        "[show(id='beir/scifct/test'), show(id='beir/scifact'), show(id='beir/scifact/test', fields=('body',)),"
        " show(id='miracl/yo/dev', query_field='narrative')]",
    )
    assert {found["kind"] for found in (unknown, unjudged, fields, query_field)} == {"ConfigError"}
    assert "Did you mean beir/scifact/test" in unknown["error"]
    assert "beir/scifact has no qrels. Those with judgments are beir/scifact/test" in unjudged["error"]
    assert "got documents with the fields doc_id, text, title" in fields["error"]
    assert "dataset.fields=[text]" in fields["error"]
    assert "dataset.query_field=text" in query_field["error"]


def test_a_folder_is_read_without_torch_and_without_ir_datasets(home: Path) -> None:
    loaded = run(home, "[name in sys.modules for name in ('torch', 'beir', 'ir_datasets', 'transformers')]")
    assert loaded == [False] * 4
    assert not home.exists()
