"""A damaged BEIR folder: every kind of damage is told on one line, with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.data import lines as lines_module
from harness.data.load import load
from harness.errors import ConfigError, DataError
from harness.spec import DatasetSpec

Told = Callable[..., str]
CORPUS = b'{"_id": "d1", "text": "A drug."}\n{"_id": "d2", "text": "A river."}\n{"_id": "d3", "text": "A town."}\n'


def test_a_folder_that_is_none_is_a_setting() -> None:
    with pytest.raises(ConfigError, match=r"dataset\.path is no folder: got 'nowhere'"):
        load(DatasetSpec(name="x", source="beir", path="nowhere"))


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl"])
def test_a_missing_file_is_named(folder: Callable[..., Path], name: str) -> None:
    path = folder()
    (path / name).unlink()
    with pytest.raises(DataError, match=f"has no {name}"):
        load(DatasetSpec(name="x", source="beir", path=str(path)))


def test_a_missing_split_names_the_splits_there(told_of: Told) -> None:
    found = told_of(split="dev")
    assert "has no qrels/dev.tsv: got the splits test" in found
    assert "dataset.split=test" in found


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"_id": "d4", "text": "cut', "line 4: invalid JSON: got Unterminated string starting at at letter 23 of"),
        (b"[" * 200_000, "line 4: JSON that no record needs"),
        (b'{"_id": ' + b"9" * 5000 + b"}", "line 4: JSON that no record needs"),
        (b'{"_id": "d4", "text": "\xff\xfe"}', "line 4: invalid UTF-8: got bytes ff fe 22 7d at 23"),
        (b'["d4", "text"]', "line 4: got ['d4', 'text'], expected a JSON object"),
        (b"", "line 4: got a blank line"),
        (b'{"text": "no id"}', "line 4: _id: got fields ['text'], expected a string"),
        (b'{"_id": true, "text": "x"}', "line 4: _id: got True, expected a string"),
        (b'{"_id": 1.0, "text": "x"}', "line 4: _id: got 1.0, expected a string"),
        (b'{"_id": null, "text": "x"}', "line 4: _id: got None, expected a string"),
        (b'{"_id": "d4", "title": "x"}', "line 4: text: got fields ['_id', 'title'], expected a string"),
        (b'{"_id": "d4", "text": null}', "line 4: text: got None"),
        (b'{"_id": "d4", "text": ["x"]}', "line 4: text: got ['x']"),
        (b'{"_id": "d4", "title": 4, "text": "x"}', "line 4: title: got 4"),
        (b'{"_id": "", "text": "x"}', "line 4: document id: got ''"),
        (b'{"_id": "d 4", "text": "x"}', "line 4: document id: got 'd 4'"),
        (b'{"_id": "d\\n4", "text": "x"}', "line 4: document id: got 'd\\n4'"),
        (b'{"_id": "d\\u00004", "text": "x"}', "line 4: document id: got 'd\\x004'"),
        (b'{"_id": "d\\u00a04", "text": "x"}', "line 4: document id: got 'd\\xa04'"),
        (b'{"_id": "d\\ud8004", "text": "x"}', "line 4: document id: got 'd\\ud8004'"),
        (b'{"_id": "d4", "text": "\\ud800"}', "line 4: lone surrogate in the text: got '\\ud800'"),
        (b'{"_id": "d1", "text": "Other."}', "document id 'd1' comes twice with different texts"),
    ],
)
def test_a_bad_document_is_told_with_its_line(told_of: Told, line: bytes, told: str) -> None:
    assert told in told_of(corpus=CORPUS + line + b"\n")


def test_two_texts_for_one_id_are_told_with_both_lines(told_of: Told) -> None:
    found = told_of(corpus=CORPUS + b'{"_id": "d2", "text": "Another river."}\n')
    assert "corpus.jsonl, line 2 and " in found
    assert "corpus.jsonl, line 4" in found


def test_a_line_without_end_is_refused(told_of: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "LONGEST", 100)
    assert "line 4: got a line of more than" in told_of(corpus=CORPUS + b" " * 101)


def test_fields_that_no_document_has_are_refused(told_of: Told) -> None:
    told = told_of(corpus=CORPUS, fields=("body",))
    assert "line 1 has none of dataset.fields=['body']: got fields ['_id', 'text']" in told


@pytest.mark.parametrize(
    ("queries", "told"),
    [
        (b"", "queries.jsonl, line 1: no queries"),
        (b'{"_id": "q1", "text": "a"}\n', "qrels judge queries that have no text: got 1 of 2: 'q2'"),
        (b'{"_id": "q1", "text": " "}\n{"_id": "q2", "text": "a"}\n', "line 1: query 'q1' has no text"),
        (b'{"_id": "q1", "text": "a"}\n{"_id": "q1", "text": "b"}\n', "line 2: query id 'q1' comes twice"),
        (b'{"_id": "q1"}\n', "line 1: text: got fields ['_id']"),
        (b'{"_id": "q 1", "text": "a"}\n', "line 1: query id: got 'q 1'"),
        (b'{"_id": "q1", "text": "\\udc00"}\n', "line 1: lone surrogate"),
    ],
)
def test_bad_queries_are_told(told_of: Told, queries: bytes, told: str) -> None:
    assert told in told_of(query_file=queries)


@pytest.mark.parametrize(
    ("qrels", "told"),
    [
        ("", "test.tsv, line 1: no judgments"),
        ("query-id\tcorpus-id\tscore\n", "test.tsv, line 1: no judgments"),
        ("q1\td1\t1.0\n", "line 1: grade: got '1.0', expected an integer"),
        ("query-id\tcorpus-id\tscore\nq1\td1\t0.5\n", "line 2: grade: got '0.5'"),
        ("q1\td1\tTrue\n", "line 1: grade: got 'True'"),
        ("q1\td1\t\n", "line 1: grade: got ''"),
        ("q1\td1\t99999999999\n", "line 1: grade: got '99999999999'"),
        ("q1\td1\t1\nq2\td2\n", "line 2: got 'q2\\td2', expected 3 columns"),
        ("q1\td1\t1\n\nq2\td2\t1\n", "line 2: got ''"),
        ("q1 d1 1\n", "line 1: got 'q1 d1 1', expected query, document and grade between tabs"),
        (
            "q1\td1\t1\nq2\td2\t1\nq1\td1\t0\n",
            "line 3: query 'q1' and document 'd1' are judged twice: got grades 1 and 0",
        ),
        ("q1\td1\t1\nq1\td1\t1\n", "line 2: query 'q1' and document 'd1' are judged twice"),
        ("q1\td 1\t1\n", "line 1: document id: got 'd 1'"),
        ("\td1\t1\n", "line 1: query id: got ''"),
        ("q1\td1\t1\nq2\td2\t1\nnone\td1\t1\n", "queries that have no text: got 1 of 3: 'none'"),
        ("q1\td1\t1\nq2\tgone\t1\n", "judged documents that are not in the corpus: got 1: 'gone', expected 0 at most"),
    ],
)
def test_bad_judgments_are_told(told_of: Told, qrels: str, told: str) -> None:
    assert told in told_of(qrels_file=qrels)


def test_a_corpus_without_documents_is_refused(told_of: Told) -> None:
    assert "corpus.jsonl, line 1: no documents" in told_of(corpus=b"")


def test_a_file_that_cannot_be_read_is_told(folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = folder()
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"test\.tsv cannot be read: got Permission denied"):
        load(DatasetSpec(name="x", source="beir", path=str(path)))
