"""Pages to look at: the whole card with half of its cells run, and small ones with whatever names they are given."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from harness import paths
from harness.report.audit import audit
from harness.report.comparisons import compared
from harness.report.join import join
from harness.report.language_averages import averaged
from harness.report.outside import outside
from harness.report.page.build import Material, page
from harness.report.page.missing import choices
from harness.report.published import Column, PublishedTable, Row
from harness.report.reading import read_published
from harness.report.record import Result
from harness.report.registered import Registered
from harness.report.registered import registered as read_registered
from harness.report.verdict import NEAR_BOUND
from harness.score.scores import Scores
from harness.spec import EncoderSpec
from tests.report.page import hostile

NAMED = choices(paths.configs())
MakeMaterial = Callable[..., Material]
PARTS = ("documents", "head", "model", "qrels", "queries")
LIBRARIES = ("einops", "ir-measures", "numpy", "safetensors", "tokenizers", "torch", "transformers")
PROVENANCE = {
    "attention": "packed, scaled_dot_product_attention per length", "commit": "c" * 40, "cores": 16,
    "device": "cuda", "dirty": False, "dtype": "bfloat16", "finished": "2026-01-02T03:04:05+00:00",
    "fingerprints": {name: f"{number}" * 64 for number, name in enumerate(PARTS)}, "harness": "0.1.0",
    "libraries": dict.fromkeys(LIBRARIES, "1.2.3"), "peak_memory_mib": 1234, "platform": "Linux-6.1-x86_64",
    "processor": "A processor", "python": "3.11.7", "threads": 8,
}  # fmt: skip


def material(
    cards: Sequence[PublishedTable], results: Sequence[Result], known: Registered, runs: Sequence[Path | None]
) -> Material:
    findings, blocks = audit(cards), compared(results, cards, known, NEAR_BOUND)
    return Material(
        tables=tuple(join(card, results, known, findings) for card in cards),
        findings=findings,
        outside=outside(cards, results, known),
        results=results,
        runs=runs,
        blocks=blocks,
        averages=averaged(blocks, known, NEAR_BOUND),
        margin=NEAR_BOUND,
        known=known,
        named=NAMED,
    )


@pytest.fixture
def make_material(registered: Registered, make_table: Callable[..., PublishedTable]) -> MakeMaterial:
    """The page's material of some results in the small card; keywords change it."""

    def make(*results: Result, **changes: Any) -> Material:
        known = changes.pop("known", registered)
        cards = changes.pop("cards", [make_table()])
        runs = changes.pop("runs", [None] * len(results))
        return material(cards, results, known, runs)

    return make


def _result(table: PublishedTable, row: Row, column: Column, known: Registered, value: float) -> Result:
    """Return a result that fills the cell, its queries as many as registered, around `value`."""
    dataset, model = known.datasets[row.dataset, row.language], known.models[column.model]
    own = model.dims[0] if isinstance(model, EncoderSpec) and model.dims else None
    dim = column.dim or own
    rng = random.Random(f"{row.dataset} {row.language} {column.model} {dim}")
    assert dataset.queries is not None
    scores = {f"{number:07d}": one for number, one in enumerate(_values(rng, value, dataset.queries))}
    documents = dataset.documents or 0
    words = ["python", "-m", "harness", f"model={column.model}", f"dataset={row.dataset}", "dim=all", "out=runs"]
    stage = {"documents": documents, "tokens": documents * 80, "seconds": documents / 1000}
    spec = {"dataset": asdict(dataset), "model": asdict(model), "search": {"kind": "exact", "depth": 100, "run": None}}
    return Result(
        key=f"{rng.getrandbits(64):016x}",
        model=column.model,
        dim=dim,
        dim_kind=None if dim is None else "full" if dim == own else "head",
        dataset=row.dataset,
        language=row.language,
        measure=table.measure,
        scores=Scores({table.measure: scores, "R@100": dict.fromkeys(scores, 1.0)}),
        counts={"documents": documents, "queries": dataset.queries, "qrels": dataset.qrels or 0, "missing_judged": 0},
        search={"documents": documents, "tokens": documents * 80, "truncated": 7, "empty": 1, "dropped_self": 0},
        spec=dict(json.loads(json.dumps(spec)))
        | {"precision": "strict", "engine": {"batch_tokens": 1024, "device": "auto"}},
        provenance={**PROVENANCE, "command": words, "stages": {"encode and search": stage}},
        ties={"across": 3, "queries": 2, "least": max(0.0, value - 0.001), "greatest": min(1.0, value + 0.001)},
    )


OFF = (0.0003, -0.0012, 0.0035, -0.0004, 0.0018, -0.0241)
"""How far results are from the card, in turn."""


def _values(rng: random.Random, published: float, number: int) -> list[float]:
    """Return values of as many queries, half of them 0 or 1, whose mean is off in one of the ways."""
    target = min(0.99, max(0.01, published + rng.choice(OFF)))
    ones, zeros = round(target * number / 2), round((1 - target) * number / 2)
    between = number - ones - zeros
    middle = (target * number - ones) / between
    spread = [rng.random() * min(middle, 1 - middle) * 0.99 for _ in range(between // 2)]
    values = [middle + off for off in spread] + [middle - off for off in spread] + [middle] * (between % 2)
    values += [1.0] * ones + [0.0] * zeros
    rng.shuffle(values)
    return values


def _write_run(path: Path, result: Result) -> None:
    """Write the part of a run that the page looks at: documents of the queries at both ends."""
    values = result.scores.values[result.measure]
    rising = sorted(values, key=lambda query: (values[query], query))
    falling = sorted(rising[3:], key=lambda query: (-values[query], query))
    lines = [
        f"{query} Q0 d{rank}{query} {rank} {9 - rank} x\n"
        for query in sorted(rising[:3] + falling[:3])
        for rank in (1, 2, 3, 4)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines))
    path.with_name(f"{path.name}.json").write_text("{}")


@pytest.fixture(scope="session")
def full_card(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """The whole card with every second printed row value run, each with as many queries as its dataset has."""
    cards, known = read_published(paths.published()), read_registered(paths.configs())
    found: dict[tuple[object, ...], Result] = {}
    for table in cards:
        places = [(row, column) for row in table.rows for column in table.columns]
        for at, (row, column) in enumerate(places):
            if at % 2 == 0:
                printed = float(row.values[table.columns.index(column)])
                result = _result(table, row, column, known, printed)
                found.setdefault((result.model, result.dim, result.dataset, result.language), result)
    results = tuple(found.values())
    folder = tmp_path_factory.mktemp("runs")
    runs = [folder / result.key / "run.trec" for result in results]
    for path, result in zip(runs, results, strict=True):
        _write_run(path, result)
    return material(cards, results, known, runs)


@pytest.fixture(scope="session")
def full_page(full_card: Material) -> str:
    """The page of `full_card`."""
    return page(full_card)


@pytest.fixture
def make_hostile_page(
    make_material: MakeMaterial,
    make_table: Callable[..., PublishedTable],
    make_result: Callable[..., Result],
    tmp_path: Path,
) -> Callable[[str], str]:
    """The page of results, a card and a run whose every text is the one given."""

    def make(text: str) -> str:
        run = hostile.run(tmp_path / "run.trec", text)
        results = [
            hostile.result(text, make_result, **changes)
            for changes in (
                {},
                {"model": f"m{text}"},
                {"model": f"m{text}", "dim": 8, "dim_kind": "prefix"},
                {"model": f"m{text}", "dim": 16, "dim_kind": "full"},
                {"dataset": f"d{text}", "language": f"a{text}"},
                {"dataset": f"d{text}", "language": f"b{text}"},
            )
        ]
        cards = [hostile.table(text, make_table())]
        return page(make_material(*results, cards=cards, runs=[run] * len(results)))

    return make
