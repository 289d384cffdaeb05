"""Exact search against PLAID as a field that may explain a gap, where fast-plaid is there."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.retrieve import plaid_package
from harness.spec import DatasetSpec, EncoderSpec, LexicalSpec, ModelSpec, RunSpec, SearchSpec
from harness.why.change import Base, changed
from harness.why.fields import absent, changes

DATASET = DatasetSpec(name="d", source="beir", path="x")
MODEL = EncoderSpec(name="m", path="x", dims=(128,))


def told(model: ModelSpec, dims: Sequence[int | None]) -> list[RunSpec]:
    spec = RunSpec(dataset=DATASET, model=model, dims=tuple(dims), search=SearchSpec(depth=50))
    base = Base(spec, spec, cast("Any", SimpleNamespace(search={})))
    return [changed(spec, one.settings) for one in changes(base, {}, ["search"])]


def test_an_encoders_exact_search_is_tried_with_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plaid_package, "is_there", lambda: True)
    (one,) = told(MODEL, (128,))
    assert (one.search.kind, one.search.depth) == ("plaid", 50)
    assert told(LexicalSpec(name="bm25"), (None,)) == []
    assert absent() == {}


def test_without_fast_plaid_nothing_is_tried_and_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plaid_package, "is_there", lambda: False)
    assert told(MODEL, (128,)) == []
    assert "needs fast-plaid" in absent()["search"]
