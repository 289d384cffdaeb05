"""fast-plaid itself: what its settings and its seed do, and how near it comes to exact search on the miniature."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from harness.errors import ConfigError, HarnessError, ModelError
from harness.job import RUN
from harness.pipeline import evaluate
from harness.plaid_spec import PlaidSpec
from harness.report.agreement import agreement, beside
from harness.report.page.top import run_files
from harness.report.record import Result, read_results
from harness.retrieve.plaid import open_index
from harness.retrieve.plaid_package import is_there
from harness.retrieve.run import Run
from harness.retrieve.trec import read_run
from harness.spec import DatasetSpec, EncoderSpec, EngineSpec, RunSpec, SearchSpec

pytestmark = pytest.mark.skipif(not is_there(), reason="fast-plaid is not installed")

MINI = DatasetSpec(name="mini", source="beir", path="{package}/data/mini/en", language="en", documents=72)
MODEL = EncoderSpec(name="mini", path="{package}/encode/mini", dims=(128,), head="linear.weight")
ENGINE = EngineSpec(device="cpu", workers=1)


def searched(out: Path, search: SearchSpec) -> tuple[Result, Run]:
    spec = RunSpec(dataset=MINI, model=MODEL, dims=(128,), search=search, engine=ENGINE, out=str(out))
    (result,) = evaluate(spec)
    (path,) = out.glob(f"results/**/*{result.key}/{RUN}")
    return result, read_run(path)


def indexed(out: Path, **settings: int) -> tuple[Result, Run]:
    return searched(out, SearchSpec(kind="plaid", plaid=replace(PlaidSpec(), **settings)))


def test_equal_seeds_give_equal_runs_and_other_seeds_others(tmp_path: Path) -> None:
    """Of fast-plaid 1.7 on a CPU: the page says so, and takes what differs between seeds for chance."""
    (_, one), (_, again), (_, other) = (
        indexed(tmp_path / folder, seed=seed) for folder, seed in (("a", 7), ("b", 7), ("a", 8))
    )
    assert one.rankings == again.rankings
    assert one.rankings != other.rankings


def test_bits_and_probes_bring_a_run_nearer_to_exact_search(tmp_path: Path) -> None:
    _, exact = searched(tmp_path, SearchSpec())
    few, many = (
        agreement(exact, indexed(tmp_path, nbits=bits, n_ivf_probe=probes)[1], 100, (10,))
        for bits, probes in ((1, 1), (8, 32))
    )
    assert few is not None
    assert many is not None
    assert few.overlaps[10] < many.overlaps[10]
    assert many.overlaps[10] > 0.95
    assert few.rbo < many.rbo <= 1


@pytest.mark.parametrize(
    ("documents", "settings", "kind", "told"),
    [
        (1, {}, ModelError, "fast-plaid cannot build its index: got .*no heldout samples.*search=exact"),
        (60, {"n_ivf_probe": 10**6}, ConfigError, r"n_ivf_probe: got 1000000, expected at most the centroids of its"),
    ],
)
def test_what_fast_plaid_cannot_do_is_one_line(
    documents: int, settings: dict[str, int], kind: type[HarnessError], told: str, tmp_path: Path
) -> None:
    index = open_index(tmp_path, replace(PlaidSpec(), **settings))
    vectors = torch.eye(64).half()
    with pytest.raises(kind, match=told) as error:
        index.build([vectors[place : place + 1 + 3 * (documents > 1)] for place in range(documents)])
    assert "\n" not in str(error.value)


def test_the_report_finds_them_side_by_side(tmp_path: Path) -> None:
    searched(tmp_path, SearchSpec())
    for seed in (1, 2):
        indexed(tmp_path, seed=seed)
    results = list(read_results(tmp_path / "results"))
    (one,) = beside(results, run_files(tmp_path / "results"), 0.005)
    assert one.exact is not None
    assert [line.agreement is not None for line in one.approximate] == [True, True]
    assert one.spreads[0].seeds == ("1", "2")
