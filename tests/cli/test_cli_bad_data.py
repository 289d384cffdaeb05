"""Collections and runs that cannot be trusted: exit 3, one line with the place, nothing left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DOCUMENT = b'{"_id": "d0", "text": "x"}\n'
HEADER = b"query-id\tcorpus-id\tscore\n"
DAMAGES: list[tuple[dict[str, bytes], list[str]]] = [
    ({"corpus": DOCUMENT + b'{"_id": "d1", "text": \n'}, ["corpus.jsonl, line 2: invalid JSON"]),
    ({"corpus": DOCUMENT + b'{"_id": "d1", "text": "\xff"}\n'}, ["corpus.jsonl, line 2: invalid UTF-8", "ff"]),
    ({"corpus": DOCUMENT + b"\n" + DOCUMENT}, ["corpus.jsonl, line 2", "blank line", "expected a JSON object"]),
    ({"corpus": DOCUMENT + b"[1]\n"}, ["corpus.jsonl, line 2", "got [1]", "expected a JSON object"]),
    ({"corpus": DOCUMENT + b'{"id": "d1", "text": "y"}\n'}, ["corpus.jsonl, line 2: _id", "expected a string"]),
    ({"corpus": DOCUMENT + b'{"_id": "d1", "text": 5}\n'}, ["corpus.jsonl, line 2: text", "expected a string"]),
    ({"corpus": DOCUMENT + b'{"_id": "d0", "text": "y"}\n'}, ["'d0' comes twice", "line 1", "line 2"]),
    ({"corpus": b'{"_id": "d 0", "text": "x"}\n'}, ["corpus.jsonl, line 1: document id", "'d 0'", "one word"]),
    ({"corpus": b'{"_id": "d\\n0", "text": "x"}\n'}, ["document id", "'d\\n0'"]),
    ({"corpus": b'{"_id": "", "text": "x"}\n'}, ["document id", "''"]),
    ({"corpus": b'{"_id": "\\u001b[31m", "text": "x"}\n'}, ["document id", "x1b"]),
    ({"corpus": b""}, ["corpus.jsonl, line 1: no documents"]),
    ({"corpus": DOCUMENT}, ["judged documents that are not in the corpus", "got 2", "expected 0", "missing_judged=2"]),
    ({"queries": b""}, ["queries.jsonl, line 1: no queries"]),
    ({"queries": b'{"_id": "q1", "text": "which"}\n'}, ["judge queries that have no text", "1 of 2", "'q2'"]),
    ({"queries": b'{"_id": "q 1", "text": "which"}\n'}, ["queries.jsonl, line 1: query id", "'q 1'"]),
    ({"queries": b'{"_id": "q1", "text": ""}\n'}, ["queries.jsonl, line 1: query 'q1' has no text"]),
    ({"queries": b'{"_id": "q1", "text": "\xc3("}\n'}, ["queries.jsonl, line 1: invalid UTF-8"]),
    ({"qrels": b""}, ["test.tsv, line 1: no judgments"]),
    ({"qrels": HEADER}, ["no judgments"]),
    ({"qrels": HEADER + b"q1\td0\t1.0\n"}, ["test.tsv, line 2: grade", "'1.0'", "expected an integer"]),
    ({"qrels": HEADER + b"q1\td0\tnan\n"}, ["test.tsv, line 2: grade", "'nan'"]),
    ({"qrels": HEADER + b"q1\td0\n"}, ["test.tsv, line 2", "3 columns"]),
    ({"qrels": HEADER + b"q1\td0\t1\nq1\td0\t2\n"}, ["test.tsv, line 3", "judged twice", "grades 1 and 2"]),
    ({"qrels": HEADER + b"q9\td0\t1\n"}, ["judge queries that have no text", "'q9'"]),
    ({"qrels": HEADER + b"q1\td9\t1\nq2\td1\t1\n"}, ["not in the corpus", "got 1: 'd9'"]),
]


@pytest.mark.parametrize(("files", "told"), DAMAGES)
def test_a_collection_that_cannot_be_trusted_is_told_in_one_line(
    harness: Callable[..., Any],
    six: Callable[..., Any],
    left: Callable[[], list[str]],
    files: dict[str, bytes],
    told: list[str],
) -> None:
    found = harness(*six(**files), "model=bm25")
    assert found.code == 3
    assert found.err == f"{found.fault}\n"
    for part in told:
        assert part in found.fault
    assert found.out == ""
    assert left() == []


@pytest.mark.parametrize("part", ["corpus", "queries", "qrels"])
def test_a_folder_without_one_of_its_files_says_which(
    harness: Callable[..., Any], six: Callable[..., Any], part: str
) -> None:
    found = harness(*six(**{part: None}), "model=bm25")
    assert found.code == 3
    assert f"has no {part}" in found.fault
    assert "BEIR's layout" in found.fault


def test_an_unknown_split_names_the_ones_there_are(harness: Callable[..., Any], six: Callable[..., Any]) -> None:
    found = harness(*six(), "model=bm25", "dataset.split=dev")
    assert found.code == 3
    assert "has no qrels/dev.tsv: got the splits test" in found.fault


@pytest.mark.parametrize(("what", "wrong", "right"), [("documents", 7, 6), ("queries", 3, 2), ("qrels", 4, 3)])
def test_a_count_that_is_not_the_expected_one_is_told_with_both_numbers(
    harness: Callable[..., Any],
    six: Callable[..., Any],
    left: Callable[[], list[str]],
    what: str,
    wrong: int,
    right: int,
) -> None:
    found = harness(*six(), "model=bm25", f"dataset.{what}={wrong}")
    assert found.code == 3
    assert f"number of {what}: got {right}, expected {wrong}" in found.fault
    assert left() == []


RUNS = [
    (b"q1 Q0 d0 1 nan x\n", ["line 1: the score: got 'nan'", "finite number"]),
    (b"q1 Q0 d0 1 1 x\nq1 Q0 d1 2 inf x\n", ["line 2: the score: got 'inf'"]),
    (b"q1 Q0 d0 1 1e39 x\n", ["line 1: the score: got '1e39'"]),
    (b"q1 Q0 d0 1 1 x\nq1 Q0 d0 2 1 x\n", ["line 2", "a document twice", "'d0'"]),
    (b"q1 Q0 d 0 1 1 x\n", ["line 1", "7 columns"]),
    (b"q1 Q0 d0 1 1\n", ["line 1", "5 columns"]),
    (b"q1 Q0 d\x000 1 1 x\n", ["line 1: a control character"]),
    (b"q1 Q0 \xff 1 1 x\n", ["line 1: not valid UTF-8"]),
    (b"", ["is empty", "at least one line"]),
    (b"q1 Q0 d0 1 1 x\n", ["lacks 1 of 2 judged queries", "'q2'"]),
    (b"q1 Q0 d0 1 1 x\nq2 Q0 d0 1 1 x\nq9 Q0 d0 1 1 x\n", ["without a judgment", "'q9'"]),
]


@pytest.mark.parametrize(("content", "told"), RUNS)
def test_a_run_that_cannot_be_trusted_is_told_in_one_line(
    harness: Callable[..., Any], six: Callable[..., Any], here: Path, content: bytes, told: list[str]
) -> None:
    (here / "bad.trec").write_bytes(content)
    found = harness("score", "run=bad.trec", *six())
    assert found.code == 3
    assert found.err == f"{found.fault}\n"
    for part in told:
        assert part in found.fault
    assert found.out == ""
