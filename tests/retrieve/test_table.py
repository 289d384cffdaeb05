from __future__ import annotations

from dataclasses import astuple, replace
from functools import reduce

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save

from harness.errors import DataError
from harness.retrieve import order
from harness.retrieve.met import Met
from harness.retrieve.run import ranking
from harness.retrieve.table import Table, merge, merge_all, run, table
from harness.retrieve.table_bytes import from_bytes, to_bytes

IDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=3)
# Few values, so that ties are the rule; some documents are not found at all.
SCORES = st.sampled_from([-torch.inf, -2.5, -1.0, 0.0, 1.0, 1.0000001, 7.0])
CORPUS = st.dictionaries(IDS, st.tuples(SCORES, SCORES), min_size=1, max_size=20)
Corpus = dict[str, tuple[float, float]]


def searched(corpus: Corpus, depth: int, block: int = 1000) -> Table:
    """Return the table of a shard whose documents score as given, block after block, as a shard search does it."""
    ids = list(corpus)
    ranks = order.id_ranks(ids)
    scores = torch.tensor([list(row) for row in zip(*corpus.values(), strict=True)], dtype=torch.float32)
    held = torch.empty(2, 0, dtype=torch.int64)
    for start in range(0, len(ids), block):
        found = order.keys(scores[:, start : start + block], ranks[start : start + block])
        held = order.best(torch.cat([held, found], dim=1), depth)
    return table(sorted(ids, key=str.encode), held, Met(documents=len(ids)))


def rankings(found: Table) -> list[tuple[tuple[str, ...], list[float]]]:
    return [(one.doc_ids, one.scores.tolist()) for one in run(found, ["a", "b"], "test").rankings.values()]


def full_sort(corpus: Corpus, depth: int) -> list[tuple[tuple[str, ...], list[float]]]:
    expected = []
    for query in (0, 1):
        pairs = [(doc_id, scores[query]) for doc_id, scores in corpus.items() if scores[query] != -torch.inf]
        whole = ranking(pairs)
        expected.append((whole.doc_ids[:depth], whole.scores[:depth].tolist()))
    return expected


def equal(left: Table, right: Table) -> bool:
    return left.doc_ids == right.doc_ids and torch.equal(left.keys_QK, right.keys_QK) and left.met == right.met


def cut(corpus: Corpus, places: list[int]) -> list[Corpus]:
    """Return the corpus in shards, document i in shard places[i]."""
    shards: dict[int, Corpus] = {}
    for (doc_id, scores), place in zip(corpus.items(), places, strict=False):
        shards.setdefault(place, {})[doc_id] = scores
    return list(shards.values())


PLACES = st.lists(st.integers(0, 5), min_size=20, max_size=20)


@settings(deadline=None, max_examples=150)
@given(corpus=CORPUS, places=PLACES, depth=st.integers(1, 25), block=st.integers(1, 8), data=st.data())
def test_any_sharding_block_size_and_merge_order_equals_a_full_sort(
    corpus: Corpus, places: list[int], depth: int, block: int, data: st.DataObject
) -> None:
    tables = [searched(shard, depth, block) for shard in cut(corpus, places)]
    drawn = data.draw(st.permutations(tables))
    merged = reduce(merge, drawn)
    assert rankings(merged) == full_sort(corpus, depth)
    assert merged.met.documents == len(corpus)
    assert equal(merge(*drawn), merged)


@settings(deadline=None, max_examples=80)
@given(corpus=CORPUS, places=PLACES, depth=st.integers(1, 8))
def test_merging_is_associative_and_commutative(corpus: Corpus, places: list[int], depth: int) -> None:
    shards = [searched(shard, depth) for shard in cut(corpus, [place % 3 for place in places])]
    if len(shards) == 3:
        first, second, third = shards
        assert rankings(merge(merge(first, second), third)) == rankings(merge(first, merge(second, third)))
    for other in shards[1:]:
        assert equal(merge(shards[0], other), merge(other, shards[0]))


@pytest.mark.parametrize("at_a_time", [1, 30, 10**9])
def test_any_number_of_tables_merge_however_few_fit_in_memory(monkeypatch: pytest.MonkeyPatch, at_a_time: int) -> None:
    monkeypatch.setattr("harness.retrieve.table.AT_A_TIME", at_a_time)
    corpus = {f"d{n}": (float(n % 5), float(n % 3)) for n in range(40)}
    tables = [searched(shard, depth=4) for shard in cut(corpus, [n % 7 for n in range(40)])]
    merged = merge_all(iter(tables))
    assert rankings(merged) == full_sort(corpus, 4)
    assert merged.met.documents == 40
    assert equal(merge_all(tables[:1]), tables[0])


@settings(deadline=None, max_examples=60)
@given(corpus=CORPUS, depth=st.integers(1, 25))
def test_a_table_comes_back_from_its_bytes_and_gives_the_same_ones(corpus: Corpus, depth: int) -> None:
    found = replace(searched(corpus, depth), met=Met(3, 5, 7, 11, 13))
    content = to_bytes(found)
    assert equal(from_bytes(content, 2, depth), found)
    assert to_bytes(from_bytes(content, 2, depth)) == content


def test_a_table_keeps_only_the_documents_that_were_found() -> None:
    found = searched({"a": (1.0, -torch.inf), "b": (-torch.inf, -torch.inf), "c": (2.0, 0.0)}, depth=1)
    assert found.doc_ids == ("c",)
    assert rankings(searched({"b": (-torch.inf, 1.0)}, depth=5)) == [((), []), (("b",), [1.0])]


def test_counts_add_up() -> None:
    assert astuple(Met(1, 2, 3, 4, 5) + Met(10, 20, 30, 40, 50)) == (11, 22, 33, 44, 55)


@pytest.mark.parametrize(("queries", "depth"), [(3, 5), (1, 5), (2, 1), (2, 6)])
def test_a_table_of_another_shape_is_refused(queries: int, depth: int) -> None:
    content = to_bytes(searched({"a": (1.0, 2.0), "b": (1.0, 3.0)}, depth=5))
    with pytest.raises(DataError, match="a shard table has another shape"):
        from_bytes(content, queries, depth)


def test_bytes_that_are_no_table_are_refused() -> None:
    content = to_bytes(searched({"a": (1.0, 2.0)}, depth=5))
    parts = load(content)
    lacking = save({name: part for name, part in parts.items() if name != "met"})
    other_ids = save({**parts, "ids": torch.tensor([255], dtype=torch.uint8)})
    for damaged in (b"", content[:9], content[:-1], lacking, other_ids):
        with pytest.raises(DataError, match="a shard table cannot be read"):
            from_bytes(damaged, 2, 5)
