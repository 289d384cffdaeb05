"""Hand-made results and a hand-made published table for the tests of the report stage."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import pytest

from harness import paths
from harness.report.published import Average, Column, Note, PublishedTable, Row, Source
from harness.report.reading import read_published
from harness.report.record import Result
from harness.report.registered import Registered
from harness.score.scores import Scores
from harness.spec import DatasetSpec, EncoderSpec, LexicalSpec

DOCUMENTS, QUERIES = 40, 4


def _dataset(name: str, language: str | None) -> DatasetSpec:
    return DatasetSpec(
        name=name, source="beir", path="anywhere", language=language, documents=DOCUMENTS, queries=QUERIES
    )


def _model(name: str) -> EncoderSpec | LexicalSpec:
    return (
        LexicalSpec(name=name)
        if name == "bm25"
        else EncoderSpec(
            name=name,
            path="anywhere",
            dims=(128, 64),
            query_length=32,
            document_length=300,
            expand_queries=False,
            skiplist="none",
        )
    )


def _register(models: Iterable[str], datasets: Iterable[tuple[str, str | None]]) -> Registered:
    return Registered(
        datasets={where: _dataset(*where) for where in datasets}, models={name: _model(name) for name in models}
    )


def _spec(model: str, dataset: str, language: str | None, overrides: dict[str, Any]) -> dict[str, Any]:
    """Return the plain values of a job as a result has them after a trip through JSON; overrides are `group.key`."""
    groups: dict[str, Any] = {"dataset": asdict(_dataset(dataset, language)), "model": asdict(_model(model))}
    groups |= {"search": {"kind": "exact", "depth": 100}}
    for key, value in overrides.items():
        group, _, name = key.partition(".")
        groups |= {group: {**groups[group], name: value} if name else value}
    return dict(json.loads(json.dumps(groups)))


def _result(value: float, **changes: Any) -> Result:
    measure = changes.pop("measure", "nDCG@10")
    queries, documents = changes.pop("queries", QUERIES), changes.pop("documents", DOCUMENTS)
    provenance = {"finished": changes.pop("finished", "2026-01-02T03:04:05+00:00")}
    if "command" in changes:
        provenance["command"] = changes.pop("command")
    overrides = changes.pop("overrides", {})
    facts: dict[str, Any] = {"key": "k1", "model": "alpha", "dim": None, "dim_kind": None}
    facts |= {"dataset": "one", "language": None} | changes
    return Result(
        **facts,
        measure=measure,
        scores=Scores({measure: {f"q{number}": value for number in range(queries)}}),
        counts={"documents": documents, "queries": queries, "qrels": queries},
        search={},
        spec=_spec(facts["model"], facts["dataset"], facts["language"], overrides),
        provenance=provenance,
    )


def _table(**changes: Any) -> PublishedTable:
    def numbers(*values: str) -> tuple[Decimal, ...]:
        return tuple(Decimal(value) for value in values)

    facts: dict[str, Any] = {
        "name": "small",
        "order": 1,
        "title": "Small",
        "group": "Made up",
        "source": Source(card="a/card", url="https://example.org/card", read="2026-01-01", section="Results / Small"),
        "measure": "nDCG@10",
        "measure_label": "NDCG@10",
        "decimals": 3,
        "columns": (Column(label="Alpha", model="alpha"), Column(label="dim=8", model="beta", dim=8)),
        "rows": (
            Row(label="one", dataset="one", values=numbers("0.500", "0.300")),
            Row(label="two en", dataset="two", language="en", values=numbers("0.400", "0.200")),
            Row(label="three", dataset="three", values=numbers("0.300", "0.100")),
        ),
        "average": Average(label="avg", of=("one", "two en", "three"), values=numbers("0.400", "0.250")),
        "notes": (
            Note(text="This one counts | and *twice*.", row="one", column="Alpha"),
            Note(text="Shown once it is run.", row="three", column="dim=8"),
            Note(text="Its own head.", column="dim=8"),
        ),
    }
    return PublishedTable(**facts | changes)


@pytest.fixture
def make_result() -> Callable[..., Result]:
    """A result of model alpha on dataset one, every query of one value; keywords change it, `overrides` its spec."""
    return _result


@pytest.fixture
def make_table() -> Callable[..., PublishedTable]:
    """A published table of two systems on three datasets; keywords change it."""
    return _table


@pytest.fixture
def register() -> Callable[..., Registered]:
    """Registered models and datasets of the names given, with the settings and counts of `make_result`'s."""
    return _register


@pytest.fixture
def registered() -> Registered:
    """What `make_table` is about."""
    return _register(["alpha", "beta"], [("one", None), ("two", "en"), ("three", None)])


@pytest.fixture
def card() -> tuple[PublishedTable, ...]:
    """The tables that come with the package."""
    return read_published(paths.published())
