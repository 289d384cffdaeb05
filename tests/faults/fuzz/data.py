"""Corpora, queries, judgments and topics."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from harness.data.collection import Collection
from harness.data.load import load
from harness.data.qrels import read_qrels, read_topics
from harness.spec import DatasetSpec
from tests.faults.fuzz.kind import Kind, plain_id, plain_json, refuse, split_lines

DOCUMENTS: list[dict[str, Any]] = [
    {"_id": "d1", "title": "Aspirin", "text": "A drug against pain."},
    {"_id": "d2", "title": "", "text": "A river \u2028 in Afrika \U0001f30d, 6650 km long."},
    {"_id": 31, "text": "Zürich is a town.", "metadata": {"year": 2020, "weight": 0.5, "tags": ["a", None]}},
    {"_id": "é-4", "title": None, "text": "文書"},
    {"_id": "d5", "title": "Twice", "text": "the same"},
    {"_id": "d5", "title": "Twice", "text": "the same"},
]
QUERIES = [
    {"_id": "q1", "text": "which drug"},
    {"_id": "q2", "text": "how long is the Nile?", "metadata": {}},
    {"_id": "q3", "text": "not judged"},
    {"_id": 4, "text": "文書"},
]
GRADES = [("q1", "d1", 2), ("q1", "31", 0), ("q2", "d2", 1), ("4", "é-4", -1), ("4", "d5", 1)]


def rows(records: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in records)


HEADERS = {"query-id", "query_id", "qid", "query"}
TSV = "".join(f"{query}\t{doc}\t{grade}\n" for query, doc, grade in GRADES).encode()
TREC = "".join(f"{query} 0 {doc} {grade}\n" for query, doc, grade in GRADES).encode()
HEADED = b"query-id\tcorpus-id\tscore\n" + TSV
TOPICS = "".join(f"{one['_id']}\t{one['text']}\n" for one in QUERIES).encode()


def opened(folder: Path, corpus: bytes, queries: bytes) -> Collection:
    (folder / "qrels").mkdir(exist_ok=True)
    (folder / "corpus.jsonl").write_bytes(corpus)
    (folder / "queries.jsonl").write_bytes(queries)
    (folder / "qrels" / "test.tsv").write_bytes(HEADED)
    return load(DatasetSpec(name="fuzz", source="beir", path=str(folder)))


def read_corpus(folder: Path, content: bytes) -> Any:
    found = opened(folder, content, rows(QUERIES))
    documents = [tuple(one) for one in found.corpus.documents(0, found.counts.documents)]
    # From any place on it is the same corpus.
    assert documents[2:] == [tuple(one) for one in found.corpus.documents(2, found.counts.documents)]
    return documents, found.counts.repeated_documents


def plain_corpus(content: bytes) -> Any:
    texts: dict[str, str] = {}
    repeated = 0
    for record in records(content):
        parts = [record.get("title"), record.get("text")]
        if not isinstance(parts[1], str) or not isinstance(parts[0], str | None):
            refuse()
        text = " ".join(one for one in parts if one and not one.isspace()).strip()
        doc_id = plain_id(id_of(record), query=False)
        if any(0xD800 <= ord(letter) < 0xE000 for letter in text) or texts.setdefault(doc_id, text) != text:
            refuse()
        repeated += 1
    if not {doc for _, doc, _ in GRADES} <= set(texts):
        refuse()
    return list(texts.items()), repeated - len(texts)


def read_queries(folder: Path, content: bytes) -> Any:
    found = opened(folder, rows(DOCUMENTS), content)
    return [tuple(one) for one in found.queries], found.counts.unjudged_queries


def plain_queries(content: bytes) -> Any:
    judged = {query for query, _, _ in GRADES}
    kept: dict[str, str] = {}
    others = 0
    for record in records(content):
        query_id, text = plain_id(id_of(record), query=True), record.get("text")
        if not isinstance(text, str):
            refuse()
        if query_id not in judged:
            others += 1
            continue
        odd = any(0xD800 <= ord(letter) < 0xE000 for letter in text)
        if odd or not text.strip() or kept.setdefault(query_id, text) != text:
            refuse()
    if set(kept) != judged:
        refuse()
    return list(kept.items()), others


def records(content: bytes) -> list[dict[str, Any]]:
    found = [plain_json(line) for line in split_lines(content)]
    return found if all(isinstance(one, dict) for one in found) else refuse()


def id_of(record: dict[str, Any]) -> str:
    value = record.get("_id")
    return str(value) if type(value) in (str, int) else refuse()


def read_grades(folder: Path, content: bytes) -> Any:
    (folder / "qrels.txt").write_bytes(content)
    return {query: dict(grades) for query, grades in read_qrels(folder / "qrels.txt").items()}


def plain_grades(content: bytes) -> Any:
    found: dict[str, dict[str, int]] = {}
    lines = [line.removesuffix("\r") for line in split_lines(content)]
    tabbed = bool(lines) and lines[0].count("\t") == 2
    for number, line in enumerate(lines):
        columns = line.split("\t") if tabbed else re.split("[ \t]+", line.strip(" \t"))
        if len(columns) != (3 if tabbed else 4):
            refuse()
        query, doc, grade = (columns[0], *columns[-2:])
        whole = re.fullmatch("[+-]?[0-9]{1,9}", grade)
        if (
            whole is None
            and not number
            and tabbed
            and query.strip().lower() in {"query-id", "query_id", "qid", "query"}
        ):
            continue
        if whole is None or doc in found.setdefault(plain_id(query, query=True), {}):
            refuse()
        found[query][plain_id(doc, query=False)] = int(grade)
    return found or refuse()


def read_texts(folder: Path, content: bytes) -> Any:
    (folder / "topics.tsv").write_bytes(content)
    return read_topics(folder / "topics.tsv")


def plain_texts(content: bytes) -> Any:
    found: dict[str, str] = {}
    for line in split_lines(content):
        query, tab, text = line.removesuffix("\r").partition("\t")
        if not tab or plain_id(query, query=True) in found:
            refuse()
        found[query] = text
    return found


KINDS = (
    Kind("corpus", 1200, (rows(DOCUMENTS),), read_corpus, plain_corpus),
    Kind("queries", 800, (rows(QUERIES),), read_queries, plain_queries),
    Kind("qrels", 1200, (HEADED, TSV, TREC), read_grades, plain_grades),
    Kind("topics", 200, (TOPICS,), read_texts, plain_texts),
)
