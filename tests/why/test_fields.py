"""Which changes a job has, in which order, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.errors import ConfigError
from harness.retrieve import plaid_package
from harness.spec import DatasetSpec, EncoderSpec, LexicalSpec, RunSpec
from harness.why.change import Base, changed
from harness.why.fields import FIELDS, changes

DATASET = DatasetSpec(name="d", source="beir", path="x")
MODEL = EncoderSpec(
    name="m", path="x", dims=(128, 64), dim_kind="head", query_length=32, document_length=300, expand_queries=True,
    attend_to_expansion=True, skiplist="words", query_marker="", document_marker="",
)  # fmt: skip
VALUES = {
    "query_length": [32, 64, "double"],
    "document_length": ["half", 300, 600],
    "skiplist": ["none", "words"],
    "join": [" ", " | "],
    "bm25": [[0.9, 0.4], [1.2, 0.75]],
}


def base(dataset: DatasetSpec = DATASET, model: Any = MODEL, dim: int | None = 128, **met: int) -> Base:
    spec = RunSpec(dataset=dataset, model=model, dims=(dim,))
    return Base(spec, spec, cast("Any", SimpleNamespace(search=met)))


@pytest.fixture(autouse=True)
def without_fast_plaid(monkeypatch: pytest.MonkeyPatch) -> None:
    """tests/why/test_plaid_field.py is about it."""
    monkeypatch.setattr(plaid_package, "is_there", lambda: False)


def told(one: Base, *wanted: str) -> list[str]:
    return [change.text for change in changes(one, VALUES, wanted or None)]


def test_an_encoder_has_these_changes_the_cheapest_first() -> None:
    assert told(base()) == [
        "drop_self false -> true",
        "ties higher id first -> lower id first",
        "queries all judged -> with a document found",
        "queries all judged -> with a relevant document",
        "document_length 300 -> 150",
        "query_length 32 -> 64",
        "expand_queries true -> false",
        "attend_to_expansion true -> false",
        "skiplist words -> none",
        "join ' ' -> ' | '",
        "text title and text -> text alone",
        "precision strict -> fast",
        "document_length 300 -> 600",
    ]


def test_bm25_has_its_parameters_and_no_lengths() -> None:
    found = told(base(model=LexicalSpec(name="bm25"), dim=None))
    assert "bm25 k1=0.9 b=0.4 -> k1=1.2 b=0.75" in found
    assert not [text for text in found if text.startswith(("query_length", "precision", "skiplist"))]


def test_a_head_may_be_a_prefix_and_the_own_width_is_neither() -> None:
    assert told(base(dim=64), "dim_kind") == ["dim_kind head -> prefix"]
    assert told(base(dim=128), "dim_kind") == []


def test_longer_documents_are_not_tried_where_none_is_cut() -> None:
    assert told(base(truncated=0), "document_length") == ["document_length 300 -> 150"]
    assert told(base(truncated=3), "document_length") == ["document_length 300 -> 150", "document_length 300 -> 600"]


def test_own_documents_that_were_dropped_need_a_job_and_none_where_there_were_none() -> None:
    dropping = replace(DATASET, drop_self=True)
    (one,) = changes(base(dropping, dropped_self=5), {}, ["drop_self"])
    assert one.settings == (("dataset.drop_self", False),)
    assert changes(base(dropping, dropped_self=0), {}, ["drop_self"]) == ()


def test_a_change_is_made_to_the_job() -> None:
    spec = base().spec
    made = changed(spec, [("dataset.join", " | "), ("precision", "fast"), ("model.query_length", 64)])
    assert (made.dataset.join, made.precision, made.model) == (" | ", "fast", replace(MODEL, query_length=64))
    assert replace(made, dataset=DATASET, precision="strict", model=MODEL) == spec


def test_every_field_can_be_asked_for_alone() -> None:
    for name in FIELDS:
        assert {change.field for change in changes(base(), VALUES, [name])} <= {name}


@pytest.mark.parametrize(
    ("values", "wanted", "expected"),
    [
        ({}, ["query_lenght"], "Did you mean 'query_length'"),
        ({"query_lenght": [1]}, None, "Did you mean 'query_length'"),
        ({"query_length": ["long"]}, None, "expected whole numbers, half or double"),
        ({"join": [5]}, None, "expected texts"),
    ],
)
def test_what_cannot_be_meant_is_refused(values: dict[str, Any], wanted: list[str] | None, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        changes(base(), values, wanted)


def test_parameters_of_bm25_are_pairs() -> None:
    with pytest.raises(ConfigError, match="pairs of k1 and b"):
        changes(base(model=LexicalSpec(name="bm25"), dim=None), {"bm25": [0.9]})
