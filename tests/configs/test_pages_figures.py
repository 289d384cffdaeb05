"""Figures in pages that stem from code are the code's."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from harness.cli import SOME_FAILED
from harness.errors import HarnessError
from harness.plan.cost import cost
from harness.plan.device import EFFICIENCY
from harness.plan.known import read_known
from harness.plan.table import UNKNOWN, table
from harness.report.comparisons import MARGIN
from harness.report.statistics.equivalence import POWER
from harness.report.statistics.intervals import LEVEL
from harness.report.statistics.randomisation import DRAWS, DRAWS_OF_MANY, EXACT_UP_TO, MANY
from harness.report.verdict import (
    EXACT_BOUND,
    FEW_QUERIES,
    NEAR_BOUND,
    NEAR_BOUND_OF_FEW,
    REPRODUCED_BOUND,
    Verdict,
)
from harness.signals import CODES
from harness.spec import EncoderSpec, RunSpec
from tests.fixtures.pages import rows

COLUMNS = 7
"""Of a plan: documents, Mtokens, PFLOP, download, disk, memory, hours."""


def read(root: Path, name: str) -> str:
    return (root / name).read_text(encoding="utf-8")


def bounds(text: str) -> dict[str, list[float]]:
    """Return the numbers beside each verdict in the table of a page."""
    found = rows(text, "verdict |")
    return {word.strip("`"): [float(one) for one in re.findall(r"\d*\.?\d+", said)] for word, said in found}


@pytest.mark.parametrize("page", ["README.md", "reports/verdicts.md"])
def test_the_bounds_of_the_verdicts_are_the_codes(page: str, root: Path) -> None:
    found = bounds(read(root, page))
    assert list(found) == [word.value for word in Verdict]
    assert found[Verdict.EXACT] == [EXACT_BOUND]
    assert found[Verdict.REPRODUCED] == [REPRODUCED_BOUND]
    assert found[Verdict.NEAR] == [NEAR_BOUND, NEAR_BOUND_OF_FEW, FEW_QUERIES]
    assert found[Verdict.DIFFERENT] == []


def test_what_is_said_of_the_tests_is_what_they_do(root: Path) -> None:
    text = " ".join(read(root, "reports/verdicts.md").split())
    assert (
        f"exact up to {EXACT_UP_TO} differing queries, else {DRAWS:,} drawn ways to set the signs, or "
        f"{DRAWS_OF_MANY:,} above {MANY:,} differing queries"
    ) in text
    assert f"p is at most {f'{1 - LEVEL:.2f}'.lstrip('0')} after Holm" in text
    assert f"{LEVEL:.0%}".replace("%", " %") + " interval" in text
    assert f"`equivalent within {MARGIN:g}`" in text
    assert (POWER, "four times out of five" in text) == (0.8, True)
    assert MARGIN == NEAR_BOUND, "the page says that the margin is the bound of near"


def codes() -> set[int]:
    """Return every exit code that says what happened."""
    faults = {kind.exit_code for kind in HarnessError.__subclasses__()}
    return {*faults, SOME_FAILED, *CODES.values()}


def test_the_exit_codes_are_the_codes(root: Path) -> None:
    page = rows(read(root, "reports/reproducing.md"), "exit code |")
    assert {int(code) for code, _ in page} == {0, HarnessError.exit_code} | codes()
    (sentence,) = re.findall(r"Exit codes:(.*?)\.\n", read(root, "README.md"), re.DOTALL)
    assert {int(code) for code in re.findall(r"\b\d+", sentence)} == codes()


def planned(specs: list[RunSpec]) -> list[str]:
    """Return the last line of a plan without its name: the total, or the only job."""
    known = read_known()
    costs = []
    for spec in specs:
        assert isinstance(spec.model, EncoderSpec)
        costs.append((cost(spec, known.checkpoints[spec.model.path], known, "cpu"), None))
    console = Console(width=200, file=io.StringIO())
    console.print(table(costs, 1))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().split()[-COLUMNS:]


def test_what_the_tables_take_is_what_the_plan_says(
    root: Path, specs: Callable[[str], list[RunSpec]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Nothing is downloaded yet.
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path))
    page = rows(read(root, "reports/reproducing.md"), "experiment | documents")
    experiments = [path.stem for path in (root / "configs/experiment/card").glob("*.yaml")]
    assert sorted(line[0].split("`")[1] for line in page) == sorted(f"card/{name}" for name in experiments)
    for name, *figures in page:
        _, experiment, dim = name.split("`")
        jobs = specs(f"harness -m +experiment={experiment} model=jina-colbert-v2 {dim}")
        assert planned(jobs) == [*figures, UNKNOWN], name


def test_the_hours_follow_from_the_operations(root: Path) -> None:
    text = read(root, "reports/reproducing.md")
    work = {line[0].split("`")[1]: float(line[3].replace(",", "")) for line in rows(text, "experiment | documents")}
    page = rows(text, "experiment | GFLOP/s")
    assert {line[0].strip("`") for line in page} == work.keys()
    for name, rate, hours, many in page:
        operations = work[name.strip("`")] * 1e15
        # The rate is rounded to a whole number.
        expected = operations / (float(rate) * 1e9 * EFFICIENCY) / 3600
        assert float(hours.replace(",", "")) == pytest.approx(expected, rel=0.6 / float(rate)), name
        assert float(many) == round(operations / 1e14 / 3600, 1), name
