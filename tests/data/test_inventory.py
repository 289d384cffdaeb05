"""One reading of the corpus: any cut of it is a cut of the whole, repeats are left out, fingerprints tell contents."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.data import inventory as module
from harness.data.collection import Document, Query
from harness.data.inventory import StreamedCorpus, take_inventory
from harness.data.lines import EVERY, JsonLines, Place
from harness.data.source import Judgment
from harness.errors import DataError

PAIRS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.just("same")), min_size=1, max_size=30)
CUTS = st.lists(st.integers(0, 40), max_size=6)


class Given:
    """A source whose documents are given."""

    remedy = "Look at the test"

    def __init__(self, documents: list[tuple[str, str]]) -> None:
        self._documents = documents

    def documents(self, start: int) -> Iterator[Document]:
        return (Document(*item) for item in islice(self._documents, start, None))

    def queries(self) -> Iterator[Query]:
        return iter(())

    def judgments(self) -> Iterator[Judgment]:
        return iter(())

    def place(self, part: str, number: int) -> Place:
        return Place(part, number)


def whole(corpus: StreamedCorpus) -> list[Document]:
    return list(corpus.documents(0, 10**9))


@given(PAIRS, CUTS)
def test_shards_put_together_are_the_corpus_without_its_repeats(pairs: list[tuple[str, str]], cuts: list[int]) -> None:
    found, corpus = take_inventory(Given(pairs), set())
    expected = list(dict.fromkeys(pairs))
    assert whole(corpus) == expected
    assert (found.documents, found.repeated) == (len(expected), len(pairs) - len(expected))
    edges = [0, *sorted(cuts), 50]
    assert [item for start, stop in pairwise(edges) for item in corpus.documents(start, stop)] == expected


@given(PAIRS)
def test_a_repeated_document_does_not_change_the_fingerprint(pairs: list[tuple[str, str]]) -> None:
    once = list(dict.fromkeys(pairs))
    assert take_inventory(Given(pairs), set())[0].fingerprint == take_inventory(Given(once), set())[0].fingerprint


def test_the_fingerprint_tells_order_ids_texts_and_their_borders_apart() -> None:
    contents = [
        [("a", "x"), ("b", "y")],
        [("b", "y"), ("a", "x")],
        [("a", "xb"), ("y", "")],
        [("ax", ""), ("b", "y")],
        [("a", "x"), ("b", "y ")],
        [("a", "x\0"), ("b", "y")],
    ]
    assert len({take_inventory(Given(content), set())[0].fingerprint for content in contents}) == len(contents)


def test_ids_whose_hashes_are_equal_are_still_two_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_hash", lambda _: b"\0" * 8)
    found, corpus = take_inventory(Given([("a", "x"), ("b", "x"), ("a", "x")]), set())
    assert (found.documents, found.repeated) == (2, 1)
    assert whole(corpus) == [("a", "x"), ("b", "x")]


def test_a_repeat_with_another_text_is_refused_even_after_an_equal_one() -> None:
    with pytest.raises(DataError, match="'a' comes twice with different texts: got corpus, line 1 and corpus, line 4"):
        take_inventory(Given([("a", "x"), ("b", "x"), ("a", "x"), ("a", "y")]), set())


def test_judged_documents_that_are_there_are_taken_out_of_the_missing_ones() -> None:
    missing = {"a", "z"}
    take_inventory(Given([("a", "x"), ("b", "y")]), missing)
    assert missing == {"z"}


def test_memory_does_not_grow_with_the_texts() -> None:
    class Endless(Given):
        def documents(self, start: int) -> Iterator[Document]:
            return (Document(f"d{number}", "word " * 200) for number in range(start, 20_000))

    tracemalloc.start()
    take_inventory(Endless([]), set())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000 * 40


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("numbered") / "corpus.jsonl"
    records = ({"_id": str(number), "text": "é\u2028" * (number % 7)} for number in range(3 * EVERY + 10))
    path.write_bytes(
        b"\xef\xbb\xbf" + b"".join(json.dumps(item, ensure_ascii=False).encode() + b"\n" for item in records)
    )
    return path


@given(starts=st.lists(st.integers(0, 3 * EVERY + 20), min_size=1, max_size=5), lengths=st.integers(0, 2 * EVERY))
def test_reading_may_begin_at_any_record_in_any_order(numbered: Path, starts: list[int], lengths: int) -> None:
    file = JsonLines(numbered)
    for start in starts:
        expected = [str(number) for number in range(start, min(start + lengths, 3 * EVERY + 10))]
        assert [record["_id"] for record in islice(file.records(start), lengths)] == expected


def test_a_start_in_the_middle_reads_only_what_is_near(numbered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = JsonLines(numbered)
    list(file.records())
    read: list[int] = []
    monkeypatch.setattr("harness.data.lines.decode", lambda line, path, number: read.append(number) or line.decode())
    assert next(file.records(2 * EVERY + 5))["_id"] == str(2 * EVERY + 5)
    assert read == [2 * EVERY + 6]
