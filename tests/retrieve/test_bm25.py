from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data.collection import Document, Query
from harness.errors import ConfigError
from harness.retrieve.bm25 import BM25Settings, search_bm25
from harness.retrieve.run import Ranking

# Nonsense that the English analyser leaves as it is, so that the oracle needs no analyser.
WORDS = ["zab", "kuv", "mip", "tok", "rux"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


def settings_of(**changes: object) -> BM25Settings:
    values: dict[str, object] = {"language": "en", "k1": 0.9, "b": 0.4, "depth": 1000}
    return BM25Settings(**(values | changes))  # type: ignore[arg-type]


def rank(texts: dict[str, str], query: str, query_id: str = "q", **changes: object) -> Ranking:
    documents = [Document(doc_id, text) for doc_id, text in texts.items()]
    return search_bm25(documents, [Query(query_id, query)], settings_of(**changes))[0][query_id]


def lucene(texts: list[str], query: str, k1: float, b: float) -> list[float]:
    """BM25 by its definition, one document and one query word at a time."""
    split = [text.split() for text in texts]
    filled = [words for words in split if words]
    mean_length = sum(map(len, filled)) / len(filled)
    scores = []
    for words in split:
        total = 0.0
        for word in query.split():
            df = sum(word in other for other in filled)
            tf = Counter(words)[word]
            idf = math.log(1 + (len(filled) - df + 0.5) / (df + 0.5))
            total += idf * tf / (tf + k1 * (1 - b + b * len(words) / mean_length)) if tf else 0.0
        scores.append(total)
    return scores


@settings(deadline=None, max_examples=60)
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=12).filter(any),
    query=TEXTS,
    k1=st.sampled_from([0.0, 0.82, 0.9, 1.2]),
    b=st.sampled_from([0.0, 0.4, 0.68, 1.0]),
)
def test_scores_equal_lucenes_definition(texts: list[str], query: str, k1: float, b: float) -> None:
    expected = {str(place): score for place, score in enumerate(lucene(texts, query, k1, b)) if score > 0}
    found = rank({str(place): text for place, text in enumerate(texts)}, query, k1=k1, b=b)
    assert set(found.doc_ids) == set(expected)
    assert found.scores.dtype == np.float32
    np.testing.assert_allclose(found.scores, [expected[doc_id] for doc_id in found.doc_ids], rtol=0, atol=1e-5)


@settings(deadline=None, max_examples=60)
@given(texts=st.lists(TEXTS, min_size=1, max_size=20).filter(any), query=TEXTS, depth=st.integers(1, 8))
def test_a_cut_is_the_head_of_the_whole_ranking(texts: list[str], query: str, depth: int) -> None:
    named = {f"d{place}": text for place, text in enumerate(texts)}
    whole = rank(named, query)
    order = sorted(zip(whole.scores.tolist(), whole.doc_ids, strict=True), key=lambda pair: pair, reverse=True)
    assert [doc_id for _, doc_id in order] == list(whole.doc_ids)
    assert rank(named, query, depth=depth) == Ranking(whole.doc_ids[:depth], whole.scores[:depth])


def test_equal_scores_are_cut_by_document_id_by_its_utf8_bytes() -> None:
    # U+FF5E is above U+1F600 in UTF-16 and below it in UTF-8.
    texts = dict.fromkeys(["a", "b10", "b9", "\uff5e", "\U0001f600"], "zab kuv") | {"z": "mip"}
    assert rank(texts, "zab", depth=4).doc_ids == ("\U0001f600", "\uff5e", "b9", "b10")


def test_the_order_of_the_documents_does_not_change_a_ranking() -> None:
    texts = {f"d{place}": " ".join(WORDS[place % 3 :] * (1 + place % 4)) for place in range(40)}
    backwards = dict(reversed(texts.items()))
    assert rank(texts, "kuv tok rux", depth=7) == rank(backwards, "kuv tok rux", depth=7)


def test_a_word_that_a_query_repeats_counts_twice() -> None:
    texts = {"d1": "zab kuv", "d2": "kuv mip"}
    np.testing.assert_allclose(rank(texts, "zab zab").scores, 2 * rank(texts, "zab").scores, rtol=1e-6)


@pytest.mark.parametrize("query", ["", "the", "unheard", "?!"])
def test_a_query_that_matches_nothing_has_an_empty_ranking(query: str) -> None:
    assert len(rank({"d1": "zab", "d2": "kuv"}, query)) == 0


def test_a_corpus_without_words_is_found_by_nothing() -> None:
    found, counts = search_bm25([Document("d1", "the"), Document("d2", "")], [Query("q", "zab")], settings_of())
    assert (len(found["q"]), counts.documents, counts.empty, counts.tokens) == (0, 2, 2, 0)


def test_documents_without_words_are_counted_and_change_no_score() -> None:
    texts = {"d1": "zab kuv", "d2": "zab zab mip"}
    with_empty = {"e1": "", **texts, "e2": "the ..."}
    assert rank(with_empty, "zab mip") == rank(texts, "zab mip")
    counts = search_bm25([Document(*item) for item in with_empty.items()], [], settings_of())[1]
    assert (counts.documents, counts.empty, counts.tokens) == (4, 2, 5)


def test_a_querys_own_document_is_dropped_before_the_cut_where_asked() -> None:
    documents = [Document("d1", "zab zab"), Document("d2", "zab kuv"), Document("d3", "kuv mip mip")]
    queries = [Query("d1", "zab"), Query("d3", "zab"), Query("q", "zab")]
    found, counts = search_bm25(documents, queries, settings_of(drop_self=True, depth=1))
    assert {name: ranking.doc_ids for name, ranking in found.items()} == {"d1": ("d2",), "d3": ("d1",), "q": ("d1",)}
    assert counts.dropped_self == 1
    kept, counts = search_bm25(documents, queries, settings_of(depth=1))
    assert (kept["d1"].doc_ids, counts.dropped_self) == (("d1",), 0)


def test_progress_is_told_for_every_document_and_nothing_is_written(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    told: list[int] = []
    documents = (Document(str(place), "zab kuv") for place in range(5))
    search_bm25(documents, [Query("q", "zab")], settings_of(), told.append)
    assert sum(told) == 5
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


@pytest.mark.parametrize(
    ("name", "value"), [("k1", -0.1), ("k1", math.inf), ("k1", math.nan), ("b", 1.1), ("b", math.nan), ("depth", 0)]
)
def test_parameters_without_meaning_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=name):
        settings_of(**{name: value})


def test_scifact_comes_to_anserinis_number(shared_data: Path) -> None:
    folder = shared_data / "scifact"
    rows = [json.loads(line) for line in (folder / "corpus.jsonl").read_text("utf-8").splitlines()]
    documents = [Document(row["_id"], f"{row['title']} {row['text']}".strip()) for row in rows]
    judged = [line.split("\t") for line in (folder / "qrels" / "test.tsv").read_text("utf-8").splitlines()[1:]]
    qrels = [ir_measures.Qrel(query_id, doc_id, int(grade)) for query_id, doc_id, grade in judged]
    wanted = {qrel.query_id for qrel in qrels}
    lines = map(json.loads, (folder / "queries.jsonl").read_text("utf-8").splitlines())
    queries = [Query(row["_id"], row["text"]) for row in lines if row["_id"] in wanted]
    found, counts = search_bm25(documents, queries, settings_of())
    run = [
        ir_measures.ScoredDoc(query_id, doc_id, float(-place))
        for query_id, ranking in found.items()
        for place, doc_id in enumerate(ranking.doc_ids)
    ]
    measures = [ir_measures.nDCG @ 10, ir_measures.R @ 100, ir_measures.R @ 1000]
    ndcg, recall_100, recall_1000 = map(ir_measures.calc_aggregate(measures, qrels, run).get, measures)
    # Anserini's regression beir-v1.0.0-scifact.flat. nDCG differs by Lucene's rounding of document lengths.
    assert (len(queries), counts.documents, counts.empty) == (300, 5183, 0)
    assert counts.tokens == pytest.approx(838_128, abs=50)
    assert ndcg == pytest.approx(0.6789, abs=0.002)
    assert (recall_100, recall_1000) == pytest.approx((0.9253, 0.9767), abs=0.00005)
