"""XQuAD-R pooled: ids, judgments and languages of what the script writes, on a parallel collection made here."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness.data.load import load
from harness.errors import DataError
from harness.spec import DatasetSpec

QUESTIONS = {"q0": "0#0", "q1": "0#0", "q2": "1#0"}


@pytest.fixture
def script() -> Any:
    return pytest.importorskip("reports.xquad_r.pool", reason="no shared data: the pooling script is not here")


@pytest.fixture
def data(script: Any, tmp_path: Path) -> Path:
    for language in script.LANGUAGES:
        folder = tmp_path / "data" / language
        (folder / "qrels").mkdir(parents=True)
        corpus = [{"_id": at, "title": "T", "text": f"{language} {at}\u2028é", "metadata": {}} for at in ("0#0", "1#0")]
        queries = [{"_id": query, "text": f"{language} {query}?", "metadata": {}} for query in QUESTIONS]
        for name, rows in (("corpus", corpus), ("queries", queries)):
            lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
            (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
        lines = [f"{query}\t{document}\t1\n" for query, document in QUESTIONS.items()]
        (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(lines), encoding="utf-8")
    return tmp_path / "data"


def test_all_languages_lie_in_one_corpus_and_a_questions_own_paragraph_alone_is_relevant(
    script: Any, data: Path, tmp_path: Path
) -> None:
    assert script.pool(data, tmp_path / "out") == (24, 36, 36)
    found = load(DatasetSpec(name="pooled", source="beir", path=str(tmp_path / "out"), documents=24, queries=36))
    assert [query.query_id for query in found.queries][:4] == ["ar:q0", "ar:q1", "ar:q2", "de:q0"]
    assert found.qrels["de:q2"] == {"de:1#0": 1}
    assert all(
        {document.partition(":")[0] for document in judged} == {query.partition(":")[0]}
        for query, judged in found.qrels.items()
    )
    rows = [json.loads(line) for line in (tmp_path / "out/corpus.jsonl").read_bytes().split(b"\n") if line]
    assert rows[2] == {"_id": "de:0#0", "title": "T", "text": "de 0#0\u2028é"}
    assert Counter(row["_id"].partition(":")[0] for row in rows) == dict.fromkeys(script.LANGUAGES, 2)


def test_once_writes_each_question_in_one_language_by_turns(script: Any, data: Path, tmp_path: Path) -> None:
    assert script.pool(data, tmp_path / "out", once=True) == (24, 3, 3)
    lines = (tmp_path / "out/qrels/test.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[1:] == ["ar:q0\tar:0#0\t1", "de:q1\tde:0#0\t1", "el:q2\tel:1#0\t1"]
    queries = (tmp_path / "out/queries.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["text"] for line in queries] == ["ar q0?", "de q1?", "el q2?"]


def test_pooling_twice_gives_equal_bytes(script: Any, data: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        script.pool(data, tmp_path / name)
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("queries.jsonl", ('"q1"', '"q9"'), "is no collection in BEIR's layout"),
        ("corpus.jsonl", ('"1#0"', '"2#0"'), "th is not parallel to the other languages"),
        ("qrels/test.tsv", ("q1\t0#0", "q1\t1#0"), "th is not parallel to the other languages"),
        ("corpus.jsonl", ("{", ""), "is no collection in BEIR's layout"),
    ],
)
def test_a_language_that_is_not_parallel_is_refused(
    script: Any, data: Path, tmp_path: Path, name: str, change: tuple[str, str], message: str
) -> None:
    path = data / "th" / name
    path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        script.pool(data, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_language_that_is_not_there_is_named_with_where_to_get_it(script: Any, data: Path, tmp_path: Path) -> None:
    (data / "zh").rename(data / "cn")
    with pytest.raises(DataError, match=r"zh is no collection.*reports/xquad_r/README\.md"):
        script.pool(data, tmp_path / "out")


def test_the_real_collection_has_the_numbers_that_its_readme_names(
    script: Any, root: Path, shared_data: Path, tmp_path: Path
) -> None:
    text = (root / "reports/xquad_r/README.md").read_text(encoding="utf-8")
    for once, numbers in ((False, (2880, 14280, 14280)), (True, (2880, 1190, 1190))):
        assert script.pool(shared_data / "xquad_r", tmp_path / "out", once=once) == numbers
        assert all(f"{number:,}" in text for number in numbers)
