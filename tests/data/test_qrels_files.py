"""Qrels and topics as they are published: all 13 BEIR sets and 18 MIRACL languages have their published counts."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import yaml

from harness.data.qrels import read_qrels, read_topics
from harness.errors import DataError

DROPPED = {"webis-touche": 932, "trec-covid": 66_334}
"""Anserini's copies leave out judgments that change no nDCG: of Touche the zeros, of TREC-COVID two of -1."""
BEIR = [
    "nfcorpus",
    "fiqa",
    "trec-covid",
    "arguana",
    "quora",
    "scidocs",
    "scifact",
    "webis-touche",
    "dbpedia-entity",
    "fever",
    "climate-fever",
    "hotpotqa",
    "nq",
]
MIRACL = ["ar", "bn", "de", "en", "es", "fa", "fi", "fr", "hi", "id", "ja", "ko", "ru", "sw", "te", "th", "yo", "zh"]
POSITIVE = dict(
    zip(
        MIRACL,
        (5658, 863, 811, 2326, 2987, 1314, 2447, 731, 752, 3088, 1790, 547, 3560, 910, 854, 1343, 144, 994),
        strict=True,
    )
)


def expected(root: Path, name: str) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((root / "configs" / "dataset" / f"{name}.yaml").read_text())
    return found


@pytest.mark.parametrize("name", BEIR)
def test_a_beir_set_has_its_published_counts(root: Path, shared_data: Path, name: str) -> None:
    known = expected(root, f"beir/{name}")
    file = {"webis-touche": "webis-touche2020"}.get(name, name)
    qrels = read_qrels(shared_data / "topics_qrels" / f"qrels.beir-v1.0.0-{file}.test.txt")
    topics = read_topics(shared_data / "topics_qrels" / f"topics.beir-v1.0.0-{file}.test.tsv.gz")
    assert len(qrels) == known["queries"]
    assert sum(map(len, qrels.values())) == DROPPED.get(name, known["qrels"])
    assert qrels.keys() <= topics.keys()


@pytest.mark.parametrize("language", MIRACL)
def test_a_miracl_language_has_its_published_counts(root: Path, shared_data: Path, language: str) -> None:
    known = expected(root, "miracl")["languages"][language]  # type: ignore[index]
    qrels = read_qrels(shared_data / "topics_qrels" / f"qrels.miracl-v1.0-{language}-dev.tsv")
    topics = read_topics(shared_data / "topics_qrels" / f"topics.miracl-v1.0-{language}-dev.tsv")
    assert len(qrels) == known["queries"]
    assert sum(map(len, qrels.values())) == known["qrels"]
    assert sum(grade > 0 for grades in qrels.values() for grade in grades.values()) == POSITIVE[language]
    assert qrels.keys() == topics.keys()


@pytest.mark.parametrize(
    "text",
    [
        'q1\t"d\t1\nq1\te"\t2\n',
        'query-id\tcorpus-id\tscore\nq1\t"d\t1\nq1\te"\t2\n',
        'q1 0 "d 1\nq1 0 e" 2\n',
        'q1\tQ0\t"d\t1\nq1\tQ0\te"\t2\n',
        '\ufeffq1  0  "d  1 \r\nq1 0 e" 2\r\n',
    ],
)
def test_every_form_says_the_same_and_a_quotation_mark_is_a_letter(tmp_path: Path, text: str) -> None:
    path = tmp_path / "qrels"
    path.write_bytes(text.encode())
    assert read_qrels(path) == {"q1": {'"d': 1, 'e"': 2}}


def test_a_bad_first_line_is_no_header(tmp_path: Path) -> None:
    path = tmp_path / "qrels"
    path.write_text("q1\td1\tyes\nq2\td1\t1\n")
    with pytest.raises(DataError, match="line 1: grade: got 'yes'"):
        read_qrels(path)


def test_no_break_space_does_not_part_columns(tmp_path: Path) -> None:
    path = tmp_path / "qrels"
    path.write_text("q1 0 d\u00a01 1\n")
    with pytest.raises(DataError, match="document id"):
        read_qrels(path)


def test_a_damaged_gzip_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "topics.tsv.gz"
    path.write_bytes(gzip.compress(b"q1\tone\n")[:-6])
    with pytest.raises(DataError, match="damaged gzip file"):
        read_topics(path)
    path.write_bytes(b"q1\tone\n")
    with pytest.raises(DataError, match="damaged gzip file"):
        read_topics(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [("q1 one\n", "line 1"), ("q1\tone\nq1\ttwo\n", "line 2: query id 'q1' comes twice"), ("q 1\tone\n", "query id")],
)
def test_bad_topics_are_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "topics.tsv"
    path.write_text(text)
    with pytest.raises(DataError, match=told):
        read_topics(path)
