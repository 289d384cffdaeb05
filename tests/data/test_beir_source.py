"""A BEIR folder: what it becomes."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.data.collection import Collection, Counts, Document, Query
from harness.data.load import load
from harness.errors import DataError
from harness.spec import DatasetSpec

Opened = Callable[..., Collection]
Told = Callable[..., str]
CORPUS = b'{"_id": "d1", "text": "A drug."}\n{"_id": "d2", "text": "A river."}\n{"_id": "d3", "text": "A town."}\n'


def texts(collection: Collection) -> list[Document]:
    return list(collection.corpus.documents(0, 10**9))


def test_a_folder_becomes_a_collection(opened: Opened) -> None:
    found = opened()
    assert texts(found) == [("d1", "Aspirin A drug."), ("d2", "A river."), ("d3", "A town.")]
    assert found.queries == (Query("q1", "which drug"), Query("q2", "which river"))
    assert found.qrels == {"q1": {"d1": 2, "d3": 0}, "q2": {"d2": 1}}
    assert found.counts == Counts(documents=3, queries=2, qrels=3, unjudged_queries=1)


def test_title_and_text_are_joined_as_the_spec_says(opened: Opened) -> None:
    assert texts(opened(join=" | "))[0].text == "Aspirin | A drug."
    assert texts(opened(fields=("text",)))[0].text == "A drug."


def test_an_empty_document_stays(opened: Opened) -> None:
    corpus = CORPUS + b'{"_id": "d4", "title": " ", "text": "\\n"}\n'
    assert texts(opened(corpus=corpus))[3] == ("d4", "")


def test_a_byte_order_mark_crlf_and_whole_number_ids_are_read(opened: Opened) -> None:
    corpus = b"\xef\xbb\xbf" + CORPUS.replace(b"\n", b"\r\n") + b'{"_id": 4, "title": null, "text": "Four."}'
    found = opened(corpus=corpus, qrels_file="q1\td1\t1\r\nq2\t4\t1\r\n")
    assert texts(found)[0].doc_id == "d1"
    assert texts(found)[3] == ("4", "Four.")
    assert found.counts.qrels == 2


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c", "\r"])
def test_only_a_newline_ends_a_record(opened: Opened, separator: str) -> None:
    record = json.dumps({"_id": "d4", "text": f"one{separator}two"}, ensure_ascii=False)
    found = opened(corpus=CORPUS + record.encode() + b"\n")
    assert texts(found)[3].text == f"one{separator}two"


def test_a_known_number_of_missing_documents_is_counted(opened: Opened, told_of: Told) -> None:
    qrels = "q1\td1\t1\nq1\tgone\t1\nq2\tlost\t0\nq2\tgone\t1\n"
    assert "set dataset.missing_judged=2" in told_of(qrels_file=qrels, missing_judged=1)
    assert opened(qrels_file=qrels, missing_judged=2).counts.missing_judged == 2


def test_an_id_in_another_unicode_form_is_not_the_same_id(told_of: Told) -> None:
    corpus = CORPUS + '{"_id": "é", "text": "x"}\n'.encode()
    found = told_of(corpus=corpus, qrels_file="q1\td1\t1\nq2\te\u0301\t1\n")
    assert r"'e\u0301' is there as '\xe9', another Unicode form of it" in found


def test_queries_without_a_relevant_document_are_counted(opened: Opened) -> None:
    found = opened(qrels_file="q1\td1\t0\nq1\td2\t-1\nq2\td2\t1\n")
    assert found.counts.queries_without_positive == 1
    assert found.counts.queries == 2


@pytest.mark.parametrize(("key", "found"), [("documents", 3), ("queries", 2), ("qrels", 3)])
def test_a_count_that_differs_is_told_with_both_numbers(opened: Opened, told_of: Told, key: str, found: int) -> None:
    told = told_of(**{key: 5183})
    assert f"hand: number of {key}: got {found}, expected 5,183" in told
    assert f"dataset.{key}={found}" in told
    assert opened(**{key: found}).counts.documents == 3


def test_a_repeated_document_is_left_out_and_may_be_in_the_published_count(opened: Opened) -> None:
    corpus = CORPUS + b'{"text": "A river.", "_id": "d2"}\n{"_id": "d4", "text": "A hill."}\n'
    for documents in (4, 5):
        found = opened(corpus=corpus, documents=documents)
        assert (found.counts.documents, found.counts.repeated_documents) == (4, 1)
        assert [doc_id for doc_id, _ in found.corpus.documents(1, 4)] == ["d2", "d3", "d4"]


def test_progress_ends_at_the_number_of_documents(folder: Callable[..., Path]) -> None:
    seen: list[int] = []
    load(DatasetSpec(name="hand", source="beir", path=str(folder())), seen.append)
    assert seen == [3]


def test_a_query_may_have_its_text_in_another_field(opened: Opened) -> None:
    queries = b'{"_id": "q1", "text": "a", "long": "b"}\n{"_id": "q2", "text": "a", "long": "c"}\n'
    assert [query.text for query in opened(query_file=queries, query_field="long").queries] == ["b", "c"]


def test_a_corpus_that_changes_under_way_is_refused(opened: Opened, tmp_path: Path) -> None:
    found = opened()
    (tmp_path / "corpus.jsonl").write_bytes(CORPUS[:40])
    with pytest.raises(DataError, match="has changed while it was being evaluated"):
        list(found.corpus.documents(0, 3))


def test_a_collection_goes_to_another_process_and_notices_a_change_there_too(opened: Opened, tmp_path: Path) -> None:
    found = opened()
    elsewhere = pickle.loads(pickle.dumps(found))  # noqa: S301 - its own bytes, as a worker gets them
    assert (elsewhere.queries, elsewhere.fingerprints, texts(elsewhere)) == (
        found.queries,
        found.fingerprints,
        texts(found),
    )
    (tmp_path / "corpus.jsonl").write_bytes(CORPUS[:40])
    with pytest.raises(DataError, match="has changed while it was being evaluated"):
        texts(elsewhere)


def test_scifact_has_its_published_counts(shared_data: Path) -> None:
    path = str(shared_data / "scifact")
    found = load(DatasetSpec(name="scifact", source="beir", path=path, documents=5183, queries=300, qrels=339))
    assert found.counts == Counts(
        documents=5183, queries=300, qrels=339, unjudged_queries=found.counts.unjudged_queries
    )
    assert sum(1 for _ in found.corpus.documents(5000, 6000)) == 183
