"""Shares and combinations, on values that are made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.errors import ModelError
from harness.why.change import Base, Change
from harness.why.explain import Explanation, explain
from harness.why.running import Runs, Value
from harness.why.table import lines
from harness.why.target import Target

A, B, C = (Change(field=name, was="0", becomes="1", settings=((name, 1),), passes=1.0) for name in "abc")
B2 = Change(field="b", was="0", becomes="2", settings=(("b", 2),), passes=2.0)
BASE = Base(cast("Any", None), cast("Any", None), cast("Any", SimpleNamespace(provenance={"stages": {"x": {"seconds": 5.0}}})))  # fmt: skip # noqa: E501


class Made(Runs):
    """Values by the changes that are made, in any order."""

    def __init__(self, means: Mapping[tuple[Change, ...], float], spent: float = 0.0) -> None:
        self.means = {frozenset(changes): mean for changes, mean in means.items()}
        self.spent = spent
        self.asked: list[frozenset[Change]] = []

    def value(self, base: Base, changes: Sequence[Change]) -> Value:
        self.asked.append(frozenset(changes))
        if frozenset(changes) not in self.means:
            raise ModelError("this machine cannot")
        mean = self.means[frozenset(changes)]
        return Value({"q1": mean, "q2": mean}, None)

    def is_stored(self, base: Base, changes: Sequence[Change]) -> bool:
        return not changes


def explained(means: Mapping[tuple[Change, ...], float], target: float, *changes: Change) -> Explanation:
    return explain(BASE, changes, target, Made({(): 0.5, **means}))


def test_a_share_is_the_change_over_the_gap() -> None:
    found = explained({(A,): 0.45, (B,): 0.55, (A, B): 0.5}, 0.4, A, B)
    assert [one.share for one in found.single] == [pytest.approx(0.5), pytest.approx(-0.5)]
    assert [one.change for one in found.together] == [A]
    assert found.remaining == pytest.approx(-0.05)


def test_the_best_change_comes_first_and_the_next_is_tried_on_top_of_it() -> None:
    found = explained({(A,): 0.48, (B,): 0.44, (A, B): 0.40}, 0.4, A, B)
    assert [one.change for one in found.together] == [B, A]
    assert [one.share for one in found.together] == [pytest.approx(0.6), pytest.approx(0.4)]
    assert found.remaining == pytest.approx(0.0)


def test_what_helps_alone_and_not_on_top_is_left_out() -> None:
    found = explained({(A,): 0.44, (B,): 0.46, (C,): 0.47, (A, B): 0.44, (A, C): 0.41}, 0.4, A, B, C)
    assert [one.change for one in found.together] == [A, C]


def test_of_one_field_one_value_is_taken() -> None:
    found = explained({(B,): 0.46, (B2,): 0.44}, 0.4, B, B2)
    assert [one.change for one in found.together] == [B2]


def test_nothing_more_is_tried_once_the_gap_is_closed() -> None:
    runs = Made({(): 0.5, (A,): 0.4, (B,): 0.45})
    found = explain(BASE, (A, B), 0.4, runs)
    assert [one.change for one in found.together] == [A]
    assert frozenset((A, B)) not in runs.asked


def test_without_a_gap_there_are_no_shares() -> None:
    found = explained({(A,): 0.45}, 0.5, A)
    assert found.single[0].share is None
    assert found.together == ()
    assert "there is nothing to explain" in list(lines(found, Target(0.5, "the target")))


def test_what_cannot_be_run_is_told_and_the_others_are_tried() -> None:
    found = explained({(B,): 0.4}, 0.4, A, B)
    assert [one.reason for one in found.single] == ["this machine cannot", None]
    told = list(lines(found, Target(0.4, "the target")))
    assert told[0] == "measured 0.5000, 0.4000 is the target: a gap of -0.1000"
    assert told[1] == "it would be explained by b 0 -> 1 (100 %); 0.0000 remains (nothing)"
    assert told[2] == "not run: a 0 -> 1: this machine cannot"


def test_the_budget_counts_what_was_spent_and_what_a_change_will_take() -> None:
    means = {(): 0.5, (A,): 0.45, (B2,): 0.44}
    for spent, reasons in ((0.0, [None, None]), (5.0, [None, "over the budget"]), (6.0, ["over the budget"] * 2)):
        found = explain(BASE, (A, B2), 0.45, Made(means, spent), budget=10.0)
        assert [one.reason for one in found.single] == reasons


def test_a_step_that_the_budget_forbids_is_told() -> None:
    runs = Made({(): 0.5, (A,): 0.45, (B,): 0.46, (A, B): 0.4})
    stored = runs.is_stored
    runs.is_stored = lambda base, changes: len(changes) < 2 or stored(base, changes)  # type: ignore[method-assign]
    found = explain(BASE, (A, B), 0.4, runs, budget=0.0)
    assert [one.change for one in found.together] == [A]
    assert [(one.change, one.reason) for one in found.left_out] == [(B, "over the budget")]
