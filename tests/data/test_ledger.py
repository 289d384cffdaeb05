"""What a folder of results began with, held against what is read later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.data.collection import Collection
from harness.data.ledger import enter
from harness.errors import DataError
from harness.pipeline import evaluate
from harness.spec import DatasetSpec, LexicalSpec, RunSpec

CORPUS = b'{"_id": "d1", "text": "A drug."}\n{"_id": "d2", "text": "A river."}\n{"_id": "d3", "text": "A town."}\n'
CHANGED: dict[str, dict[str, bytes]] = {
    "documents": {"corpus": CORPUS.replace(b"town", b"city")},
    "queries": {"query_file": b'{"_id": "q1", "text": "which drug"}\n{"_id": "q2", "text": "which brook"}\n'},
    "qrels": {"qrels_file": b"q1\td1\t1\nq1\td3\t0\nq2\td2\t1\n"},
}
Open = Callable[..., Collection]


@pytest.mark.parametrize("part", CHANGED)
def test_a_part_that_changed_since_is_told_with_both_hashes(opened: Open, tmp_path: Path, part: str) -> None:
    before = opened(corpus=CORPUS)
    enter(tmp_path / "out", before)
    after = opened(**{"corpus": CORPUS, **CHANGED[part]})
    with pytest.raises(DataError) as caught:
        enter(tmp_path / "out", after)
    told = str(caught.value)
    assert f"hand: its {part} are not those that {tmp_path / 'out'} began with" in told
    assert f"got sha256 {getattr(after.fingerprints, part)}" in told
    assert f"expected sha256 {getattr(before.fingerprints, part)}" in told
    assert "force=true" in told
    enter(tmp_path / "out", before)


def test_the_same_content_is_entered_once_and_another_reading_stands_beside_it(opened: Open, tmp_path: Path) -> None:
    enter(tmp_path / "out", opened(corpus=CORPUS))
    (path,) = (tmp_path / "out" / "inputs").iterdir()
    inode = path.stat().st_ino
    enter(tmp_path / "out", opened(corpus=CORPUS))
    assert path.stat().st_ino == inode
    enter(tmp_path / "out", opened(corpus=CORPUS, fields=("text",), join=" | "))
    assert len(list(path.parent.iterdir())) == 2


def test_what_was_meant_to_change_takes_the_place_of_the_old(opened: Open, tmp_path: Path) -> None:
    enter(tmp_path / "out", opened(corpus=CORPUS))
    changed = opened(corpus=CORPUS.replace(b"town", b"city"))
    enter(tmp_path / "out", changed, anew=True)
    enter(tmp_path / "out", changed)
    (path,) = (tmp_path / "out" / "inputs").iterdir()
    assert changed.fingerprints.documents in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"fingerprints": {"documents": "x"}, "sha256": "y"}'])
def test_an_entry_that_was_damaged_is_written_anew(opened: Open, tmp_path: Path, content: bytes) -> None:
    found = opened(corpus=CORPUS)
    enter(tmp_path / "out", found)
    (path,) = (tmp_path / "out" / "inputs").iterdir()
    whole = path.read_bytes()
    path.write_bytes(content)
    enter(tmp_path / "out", found)
    assert path.read_bytes() == whole


def test_a_job_that_is_started_again_over_a_changed_corpus_is_refused(folder: Callable[..., Path]) -> None:
    path = folder(CORPUS)
    dataset = DatasetSpec(name="hand", source="beir", path=str(path))
    spec = RunSpec(dataset=dataset, model=LexicalSpec(name="bm25"), dims=(None,), out=str(path / "out"))
    (first,) = evaluate(spec)
    (path / "corpus.jsonl").write_bytes(CORPUS.replace(b"town", b"city"))
    with pytest.raises(DataError, match="its documents are not those"):
        evaluate(spec)
    (again,) = evaluate(replace(spec, force=True))
    assert again.key != first.key
