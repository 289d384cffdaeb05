"""A gap whose causes are known is explained by them, in their order and in their sizes."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from harness.pipeline import evaluate
from harness.spec import EncoderSpec, RunSpec
from harness.watch import Watch
from harness.why.explain import Explanation, explain
from harness.why.fields import changes
from harness.why.running import Runs
from tests.why.conftest import FAR, LENGTH, OWN

VALUES = {"query_length": [16], "document_length": ["half", "double"], "skiplist": ["words"], "join": [" ", " | "]}
CAUSES = ("drop_self true -> false", f"document_length {LENGTH} -> {LENGTH // 2}")


def with_self(spec: RunSpec) -> RunSpec:
    return replace(spec, dataset=replace(spec.dataset, drop_self=False))


def halved(spec: RunSpec) -> RunSpec:
    assert isinstance(spec.model, EncoderSpec)
    return replace(spec, model=replace(spec.model, document_length=LENGTH // 2))


def mean(spec: RunSpec) -> float:
    (result,) = evaluate(spec)
    return result.value


def explained(spec: RunSpec, target: float, *fields: str, budget: float | None = None) -> Explanation:
    runs = Runs(Watch())
    base = runs.base(spec)
    return explain(base, changes(base, VALUES, fields or None), target, runs, budget)


@pytest.fixture(scope="module")
def job(neural: RunSpec, tmp_path_factory: pytest.TempPathFactory) -> RunSpec:
    """The job whose value is to be explained, with results that the tests of this file share."""
    return replace(neural, out=str(tmp_path_factory.mktemp("runs")))


@pytest.fixture(scope="module")
def target(job: RunSpec) -> float:
    """What somebody else measured: own documents left in, documents cut to half the length."""
    return mean(halved(with_self(job)))


@pytest.fixture(scope="module")
def found(job: RunSpec, target: float) -> Explanation:
    """Every field tried."""
    return explained(job, target)


def test_own_documents_and_halved_documents_are_named_in_their_order_and_size(
    found: Explanation, target: float
) -> None:
    assert found.measured == 1.0
    # By construction: an own document takes the first rank of each of its queries, and a relevant document that is cut
    # has lost all that is asked for.
    queries = len(OWN) + len(FAR)
    true = {"drop_self": (1 / math.log2(3) - 1) * len(OWN) / queries, "document_length": -len(FAR) / queries}
    assert [one.change.text for one in found.together] == list(CAUSES)
    for one in found.together:
        assert one.share == pytest.approx(true[one.change.field] / (target - 1.0), rel=0.1)
    assert found.remaining == pytest.approx(0.0, abs=1e-12)
    assert found.left_out == ()


def test_the_share_of_a_single_change_is_that_of_a_job_with_it(job: RunSpec, found: Explanation, target: float) -> None:
    single = {one.change.text: one for one in found.single}
    for text, spec in zip(CAUSES, (with_self(job), halved(job)), strict=True):
        one = single[text]
        assert one.share == pytest.approx((mean(spec) - 1.0) / (target - 1.0), abs=1e-12)
        assert one.interval is not None
        assert one.interval.low < one.interval.difference < one.interval.high


def test_what_explains_nothing_has_no_share(found: Explanation) -> None:
    shares = {one.change.text: one.share for one in found.single if one.change.text not in CAUSES}
    assert len(shares) >= 5
    assert all(share is None or abs(share) < 0.1 for share in shares.values()), shares


def test_a_second_time_everything_is_stored(job: RunSpec, found: Explanation, target: float) -> None:
    again = explained(job, target)
    assert any(one.value is not None and one.value.seconds for one in found.single)
    assert all(one.value is None or one.value.seconds is None for one in again.single)
    assert [one.share for one in found.single] == [one.share for one in again.single]


def test_no_job_is_begun_that_the_budget_does_not_allow(neural: RunSpec) -> None:
    one, other = explained(neural, 0.5, "query_length", "ties", budget=0.0).single
    assert (one.change.field, one.reason) == ("ties", None)
    assert (other.change.field, other.value, other.reason) == ("query_length", None, "over the budget")
    assert len(list(Path(neural.out).rglob("result.json"))) == 1


def test_what_was_left_in_is_dropped_from_the_stored_run(job: RunSpec, found: Explanation) -> None:
    (one,) = explained(with_self(job), found.measured, "drop_self").single
    assert one.change.settings == ()
    assert one.value is not None
    assert (one.value.mean, one.value.seconds) == (found.measured, None)
    assert one.share == pytest.approx(1.0)
