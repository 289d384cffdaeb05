"""The running top-k against a sort of everything, whatever the blocks and the order of documents."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from harness.retrieve import order, topk
from harness.retrieve.topk import TopK

# Few values, so that ties with the last place are the rule.
VALUES = st.sampled_from([-torch.inf, -3.0, -0.0, 0.0, 1.0, 1.0000001, 5.0])
ROWS = st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=80)


def sorted_whole(scores_QP: Tensor, ranks_P: Tensor, depth: int) -> Tensor:
    return order.best(order.keys(scores_QP, ranks_P), depth)


def added(scores_QP: Tensor, ranks_P: Tensor, depth: int, size: int) -> Tensor:
    running = TopK(depth)
    for start in range(0, len(ranks_P), size):
        running.add(scores_QP[:, start : start + size], ranks_P[start : start + size])
    return running.best()


@settings(max_examples=200)
@given(rows=ROWS, depth=st.integers(1, 12), size=st.integers(1, 20), room=st.integers(1, 6), seed=st.integers(0, 99))
def test_blocks_of_any_size_give_the_head_of_the_whole_sort(
    rows: list[tuple[float, ...]], depth: int, size: int, room: int, seed: int
) -> None:
    scores_QP = torch.tensor(rows).T.contiguous()
    ranks_P = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topk, "LEAST_WAITING", room)
        assert torch.equal(added(scores_QP, ranks_P, depth, size), sorted_whole(scores_QP, ranks_P, depth))


@pytest.mark.parametrize("turned", ["rising", "falling", "level"])
def test_the_worst_orders_are_right_too(turned: str) -> None:
    scores_P = {"rising": torch.arange(500.0), "falling": -torch.arange(500.0), "level": torch.ones(500)}[turned]
    scores_QP, ranks_P = scores_P.repeat(3, 1), torch.arange(500).flip(0)
    assert torch.equal(added(scores_QP, ranks_P, 10, 7), sorted_whole(scores_QP, ranks_P, 10))


def test_what_cannot_enter_is_not_sorted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    best = order.best

    def counted(keys_QP: Tensor, depth: int) -> Tensor:
        calls.append(keys_QP.shape[1])
        return best(keys_QP, depth)

    monkeypatch.setattr(order, "best", counted)
    scores_QP = torch.rand(4, 20_000, generator=torch.Generator().manual_seed(1))
    added(scores_QP, torch.arange(20_000), 10, 100)
    assert len(calls) < 20, "200 blocks were added"
